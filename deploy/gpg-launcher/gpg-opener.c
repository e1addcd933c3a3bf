/* Opens OpenPGP messages for the bridge, one after the other: decrypts and verifies them by GPGME, and says what gpg said.
 * It judges nothing and keeps nothing.
 *
 *   cc -O2 -o gpg-opener gpg-opener.c -lgpgme      (-DGPG='"/path/to/gpg"' where gpg lies elsewhere)
 *   gpg-opener HOME          with one end of a pair of SOCK_SEQPACKET sockets as standard input
 *
 * GPGME forks twice for each message, and a fork copies the page tables of the whole process and interrupts its other threads.
 * This process is small and has one thread. Its limits hold for each gpg that it starts, as RLIMIT_CPU counts anew in a child.
 *
 * A request is one packet of text, "FLAGS OFFSET LENGTH LIMIT", with two descriptors: the file in which the message stands, and an
 * empty one for the plaintext. The answer is one packet of lines: each of gpg's behind `status`; `signature` with the code of each one's
 * status; what there is of `not-protected`, `wrong-key-usage`, `gave-up`, `too-large` and `failed` with an errno; `recipients` with
 * their number; and at the end `ended` with GPGME's error. The end of the socket is the end of the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gpgme.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef GPG
#define GPG NULL /* where GPGME finds it */
#endif

/* As in gpg-launcher.c. */
#define CPU_SECONDS 30
#define ADDRESS_SPACE (256UL << 20)

/* What is said of one message. A peer can make gpg talk; who makes it say more than fits is given up on. */
static char answer[96 << 10];
static size_t said;
static int said_too_much;

static gpgme_error_t say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t room = sizeof answer - said;
  int length = vsnprintf(answer + said, room, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= room) {
    said_too_much = 1;
    return gpgme_error(GPG_ERR_LIMIT_REACHED);
  }
  said += (size_t)length;
  return 0;
}

static gpgme_error_t on_status(void *context, const char *keyword, const char *fields) {
  (void)context;
  return say("status %s %s\n", keyword, fields ? fields : "");
}

/* One message on its way through. */
static struct {
  int input, output;
  long long offset, left, limit, written;
  int is_too_large, failure;
} message;

static ssize_t on_read(void *handle, void *buffer, size_t size) {
  (void)handle;
  if ((long long)size > message.left) size = (size_t)message.left;
  ssize_t count = size ? pread(message.input, buffer, size, message.offset) : 0;
  if (count < 0) {
    message.failure = errno;
    return -1;
  }
  message.offset += count;
  message.left -= count;
  return count;
}

static ssize_t on_write(void *handle, const void *buffer, size_t size) {
  (void)handle;
  /* gpg's own limit reports success on plaintext that was cut. */
  if (message.written + (long long)size > message.limit) {
    message.is_too_large = 1;
    errno = EFBIG;
    return -1;
  }
  ssize_t count = write(message.output, buffer, size);
  if (count < 0) message.failure = errno;
  if (count > 0) message.written += count;
  return count;
}

/* gpg gives up in the middle in words only. */
static int gave_up(gpgme_ctx_t context) {
  gpgme_data_t words;
  size_t length = 0;
  int found = 0;
  if (gpgme_data_new(&words)) return 0;
  if (gpgme_op_getauditlog(context, words, GPGME_AUDITLOG_DIAG) == 0) {
    char *text = gpgme_data_release_and_get_mem(words, &length);
    found = text && memmem(text, length, "gpg: Fatal:", 11) != NULL;
    gpgme_free(text);
  } else {
    gpgme_data_release(words);
  }
  return found;
}

