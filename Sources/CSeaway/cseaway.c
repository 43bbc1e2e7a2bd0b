#include "cseaway.h"
