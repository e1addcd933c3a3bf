"""Seeded SIGKILLs: daemons die between the logged begin and end of their work, and are started again at once.

A daemon run with --verbose logs `begin KIND ID` and `end KIND ID`. A kill counts only if the end was not logged before death.
"""

import random
import re
import subprocess
import threading

from account import Account
from telling import said

MARK = re.compile(rb"\b(begin|end) (receive|seal|send|move|journal|digest) (\S+)")
# Each kind of work dies at least so often; the rest is left to the dice.
AT_LEAST = {"receive": 3, "seal": 3, "send": 3, "move": 3, "journal": 3, "digest": 1}
WANTED = 20


class Killer:
    """Watches the logs of all daemons and kills them where the seed says."""

    def __init__(self, seed: int):
        self.seed = seed
        self.counts = dict.fromkeys(AT_LEAST, 0)
        self.lock = threading.Lock()
        self.ending = False
        self.trouble: list[str] = []

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    def watch(self, account: Account) -> None:
        """Starts the account's daemon, and starts it again whenever it was killed."""
        threading.Thread(target=self._keep_running, args=(account,), daemon=True).start()

    def finish(self) -> None:
        """No kills from now on; the daemons go on."""
        with self.lock:
            self.ending = True

    def _wants(self, kind: str, dice: random.Random) -> bool:
        chance = dice.random()
        with self.lock:
            if self.ending or self.done >= WANTED:
                return False
            owed = sum(max(0, least - self.counts[name]) for name, least in AT_LEAST.items())
            needed = self.counts[kind] < AT_LEAST[kind]
            return chance < 0.4 and (needed or owed < WANTED - self.done)

    def _keep_running(self, account: Account) -> None:
        try:
            self._run_and_kill(account)
        except OSError as failure:
            self.trouble.append(f"{account.short}'s daemon: {failure}")

    def _run_and_kill(self, account: Account) -> None:
        # One set of dice for each account and kind: what one daemon does when does not change another's throws.
        dice = {kind: random.Random(f"{self.seed} {account.short} {kind}") for kind in AT_LEAST}
        while True:
            daemon = account.start(errors=subprocess.PIPE)
            victim = self._read_log(account, daemon, dice)
            code = daemon.wait()
            if victim is None:
                if not account.stopping:
                    self.trouble.append(f"{account.short}'s daemon ended by itself with {code}: see {account.log}")
                return
            kind, work, ended = victim
            with self.lock:
                if not ended:
                    self.counts[kind] += 1
                    said(f"✗ killed {account.name}'s daemon in {kind} {work} ({self.done} of {WANTED})")

    def _read_log(self, account: Account, daemon: subprocess.Popen, dice: dict[str, random.Random]):
        """Copies the log to its file, and returns what the daemon was killed in: kind, id, and whether it had ended."""
        kind, work, ended = "", "", False
        with open(account.log, "ab", buffering=0) as log:
            for line in daemon.stderr:
                mark = MARK.search(line)
                # A look into the mailbox that finds nothing is no work to die in.
                idle = mark and mark[3] == b"none"
                if mark and not idle and not kind and mark[1] == b"begin" and self._wants(mark[2].decode(), dice[mark[2].decode()]):
                    daemon.kill()
                    kind, work = mark[2].decode(), mark[3].decode()
                elif mark and mark[1] == b"end" and (mark[2].decode(), mark[3].decode()) == (kind, work):
                    ended = True
                log.write(line)
            if kind:
                log.write(f"=== killed in {kind} {work}\n".encode())
        return (kind, work, ended) if kind else None
