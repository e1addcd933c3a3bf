// Calls of Linux that glibc declares under _GNU_SOURCE only, where Swift's Glibc module does not see them, and what is a macro.
#pragma once

#include <string.h>
#include <sys/socket.h>

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
