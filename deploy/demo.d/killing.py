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

    def __init__(self, seed: int, wanted: int = WANTED, at_least: dict[str, int] = AT_LEAST):
        self.seed, self.wanted, self.at_least = seed, wanted, at_least
        self.counts = dict.fromkeys(at_least, 0)
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
            if self.ending or self.done >= self.wanted:
                return False
            owed = sum(max(0, least - self.counts[name]) for name, least in self.at_least.items())
            needed = self.counts[kind] < self.at_least[kind]
            return chance < 0.4 and (needed or owed < self.wanted - self.done)

    def _kill(self, daemon: subprocess.Popen, dice: random.Random) -> None:
        daemon.kill()

    def _keep_running(self, account: Account) -> None:
        try:
            self._run_and_kill(account)
        except OSError as failure:
            self.trouble.append(f"{account.short}'s daemon: {failure}")

    def _run_and_kill(self, account: Account) -> None:
        # One set of dice for each account and kind: what one daemon does when does not change another's throws.
        dice = {kind: random.Random(f"{self.seed} {account.short} {kind}") for kind in self.at_least}
        while True:
            daemon = account.start(errors=subprocess.PIPE)
            victim = self._read_log(account, daemon, dice)
            code = daemon.wait()
            asked, account.restarting = account.restarting, False
            if victim is None and not asked:
                if not account.stopping:
                    self.trouble.append(f"{account.short}'s daemon ended by itself with {code}: see {account.log}")
                return
            if victim is not None:
                self._count(account, *victim)

    def _count(self, account: Account, kind: str, work: str, ended: bool) -> None:
        with self.lock:
            if not ended:
                self.counts[kind] += 1
                said(f"✗ killed {account.name}'s daemon in {kind} {work} ({self.done} of {self.wanted})")

    def _read_log(self, account: Account, daemon: subprocess.Popen, dice: dict[str, random.Random]):
        """Copies the log to its file, and returns what the daemon was killed in: kind, id, and whether it had ended."""
        kind, work, ended = "", "", False
        with open(account.log, "ab", buffering=0) as log:
            for line in daemon.stderr:
                mark = MARK.search(line)
                # A look into the mailbox that finds nothing is no work to die in.
                if mark and mark[3] != b"none":
                    edge, name, number = (word.decode() for word in mark.groups())
                    if edge == "begin" and not kind and self._wants(name, dice[name]):
                        self._kill(daemon, dice[name])
                        kind, work = name, number
                    elif edge == "end" and (name, number) == (kind, work):
                        ended = True
                log.write(line)
            if kind:
                log.write(f"=== killed in {kind} {work}\n".encode())
        return (kind, work, ended) if kind else None
