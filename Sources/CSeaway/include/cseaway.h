// What the C library has and Swift does not see.
#ifndef CSEAWAY_H
#define CSEAWAY_H

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// Who is at the other end of a Unix socket: Linux's `struct ucred`, for `SO_PEERCRED`.
typedef struct {
    int pid;
    unsigned int uid;
    unsigned int gid;
} cseaway_credentials;

/// Lets the allocator keep freed memory, up to so many bytes, instead of giving it back and taking it again, zeroed page by page.
/// Does nothing where the C library has no such setting.
static inline void cseaway_keep_freed_memory(int mapAbove, int trimAbove) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, mapAbove);
    mallopt(M_TRIM_THRESHOLD, trimAbove);
#else
    (void)mapAbove;
    (void)trimAbove;
#endif
}

#endif
