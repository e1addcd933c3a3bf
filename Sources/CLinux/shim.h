// Calls of Linux that glibc declares under _GNU_SOURCE only, where Swift's Glibc module does not see them, and what is a macro.
#pragma once

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/// Writes everything of one file system to its disk; `descriptor` is any file on it (syncfs(2)).
int syncfs(int descriptor);
/// Makes a pipe with flags (pipe2(2)).
int pipe2(int ends[2], int flags);
/// Makes a file without a place, in memory (memfd_create(2)); flag 1 closes it on exec.
int memfd_create(const char *name, unsigned flags);

/// Sends bytes and two descriptors in one message (unix(7), SCM_RIGHTS).
static inline long slinux_send(int socket, const void *bytes, unsigned long count, int first, int second) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
  } control;
  struct iovec piece = {(void *)bytes, count};
  struct msghdr message = {0};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  int files[2] = {first, second};
  memcpy(CMSG_DATA(header), files, sizeof files);
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/// What dl_iterate_phdr(3) tells of each object; its own structure begins like this.
struct slinux_object {
  ElfW(Addr) address;
  const char *name;
  const ElfW(Phdr) * segments;
  ElfW(Half) count;
};
struct dl_phdr_info;
int dl_iterate_phdr(int (*each)(struct dl_phdr_info *, size_t, void *), void *);

/// One of so many equal pieces.
struct slinux_piece {
  size_t number, count;
};

static inline int slinux_release_text_of(struct dl_phdr_info *info, size_t size, void *context) {
  const struct slinux_object *object = (const struct slinux_object *)info;
  const struct slinux_piece *piece = (const struct slinux_piece *)context;
  (void)size;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (int index = 0; index < object->count; index++) {
    const ElfW(Phdr) *segment = &object->segments[index];
    // Only what is mapped from the file as it is: a page that was ever written to would come back without what was written.
    if (segment->p_type != PT_LOAD || segment->p_flags != (PF_R | PF_X)) continue;
    size_t start = (object->address + segment->p_vaddr) / page * page;
    size_t length = object->address + segment->p_vaddr + segment->p_memsz - start;
    size_t first = start + length / piece->count * piece->number / page * page;
    madvise((void *)first, length / piece->count, MADV_DONTNEED);
  }
  // The program itself is told of first. Its libraries stay: other programs share them, so nothing would be saved.
  return 1;
}

/// Gives a piece of the program's own text back to the system. What is needed again is mapped again, from memory as long as the
/// system keeps it there.
static inline void slinux_release_text(size_t number, size_t count) {
  struct slinux_piece piece = {number, count};
  dl_iterate_phdr(slinux_release_text_of, &piece);
}

/// Gives memory back that was allocated and is free (malloc_trim(3)).
static inline void slinux_release_free(void) { malloc_trim(0); }

/// Bytes of this process that are in memory; 0 where the system does not say.
static inline size_t slinux_resident(void) {
  char line[128];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, line, sizeof line - 1);
  close(file);
  unsigned long size, resident;
  if (length <= 0) return 0;
  line[length] = 0;
  return sscanf(line, "%lu %lu", &size, &resident) == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}
