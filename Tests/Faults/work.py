"""Seeded work of every kind this version has. What is accepted is entered in the ledger, and nothing else."""

import pathlib
import random
import signal
import subprocess
import time

import mailing
from cast import Person, expect
from ledger import MUST, Ledger, Thing
from telling import Failed
from witness import letters

WORDS = "bread harbour Äpfel snow <b>not bold</b> & ünïcödé 東京 kettle Tuesday “quoted” rain letter garden 🙂 window".split(" ")
EMOJI = ("❤", "🎉", "😀", "👍", "🌊")
NAMESPACE = 'xmlns="urn:socialnet:1"'
# What the dice choose from, and how often.
KINDS = {
    "status": 24, "status by file": 8, "photo": 5, "comment": 22, "comment by file": 6, "reaction": 14, "retract": 6,
    "profile": 4, "answer by mail": 9, "post by mail": 3, "digest": 2, "killed command": 3,
}


class Work:
    """Chooses what is done next, does it, and notes what was accepted."""

    def __init__(self, seed: int, cast: list[Person], ledger: Ledger, pictures: list[pathlib.Path]):
        self.dice = random.Random(f"{seed} work")
        self.cast, self.ledger, self.pictures = cast, ledger, pictures
        self.number = self.killed = 0
        self.done = dict.fromkeys(KINDS, 0)
        self.answered: set[str] = set()
        # A heart by mail takes its time: another reaction to the same thing could overtake it.
        self.hearts: set[tuple[str, str]] = set()

    def step(self) -> None:
        """One thing more, by one of the people."""
        kind = self.dice.choices(list(KINDS), list(KINDS.values()))[0]
        person = self.dice.choice(self.cast)
        if self.do(kind, person):
            self.done[kind] += 1

    def do(self, kind: str, person: Person) -> bool:
        match kind:
            case "status" | "photo": return self.post(person, kind)
            case "status by file": return self.post_by_file(person)
            case "comment": return self.comment(person)
            case "comment by file": return self.comment_by_file(person)
            case "reaction": return self.react(person)
            case "retract": return self.retract(person)
            case "profile": return self.describe(person)
            case "answer by mail": return self.answer(person)
            case "post by mail": return self.post_by_mail(person)
            case "digest": return self.ask_for_digest(person)
            case _: return self.kill_command(person)

    # Words ----------------------------------------------------------------------------------------------------------

    def new_word(self) -> str:
        self.number += 1
        return f"w{self.number:05d}{self.dice.randrange(16**4):04x}"

    def new_text(self) -> tuple[str, str]:
        word = self.new_word()
        return word, " ".join([word, *self.dice.choices(WORDS, k=self.dice.randrange(1, 4))])

    # By the command and by files ------------------------------------------------------------------------------------

    def post(self, person: Person, kind: str) -> bool:
        word, text = self.new_text()
        more = ["--photo", str(self.dice.choice(self.pictures)), "--alt", "A field."] if kind == "photo" else []
        expect(person.attempt("post", text, *more), f"{person.short}: post")
        self.ledger.post(word, kind, person.short, "command", text)
        return True

    def comment(self, person: Person) -> bool:
        if not (found := self.choose_target(person)):
            return False
        item, thing = found
        word, text = self.new_text()
        expect(person.attempt("comment", item, text), f"{person.short}: comment {item}")
        self.ledger.comment(word, person.short, "command", text, thing)
        return True

    def react(self, person: Person) -> bool:
        if not (found := self.choose_target(person)):
            return False
        item, thing = found
        if (person.short, thing.word) in self.hearts:
            return False
        emoji = tuple(self.dice.sample(EMOJI, self.dice.choice((1, 1, 2, 0))))
        expect(person.attempt("react", item, *(emoji or ("--none",))), f"{person.short}: react to {item}")
        self.ledger.react(person.short, thing, emoji)
        return True

    def retract(self, person: Person) -> bool:
        shown = self.shown_to(person)
        now = time.monotonic()

        def may(thing: Thing) -> bool:
            # An answer that is still on its way could not be posted any more, and that is told to its author.
            settled = thing.certain and now - max(thing.said_at, thing.answered_at) > 15
            return settled and not thing.gone and person.short in (thing.author, thing.root and thing.root.author)

        mine = [word for word in sorted(shown) if may(self.ledger.things[word])]
        if not mine:
            return False
        word = self.dice.choice(mine)
        expect(person.attempt("retract", shown[word]), f"{person.short}: retract {word}")
        self.ledger.retract(self.ledger.things[word])
        return True

    def describe(self, person: Person) -> bool:
        value = self.new_word()
        expect(person.attempt("profile", "set", "city", value), f"{person.short}: profile set")
        self.ledger.profiles.setdefault(person.short, {})["city"] = value
        self.ledger.packets += 1
        return True

    def ask_for_digest(self, person: Person) -> bool:
        expect(person.attempt("digest", "--now"), f"{person.short}: digest --now")
        return True

    def post_by_file(self, person: Person) -> bool:
        word, text = self.new_text()
        self.drop(person, word, f'<status share="no" {NAMESPACE}><text>{escaped(text)}</text></status>')
        self.ledger.post(word, "status", person.short, "file", text)
        return True

    def comment_by_file(self, person: Person) -> bool:
        if not (found := self.choose_target(person)):
            return False
        item, thing = found
        word, text = self.new_text()
        references = "".join(
            '<{} author="{author}" id="{id}" sha256="{sha256}"/>'.format(name, **self.reference(person, target))
            for name, target in (("root", thing.top), ("target", thing)))
        self.drop(person, word, f"<comment {NAMESPACE}>{references}<text>{escaped(text)}</text></comment>")
        self.ledger.comment(word, person.short, "file", text, thing)
        return True

    def reference(self, person: Person, thing: Thing) -> dict:
        return person.query(
            f"SELECT author, id, sha256 FROM feed JOIN packet USING (author, id) WHERE text GLOB '{thing.word}*'")[0]

    def drop(self, person: Person, word: str, document: str) -> None:
        """Puts an action file where the daemon takes it up."""
        hidden = person.write(f".{word}", document)
        hidden.rename(person.home / "outpackets" / f"{word}.xml")

    def kill_command(self, person: Person) -> bool:
        """A post whose command dies while it works: nobody knows whether it counts, but it must be all or nothing."""
        word, text = self.new_text()
        command = subprocess.Popen(
            [person.program, "--home", person.home, "post", text], **person.identity, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            command.wait(self.dice.uniform(0.01, 0.4))
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()
            self.killed += 1
        if command.returncode not in (0, -signal.SIGKILL):
            raise Failed(f"{person.short}: post ended with {command.returncode}")
        self.ledger.post(word, "status", person.short, "command", text, certain=command.returncode == 0)
        return True

    # By mail --------------------------------------------------------------------------------------------------------

    def post_by_mail(self, person: Person) -> bool:
        word, text = self.new_text()
        mailing.send(person, mailing.compose(person, None, [text], word))
        self.ledger.post(word, "status", person.short, "mail", text)
        return True

    def answer(self, person: Person) -> bool:
        """Answers the newest digest that was not answered yet: words for some of its items, hearts for others."""
        digests = [mail for mail in letters(person, "digest") if mail.header("Message-ID") not in self.answered]
        if not digests:
            return False
        letter = digests[-1]
        targets = {
            number: thing for number, word in numbered(letter.text()).items()
            if (thing := self.ledger.things.get(word)) and self.may_answer(person, thing)
        }
        if not targets:
            return False
        self.answered.add(letter.header("Message-ID"))
        lines, notes = [], []
        for number in self.dice.sample(sorted(targets), min(3, len(targets))):
            thing = targets[number]
            if self.dice.random() < 0.4 and (person.short, thing.word) not in self.ledger.reactions:
                lines.append(f"{number} ❤")
                self.hearts.add((person.short, thing.word))
                notes.append((self.ledger.react, (person.short, thing, ("❤",))))
            else:
                word, text = self.new_text()
                lines.append(f"{number}: {text}")
                notes.append((self.ledger.comment, (word, person.short, "mail", text, thing)))
        mailing.send(person, mailing.compose(person, letter, lines, self.new_word()))
        for note, arguments in notes:
            note(*arguments)
        return True

    # What there is to answer ----------------------------------------------------------------------------------------

    def shown_to(self, person: Person) -> dict[str, str]:
        """Words and item ids in somebody's feed."""
        rows = person.query("SELECT substr(text, 1, 10) AS word, item FROM feed ORDER BY number DESC LIMIT 60")
        return {row["word"]: row["item"] for row in rows if row["word"] in self.ledger.things}

    def may_answer(self, person: Person, thing: Thing) -> bool:
        """At most 20 comments on one post and day are taken from one person."""
        few = self.ledger.comments_by(person.short, thing.top) < 18
        return few and not thing.gone and thing.certain and thing.expected(person.short) == MUST

    def choose_target(self, person: Person) -> tuple[str, Thing] | None:
        shown = self.shown_to(person)
        fit = [word for word in sorted(shown) if self.may_answer(person, self.ledger.things[word])]
        if not fit:
            return None
        word = self.dice.choice(fit)
        return shown[word], self.ledger.things[word]


def numbered(text: str) -> dict[int, str]:
    """The N of each item [#N] of a letter, and the word that its own text begins with."""
    found, number = {}, None
    for line in text.splitlines():
        if line.startswith("[#"):
            number = int(line[2 : line.index("]")])
            # One line for the whole item: its words stand at the end of it.
            last = line.rsplit(": ", 1)[-1][:10]
            if last.startswith("w") and number not in found and ": " in line:
                found[number] = last
        elif number is not None and line[:1] == "w" and number not in found:
            found[number] = line[:10]
    return found


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def draw_pictures(directory: pathlib.Path, count: int) -> list[pathlib.Path]:
    """Small JPEGs, each of another colour."""
    made = []
    for number in range(count):
        drawing, place = directory / "drawing.ppm", directory / f"picture{number}.jpg"
        drawing.write_bytes(b"P6\n160 120\n255\n" + bytes((40 * number % 256, 90, 200 - 9 * number)) * (160 * 120))
        subprocess.run(["vips", "jpegsave", drawing, place], check=True)
        drawing.unlink()
        place.chmod(0o644)
        made.append(place)
    return made
