#include "cversion.h"

#ifndef SEAWAY_COMMIT
#define SEAWAY_COMMIT ""
#endif

const char *cversion_commit(void) { return SEAWAY_COMMIT; }
