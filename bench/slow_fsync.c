/* Makes every fsync slower by BENCH_FSYNC_DELAY_US, after the real one: a slow disk to order.
 * Built and preloaded by bench/slow_disk.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *delay = getenv("BENCH_FSYNC_DELAY_US");
    int result = real(file);
    if (delay != NULL) {
        long us = atol(delay);
        struct timespec time = {us / 1000000, us % 1000000 * 1000};
        nanosleep(&time, NULL);
    }
    return result;
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
