// Preloaded into one process: counts every call that changes the disk below a folder, and at the n-th one stops the process
// (SIGKILL) or lets the disk say ENOSPC or EIO, once or from then on. Also sets its clock ahead.
//
// What it counts and what it shall do stands on a board, a small file that the harness has mapped too: so the count outlives the
// process, goes on in the next one, and a fault can be ended while the process runs. Children are left alone.
//
// Not seen: stores into a mapped file. SQLite makes room in its -shm file with pwrite before it maps it, and makes that file anew
// after a crash, so that nothing that lasts depends on them.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 0, STOP = 1, FAIL = 2, TEAR = 3 };

// shim.py has the same, field by field.
struct board {
  _Atomic uint64_t count;  // calls so far, of all processes that used this board
  uint64_t at;             // the one to strike at, from 1 on
  int64_t ahead;           // seconds that the clock runs ahead
  uint32_t deed;           // one of the above; TEAR writes half and stops
  uint32_t code;           // errno for FAIL
  uint32_t lasting;        // strike at all later ones too
  _Atomic uint32_t hits;
  char call[24];           // the first that was struck
  char path[232];
};

static struct board *board;
static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}
#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = next(#name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULT_BOARD"), *below = getenv("FAULT_ROOT"), *log = getenv("FAULT_TRACE");
  if (path && below) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file >= 0) {
      void *map = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      close(file);
      root_length = strlen(strncpy(root, below, sizeof root - 1));
      if (log) trace = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
      if (map != MAP_FAILED) board = map;
    }
  }
  // For children: gpg, its agent and the picture maker see a disk that works.
  unsetenv("LD_PRELOAD");
}

