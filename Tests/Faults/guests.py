"""People who come later: they ask to be contacts, have no daemon, and look in now and then with `run --once`."""

import random
import re
import subprocess
import time

from cast import Person, expect
from ledger import MUST, Ledger
from telling import check

# Everything happens on one day.
MUCH = {"packets-per-day": 1_000_000, "megabytes-per-day": 100_000}


class Guests:
    """Asks for acquaintance at set moments, and lets guests look in; some of their processes are killed."""

    def __init__(self, seed: int, hosts: list[Person], guests: list[Person], ledger: Ledger):
        self.dice = random.Random(f"{seed} guests")
        self.hosts, self.guests, self.ledger = hosts, guests, ledger
        self.waiting: list[tuple[Person, Person]] = []
        self.spent: tuple[str, Person] | None = None
        self.kills = 0
        self.looked = 0.0

    def arrive(self, guest: Person) -> None:
        """Sets a guest up and lets them ask; every second one with a link that was used before, so that the host decides."""
        guest.set_up(digest="now", idle=True)
        guest.configure("post", undo="0")
        guest.configure("limits", **MUCH)
        if self.spent is None:
            host = self.dice.choice(self.hosts)
            link = re.search(r"socialnet:join#\S+", host.call("invite"))[0]
            self.spent = (link, host)
        else:
            (link, host), self.spent = self.spent, None
        expect(guest.attempt("accept", "-", words=link), f"{guest.short}: accept")
        self.expect_contact(host, guest)
        self.ledger.packets += 2

    def expect_contact(self, one: Person, other: Person) -> None:
        """From now on what either posts may reach the other; once they are contacts, it must."""
        self.ledger.befriend(one.short, other.short)
        self.ledger.connected += [(one.short, other.short), (other.short, one.short)]
        self.waiting += [(one, other), (other, one)]

    def settle_now_and_then(self) -> None:
        """Settles, once in a second: each question is a process."""
        if time.monotonic() > self.looked + 1:
            self.settle()

    def settle(self) -> None:
        """Takes notice of who is a contact by now, and answers requests that wait for a word."""
        self.looked = time.monotonic()
        for pair in list(self.waiting):
            if pair[0].contact_state(pair[1]) == "contact":
                self.ledger.friends[pair[0].short, pair[1].short] = MUST
                self.waiting.remove(pair)
        for host in self.hosts:
            for row in host.query("SELECT id FROM request"):
                expect(host.attempt("accept", row["id"]), f"{host.short}: accept {row['id']}")

    def visit(self) -> None:
        """One of the guests looks in, and may die while doing so."""
        present = [guest for guest in self.guests if guest.home.exists()]
        if present:
            guest = self.dice.choice(present)
            process = guest.once()
            if self.dice.random() < 0.5:
                try:
                    process.wait(self.dice.uniform(0.05, 1.5))
                except subprocess.TimeoutExpired:
                    process.kill()
                    self.kills += 1
            self.end(guest, process)

    def come_home(self) -> None:
        for guest in self.guests:
            self.end(guest, guest.once())

    @staticmethod
    def end(guest: Person, process: subprocess.Popen) -> None:
        code = process.wait(120)
        if code not in (0, -9):
            check(False, f"{guest.name}'s run --once ends well: see {guest.log}", code)
