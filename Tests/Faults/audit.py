"""At the end: the ledger against feeds, letters and mailboxes. Everything exactly once, nothing that was not said."""

import collections
import re

from cast import Person
from ledger import MUST, NEVER, Ledger
from mailing import all_mails
from parcels import contents
from telling import Failed, check, said
from witness import Mail
from work import numbered

WORD = re.compile(r"w\d{5}[0-9a-f]{4}\b")
# A profile is handed to each new contact; an accept and what goes with it may be asked for again.
HANDED_AGAIN = {"profile", "membership", "contact-accept", "contact-request"}
FOLDERS = ("inpackets", "outpackets", "refused", "scratch")


class Audit:
    """Looks at everybody and collects what does not hold."""

    def __init__(self, cast: list[Person], ledger: Ledger, names: dict[str, str]):
        self.cast, self.ledger, self.names = cast, ledger, names
        self.broken: list[str] = []
        # Mails that came twice in the same bytes: allowed, and counted.
        self.again = 0

    def run(self) -> None:
        self.feeds()
        self.profiles()
        for person in self.cast:
            mails = all_mails(person)
            self.letters(person, mails)
            self.mailbox(person, mails)
            self.leftovers(person)

    def verdict(self) -> None:
        if self.broken:
            raise Failed("\n".join(self.broken))

    def check(self, holds: object, sentence: str, found: object = "") -> None:
        try:
            check(holds, sentence, found)
        except Failed as failure:
            said(f"✗ {failure}")
            self.broken.append(str(failure))

    # Feeds ----------------------------------------------------------------------------------------------------------

    def feeds(self) -> None:
        """Each person's feed holds everything they are to read once, with the reactions to it, and nothing else."""
        held: dict[str, set[str]] = {}
        for person in self.cast:
            items = person.ask("feed", "--limit", "100000")["items"]
            held[person.short] = {item["text"][:10] for item in items}
            self.feed(person, items)
            self.reactions(person, items)
        halves = [
            word for word, thing in self.ledger.things.items()
            if not thing.certain and not thing.gone and word in held[thing.author]
            and any(state == MUST and word not in held[reader] for reader, state in thing.readers.items())]
        self.check(not halves, "what a killed command left is at everybody or at nobody", self.about(halves))

    def feed(self, person: Person, items: list[dict]) -> None:
        things = self.ledger.things
        count = collections.Counter(item["text"][:10] for item in items)
        lost = [word for word, thing in things.items() if thing.expected(person.short) == MUST and not count[word]]
        doubled = [word for word, times in count.items() if times > 1]
        odd = [word for word in count if word not in things or things[word].expected(person.short) == NEVER]
        changed = [item["text"] for item in items if (thing := things.get(item["text"][:10])) and item["text"] != thing.text]
        self.check(not lost, f"nothing is lost in {person.name}'s feed of {len(items)}", self.about(lost))
        self.check(not doubled, "nothing is doubled", self.about(doubled))
        self.check(not odd, "nothing is there that should not be", self.about(odd))
        self.check(not changed, "no words were changed", changed[:5])

    def reactions(self, person: Person, items: list[dict]) -> None:
        wrong = []
        for item in items:
            thing = self.ledger.things.get(item["text"][:10])
            if thing is None or thing.expected(person.short) != MUST:
                continue
            expected = collections.Counter(
                (emoji, self.names[author]) for (author, word), several in self.ledger.reactions.items()
                if word == thing.word for emoji in several)
            found = collections.Counter((one["emoji"], name) for one in item["reactions"] for name in one["by"])
            if expected != found:
                wrong.append((thing.word, dict(expected - found), dict(found - expected)))
        self.check(not wrong, f"every reaction stands once in {person.name}'s feed", wrong[:5])

    def profiles(self) -> None:
        for person in self.cast:
            for other in self.cast:
                if self.ledger.friends.get((other.short, person.short)) == MUST and other.short in self.ledger.profiles:
                    [row] = person.query(f"SELECT fields FROM contact WHERE author = '{other.author}'")
                    value = self.ledger.profiles[other.short]["city"]
                    self.check(f'"{value}"' in row["fields"], f"{person.name} has {other.name}'s newest profile", row["fields"])

    # Letters --------------------------------------------------------------------------------------------------------

    def letters(self, person: Person, mails: list[Mail]) -> None:
        """Every item stands in exactly one letter, everything posted by mail in exactly one receipt."""
        found = [mail for mail in mails if mail.header("SocialNet-Letter")]
        unique = {mail.header("Message-ID"): mail for mail in found}
        self.again += len(found) - len(unique)
        shown, receipts, connected, hidden = (collections.Counter(), collections.Counter(), collections.Counter(), 0)
        for letter in unique.values():
            text = letter.text()
            match letter.header("SocialNet-Letter"):
                case "digest":
                    shown.update(numbered(text).values())
                    hidden += sum(map(int, re.findall(r"^And (\d+) more;", text, flags=re.MULTILINE)))
                case "item":
                    shown.update(line[:10] for line in text.splitlines() if WORD.match(line))
                case "receipt":
                    receipts.update(line[:10] for line in text.splitlines() if WORD.match(line))
                case "notice":
                    connected.update(re.findall(r"^(.+) is now your contact", text, flags=re.MULTILINE))
        self.items_shown(person, shown, hidden, len(unique))
        self.receipts(person, receipts)
        expected = collections.Counter(self.names[other] for one, other in self.ledger.connected if one == person.short)
        self.check(connected == expected, "and was told once of each new contact", dict(connected))

    def items_shown(self, person: Person, shown: collections.Counter, hidden: int, letters: int) -> None:
        must = [
            thing.word for thing in self.ledger.things.values()
            if thing.author != person.short and thing.expected(person.short) == MUST]
        lost = [word for word in must if not shown[word]]
        self.check(len(lost) <= hidden, f"{person.name} was shown every item by mail ({letters} letters)", self.about(lost))
        twice = [word for word, times in shown.items() if times > 1]
        self.check(not twice, "and none twice", self.about(twice))

    def receipts(self, person: Person, receipts: collections.Counter) -> None:
        things = self.ledger.things
        mailed = {word for word, thing in things.items() if thing.way == "mail" and thing.author == person.short}
        lost = [word for word in mailed if not receipts[word] and not things[word].gone]
        self.check(not lost, f"{person.name} has a receipt for everything posted by mail ({len(mailed)})", self.about(lost))
        twice = [word for word, times in receipts.items() if times > 1 or word not in mailed]
        self.check(not twice, "and none twice", self.about(twice))

    # Mailboxes ------------------------------------------------------------------------------------------------------

    def mailbox(self, person: Person, mails: list[Mail]) -> None:
        """Every packet lies in exactly one parcel of each sender, and a Message-ID means one and the same bytes."""
        parcels = [mail for mail in mails if mail.header("SocialNet-Parcel")]
        astray = [mail.folder for mail in parcels if mail.folder != "SocialNet"]
        self.check(not astray, f"all {len(parcels)} parcels of {person.name} lie in SocialNet", astray)
        bodies: dict[str, set[bytes]] = collections.defaultdict(set)
        for mail in parcels:
            bodies[mail.header("Message-ID")].add(mail.raw.partition(b"\r\n\r\n")[2])
        changed = [name for name, several in bodies.items() if len(several) > 1]
        self.check(not changed, "no Message-ID has two bodies", changed)
        unique = {mail.header("Message-ID"): mail for mail in parcels}
        self.again += len(parcels) - len(unique)
        carriers: dict[tuple, set[str]] = collections.defaultdict(set)
        journal: dict[str, set[int]] = collections.defaultdict(set)
        relays: dict[str, set[str]] = collections.defaultdict(set)
        for name, packets in contents(person, unique).items():
            for packet in packets:
                carriers[packet.kind, packet.sha256].add(name)
                if packet.kind == "relay":
                    relays[packet.embedded].add(packet.sha256)
                if packet.kind == "journal":
                    journal[packet.stream].add(packet.sequence)
        twice = {packet: names for packet, names in carriers.items() if len(names) > 1 and packet[0] not in HANDED_AGAIN}
        sentence = f"no parcel lies there twice under different Message-IDs ({len(carriers)} packets)"
        self.check(not twice, sentence, list(twice.items())[:3])
        twice = {answer: several for answer, several in relays.items() if len(several) > 1}
        self.check(not twice, f"no answer was relayed twice ({len(relays)} answers)", list(twice.items())[:3])
        holes = {stream: numbers for stream, numbers in journal.items() if numbers != set(range(1, len(numbers) + 1))}
        self.check(not holes, f"the journal has no hole ({sum(map(len, journal.values()))} packets)", holes)

    def leftovers(self, person: Person) -> None:
        """Nothing waits, nothing was refused, and no file of a dead process lies about."""
        unsent = person.query("SELECT kind, state, last_reply FROM outpacket WHERE state <> 'handed over'")
        self.check(not unsent, f"{person.name} has nothing more to send", unsent[:5])
        self.check(not person.query("SELECT sha256 FROM inpacket WHERE state <> 'done'"), "nothing more to read")
        self.check(not person.query("SELECT id FROM draft"), "and no draft")
        refused = person.query("SELECT gate, reason, sender FROM refusal")
        self.check(not refused, "nothing was refused", refused[:5])
        notices = person.query("SELECT kind, said FROM notice")
        self.check(not notices, "there is nothing to be told", notices[:5])
        numbers = person.query(
            "SELECT author, stream, sequence FROM packet WHERE sequence > 0 AND sender = author"
            " GROUP BY author, stream, sequence HAVING COUNT(*) > 1")
        self.check(not numbers, "no number was used twice", numbers)
        self.check(person.query("PRAGMA integrity_check") == [{"integrity_check": "ok"}], "the database is whole")
        files = [str(file.relative_to(person.home)) for name in FOLDERS for file in (person.home / name).rglob("*")]
        # What a running daemon has in hand is no leftover.
        files = [file for file in files if not file.startswith("scratch/at-work-")]
        self.check(not files, "no file was left behind", files[:10])

    def about(self, words: list[str]) -> list[str]:
        """What is known of some words, for whoever looks into a failure."""
        def tell(word: str) -> str:
            thing = self.ledger.things.get(word)
            if thing is None:
                return f"{word} (never said)"
            where = f" on {thing.parent.word}" if thing.parent else ""
            gone = ", taken back" if thing.gone else ""
            return f"{word} ({thing.kind} by {thing.author}, {thing.way}{where}, {thing.readers}{gone})"

        return [tell(word) for word in sorted(words)[:8]] + ([f"and {len(words) - 8} more"] if len(words) > 8 else [])
