"""The main scenarios: what is prepared, what is done while the disk fails, and what must be so in the end."""

import collections
import json
import re

import mailing
from cast import Person, expect
from place import STOPPED, Place
from witness import Mailbox
from work import draw_pictures

# What a command or a run may end with when the disk fails (sysexits): a sentence, never a trap.
HONEST = (0, 65, 69, 70, 73, 74, 75, 78, STOPPED)


class Scenario:
    """One of them, at one place."""

    name = ""
    # Which template it begins with, and which people look in at the end.
    template = "friends"
    visitors: tuple[str, ...] = ()

    def __init__(self, place: Place):
        self.place = place
        self.found: list[str] = []
        self.again = 0
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
        self.found, self.unsaid, self.again, self.at = [], [], 0, at
        self.place.reset(self.name)
        self.place.board.set(fault, at)
        self.act()
        self.hits, self.struck = self.place.board.hits, self.place.board.struck
        self.place.board.set()
        self.say_again()
        for short in self.visitors:
            self.recover(self.place.cast[short])
        self.look()
        return self.found

    def measure(self) -> int:
        """How many calls there are without any fault."""
        self.found = []
        self.place.reset(self.name)
        self.place.board.set()
        self.act()
        count = self.place.board.count
        self.try_point(None, 0)
        return count

    def wrong_unless(self, holds: object, sentence: str) -> None:
        if not holds:
            self.found.append(sentence)

    def run(self, person: Person, *arguments: str, words: str | None = None) -> int:
        """A subcommand under the fault. Whatever happens, it must end honestly."""
        code = self.place.struck(person, *arguments, words=words).returncode
        self.wrong_unless(code in HONEST, f"{person.short}: {' '.join(arguments)} ended with {code}")
        return code

    def say(self, person: Person, has_effect, *arguments: str) -> None:
        """A command that the user will give again if it did not succeed; `has_effect` looks whether it was accepted."""
        code = self.run(person, *arguments)
        if code != 0:
            self.unsaid.append((person, has_effect, arguments, code))

    def say_again(self) -> None:
        for person, has_effect, arguments, code in self.unsaid:
            done = has_effect()
            self.wrong_unless(
                not done or code == STOPPED, f"{' '.join(arguments)} ended with {code}, and yet it took effect")
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
        self.wrong_unless(person.query("PRAGMA integrity_check") == [{"integrity_check": "ok"}], "the database is damaged")
        refused = person.query("SELECT gate, reason FROM refusal")
        self.wrong_unless(not refused, f"{person.short} refused {refused}")
        numbers = person.query(
            "SELECT stream, sequence FROM packet WHERE sequence > 0 AND sender = author GROUP BY author, stream, sequence"
            " HAVING COUNT(*) > 1")
        self.wrong_unless(not numbers, f"{person.short} has numbers used twice: {numbers}")

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


class SetUp(Scenario):
    name, template = "set-up", "empty"

    def prepare(self) -> None:
        self.place.reset("empty")
        self.place.snapshot(self.name)

    def act(self) -> None:
        person = self.place.dina
        self.say(person, lambda: (person.home / "config.toml").exists(), *self.place.folder_setup("dina"))

    def look(self) -> None:
        person = self.place.dina
        self.place.visit(person)
        expect(person.attempt("post", "hello"), "the first post")
        self.holds(person, "hello")
        self.is_whole(person)
        kinds = collections.Counter(row["kind"] for row in person.query("SELECT kind FROM packet WHERE kind <> 'journal'"))
        self.wrong_unless(kinds == {"profile": 1, "status": 1}, f"it wrote {dict(kinds)}")
        failed = [check for check in person_checks(person) if check["result"] == "fail"]
        self.wrong_unless(not failed, f"doctor finds {failed}")


