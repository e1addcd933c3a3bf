"""Three daemons on real mail servers, seeded work of every kind, and SIGKILLs all the while: nothing lost, nothing doubled."""

import argparse
import collections
import os
import pathlib
import time

import checks
from account import last_words
from audit import FOLDERS, Audit
from cast import Person, Provider, people, stop_agents
from guests import MUCH, Guests
from ledger import Ledger
from reaper import Reaper
from telling import Failed, Patience, check, said, step, wait
from work import Work, draw_pictures

HOSTS = {"anna": "Anna Berg", "ben": "Ben Ito", "carol": "Carol Diaz"}
GUESTS = ("Dora Vale", "Emil Rask", "Finn Holt", "Greta Lind", "Hugo Marsh", "Ida Stone", "Jon Reed", "Kim Fjord")


def play(stage: pathlib.Path, options: argparse.Namespace) -> str:
    run = Kills(stage, options)
    try:
        run.open()
        run.work()
        run.come_to_rest()
        return run.look_back()
    except Exception:
        for person in run.cast:
            print(last_words(person))
        raise
    finally:
        run.close()


def age(person: Person) -> None:
    """Makes every file that lies in a queue two hours older."""
    for folder in FOLDERS:
        for file in (person.home / folder).rglob("*"):
            then = file.stat().st_mtime - 7200
            os.utime(file, (then, then))


