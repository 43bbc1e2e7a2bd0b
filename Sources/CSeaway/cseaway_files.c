#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cseaway_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#ifdef O_PATH
#define LOOK_ONLY O_PATH
#else
#define LOOK_ONLY O_RDONLY
#endif
// A device is never opened, a FIFO that takes the place of a file meanwhile never waited for.
#define READ_ONLY (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int close_with(int descriptor, int error) {
    close(descriptor);
    errno = error;
    return -1;
}

int cseaway_open_folder(const char *path) { return open(path, LOOK_ONLY | O_DIRECTORY | O_CLOEXEC); }

/// Whether it is a regular file; if not, `errno` says what stands there.
static bool is_regular(const struct stat *status) {
    errno = S_ISDIR(status->st_mode) ? EISDIR : ENOENT;
    return S_ISREG(status->st_mode);
}

/// Takes the descriptor of what was opened, and looks once more: it may be another than the one that was looked at.
static int take(int descriptor, cseaway_file *found) {
    if (descriptor < 0) return -1;
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !is_regular(&status)) return close_with(descriptor, errno);
    found->device = (uint64_t)status.st_dev;
    found->inode = (uint64_t)status.st_ino;
    found->size = (int64_t)status.st_size;
#if defined(__APPLE__)
    found->seconds = (int64_t)status.st_mtimespec.tv_sec;
    found->nanoseconds = (int64_t)status.st_mtimespec.tv_nsec;
#else
    found->seconds = (int64_t)status.st_mtim.tv_sec;
    found->nanoseconds = (int64_t)status.st_mtim.tv_nsec;
#endif
    return descriptor;
}

int cseaway_open_without_links(int folder, const char *path, cseaway_file *found) {
    char name[256];
    int at = folder;
    while (true) {
        const char *slash = strchr(path, '/');
        size_t length = slash ? (size_t)(slash - path) : strlen(path);
        int error = 0;
        if (length == 0 || length >= sizeof name) error = ENOENT;
        memcpy(name, path, error ? 0 : length);
        name[error ? 0 : length] = 0;
        if (strcmp(name, "..") == 0) error = ENOENT;
        int next = -1;
        struct stat status;
        if (error == 0 && slash) {
            next = openat(at, name, LOOK_ONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (next < 0) error = errno;
        } else if (error == 0) {
            if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !is_regular(&status)) error = errno;
            else if ((next = openat(at, name, READ_ONLY | O_NOFOLLOW)) < 0) error = errno;
        }
        if (at != folder) close(at);
        errno = error;
        if (error != 0) return -1;
        if (!slash) return take(next, found);
        at = next;
        path = slash + 1;
    }
}

#if defined(__linux__)
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/// Linux's `struct open_how`, which older headers do not have.
struct how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
#define NO_MAGIC_LINKS 0x02
#define BENEATH 0x08

/// A rename somewhere on the way has the kernel ask for another try.
#define TRIES 8

static int open_beneath(int folder, const char *path, int flags) {
    struct how how = {.flags = (uint64_t)flags, .mode = 0, .resolve = BENEATH | NO_MAGIC_LINKS};
    int descriptor = -1;
    for (int tries = 0; tries < TRIES; tries++) {
        descriptor = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (descriptor >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return descriptor;
}

int cseaway_open_beneath(int folder, const char *path, cseaway_file *found) {
    int looked = open_beneath(folder, path, O_PATH | O_CLOEXEC);
    // Old kernels do not know the call, and old sandboxes do not let it pass.
    if (looked < 0 && (errno == ENOSYS || errno == EPERM)) return cseaway_open_without_links(folder, path, found);
    if (looked < 0) return -1;
    struct stat status;
    bool is_file = fstat(looked, &status) == 0 && is_regular(&status);
    if (!is_file) return close_with(looked, errno);
    close(looked);
    return take(open_beneath(folder, path, READ_ONLY), found);
}
#else
int cseaway_open_beneath(int folder, const char *path, cseaway_file *found) {
    return cseaway_open_without_links(folder, path, found);
}
#endif