class Receive(Scenario):
    """Parcels out of a mailbox: a status, a photo, and a relayed comment."""

    name, visitors = "receive", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.anna.call("post", "a status")
        place.anna.call("post", "a photo", "--photo", str(picture))
        place.anna.call("comment", item(place.anna, "a status"), "a comment")
        place.visit(place.anna)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        ben = self.place.ben
        self.holds(ben, "a status", "a photo", "a comment")
        self.wrong_unless(self.place.blobs_are_whole(ben), "the photo is not whole")
        self.is_whole(ben)
        mails = [mail for mail in mailing.all_mails(ben) if mail.header("SocialNet-Parcel")]
        astray = [mail.folder for mail in mails if mail.folder != "SocialNet"]
        self.wrong_unless(not astray, f"parcels lie in {astray}")
        names = collections.Counter(mail.header("Message-ID") for mail in mails)
        self.wrong_unless(max(names.values()) == 1, "a parcel lies there twice")


class ReceiveFromFolder(Scenario):
    """The same out of a directory."""

    name, visitors = "receive from a directory", ("erik",)

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.dina.call("post", "a status")
        place.dina.call("post", "a photo", "--photo", str(picture))
        place.visit(place.dina)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.erik, "run", "--once")

    def look(self) -> None:
        erik = self.place.erik
        self.holds(erik, "a status", "a photo")
        self.wrong_unless(self.place.blobs_are_whole(erik), "the photo is not whole")
        self.is_whole(erik)
        left = list((self.place.inlets / "erik").iterdir())
        self.wrong_unless(not left, f"left in the directory: {left}")


class Relay(Scenario):
    """An answer to one's own post, which the provider delivered twice: it is relayed once."""

    name, visitors = "relay", ("anna", "ben")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        place.anna.call("post", "a status")
        place.visit(place.anna)
        place.visit(place.ben)
        place.ben.call("comment", item(place.ben, "a status"), "a comment")
        place.ben.call("react", item(place.ben, "a status"), "❤")
        place.visit(place.ben)
        with Mailbox(place.anna) as mailbox:
            for mail in mailbox.mails("INBOX", "HEADER", "SocialNet-Parcel", '""'):
                mailbox.append("INBOX", "", b"X-Delivered: twice\r\n" + mail.raw)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.anna, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "a status", "a comment")
            hearts = person.query("SELECT emoji FROM reaction")
            self.wrong_unless(len(hearts) == 1, f"{person.short} has the reactions {hearts}")
            self.is_whole(person)
            self.lies_once(person, "relay")
        self.is_told_once(self.place.anna, "item", "a comment")


class Publish(Scenario):
    """A status, a photo and an action file, out of the command and over SMTP."""

    name, visitors = "publish", ("anna", "ben")

    def prepare(self) -> None:
        self.place.reset("friends")
        draw_pictures(self.place.people, 1)
        self.place.snapshot(self.name)

    def act(self) -> None:
        anna = self.place.anna

        def shows(words: str):
            return lambda: self.place.words(anna)[words] > 0

        self.say(anna, shows("a status"), "post", "a status")
        self.say(anna, shows("a photo"), "post", "a photo", "--photo", str(self.place.people / "picture0.jpg"))
        action = anna.write("action", '<status share="no" xmlns="urn:socialnet:1"><text>a file</text></status>')
        action.rename(anna.home / "outpackets" / "action.xml")
        self.run(anna, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "a status", "a photo", "a file")
            self.is_whole(person)
        self.wrong_unless(self.place.blobs_are_whole(self.place.ben), "the photo is not whole")
        self.lies_once(self.place.ben, "status", "photo")
        self.lies_once(self.place.anna, "status", "photo", "journal")


class AnswerByMail(Scenario):
    """Words under an item and a heart, answered from the digest; they are held for some seconds."""

    name, visitors = "answer by mail", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        for words in ("the first", "the second"):
            place.anna.call("post", words)
        place.visit(place.anna)
        place.ben.configure("post", undo="5s")
        place.visit(place.ben)
        place.ben.call("digest", "--now")
        place.visit(place.ben)
        [digest] = [mail for mail in mailing.all_mails(place.ben) if mail.header("SocialNet-Letter") == "digest"]
        number = {line: n for n, line in enumerate(numbered_lines(digest.text()), 1)}
        lines = [f"{number['the first']}: an answer", f"{number['the second']} ❤"]
        mailing.send(place.ben, mailing.compose(place.ben, digest, lines, "answer"))
        place.calm()
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")
        # The moment comes at which it goes out.
        self.place.board.run_ahead(8)
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "the first", "the second", "an answer")
            self.is_whole(person)
            hearts = person.query("SELECT emoji FROM reaction")
            self.wrong_unless(len(hearts) == 1 and "❤" in hearts[0]["emoji"], f"{person.short} has the reactions {hearts}")
        self.is_told_once(self.place.ben, "receipt", "an answer", "❤")


