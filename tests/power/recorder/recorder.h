/* What the parts of the recorder share; the log itself is kept in log.c. */
#ifndef RECORDER_H
#define RECORDER_H

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNCED, SYNC_DIRECTORY, RENAME, UNLINK, MKDIR, MARK,
       UNRECORDED, FOUND, FAILED };

extern pthread_mutex_t power_lock;

/* All of these are called with the lock held. */
void put(uint32_t kind, uint32_t file, int64_t number, const void *first, size_t first_size,
         const void *second, size_t second_size);
void put_path(uint32_t kind, const char *path);
uint32_t file_of(int descriptor);
void remember(int descriptor, const char *path);
void forget(const struct stat *about);
int64_t new_sync(void);
int fails_now(void);

/* These look at nothing that changes. Both give a part of `full`, or NULL. */
const char *inside(int directory, const char *path, char full[PATH_MAX]);
const char *directory_of(int descriptor, char full[PATH_MAX]);

#endif
