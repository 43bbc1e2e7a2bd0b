#include "clibpq.h"
#include "csharedlibrary.h"

struct clibpq_functions clibpq;

static const char *const names[] = {
    "libpq.so.5", "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib", "/usr/local/opt/libpq/lib/libpq.5.dylib", NULL};

static const struct csharedlibrary_function functions[] = {
#define F(result, name, parameters, arguments) {#name, (void **)&clibpq.name},
    CLIBPQ_FUNCTIONS(F)
#undef F
    {NULL, NULL}};

int clibpq_load(void) { return csharedlibrary_load(names, functions); }