class Digest(Scenario):
    """What is new goes to the user: a digest, and a comment that does not wait for it."""

    name, visitors = "digest", ("ben",)

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        place.ben.call("post", "my own")
        place.visit(place.ben)
        place.visit(place.anna)
        place.anna.call("post", "the first")
        place.anna.call("post", "the second")
        place.anna.call("comment", item(place.anna, "my own"), "a comment")
        place.visit(place.anna)
        place.ben.configure("digest", schedule="now")
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        ben = self.place.ben
        self.holds(ben, "my own", "the first", "the second", "a comment")
        self.is_told_once(ben, "digest", "the first", "the second")
        self.is_told_once(ben, "item", "a comment")
        self.is_whole(ben)


class Rebuild(Scenario):
    """The view made anew from the mailbox."""

    name, visitors = "rebuild", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.anna.call("post", "a status")
        place.visit(place.anna)
        place.visit(place.ben)
        place.ben.call("post", "my photo", "--photo", str(picture))
        place.ben.call("comment", item(place.ben, "a status"), "a comment")
        for person in (place.ben, place.anna, place.ben):
            place.visit(person)
        place.snapshot(self.name)

    def act(self) -> None:
        ben = self.place.ben
        if self.run(ben, "rebuild") != 0:
            # Whoever does not call it again has the old view, or is told to.
            self.unsaid.append((ben, lambda: self.at % 2 and ben.attempt("contacts").returncode == 0, ("rebuild",), STOPPED))

    def look(self) -> None:
        ben, anna = self.place.ben, self.place.anna
        for person in (ben, anna):
            self.holds(person, "a status", "my photo", "a comment")
            self.is_whole(person)
        self.wrong_unless(ben.contact_state(anna) == "contact", "Anna is no contact any more")
        self.wrong_unless(self.place.blobs_are_whole(ben), "the photo is not whole")
        expect(ben.attempt("post", "afterwards"), "a post after it")
        self.place.visit(ben)
        refused = list((ben.home / "refused").iterdir())
        self.wrong_unless(not refused, f"set aside: {refused}")
        self.place.visit(anna)
        self.holds(anna, "a status", "my photo", "a comment", "afterwards")


class Journal(Scenario):
    """Decisions of the user, which must be found again in the mailbox alone."""

    name, visitors = "journal", ("anna",)

    def prepare(self) -> None:
        self.place.reset("friends")
        self.place.snapshot(self.name)

    def act(self) -> None:
        anna = self.place.anna
        self.say(anna, lambda: "Bergen" in anna.query("SELECT myself FROM identity")[0]["myself"], "profile", "set", "city", "Bergen")
        self.say(anna, lambda: bool(self.invitations()), "invite", "--name", "Carla")
        self.run(anna, "run", "--once")

    def invitations(self) -> list[dict]:
        return self.place.anna.query("SELECT id FROM invitation WHERE name = 'Carla'")

    def look(self) -> None:
        anna = self.place.anna
        before = self.invitations()
        self.lies_once(anna, "journal", "profile")
        expect(anna.attempt("rebuild"), "rebuild")
        self.wrong_unless(self.invitations() == before and len(before) == 1, f"invitations: {before}, {self.invitations()}")
        [row] = anna.query("SELECT myself FROM identity")
        self.wrong_unless("Bergen" in row["myself"], "the profile's field is lost")
        self.wrong_unless(not anna.query("SELECT said FROM notice"), f"notices: {anna.query('SELECT said FROM notice')}")
        self.wrong_unless(anna.contact_state(self.place.ben) == "contact", "Ben is no contact any more")
        self.is_whole(anna)


def person_checks(person: Person) -> list[dict]:
    """What doctor finds, whatever it ends with."""
    return json.loads(person.attempt("doctor", "--json").stdout)["checks"]


ALL = (SetUp, Receive, ReceiveFromFolder, Relay, Publish, AnswerByMail, Digest, Rebuild, Journal)
