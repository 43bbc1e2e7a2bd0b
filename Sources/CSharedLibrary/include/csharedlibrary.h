// Libraries that are loaded when they are needed: a program runs where they are not installed.
#ifndef CSHAREDLIBRARY_H
#define CSHAREDLIBRARY_H

/// A function by its name, and where its address goes.
struct csharedlibrary_function {
    const char *name;
    void **address;
};

/// Loads the first of these libraries that is there and has all of the functions; both lists end with NULL.
///
/// Returns whether there was one. It stays loaded.
int csharedlibrary_load(const char *const *names, const struct csharedlibrary_function *functions);

#endif
