"""What was said, by whom, and who is to read it. It stands outside the nodes and learns from exit codes alone."""

import time
from dataclasses import dataclass, field

MUST, MAY, NEVER = "must", "may", "never"


@dataclass
class Thing:
    """A post or a comment, known by a word that nothing else contains."""

    word: str
    kind: str
    author: str
    way: str
    text: str
    readers: dict[str, str]
    root: "Thing | None" = None
    parent: "Thing | None" = None
    # False where the command was killed before it could say whether it had accepted.
    certain: bool = True
    retracted: bool = False
    # Something hangs on it that could not be posted once it is gone.
    answered_at: float = 0.0
    said_at: float = field(default_factory=time.monotonic)

    @property
    def top(self) -> "Thing":
        return self.root or self

    @property
    def gone(self) -> bool:
        """Taken back, itself or with the post that it hangs below."""
        return self.retracted or self.top.retracted

    def expected(self, reader: str) -> str:
        if self.gone:
            return NEVER
        wanted = MUST if reader in (self.author, self.top.author) else self.top.readers.get(reader, NEVER)
        return MAY if wanted == MUST and not self.certain else wanted


class Ledger:
    """Everything that was accepted, and who is friends with whom by now."""

    def __init__(self):
        self.things: dict[str, Thing] = {}
        # (author, word of the target): the emoji of the last accepted reaction.
        self.reactions: dict[tuple[str, str], tuple[str, ...]] = {}
        self.profiles: dict[str, dict[str, str]] = {}
        # (author, reader): whether what the author posts now must, may or can never reach the reader.
        self.friends: dict[tuple[str, str], str] = {}
        self.connected: list[tuple[str, str]] = []
        self.packets = 0

    def befriend(self, one: str, other: str) -> None:
        """From now on what either posts may reach the other, and so may what was said and is not out yet."""
        for author, reader in ((one, other), (other, one)):
            self.friends[author, reader] = MAY
            for thing in self.things.values():
                if thing.author == author and thing.root is None and time.monotonic() - thing.said_at < 60:
                    thing.readers.setdefault(reader, MAY)

    def audience(self, author: str) -> dict[str, str]:
        told = {reader: state for (writer, reader), state in self.friends.items() if writer == author}
        return told | {author: MUST}

    def post(self, word: str, kind: str, author: str, way: str, text: str, certain: bool = True) -> Thing:
        self.packets += 1
        thing = self.things[word] = Thing(word, kind, author, way, text, self.audience(author), certain=certain)
        return thing

    def comment(self, word: str, author: str, way: str, text: str, parent: Thing, certain: bool = True) -> Thing:
        self.packets += 1
        root = parent.top
        thing = self.things[word] = Thing(
            word, "comment", author, way, text, root.readers, root=root, parent=parent, certain=certain)
        parent.answered_at = root.answered_at = time.monotonic()
        return thing

    def react(self, author: str, target: Thing, emoji: tuple[str, ...]) -> None:
        self.packets += 1
        self.reactions[author, target.word] = emoji
        target.answered_at = target.top.answered_at = time.monotonic()

    def retract(self, thing: Thing) -> None:
        self.packets += 1
        thing.retracted = True

    def comments_by(self, author: str, root: Thing) -> int:
        return sum(t.author == author and t.root is root for t in self.things.values())