class Kills:
    """One run."""

    def __init__(self, stage: pathlib.Path, options: argparse.Namespace):
        self.stage, self.seed = stage, options.seed
        self.packets, self.kills, guests = (10_000, 1_000, 8) if options.long else (300, 40, 2)
        self.names = HOSTS | {name.split()[0].lower(): name for name in GUESTS[:guests]}
        self.provider = Provider(stage / "mail")
        self.cast: list[Person] = []
        self.ledger = Ledger()
        # What was killed again and again may rest for nine minutes.
        Patience.seconds = 900

    # ----------------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        step("Three friends on a mail server of their own, with private mail in their mailboxes")
        self.cast = people(self.stage, self.provider, self.names)
        self.hosts, self.guests = self.cast[: len(HOSTS)], self.cast[len(HOSTS) :]
        self.private = {person.short: checks.private_mail(person) for person in self.hosts}
        for person, undo in zip(self.hosts, ("0", "2s", "1s")):
            person.set_up(digest="off" if person is self.hosts[0] else "now", idle=True)
            person.configure("post", undo=undo)
            person.configure("limits", **MUCH)
        self.reaper = Reaper(self.seed, self.kills, lambda: self.ledger.packets / self.packets)
        for person in self.hosts:
            self.reaper.watch(person)
        self.come = Guests(self.seed, self.hosts, self.guests, self.ledger)
        anna, ben, carol = self.hosts
        for friend in (ben, carol):
            self.introduce(anna, friend)
        self.wait("all are contacts", lambda: self.come.settle() or not self.come.waiting)

    def introduce(self, one: Person, other: Person) -> None:
        link = one.call("invite").split()[-1]
        other.call("accept", "-", words=next(word for word in link.split() if word.startswith("socialnet:join#")))
        self.come.expect_contact(one, other)
        self.ledger.packets += 2

    def work(self) -> None:
        step(f"{self.packets} packets of every kind, while {self.kills} processes are killed")
        pictures = draw_pictures(self.stage, 6)
        work = self.labour = Work(self.seed, self.hosts, self.ledger, pictures)
        arrivals = {self.packets * (n + 1) // (len(self.guests) + 2): guest for n, guest in enumerate(self.guests)}
        arrivals[self.packets // 3] = None
        told = 0
        while self.ledger.packets < self.packets or self.reaper.done < self.kills:
            if self.reaper.trouble:
                raise Failed(self.reaper.trouble[0])
            if self.ledger.packets > self.packets * 2:
                raise Failed(f"only {self.reaper.done} of {self.kills} daemons could be killed")
            work.step()
            for due in [moment for moment in sorted(arrivals) if moment <= self.ledger.packets]:
                guest = arrivals.pop(due)
                self.introduce(*self.hosts[1:]) if guest is None else self.come.arrive(guest)
            self.come.settle_now_and_then()
            if work.dice.random() < 0.05:
                self.come.visit()
            self.keep_step()
            if self.ledger.packets >= told + 50:
                told = self.ledger.packets
                said(f"{told} packets, {self.reaper.done} kills")
        self.reaper.finish()
        said(", ".join(f"{count} {kind}" for kind, count in work.done.items()))

    def keep_step(self) -> None:
        """Work does not run far ahead of the kills, and so not of the daemons either."""
        ahead = self.ledger.packets / self.packets - (self.reaper.done + 3) / self.kills
        if ahead > 0:
            time.sleep(0.1)

    def come_to_rest(self) -> None:
        step("Everything comes to rest")
        self.settle()
        for person in self.hosts:
            person.call("digest", "--now")
        self.settle()
        # What died processes left is swept away by the next start, once it is an hour old.
        for person in self.cast:
            age(person)
        for person in self.hosts:
            person.restarting = True
            person.daemon.terminate()
        self.settle()

    def settle(self) -> None:
        """Until nothing waits anywhere: guests look in once more after each round, because that makes answers."""
        for _ in range(2):
            self.wait("the provider is quiet", self.provider.is_quiet)
            self.wait("no daemon has anything left to do", lambda: all(map(self.is_idle, self.hosts)))
            self.come.come_home()
            self.come.settle()
        self.wait("no daemon has anything left to do", lambda: self.provider.is_quiet() and all(map(self.is_idle, self.hosts)))

    def is_idle(self, person: Person) -> bool:
        [row] = person.query(
            "SELECT (SELECT COUNT(*) FROM outpacket WHERE state IN ('sealing', 'waiting'))"
            " + (SELECT COUNT(*) FROM inpacket WHERE state = 'waiting') + (SELECT COUNT(*) FROM draft)"
            " + (SELECT COUNT(*) FROM at_once) + (SELECT COUNT(*) FROM origin WHERE placement <> '' AND settled = 0)"
            " + (SELECT COUNT(*) FROM body WHERE state IN ('open', 'sealing')) AS waiting")
        return not row["waiting"] and not list((person.home / "outpackets").glob("*.xml")) and not checks.parcels_in_inbox(person)

    # ----------------------------------------------------------------------------------------------------------------

    def look_back(self) -> str:
        step("The ledger against feeds, letters and mailboxes")
        check(self.reaper.done >= self.kills, f"{self.reaper.done} daemons were killed", self.reaper.counts)
        said(", ".join(f"{count} in {kind}" for kind, count in self.reaper.counts.items()))
        audit = Audit(self.cast, self.ledger, self.names)
        audit.check(not self.come.waiting, "all who asked are contacts", self.come.waiting)
        audit.run()
        for person in self.hosts:
            checks.private_mail_is_untouched(person, self.private[person.short])
        self.rebuild(self.labour.dice.choice(self.hosts), audit)
        audit.verdict()
        kills = f"{self.reaper.done} daemons, {self.labour.killed} commands and {self.come.kills} visits killed"
        return f"KILLS: {self.ledger.packets} packets, {kills}: 0 lost, 0 doubled; {audit.again} mails came twice in the same bytes."

    def rebuild(self, person: Person, audit: Audit) -> None:
        """The log in the mailbox has no hole: the same view comes out of it."""
        person.stopping = True
        person.daemon.terminate()
        person.daemon.wait(60)
        before = person.ask("feed", "--limit", "100000")["items"]
        person.call("rebuild")
        after = person.ask("feed", "--limit", "100000")["items"]

        def essence(items: list[dict]) -> collections.Counter:
            return collections.Counter((item["id"], item["text"], len(item["reactions"]), item["comments"]) for item in items)

        lost, more = list(essence(before) - essence(after)), list(essence(after) - essence(before))
        audit.check(not lost and not more, f"{person.name}'s view is the same when it is made anew ({len(after)} items)", (lost[:5], more[:5]))

    def wait(self, what: str, question):
        def asked():
            if self.reaper.trouble:
                raise Failed(self.reaper.trouble[0])
            return question()

        return wait(what, asked)

    def close(self) -> None:
        if hasattr(self, "reaper"):
            self.reaper.finish()
        for person in self.cast:
            person.stop()
        stop_agents(self.cast)
        self.provider.close()
