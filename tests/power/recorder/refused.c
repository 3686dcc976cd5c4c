/* What would go past the recorder is done, and named in the log, which is refused for it. */
#define _GNU_SOURCE
#include "recorder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void refuse(int descriptor, const char *what)
{
    if (descriptor < 0)
        return;
    pthread_mutex_lock(&power_lock);
    if (file_of(descriptor) != 0)
        put_path(UNRECORDED, what);
    pthread_mutex_unlock(&power_lock);
}

void *mmap64(void *at, size_t size, int protection, int flags, int descriptor, off64_t offset)
{
    if ((flags & MAP_SHARED) && (protection & PROT_WRITE))
        refuse(descriptor, "a shared mapping");
    return (void *)syscall(SYS_mmap, at, size, protection, flags, descriptor, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    return mmap64(at, size, protection, flags, descriptor, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    refuse(descriptor, "writev");
    return syscall(SYS_writev, descriptor, parts, count);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t size)
{
    refuse(to, "sendfile");
    return syscall(SYS_sendfile, to, from, offset, size);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t size)
{
    return sendfile64(to, from, offset, size);
}

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags)
{
    refuse(to, "copy_file_range");
    return syscall(SYS_copy_file_range, from, at, to, there, size, flags);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t size)
{
    refuse(descriptor, "fallocate");
    return (int)syscall(SYS_fallocate, descriptor, mode, offset, size);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    char full[PATH_MAX];
    if (inside(to_directory, to, full) != NULL) {
        pthread_mutex_lock(&power_lock);
        put_path(UNRECORDED, "a hard link");
        pthread_mutex_unlock(&power_lock);
    }
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
