"""SIGKILLs that keep step with the work: inside the logged steps of a daemon, and at any moment."""

import random
import subprocess
import threading
import time

from account import Account
from killing import Killer

# So many of forty die in each kind of work; the rest is left to the dice.
SHARES = {"receive": 5, "seal": 5, "send": 5, "move": 5, "journal": 5, "digest": 3, "moment": 8}


class Reaper(Killer):
    """Kills daemons as the demo's killer does, some milliseconds into a step, and besides at random moments.

    `progress` says how much of the work is done, so that the kills are spread over all of it."""

    def __init__(self, seed: int, wanted: int, progress):
        at_least = {kind: share * wanted // 40 for kind, share in SHARES.items()}
        super().__init__(seed, wanted, at_least)
        self.progress = progress
        self.struck: set[str] = set()

    def _wants(self, kind: str, dice: random.Random) -> bool:
        # Always a throw, so that what one daemon does when does not change the throws after it.
        lucky = dice.random() < 0.5
        return lucky and self.done < self.wanted * self.progress() + 1 and super()._wants(kind, dice)

    def _kill(self, daemon: subprocess.Popen, dice: random.Random) -> None:
        time.sleep(dice.choice((0, 0, dice.uniform(0, 0.01), dice.uniform(0, 0.08))))
        daemon.kill()

    def _read_log(self, account: Account, daemon: subprocess.Popen, dice: dict[str, random.Random]):
        over = threading.Event()
        thread = threading.Thread(target=self._strike, args=(account, daemon, dice["moment"], over), daemon=True)
        thread.start()
        victim = super()._read_log(account, daemon, dice)
        over.set()
        thread.join()
        struck = account.short in self.struck
        self.struck.discard(account.short)
        return victim or (("moment", "of its own", False) if struck else None)

    def _strike(self, account: Account, daemon: subprocess.Popen, dice: random.Random, over: threading.Event) -> None:
        while not over.wait(dice.uniform(0.2, 6)):
            if self._wants("moment", dice):
                self.struck.add(account.short)
                daemon.kill()
                return