static int is_below(const char *path) {
  return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

static int path_of(int descriptor, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static void note(const char *word, const char *rest, size_t size) {
  if (trace < 0) return;
  char line[PATH_MAX + 40];
  int length = snprintf(line, sizeof line, "%s %.*s\n", word, (int)(size < PATH_MAX ? size : PATH_MAX), rest);
  REAL(write);
  if (real(trace, line, length) < 0) abort();
}

// What is to be done: 0 nothing, otherwise the errno to fail with. `may_tear` says that half of it can be done.
static int struck(const char *call, const char *path, int *may_tear) {
  int saved = errno;
  uint64_t number = atomic_fetch_add(&board->count, 1) + 1;
  note(call, path, strlen(path));
  errno = saved;
  int strikes = board->deed != COUNT && (number == board->at || (number > board->at && board->lasting));
  if (!strikes) return 0;
  if (atomic_fetch_add(&board->hits, 1) == 0) {
    snprintf(board->call, sizeof board->call, "%s", call);
    snprintf(board->path, sizeof board->path, "%s", path + root_length);
  }
  if (board->deed == FAIL) return board->code;
  if (board->deed == TEAR && may_tear) {
    *may_tear = 1;
    return 0;
  }
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int at_path(const char *call, int directory, const char *path) {
  char whole[2 * PATH_MAX];
  if (!board || !path) return 0;
  if (path[0] == '/') {
    snprintf(whole, sizeof whole, "%s", path);
  } else {
    char base[PATH_MAX];
    if (directory == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of(directory, base)) return 0;
    snprintf(whole, sizeof whole, "%s/%s", base, path);
  }
  return is_below(whole) ? struck(call, whole, NULL) : 0;
}

static int at_file(const char *call, int descriptor, int *may_tear) {
  char path[PATH_MAX];
  int saved = errno;
  int known = board && path_of(descriptor, path);
  errno = saved;
  return known && is_below(path) ? struck(call, path, may_tear) : 0;
}

static _Noreturn void stop(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

#define FAILING(error) \
  do { \
    int code = (error); \
    if (code) { \
      errno = code; \
      return -1; \
    } \
  } while (0)

// Bytes ----------------------------------------------------------------------------------------------------------------

ssize_t write(int file, const void *bytes, size_t size) {
  REAL(write);
  int tear = 0;
  // What the program logs stands between its calls, so that it can be seen in which step of its work each was.
  if (file == STDERR_FILENO) note("log", bytes, size && ((const char *)bytes)[size - 1] == '\n' ? size - 1 : size);
  FAILING(at_file("write", file, &tear));
  if (!tear) return real(file, bytes, size);
  real(file, bytes, size / 2);
  stop();
}

#define WRITING_AT(name, offset_type) \
  ssize_t name(int file, const void *bytes, size_t size, offset_type offset) { \
    REAL(name); \
    int tear = 0; \
    FAILING(at_file("pwrite", file, &tear)); \
    if (!tear) return real(file, bytes, size, offset); \
    real(file, bytes, size / 2, offset); \
    stop(); \
  }
WRITING_AT(pwrite, off_t)
WRITING_AT(pwrite64, off64_t)

ssize_t writev(int file, const struct iovec *pieces, int count) {
  REAL(writev);
  FAILING(at_file("writev", file, NULL));
  return real(file, pieces, count);
}
ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t offset) {
  REAL(pwritev);
  FAILING(at_file("pwritev", file, NULL));
  return real(file, pieces, count, offset);
}
ssize_t pwritev64(int file, const struct iovec *pieces, int count, off64_t offset) {
  REAL(pwritev64);
  FAILING(at_file("pwritev", file, NULL));
  return real(file, pieces, count, offset);
}
ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
  REAL(sendfile);
  FAILING(at_file("sendfile", out, NULL));
  return real(out, in, offset, count);
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) {
  REAL(sendfile64);
  FAILING(at_file("sendfile", out, NULL));
  return real(out, in, offset, count);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
  REAL(copy_file_range);
  FAILING(at_file("copy_file_range", out, NULL));
  return real(in, from, out, to, size, flags);
}

// Lengths --------------------------------------------------------------------------------------------------------------

#define OF_FILE(name, as, parameters, arguments) \
  int name parameters { \
    REAL(name); \
    FAILING(at_file(as, file, NULL)); \
    return real arguments; \
  }
OF_FILE(ftruncate, "ftruncate", (int file, off_t length), (file, length))
OF_FILE(ftruncate64, "ftruncate", (int file, off64_t length), (file, length))
OF_FILE(fallocate, "fallocate", (int file, int mode, off_t offset, off_t length), (file, mode, offset, length))
OF_FILE(fallocate64, "fallocate", (int file, int mode, off64_t offset, off64_t length), (file, mode, offset, length))
OF_FILE(fsync, "fsync", (int file), (file))
OF_FILE(fdatasync, "fdatasync", (int file), (file))
OF_FILE(syncfs, "syncfs", (int file), (file))

// Returns its error instead of setting errno.
int posix_fallocate(int file, off_t offset, off_t length) {
  REAL(posix_fallocate);
  int code = at_file("fallocate", file, NULL);
  return code ? code : real(file, offset, length);
}

// Names ----------------------------------------------------------------------------------------------------------------

#define OF_PATH(name, as, directory, parameters, arguments) \
  int name parameters { \
    REAL(name); \
    FAILING(at_path(as, directory, path)); \
    return real arguments; \
  }
OF_PATH(rename, "rename", AT_FDCWD, (const char *path, const char *to), (path, to))
OF_PATH(renameat, "rename", from, (int from, const char *path, int into, const char *to), (from, path, into, to))
OF_PATH(renameat2, "rename", from, (int from, const char *path, int into, const char *to, unsigned flags), (from, path, into, to, flags))
OF_PATH(link, "link", AT_FDCWD, (const char *path, const char *to), (path, to))
OF_PATH(linkat, "link", into, (int from, const char *old, int into, const char *path, int flags), (from, old, into, path, flags))
OF_PATH(symlink, "symlink", AT_FDCWD, (const char *target, const char *path), (target, path))
OF_PATH(unlink, "unlink", AT_FDCWD, (const char *path), (path))
OF_PATH(unlinkat, "unlink", from, (int from, const char *path, int flags), (from, path, flags))
OF_PATH(remove, "unlink", AT_FDCWD, (const char *path), (path))
OF_PATH(rmdir, "rmdir", AT_FDCWD, (const char *path), (path))
OF_PATH(mkdir, "mkdir", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
OF_PATH(mkdirat, "mkdir", from, (int from, const char *path, mode_t mode), (from, path, mode))
OF_PATH(truncate, "truncate", AT_FDCWD, (const char *path, off_t length), (path, length))
OF_PATH(truncate64, "truncate", AT_FDCWD, (const char *path, off64_t length), (path, length))

// An open counts where it may make a file.
#define MAKES(flags) (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE)
#define MODE(flags, mode) \
  mode_t mode = 0; \
  if (MAKES(flags)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }
#define OPENING(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    MODE(flags, mode) \
    if (MAKES(flags)) FAILING(at_path("open", AT_FDCWD, path)); \
    return real(path, flags, mode); \
  }
OPENING(open)
OPENING(open64)
#define OPENING_AT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    REAL(name); \
    MODE(flags, mode) \
    if (MAKES(flags)) FAILING(at_path("open", directory, path)); \
    return real(directory, path, flags, mode); \
  }
OPENING_AT(openat)
OPENING_AT(openat64)
OF_PATH(creat, "open", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
OF_PATH(creat64, "open", AT_FDCWD, (const char *path, mode_t mode), (path, mode))
OF_PATH(mkstemp, "open", AT_FDCWD, (char *path), (path))
OF_PATH(mkstemp64, "open", AT_FDCWD, (char *path), (path))
OF_PATH(mkostemp, "open", AT_FDCWD, (char *path, int flags), (path, flags))

// The clock ------------------------------------------------------------------------------------------------------------

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  int result = real(clock, now);
  if (board && result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += board->ahead;
  return result;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  int result = real(now, zone);
  if (board && result == 0) now->tv_sec += board->ahead;
  return result;
}
time_t time(time_t *where) {
  REAL(time);
  time_t now = real(NULL) + (board ? board->ahead : 0);
  if (where) *where = now;
  return now;
}
