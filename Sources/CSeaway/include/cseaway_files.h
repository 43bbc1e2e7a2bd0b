#ifndef CSEAWAY_FILES_H
#define CSEAWAY_FILES_H

#include <stdint.h>

/// What tells one state of a file from another.
typedef struct {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    /// When its content was changed last, since 1970.
    int64_t seconds;
    int64_t nanoseconds;
} cseaway_file;

/// Opens a folder in which files are looked for.
///
/// Returns a descriptor that is good for nothing else, or -1 with `errno`.
int cseaway_open_folder(const char *path);

/// Opens, to read it, the regular file that a relative path leads to, and never one outside of the folder: `..` and
/// symbolic links are followed only while they stay inside, or not at all where the system cannot tell
/// (`openat2`, since Linux 5.6).
///
/// What is no regular file is not opened: a folder is `EISDIR`, anything else `ENOENT`. Never blocks on a FIFO.
///
/// Returns a descriptor, or -1 with `errno`.
int cseaway_open_beneath(int folder, const char *path, cseaway_file *found);

/// The same without `openat2`, and so without any symbolic link.
int cseaway_open_without_links(int folder, const char *path, cseaway_file *found);

#endif