static void report(gpgme_ctx_t context, gpgme_error_t error) {
  int recipients = 0, wrong_key_usage = 0;
  int is_whole = memmem(answer, said, "status END_DECRYPTION ", 22) != NULL;
  gpgme_decrypt_result_t opened = gpgme_op_decrypt_result(context);
  if (opened) {
    for (gpgme_recipient_t each = opened->recipients; each; each = each->next) recipients++;
    if (opened->legacy_cipher_nomdc) say("not-protected\n");
    wrong_key_usage = opened->wrong_key_usage;
  }
  gpgme_verify_result_t verified = gpgme_op_verify_result(context);
  for (gpgme_signature_t each = verified ? verified->signatures : NULL; each; each = each->next) {
    say("signature %u\n", gpgme_err_code(each->status));
    wrong_key_usage = wrong_key_usage || each->wrong_key_usage;
  }
  if (wrong_key_usage) say("wrong-key-usage\n");
  say("recipients %d\n", recipients);
  int is_given_up = said_too_much || (!is_whole && gave_up(context));
  if (said_too_much) said = 0;
  if (is_given_up) say("gave-up\n");
  if (message.is_too_large) say("too-large\n");
  if (message.failure) say("failed %d\n", message.failure);
  say("ended %u\n", error);
}

static void open_message(gpgme_ctx_t context, unsigned flags) {
  struct gpgme_data_cbs reading = {.read = on_read}, writing = {.write = on_write};
  gpgme_data_t source, target;
  said = 0;
  said_too_much = 0;
  gpgme_error_t error = gpgme_data_new_from_cbs(&source, &reading, NULL);
  if (error) {
    say("ended %u\n", error);
    return;
  }
  error = gpgme_data_new_from_cbs(&target, &writing, NULL);
  if (error) {
    say("ended %u\n", error);
  } else {
    /* Otherwise some hundred bytes a call. */
    gpgme_data_set_flag(source, "io-buffer-size", "65536");
    gpgme_data_set_flag(target, "io-buffer-size", "65536");
    report(context, gpgme_op_decrypt_ext(context, (gpgme_decrypt_flags_t)flags, source, target));
    gpgme_data_release(target);
  }
  gpgme_data_release(source);
}

/* Receives a request and its descriptors. Returns 0 at the end of the socket. */
static int next_request(unsigned *flags) {
  char text[128];
  union { struct cmsghdr header; char room[CMSG_SPACE(2 * sizeof(int))]; } control;
  struct iovec piece = {text, sizeof text - 1};
  struct msghdr request = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length;
  do length = recvmsg(STDIN_FILENO, &request, MSG_CMSG_CLOEXEC); while (length < 0 && errno == EINTR);
  if (length <= 0) return 0;
  text[length] = 0;
  struct cmsghdr *files = CMSG_FIRSTHDR(&request);
  if (!files || files->cmsg_type != SCM_RIGHTS || files->cmsg_len != CMSG_LEN(2 * sizeof(int))) return 0;
  memset(&message, 0, sizeof message);
  memcpy(&message.input, CMSG_DATA(files), sizeof(int));
  memcpy(&message.output, CMSG_DATA(files) + sizeof(int), sizeof(int));
  return sscanf(text, "%u %lld %lld %lld", flags, &message.offset, &message.left, &message.limit) == 4;
}

static int limit(int resource, rlim_t most) {
  struct rlimit both = {most, most};
  return setrlimit(resource, &both);
}

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  /* A core would hold plaintext and session keys. */
  if (limit(RLIMIT_CPU, CPU_SECONDS) || limit(RLIMIT_AS, ADDRESS_SPACE) || limit(RLIMIT_CORE, 0)) return 71;
  gpgme_check_version(NULL);
  gpgme_ctx_t context;
  if (gpgme_new(&context) || gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, GPG, argv[1])) return 69;
  gpgme_set_offline(context, 1);
  gpgme_set_pinentry_mode(context, GPGME_PINENTRY_MODE_ERROR);
  gpgme_set_locale(context, LC_ALL, "C");
  gpgme_set_ctx_flag(context, "full-status", "1");
  gpgme_set_status_cb(context, on_status, NULL);
  unsigned flags;
  while (next_request(&flags)) {
    open_message(context, flags);
    close(message.input);
    close(message.output);
    if (send(STDIN_FILENO, answer, said, MSG_NOSIGNAL) < 0) break;
  }
  gpgme_release(context);
  return 0;
}
