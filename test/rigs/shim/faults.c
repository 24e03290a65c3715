/*
 * A library for LD_PRELOAD that lets chosen system calls of a running process fail or take long.
 *
 * MILLRACE_FAULTS names a file of at least 256 bytes, mapped and shared, so that whoever writes to it changes what happens from the next call
 * on: for each call (in the order of the enum) three int32: the errno to fail with (0: none), milliseconds to wait before, and how often it was
 * called; at byte 128 a text that a file's path must contain for a call to count at all. Only what is below MILLRACE_FAULTS_ROOT is
 * touched. Any thread; Linux only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kFdatasync, kFsync, kSyncfs, kPwrite, kPwritev2, kFallocate };

struct fault {
  volatile int32_t error;
  volatile int32_t delay_ms;
  volatile int32_t calls;
};

static struct fault* faults;
static const char* root;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("MILLRACE_FAULTS");
  root = getenv("MILLRACE_FAULTS_ROOT");
  if (path == NULL || root == NULL) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* map = mmap(NULL, 256, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (map != MAP_FAILED) faults = map;
}

/* The errno to fail with, 0 to go on. */
static int meet(int call, int file) {
  if (faults == NULL) return 0;
  char link[48];
  char path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  if (strncmp(path, root, strlen(root)) != 0 || strstr(path, (const char*)faults + 128) == NULL) return 0;
  struct fault* fault = &faults[call];
  __atomic_fetch_add(&fault->calls, 1, __ATOMIC_RELAXED);
  if (fault->delay_ms > 0) {
    const struct timespec pause = {fault->delay_ms / 1000, fault->delay_ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
  }
  return fault->error;
}

#define WRAP(result, name, call, file, parameters, arguments)                  \
  result name parameters {                                                     \
    static result(*real) parameters;                                           \
    if (real == NULL) real = (result(*) parameters)dlsym(RTLD_NEXT, #name);    \
    const int error = meet(call, file);                                        \
    if (error == 0) return real arguments;                                     \
    errno = error;                                                             \
    return -1;                                                                 \
  }

WRAP(int, fdatasync, kFdatasync, file, (int file), (file))
WRAP(int, fsync, kFsync, file, (int file), (file))
WRAP(int, syncfs, kSyncfs, file, (int file), (file))
WRAP(ssize_t, pwrite, kPwrite, file, (int file, const void* from, size_t size, off_t at), (file, from, size, at))
WRAP(ssize_t, pwrite64, kPwrite, file, (int file, const void* from, size_t size, off_t at), (file, from, size, at))
WRAP(ssize_t, pwritev2, kPwritev2, file, (int file, const struct iovec* from, int count, off_t at, int flags), (file, from, count, at, flags))
WRAP(ssize_t, pwritev64v2, kPwritev2, file, (int file, const struct iovec* from, int count, off_t at, int flags), (file, from, count, at, flags))
WRAP(int, fallocate, kFallocate, file, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
WRAP(int, fallocate64, kFallocate, file, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
