// zlib of the system: https://zlib.net/manual.html
#ifndef CZLIB_H
#define CZLIB_H
// So that input is a pointer to const.
#define ZLIB_CONST
#include <zlib.h>
#endif
