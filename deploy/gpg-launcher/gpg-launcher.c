/* Starts gpg with limits, so that no message can keep a processor or the memory busy for long.
 *
 *   cc -O2 -o gpg-launcher gpg-launcher.c      (-DGPG='"/path/to/gpg"' where gpg lies elsewhere)
 *
 * GPGME is told to run this program in place of gpg. Everything below survives the exec. An agent must not inherit it:
 * the program starts gpg-agent itself, and gpg.conf says no-autostart.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef GPG
#define GPG "/usr/bin/gpg"
#endif

/* Opening 40 MiB takes under a second, sealing for 500 half a second. */
#define CPU_SECONDS 30
/* gpg streams: it takes some 20 MiB whatever the size of the message. */
#define ADDRESS_SPACE (256UL << 20)
/* The caller has long given up; a gpg that waits for an agent which hangs would stay for ever. */
#define WALL_SECONDS 600

static void limit(int resource, rlim_t most) {
  struct rlimit both = {most, most};
  if (setrlimit(resource, &both) != 0) {
    perror("gpg-launcher: setrlimit");
    _exit(2);
  }
}

int main(int argc, char **argv) {
  (void)argc;
  limit(RLIMIT_CPU, CPU_SECONDS);
  limit(RLIMIT_AS, ADDRESS_SPACE);
  limit(RLIMIT_CORE, 0); /* a core would hold plaintext and session keys */
  alarm(WALL_SECONDS);
  execv(GPG, argv);
  perror("gpg-launcher: " GPG);
  return 127;
}
