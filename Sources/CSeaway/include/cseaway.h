// What the C library has and Swift does not see.
#ifndef CSEAWAY_H
#define CSEAWAY_H

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
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

/// Gives the system back what was freed and is kept for later.
static inline void cseaway_give_memory_back(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

/// Nanoseconds that this thread has worked, in the system too.
static inline long long cseaway_thread_time(void) {
    struct timespec time = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Lets go of the pages of the program and its libraries that were read so far; those that are needed again are read
/// again, mostly from the system's cache. What begins a program is a good part of it, and needed no more.
void cseaway_forget_program(void);

/// Whether a time server keeps the system's clock right: 1 or 0; -1 where nobody knows.
int cseaway_clock_is_kept(void);

/// The most descriptors that the process may open, were its own limit raised; -1 where there is no limit, or nobody knows.
static inline long cseaway_most_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return -1;
    return (long)limit.rlim_max;
}

/// Lets the process open so many descriptors, as far as it may by itself.
///
/// Returns how many it may open now; -1 where there is no limit, or nobody knows.
static inline long cseaway_provide_descriptors(long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    if (limit.rlim_cur == RLIM_INFINITY) return -1;
    if (limit.rlim_cur < (rlim_t)wanted) {
        struct rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > (rlim_t)wanted ? (rlim_t)wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return (long)limit.rlim_cur;
}

#endif
