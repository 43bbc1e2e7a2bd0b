#include "cmosquitto.h"
#include "csharedlibrary.h"
#include <stddef.h>

struct cmosquitto_functions cmosquitto;

static const char *const names[] = {
    "libmosquitto.so.1", "libmosquitto.1.dylib", "/opt/homebrew/opt/mosquitto/lib/libmosquitto.1.dylib",
    "/usr/local/opt/mosquitto/lib/libmosquitto.1.dylib", NULL};

static const struct csharedlibrary_function functions[] = {
#define F(result, name, parameters, arguments) {#name, (void **)&cmosquitto.name},
    CMOSQUITTO_FUNCTIONS(F)
#undef F
    {NULL, NULL}};

int cmosquitto_load(void) { return csharedlibrary_load(names, functions); }
