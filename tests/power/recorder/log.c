/* The log: writes down, in their order, what a process does to the files under POWER_ROOT, and the
 * marks that it sets itself. Built and preloaded by tests/power/recording.py, which reads the log.
 *
 * One mutex is held over each change and its record, so that the log's order is the true one. A
 * sync has two records, since what is written or marked while it runs is not covered by it.
 * What cannot be recorded (a shared mapping, a hard link) is named in the log, which is then
 * refused. The WAL-index (-shm) is left out: it is mapped, and rebuilt at each recovery. */
#define _GNU_SOURCE
#include "recorder.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* As tests/power/recording.py unpacks it: little-endian, without gaps. */
struct header {
    uint32_t kind, file;
    int64_t number; /* an offset, a size, or which sync it is */
    uint32_t first, second; /* lengths of what follows */
} __attribute__((packed));

#define MOST_FILES 4096
static struct { ino_t inode; uint32_t id; } files[MOST_FILES];
static uint32_t next_id = 1;
static int64_t next_sync = 1;
pthread_mutex_t power_lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static dev_t device;
static int log_file = -1;
static long fail_from, fail_times; /* Which sync is the first to fail, and how many then do. */

void put(uint32_t kind, uint32_t file, int64_t number, const void *first, size_t first_size,
         const void *second, size_t second_size)
{
    struct header header = {kind, file, number, (uint32_t)first_size, (uint32_t)second_size};
    struct iovec parts[3] = {{&header, sizeof header}, {(void *)first, first_size},
                             {(void *)second, second_size}};
    size_t whole = sizeof header + first_size + second_size;
    if (syscall(SYS_writev, log_file, parts, 3) != (ssize_t)whole)
        abort(); /* A log with a gap would prove nothing. */
}

void put_path(uint32_t kind, const char *path) { put(kind, 0, 0, path, strlen(path), NULL, 0); }

int64_t new_sync(void) { return next_sync++; }

/* Say whether the sync that has just got its number is to fail, as on a failing disk. */
int fails_now(void)
{
    return fail_times > 0 && next_sync - 1 >= fail_from && next_sync - 1 < fail_from + fail_times;
}

/* Give the path inside the root as the log names it, or NULL where it is outside. */
const char *inside(int directory, const char *path, char full[PATH_MAX])
{
    char given[2 * PATH_MAX + 2], base[PATH_MAX] = "";
    if (log_file < 0)
        return NULL;
    if (path[0] != '/' && directory == AT_FDCWD) {
        if (getcwd(base, sizeof base) == NULL)
            return NULL;
    } else if (path[0] != '/') {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0)
            return NULL;
        base[length] = '\0';
    }
    snprintf(given, sizeof given, "%s/%s", base, path);
    char *name = strrchr(given, '/');
    *name++ = '\0';
    char parent[PATH_MAX];
    if (realpath(given[0] ? given : "/", parent) == NULL)
        return NULL;
    if (snprintf(full, PATH_MAX, "%s/%s", parent, name) >= PATH_MAX)
        return NULL;
    if (strncmp(full, root, root_length) != 0 || full[root_length] != '/')
        return NULL;
    size_t length = strlen(full);
    if (length > 4 && strcmp(full + length - 4, "-shm") == 0)
        return NULL;
    return full + root_length + 1;
}

static int place_of(ino_t inode)
{
    for (int place = 0; place < MOST_FILES; place++)
        if (files[place].id != 0 && files[place].inode == inode)
            return place;
    return -1;
}

/* Give the number of an open file, or 0 where it is none of ours or has no name any more. */
uint32_t file_of(int descriptor)
{
    struct stat about;
    if (log_file < 0 || fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    if (about.st_dev != device || about.st_nlink == 0)
        return 0;
    int place = place_of(about.st_ino);
    return place < 0 ? 0 : files[place].id;
}

static void add(ino_t inode, uint32_t kind, const char *path)
{
    int place = 0;
    while (place < MOST_FILES && files[place].id != 0)
        place++;
    if (place == MOST_FILES)
        abort();
    files[place].inode = inode;
    files[place].id = next_id++;
    put(kind, files[place].id, 0, path, strlen(path), NULL, 0);
}

void remember(int descriptor, const char *path)
{
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        abort();
    add(about.st_ino, CREATE, path);
}

void forget(const struct stat *about)
{
    int place = place_of(about->st_ino);
    if (place >= 0)
        files[place].id = 0;
}

/* Give the path of an open directory as the log names it, or NULL where it is not in the root. */
const char *directory_of(int descriptor, char full[PATH_MAX])
{
    char link[64];
    struct stat about;
    if (log_file < 0 || fstat(descriptor, &about) != 0 || !S_ISDIR(about.st_mode))
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, full, PATH_MAX - 1);
    full[length < 0 ? 0 : length] = '\0';
    if (strncmp(full, root, root_length) != 0)
        return NULL;
    if (full[root_length] == '\0')
        return full + root_length;
    return full[root_length] == '/' ? full + root_length + 1 : NULL;
}

void power_mark(const char *text, size_t length)
{
    if (log_file < 0)
        return;
    pthread_mutex_lock(&power_lock);
    put(MARK, 0, 0, text, length, NULL, 0);
    pthread_mutex_unlock(&power_lock);
}

static int found(const char *full, const struct stat *about, int kind, struct FTW *depth)
{
    size_t length = strlen(full);
    if (depth->level == 0 || (length > 4 && strcmp(full + length - 4, "-shm") == 0))
        return 0;
    if (kind == FTW_D)
        put_path(FOUND, full + root_length + 1);
    else if (kind == FTW_F)
        add(about->st_ino, FOUND, full + root_length + 1);
    return 0;
}

/* Begin a log, in the place of the one before, if any; no other thread may change files then.
 * From the sync of the number `from` on, so many fail with EIO. */
void power_begin(const char *directory, const char *log, long from, long times)
{
    struct stat about;
    pthread_mutex_lock(&power_lock);
    if (realpath(directory, root) == NULL || stat(root, &about) != 0)
        abort();
    root_length = strlen(root);
    device = about.st_dev;
    memset(files, 0, sizeof files);
    next_id = 1;
    next_sync = 1;
    fail_from = from;
    fail_times = times;
    if (log_file >= 0)
        close(log_file);
    log_file = -1;
    log_file = open(log, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (log_file < 0 || nftw(root, found, 16, FTW_PHYS) != 0)
        abort();
    pthread_mutex_unlock(&power_lock);
}

__attribute__((constructor)) static void begin(void)
{
    const char *directory = getenv("POWER_ROOT"), *log = getenv("POWER_LOG");
    unsetenv("LD_PRELOAD"); /* One process, one log. */
    if (directory != NULL && log != NULL)
        power_begin(directory, log, 0, 0);
}
