#include "csharedlibrary.h"
#include <dlfcn.h>
#include <stddef.h>

static int find_all(void *library, const struct csharedlibrary_function *functions) {
    for (; functions->name != NULL; functions++) {
        *functions->address = dlsym(library, functions->name);
        if (*functions->address == NULL) return 0;
    }
    return 1;
}

int csharedlibrary_load(const char *const *names, const struct csharedlibrary_function *functions) {
    for (; *names != NULL; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) continue;
        if (find_all(library, functions)) return 1;
        dlclose(library);
    }
    return 0;
}
