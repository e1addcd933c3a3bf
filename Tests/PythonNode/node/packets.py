"""Packets: written and signed; read in the order of "Reading" in Protocol.md."""

import re
import unicodedata
from collections import namedtuple

from . import document, schema
from .document import NAMESPACE, element, text
from .words import Refused, author_key, author_text, instant, is_instant, packet_id, public_key, sha256, sign, unb64, verifies

ACTIONS = set("""contact-request contact-accept profile membership status photo comment reaction retract edit message
    contact-remove heads resend-request gone relay share introduce unsupported key-change revoke move move-check move-answer
    journal""".split())
CIRCLE = {"profile", "status", "photo", "relay", "share"}
OPEN = {"comment", "reaction"}
PRIVATE = {"contact-request", "contact-accept", "membership", "message", "contact-remove", "introduce", "key-change", "revoke",
           "move", "move-check", "move-answer"}
UNNUMBERED = {"heads", "resend-request", "gone", "unsupported"}
# Read as the pages say, and not acted upon: this node goes no further than talking with those whom it knows.
ONLY_READ = {"share", "introduce", "unsupported"}
HANDED_ON = {"comment", "reaction", "edit", "retract"}
TURNING = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}

Stream = namedtuple("Stream", "id sequence to")
Held = namedtuple("Held", "reason kind fallback")
Signed = namedtuple("Signed", "document signature")


class Packet:
    """One document that was understood (`action` is its element, cleaned), or held (`held` says why)."""

    def __init__(self, root, document, stream, action, held=None):
        self.root, self.document, self.stream, self.action, self.held = root, document, stream, action, held
        self.author, self.id, self.created = root.get("author"), root.get("id"), root.get("created")
        self.sha256 = sha256(document)

    @property
    def kind(self):
        return self.action.local if self.action is not None else ""

    @property
    def name(self):
        return self.author, self.id

    def reference(self, local):
        """The root or target as (author, id, sha256), or None."""
        found = self.action.child(local)
        return found is not None and (found.get("author"), found.get("id"), found.get("sha256")) or None

    @property
    def stream_kind(self):
        kind, to = self.kind, self.stream and self.stream.to
        if kind in UNNUMBERED:
            return "none"
        if kind in OPEN or kind in ("edit", "retract") and self.reference("root"):
            return "open"
        return "private" if kind in PRIVATE or to else "journal" if kind == "journal" else "circle"

    @property
    def blobs(self):
        """What the packet names: {sha256: size}. Not in repair, where a blob is asked for and not named."""
        if self.kind in UNNUMBERED | {"journal"}:
            return {}
        return {blob.get("sha256"): int(blob.get("size")) for blob in self.action.walk() if blob.local == "blob"}


def write(seed, action, stream=None, fallback=None, id=None, created=None):
    """`action` is XML; `stream` a Stream. Nothing is signed that would be refused here."""
    children = []
    if stream:
        children.append(element("stream", id=stream.id, sequence=stream.sequence, to=stream.to))
    children.append(action)
    if fallback:
        children.append(element("fallback", text(fallback)))
    head = {"xmlns": NAMESPACE, "version": "1.0", "id": id or packet_id(), "author": author_text(public_key(seed)),
            "created": created or instant()}
    written = element("packet", "\n  " + "\n  ".join(children) + "\n", **head).encode()
    read(written)
    return Signed(written, sign(seed, written))


def verify(packet, signature):
    if not verifies(author_key(packet.author), packet.document, signature):
        raise Refused("the author's signature does not fit")


def check(condition, reason):
    if not condition:
        raise Refused(reason)


def one_of_schema(name, value):
    return value is not None and schema.fits(schema.defines[name][0], value)


def read_stream(root, parts):
    streams = [part for part in parts if part.local == "stream"]
    check(len(streams) <= 1, "two streams")
    if not streams:
        return None
    first_action = next((part.local for part in parts if part.local not in ("stream", "requires", "fallback")), None)
    stream = Stream(streams[0].get("id"), streams[0].get("sequence"), streams[0].get("to"))
    check(one_of_schema("b16", stream.id), "a stream's id")
    check(one_of_schema("number", stream.sequence) and int(stream.sequence) < 2**53, "a stream's number")
    check((stream.sequence == "0") == (first_action == "contact-request"), "number 0 belongs to a contact-request alone")
    check(stream.to is None or one_of_schema("author", stream.to), "a stream's recipient")
    check(stream.to is not None or stream.sequence != "0", "number 0 without a recipient")
    return stream._replace(sequence=int(stream.sequence))


def read(bytes_, features=()):
    root = document.parse(bytes_)
    check(root.name == (NAMESPACE, "packet"), "another root")
    version = re.fullmatch(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})", root.get("version") or "")
    check(version, "a version is two numbers")
    version = tuple(int(number) for number in version.groups())
    check(version >= (1, 0), "a lower version")
    check(one_of_schema("uuid", root.get("id")), "an id is a UUIDv7")
    check(one_of_schema("author", root.get("author")), "the author")
    check(is_instant(root.get("created") or ""), "the time")
    parts = [child for child in root.elements if child.name[0] == NAMESPACE]
    stream = read_stream(root, parts)
    actions = [part for part in parts if part.local not in ("stream", "requires", "fallback")]
    fallback = "".join(part.text for part in parts if part.local == "fallback")

    def held(reason):
        action = actions[0] if actions else None
        return Packet(root, bytes_, stream, action, Held(reason, action.local if action is not None else "", fallback))

    if version > (1, 0):
        return held("version")
    order = ["stream", "requires", "fallback"]
    places = [order.index(part.local) if part.local in order[:2] else 3 if part.local == "fallback" else 2 for part in parts]
    check(len(actions) == 1, "not exactly one action")
    check(places == sorted(places) and places.count(3) <= 1, "the parts' order")
    required = [part.get("feature") for part in parts if part.local == "requires"]
    check(all(feature and not re.search(r"\s", feature) for feature in required), "a feature's name")
    if actions[0].local not in ACTIONS:
        return held("action")
    if not set(required) <= set(features):
        return held("feature")
    cleaned = schema.strict(root)
    action = next(child for child in cleaned.elements if child.local not in ("stream", "requires", "fallback"))
    check_values(action)
    return Packet(cleaned, bytes_, stream, action)


def check_values(action):
    for part in action.walk() if action.local != "journal" else ():
        if part.local == "photo":
            check(1 <= len(part.all("picture")) <= 10, "one to ten pictures")
        if part.local == "certificate":
            check(len(unb64(part.text)) <= 10_240, "a certificate's length")
        if part.local == "revoke":
            check(part.text, "a revocation that holds nothing")
        if part.local == "name":
            check_name(part.text)


def check_name(name):
    check(1 <= len(name) <= 64, "a name has 1 to 64 characters")
    check(not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") or ord(character) in TURNING for character in name),
          "a name's characters")
