/* Stands before libc's functions that change files, does what they do, and has it written down. */
#define _GNU_SOURCE
#include "recorder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* --- Opening. -------------------------------------------------------------------------------- */

typedef int (*opener)(int, const char *, int, mode_t);

static int opened(opener real, int directory, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    const char *name = NULL;
    if ((flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE)
        name = inside(directory, path, full);
    if (name == NULL)
        return real(directory, path, flags, mode);
    struct stat about;
    pthread_mutex_lock(&power_lock);
    int was_there = lstat(full, &about) == 0;
    int descriptor = real(directory, path, flags, mode), error = errno;
    if (descriptor >= 0 && !was_there)
        remember(descriptor, name);
    else if (descriptor >= 0 && file_of(descriptor) == 0)
        put_path(UNRECORDED, name);
    else if (descriptor >= 0 && (flags & O_TRUNC))
        put(TRUNCATE, file_of(descriptor), 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return descriptor;
}

static int real_open(int directory, const char *path, int flags, mode_t mode)
{
    (void)directory;
    return REAL(open)(path, flags, mode);
}

static int real_openat(int directory, const char *path, int flags, mode_t mode)
{
    return REAL(openat)(directory, path, flags, mode);
}

#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = (mode_t)va_arg(rest, int);                                                          \
        va_end(rest);                                                                              \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened(real_open, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened(real_open, AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened(real_openat, directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened(real_openat, directory, path, flags | O_LARGEFILE, mode);
}

/* --- Contents. ------------------------------------------------------------------------------- */

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    pthread_mutex_lock(&power_lock);
    uint32_t file = file_of(descriptor);
    if (file == 0) {
        pthread_mutex_unlock(&power_lock);
        return REAL(pwrite64)(descriptor, data, size, offset);
    }
    ssize_t written = REAL(pwrite64)(descriptor, data, size, offset);
    int error = errno;
    if (written > 0)
        put(WRITE, file, offset, data, (size_t)written, NULL, 0);
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return written;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    return pwrite64(descriptor, data, size, offset);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    pthread_mutex_lock(&power_lock);
    uint32_t file = file_of(descriptor);
    if (file == 0) {
        pthread_mutex_unlock(&power_lock);
        return REAL(write)(descriptor, data, size);
    }
    ssize_t written = REAL(write)(descriptor, data, size);
    int error = errno;
    if (written > 0)
        put(WRITE, file, lseek(descriptor, 0, SEEK_CUR) - written, data, (size_t)written, NULL, 0);
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return written;
}

int ftruncate64(int descriptor, off64_t size)
{
    pthread_mutex_lock(&power_lock);
    uint32_t file = file_of(descriptor);
    if (file == 0) {
        pthread_mutex_unlock(&power_lock);
        return REAL(ftruncate64)(descriptor, size);
    }
    int result = REAL(ftruncate64)(descriptor, size), error = errno;
    if (result == 0)
        put(TRUNCATE, file, size, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return result;
}

int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

int truncate64(const char *path, off64_t size)
{
    int descriptor = open64(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    int result = ftruncate64(descriptor, size), error = errno;
    close(descriptor);
    errno = error;
    return result;
}

int truncate(const char *path, off_t size) { return truncate64(path, size); }

/* --- Syncs. ---------------------------------------------------------------------------------- */

static int64_t begin_sync(int descriptor, int *fails)
{
    char full[PATH_MAX];
    const char *directory = directory_of(descriptor, full);
    int64_t sync = 0;
    pthread_mutex_lock(&power_lock);
    uint32_t file = file_of(descriptor);
    if (file != 0 || directory != NULL) {
        sync = new_sync();
        *fails = fails_now();
    }
    if (file != 0)
        put(SYNC, file, sync, NULL, 0, NULL, 0);
    else if (directory != NULL)
        put(SYNC_DIRECTORY, 0, sync, directory, strlen(directory), NULL, 0);
    if (*fails)
        put(FAILED, 0, sync, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&power_lock);
    return sync;
}

static int synced(int (*real)(int), int descriptor)
{
    int fails = 0;
    int64_t sync = begin_sync(descriptor, &fails);
    int result = fails ? -1 : real(descriptor), error = fails ? EIO : errno;
    if (sync != 0 && result == 0) {
        pthread_mutex_lock(&power_lock);
        put(SYNCED, 0, sync, NULL, 0, NULL, 0);
        pthread_mutex_unlock(&power_lock);
    }
    errno = error;
    return result;
}

int fsync(int descriptor) { return synced(REAL(fsync), descriptor); }
int fdatasync(int descriptor) { return synced(REAL(fdatasync), descriptor); }

/* --- Names. ---------------------------------------------------------------------------------- */

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    char full_from[PATH_MAX], full_to[PATH_MAX];
    const char *old = inside(from_directory, from, full_from);
    const char *name = inside(to_directory, to, full_to);
    if (old == NULL && name == NULL)
        return REAL(renameat)(from_directory, from, to_directory, to);
    struct stat about;
    pthread_mutex_lock(&power_lock);
    int was_there = name != NULL && lstat(full_to, &about) == 0;
    int result = REAL(renameat)(from_directory, from, to_directory, to), error = errno;
    if (result == 0 && (old == NULL || name == NULL))
        put_path(UNRECORDED, from);
    else if (result == 0) {
        if (was_there)
            forget(&about);
        put(RENAME, 0, 0, old, strlen(old), name, strlen(name));
    }
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return result;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int directory, const char *path, int flags)
{
    char full[PATH_MAX];
    const char *name = inside(directory, path, full);
    if (name == NULL)
        return REAL(unlinkat)(directory, path, flags);
    struct stat about;
    pthread_mutex_lock(&power_lock);
    int was_there = lstat(full, &about) == 0;
    int result = REAL(unlinkat)(directory, path, flags), error = errno;
    if (result == 0 && was_there) {
        forget(&about);
        put_path(UNLINK, name);
    }
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int directory, const char *path, mode_t mode)
{
    char full[PATH_MAX];
    const char *name = inside(directory, path, full);
    if (name == NULL)
        return REAL(mkdirat)(directory, path, mode);
    pthread_mutex_lock(&power_lock);
    int result = REAL(mkdirat)(directory, path, mode), error = errno;
    if (result == 0)
        put_path(MKDIR, name);
    pthread_mutex_unlock(&power_lock);
    errno = error;
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
