"""What every scenario has: a place to play in, what may come of a command, and how what came of it is looked at."""

import collections
import json
import re

from cast import Person, expect
from place import STOPPED, Place

# What a command or a run may end with when the disk fails (sysexits): a sentence, never a trap.
HONEST = (0, 65, 69, 70, 73, 74, 75, 78, STOPPED)
# In place of that where the program itself says that it does not know.
UNSURE = "unsure"


class Scenario:
    """One of them, at one place."""

    name = ""
    # Those that the rest is made of get all points; the others a quarter as many.
    is_main = True
    # Who looks in at the end.
    visitors: tuple[str, ...] = ()

    def __init__(self, place: Place):
        self.place = place
        self.found: list[str] = []
        self.again = self.hits = self.calls = 0
        self.struck = ""
        self.unsaid: list[tuple] = []

    def prepare(self) -> None:
        """Makes the template that each point begins with."""

    def act(self) -> None:
        """What is done under the fault."""

    def look(self) -> None:
        """What must be so in the end."""

    # ----------------------------------------------------------------------------------------------------------------

    def try_point(self, fault, at: int) -> list[str]:
        """One point: the fault, its end, and what came of it. Returns what is wrong."""
        self.found, self.unsaid, self.again, self.at, self.hits, self.struck = [], [], 0, at, 0, ""
        self.place.reset(self.name)
        self.place.board.set(fault, at)
        self.act()
        self.calls, self.hits, self.struck = self.place.board.count, self.place.board.hits, self.place.board.struck
        self.place.board.set()
        self.say_again()
        for short in self.visitors:
            self.recover(self.place.cast[short])
        self.look()
        return self.found

    def measure(self) -> tuple[list[str], dict[str, list[int]]]:
        """The calls of a run where nothing fails, and the numbers of those that belong to each kind of work."""
        self.place.board.trace()
        self.try_point(None, 0)
        trace = self.place.board.traced()
        return self.place.board.calls(trace)[: self.calls], self.place.board.steps(trace)

    def wrong_unless(self, holds: object, sentence: str) -> None:
        if not holds:
            self.found.append(sentence)

    def run(self, person: Person, *arguments: str, words: str | None = None) -> int:
        """A subcommand under the fault. Whatever happens, it must end honestly."""
        done = self.place.struck(person, *arguments, words=words)
        self.wrong_unless(done.returncode in HONEST, f"{person.short}: {' '.join(arguments)} ended with {done.returncode}")
        # Who says so is believed: nobody knows what a disk has that would not confirm it.
        self.is_sure = "may have taken effect" not in done.stderr
        return done.returncode

    def say(self, person: Person, has_effect, *arguments: str) -> None:
        """A command that the user will give again if it did not succeed; `has_effect` looks whether it was accepted."""
        code = self.run(person, *arguments)
        if code != 0:
            self.unsaid.append((person, has_effect, arguments, code if self.is_sure else UNSURE))

    def say_again(self) -> None:
        for person, has_effect, arguments, code in self.unsaid:
            done = has_effect()
            is_honest = not done or code in (STOPPED, UNSURE)
            self.wrong_unless(is_honest, f"{' '.join(arguments)} ended with {code}, and yet it took effect")
            if not done:
                expect(person.attempt(*arguments), f"{person.short}: {' '.join(arguments)}, once more")

    def recover(self, person: Person) -> None:
        """The disk is well again: within a minute everything is done."""
        self.place.visit(person)
        if self.waits(person):
            self.place.visit_later(person, 61)
        waiting = self.waits(person)
        self.wrong_unless(not waiting, f"{person.short} still waits a minute later: {waiting}")

    @staticmethod
    def waits(person: Person) -> list[dict]:
        return person.query(
            "SELECT kind, state, last_reply AS said FROM outpacket WHERE state IN ('sealing', 'waiting', 'failed')"
            " UNION ALL SELECT kind, state, said FROM inpacket WHERE state <> 'done'"
            " UNION ALL SELECT 'letter', 'asked for', content FROM at_once UNION ALL SELECT 'draft', 'held', id FROM draft"
            " UNION ALL SELECT 'origin', placement, folder FROM origin WHERE placement <> '' AND settled = 0")

    def holds(self, person: Person, *words: str) -> None:
        """The feed has these words once each, and nothing else."""
        found, expected = self.place.words(person), collections.Counter(words)
        lost, more = list((expected - found).elements()), list((found - expected).elements())
        self.wrong_unless(not lost, f"lost in {person.short}'s feed: {lost}")
        self.wrong_unless(not more, f"doubled in {person.short}'s feed: {more}")

    def is_whole(self, person: Person) -> None:
        wrong = person.query(
            "SELECT 'damaged' AS what, integrity_check AS it FROM pragma_integrity_check WHERE integrity_check <> 'ok'"
            " UNION ALL SELECT 'refused', gate || ': ' || reason FROM refusal"
            " UNION ALL SELECT 'number used twice', stream || ' ' || sequence FROM packet"
            " WHERE sequence > 0 AND sender = author GROUP BY author, stream, sequence HAVING COUNT(*) > 1")
        self.wrong_unless(not wrong, f"{person.short}'s database: {wrong}")

    def is_told_once(self, person: Person, kind: str, *words: str) -> None:
        """Letters of a kind show these words once each, and no others."""
        texts, again = self.place.letters(person, kind)
        self.again += again
        shown = collections.Counter(
            line for text in texts for line in (numbered_lines(text) if kind == "digest" else text.splitlines()) if line in words)
        self.wrong_unless(
            shown == collections.Counter(words), f"{person.short}'s letters of the kind {kind} show {dict(shown)}")

    def lies_once(self, person: Person, *kinds: str) -> None:
        """No packet lies in a mailbox under two Message-IDs, and packets of these kinds are there."""
        carriers = self.place.parcels(person)
        twice = [packet for packet, names in carriers.items() if len(names) > 1 and packet.kind not in ("profile", "membership")]
        self.wrong_unless(not twice, f"twice in {person.short}'s mailbox under different Message-IDs: {twice}")
        relayed = collections.Counter(packet.embedded for packet in carriers if packet.kind == "relay")
        self.wrong_unless(not relayed or max(relayed.values()) == 1, f"relayed twice in {person.short}'s mailbox: {relayed}")
        found = {packet.kind for packet in carriers}
        self.wrong_unless(found >= set(kinds), f"{person.short}'s mailbox has only {sorted(found)}")


def numbered_lines(text: str) -> list[str]:
    """The words of a digest's items: the line behind each heading."""
    lines = text.splitlines()
    return [line for heading, line in zip(lines, lines[1:]) if re.match(r"\[#\d+\]", heading)]


def item(person: Person, words: str) -> str:
    return person.query(f"SELECT item FROM feed WHERE text = '{words}'")[0]["item"]


def person_checks(person: Person) -> list[dict]:
    """What doctor finds, whatever it ends with."""
    return json.loads(person.attempt("doctor", "--json").stdout)["checks"]
