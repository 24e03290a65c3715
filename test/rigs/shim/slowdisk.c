/*
 * A disk whose reads take their time: an image file shown again as one file of a FUSE file system, with a pause before each read.
 *
 *   slowdisk <image> <mount point, an empty file> <control>
 *
 * Mounts, says `mounted` on standard output and serves until it is unmounted. <control> holds an int32, mapped and shared: milliseconds to wait
 * before a read is answered, and behind it how many reads were served. Put under a loop device (with direct I/O, so that nothing is kept in
 * between) it makes each block that a file system on it has to fetch cost so much, file contents and metadata alike. Reads wait at the
 * same time, as on a device with a deep queue. Writes do not wait. Needs root; Linux only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kServers = 64, kMostBytes = 128 * 1024, kRequestBytes = kMostBytes + 4096 };

static int channel;
static int image;
static struct control {
  volatile int32_t delay_ms;
  volatile int32_t reads;
} *control;

static void answer(const struct fuse_in_header* in, int error, const void* body, size_t size) {
  struct fuse_out_header out = {.len = (uint32_t)(sizeof out + size), .error = -error, .unique = in->unique};
  const struct iovec parts[2] = {{&out, sizeof out}, {(void*)body, size}};
  /* Fails when whoever asked was interrupted: nobody waits for it then. */
  if (writev(channel, parts, size > 0 ? 2 : 1) < 0 && errno != ENOENT && errno != EINVAL) perror("answer");
}

static void answer_init(const struct fuse_in_header* in, const struct fuse_init_in* asked) {
  const struct fuse_init_out out = {
      .major = FUSE_KERNEL_VERSION,
      .minor = asked->minor < FUSE_KERNEL_MINOR_VERSION ? asked->minor : FUSE_KERNEL_MINOR_VERSION,
      .max_readahead = 0,
      .flags = asked->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES),
      .max_background = kServers,
      .congestion_threshold = kServers,
      .max_write = kMostBytes,
      .time_gran = 1,
      .max_pages = kMostBytes / 4096,
  };
  answer(in, 0, &out, sizeof out);
}

static void answer_attributes(const struct fuse_in_header* in) {
  struct stat found;
  if (fstat(image, &found) != 0) return answer(in, errno, NULL, 0);
  const struct fuse_attr_out out = {
      .attr_valid = 3600,
      .attr = {.ino = 1, .size = (uint64_t)found.st_size, .blocks = (uint64_t)found.st_blocks, .mode = S_IFREG | 0600, .nlink = 1,
               .blksize = 4096},
  };
  answer(in, 0, &out, sizeof out);
}

static void answer_read(const struct fuse_in_header* in, const struct fuse_read_in* asked, char* buffer) {
  const int32_t delay_ms = control->delay_ms;
  if (delay_ms > 0) {
    const struct timespec pause = {delay_ms / 1000, delay_ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
  }
  __atomic_fetch_add(&control->reads, 1, __ATOMIC_RELAXED);
  const ssize_t count = pread(image, buffer, asked->size < kMostBytes ? asked->size : kMostBytes, (off_t)asked->offset);
  answer(in, count < 0 ? errno : 0, buffer, count < 0 ? 0 : (size_t)count);
}

static void answer_write(const struct fuse_in_header* in, const struct fuse_write_in* asked) {
  const ssize_t count = pwrite(image, asked + 1, asked->size, (off_t)asked->offset);
  const struct fuse_write_out out = {.size = (uint32_t)count};
  answer(in, count < 0 ? errno : 0, &out, count < 0 ? 0 : sizeof out);
}

static void serve(const struct fuse_in_header* in, const void* asked, char* buffer) {
  const struct fuse_open_out opened = {.open_flags = FOPEN_DIRECT_IO};
  switch (in->opcode) {
    case FUSE_INIT:
      return answer_init(in, asked);
    case FUSE_GETATTR:
      return answer_attributes(in);
    case FUSE_OPEN:
      return answer(in, 0, &opened, sizeof opened);
    case FUSE_READ:
      return answer_read(in, asked, buffer);
    case FUSE_WRITE:
      return answer_write(in, asked);
    case FUSE_FSYNC:
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      return answer(in, 0, NULL, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;
    default:
      return answer(in, ENOSYS, NULL, 0);
  }
}

static void* serve_all(void* nothing) {
  char* const request = malloc(kRequestBytes);
  char* const buffer = malloc(kMostBytes);
  for (;;) {
    const ssize_t count = read(channel, request, kRequestBytes);
    if (count < 0 && errno == ENODEV) exit(0); /* unmounted */
    if (count < (ssize_t)sizeof(struct fuse_in_header)) continue;
    serve((const struct fuse_in_header*)request, request + sizeof(struct fuse_in_header), buffer);
  }
  return nothing;
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  image = open(arguments[1], O_RDWR | O_CLOEXEC);
  const int file = open(arguments[3], O_RDWR | O_CLOEXEC);
  channel = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  control = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  char options[80];
  snprintf(options, sizeof options, "fd=%d,rootmode=100000,user_id=0,group_id=0,allow_other", channel);
  if (image < 0 || channel < 0 || control == MAP_FAILED || mount("slowdisk", arguments[2], "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
    perror("slowdisk");
    return 1;
  }
  puts("mounted");
  fflush(stdout);
  for (int i = 1; i < kServers; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve_all, NULL) != 0) return 1;
  }
  serve_all(NULL);
}
