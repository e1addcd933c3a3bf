"""A node without a mailbox: who it is, whom it knows, what it wrote, and what it says. What comes in is in receiving.py."""

import os
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from . import folder, packets, parcels, words
from .document import element, text
from .packets import Signed, Stream
from .words import author_text, b64, unb64

DAY = 86_400_000

MoveCheck = namedtuple("MoveCheck", "nonces endpoints sent")  # nonces: {nonce: the endpoint that it was sent to}
Replaced = namedtuple("Replaced", "certificate by")     # by: the fingerprint that took its place


@dataclass
class Contact:
    """Another user as pinned. States: none, asked, contact, blocked, frozen."""
    author: str
    fingerprint: str
    certificate: bytes
    name: str
    endpoints: list                                     # the known ones, to which everything goes
    state: str = "none"
    secret: bytes = None
    half: bytes = None
    own_half: bytes = field(default_factory=lambda: os.urandom(32))
    open_stream: str = field(default_factory=lambda: b64(os.urandom(16)))
    private_stream: str = field(default_factory=lambda: b64(os.urandom(16)))
    first: int = None                                   # of my circle stream, what this contact is meant to have
    given: set = None                                   # names of posts from before that, once they were sent as history
    comments: dict = field(default_factory=dict)        # how many came: {(root, day): number}
    memberships: dict = field(default_factory=dict)     # of theirs: {stream: first}
    request_id: str = None
    told: set = field(default_factory=set)              # of what is held, reasons that were said to this contact
    profile: dict = field(default_factory=dict)
    endpoints_revision: int = -1                        # of their newest word about endpoints, be it believed or not yet
    check: MoveCheck = None                             # what was sent for the newest word, as far as it is not answered
    checked: list = field(default_factory=list)         # when such were sent, in milliseconds
    replaced: dict = field(default_factory=dict)        # keys that another took the place of: {fingerprint: Replaced}
    key_revision: int = -1                              # of the newest change of their key

    @property
    def endpoint(self):
        """The first that the one driver here claims, or None."""
        return next((one for one in self.endpoints if folder.directory(one)), None)


@dataclass
class Item:
    """What a user would read: a post, a comment, a message."""
    packet: object
    kind: str
    words: str
    edited: int = -1
    retracted: bool = False
    introduced_by: str = None
    reactions: dict = field(default_factory=dict)       # {author: (revision, [emoji])}
    arrived: str = field(default_factory=words.instant)

    @property
    def reference(self):
        return self.packet.author, self.packet.id, self.packet.sha256

    @property
    def shown_at(self):
        """An author's clock may be ahead."""
        return min(self.packet.created, self.arrived)


@dataclass
class Written:
    """What stands under a number of an own stream, ready to be sent again."""
    packet: Signed
    embedded: list
    blobs: list


class Node:
    def __init__(self, name, home, gpg, seed=None):
        self.name, self.gpg, self.home = name, gpg, Path(home)
        self.inbox = self.home / "in"
        self.inbox.mkdir(parents=True)
        self.endpoint = "file://" + quote(str(self.inbox))
        self.seed = seed or os.urandom(32)
        self.key = words.public_key(self.seed)
        self.author = author_text(self.key)
        if gpg.fingerprint is None:
            gpg.generate()
        self.certificate = gpg.certificate()
        self.binding = gpg.sign_detached(words.binding_text(self.key, gpg.fingerprint))
        self.circle, self.open_to_myself = b64(os.urandom(16)), b64(os.urandom(16))
        self.contacts, self.invitations = {}, {}
        self.written, self.next_number = {}, {}         # {(stream, number): Written}, {stream: number}
        self.items, self.known, self.blobs = {}, {}, {}  # by (author, id): items, hashes of packets; bytes by hash
        self.seen, self.kinds, self.closed = {}, {}, {}  # numbers by (author, stream), its kind, what is gone
        self.edits, self.retracts = {}, {}               # what waits for its target, by the target's name
        self.answers, self.heads = {}, {}                # the same of what is written to me; how far streams reach, as is said
        self.said = {}                                   # what I wrote to the authors of roots
        self.held, self.refused, self.requests, self.only_read = [], [], {}, []
        self.revoked = set()                             # fingerprints of keys that their owners took back
        self.profile = self.say(self.profile_xml(), self.circle, fallback=f"{name} has a new profile.")

    # What is written --------------------------------------------------------------------------------------------------

    def profile_xml(self):
        inside = (element("name", text(self.name)) + element("endpoint", uri=self.endpoint)
                  + element("understands", version="1.0")
                  + element("binding", b64(self.binding), fingerprint=self.gpg.fingerprint))
        return element("profile", inside, revision=words.milliseconds())

    def say(self, action, stream=None, to=None, fallback=None, embedded=(), blobs=()):
        """Signs the next packet of a stream, or one without a stream, and keeps what has a number."""
        place = None
        if stream:
            number = self.next_number.get(stream, 1)
            self.next_number[stream] = number + 1
            place = Stream(stream, number, to)
        signed = packets.write(self.seed, action, place, fallback)
        if place:
            self.written[stream, number] = Written(signed, list(embedded), list(blobs))
        return signed

    def reference_xml(self, local, reference):
        author, id_, hash_ = reference
        return element(local, author=author, id=id_, sha256=hash_)

    def picture_xml(self, blob, width, height, alternative):
        named = element("blob", sha256=words.sha256(blob.data), size=len(blob.data), type=blob.type)
        return element("picture", named, width=width, height=height, alternative=alternative)

    def post(self, said):
        return self.publish("status", element("status", element("text", text(said)), share="no"), said)

    def photo(self, blob, width, height, alternative, caption):
        inside = self.picture_xml(blob, width, height, alternative) + element("caption", text(caption))
        return self.publish("photo", element("photo", inside, share="no"), caption, f"{self.name} posted 1 photo: {caption}", [blob])

    def publish(self, kind, action, said, fallback=None, blobs=()):
        signed = self.say(action, self.circle, fallback=fallback, blobs=blobs)
        item = self.show(packets.read(signed.document), kind, said)
        self.send_circle([signed], blobs)
        return item

    def comment(self, root, target, said):
        return self.hang(root, "comment", self.reference_xml("root", root) + self.reference_xml("target", target)
                         + element("text", text(said)))

    def react(self, root, target, emoji):
        inside = (self.reference_xml("root", root) + self.reference_xml("target", target)
                  + "".join(element("emoji", text(one)) for one in emoji))
        return self.hang(root, "reaction", inside, fallback=f"{self.name} reacted: {' '.join(emoji)}", revision=words.milliseconds())

    def hang(self, root, local, inside, fallback=None, **attributes):
        """A comment or reaction, edit or retract with a root, to the root's author alone. If that is me, it is handed on."""
        contact = self.contacts.get(root[0])
        place = (contact.open_stream, contact.author) if contact else (self.open_to_myself, self.author)
        signed = self.say(element(local, inside, **attributes), *place, fallback)
        packet = packets.read(signed.document)
        self.said[packet.name] = packet                 # shown once it is published
        if contact:
            self.send(contact, [signed])
        else:
            if packet.kind == "comment":
                self.show(packet, "comment", packet.action.child("text").text)
            self.relay(packet, signed.signature)
        return packet

    def edit(self, reference, said):
        revision = words.milliseconds()
        if item := self.items.get(reference[:2]):
            item.words, item.edited = said, revision
        self.amend(reference, "edit", element("text", text(said)), f"{self.name} changed earlier words to: {said}",
                   revision=revision)

    def retract(self, reference):
        if item := self.items.get(reference[:2]):
            item.retracted = True
        self.amend(reference, "retract", "", f"{self.name} took something back.")

    def amend(self, reference, local, inside, fallback, **attributes):
        """A word about earlier words, in a stream as theirs: it goes to whoever got them."""
        first = self.said.get(reference[:2]) or self.items[reference[:2]].packet
        inside = self.reference_xml("target", reference) + inside
        if root := first.reference("root"):
            self.hang(root, local, self.reference_xml("root", root) + inside, fallback, **attributes)
        elif reader := self.contacts.get(first.stream.to):
            self.send(reader, [self.say(element(local, inside, **attributes), reader.private_stream, reader.author, fallback)])
        else:
            self.send_circle([self.say(element(local, inside, **attributes), self.circle, fallback=fallback)])

    def message(self, contact, said):
        signed = self.say(element("message", element("text", text(said))), contact.private_stream, contact.author)
        self.show(packets.read(signed.document), "message", said)
        self.send(contact, [signed])

    def relay(self, packet, signature):
        """Hands on what was written to me, to everybody in my circle, its author too: that is the receipt."""
        name = self.name if packet.author == self.author else self.contacts[packet.author].name
        card = element("card", element("name", text(name)), author=packet.author)
        named = element("embedded", sha256=packet.sha256, size=len(packet.document))
        inner = Signed(packet.document, signature)
        signed = self.say(element("relay", named + card), self.circle, fallback=f"{self.name} passes on what a friend wrote.",
                          embedded=[inner])
        self.send_circle([signed, inner])

    def show(self, packet, kind, said, introduced_by=None):
        self.known[packet.name] = packet.sha256
        item = self.items.setdefault(packet.name, Item(packet, kind, said, introduced_by=introduced_by))
        return item.reference

    # Sending ----------------------------------------------------------------------------------------------------------

    def send(self, contact, signed, blobs=(), endpoint=None):
        """To the first known endpoint, unless another is to be tried. Who is frozen, blocked or removed is sent nothing."""
        endpoint = endpoint or contact.endpoint
        if contact.state not in ("asked", "contact") or endpoint is None:
            return None
        sealed = parcels.seal(self.gpg, self.name, [contact.fingerprint], parcels.for_one(contact.fingerprint), signed, blobs)
        return folder.deliver(endpoint, sealed[contact.fingerprint])

    def send_circle(self, signed, blobs=()):
        members = {one.fingerprint: one for one in self.contacts.values() if one.state == "contact" and one.endpoint}
        if members:
            audience = parcels.for_circle([self.pair_key(contact) for contact in members.values()])
            for fingerprint, message in parcels.seal(self.gpg, self.name, list(members), audience, signed, blobs).items():
                folder.deliver(members[fingerprint].endpoint, message)

    def pair_key(self, contact):
        if contact.half is None:
            return None
        return words.pair_key(self.key, contact.own_half, words.author_key(contact.author), contact.half)

    # Acquaintance -----------------------------------------------------------------------------------------------------

    def invite(self):
        secret = os.urandom(16)
        self.invitations[b64(words.invitation_id(secret))] = secret
        return "socialnet:join#v=1" + "".join(f"&{key}={b64(value)}" for key, value in [
            ("a", self.endpoint.encode()), ("n", self.name.encode()), ("c", self.certificate), ("k", self.key), ("s", secret)])

    def accept_link(self, link):
        scheme, fields = "".join(link.split()).split("#", 1)
        given = dict(pair.split("=", 1) for pair in fields.split("&"))
        if scheme != "socialnet:join" or given.get("v") != "1":
            raise words.Refused("another link")
        fingerprint = self.gpg.import_certificate(unb64(given["c"]))
        if fingerprint in self.revoked:
            raise words.Refused("an invitation under a key that was taken back")
        contact = Contact(author_text(unb64(given["k"], 32)), fingerprint, unb64(given["c"]), unb64(given["n"]).decode(),
                          [unb64(given["a"]).decode()], "asked", unb64(given["s"], 16))
        if known := self.contacts.get(contact.author):  # whoever was frozen or removed is asked anew
            contact.own_half, contact.replaced, contact.key_revision = known.own_half, known.replaced, known.key_revision
        self.contacts[contact.author] = contact
        proved = words.proof(contact.secret, fingerprint, words.author_key(contact.author), self.gpg.fingerprint, self.key)
        signed = self.request(contact, words.invitation_id(contact.secret), proved)
        contact.request_id = packets.read(signed.document).id
        self.send(contact, [signed])
        return contact

    def request(self, contact, invitation, proved):
        proof_xml = element("proof", b64(proved), invitation=b64(invitation))
        action = element("contact-request", self.profile_xml() + self.certificate_xml(contact) + proof_xml)
        return packets.write(self.seed, action, Stream(contact.private_stream, 0, contact.author),
                             f"{self.name} would like to connect.")

    def certificate_xml(self, contact):
        return element("certificate", b64(self.certificate)) + element("half", b64(contact.own_half))

    def accept_request(self, contact, request):
        """The answering parcel: the accept first, then the membership, then the newest profile as it was signed."""
        action = element("contact-accept", self.profile_xml() + self.certificate_xml(contact), request=request.id)
        signed = self.say(action, contact.private_stream, contact.author, f"{self.name} accepted your request.")
        contact.state = "contact"
        self.send(contact, [signed, self.membership(contact), self.profile])

    def membership(self, contact):
        contact.first = contact.first or self.next_number[self.circle]
        return self.say(element("membership", stream=self.circle, first=contact.first), contact.private_stream, contact.author,
                        f"{self.name} told your node which posts are for you.")

    def recall(self, contact):
        """History: the newest 20 posts from before somebody came, and what hangs below them, as it was signed."""
        before = [found for number in range(1, contact.first) if not self.is_gone(found := self.written[self.circle, number])]
        posts = [found for found in before if packets.read(found.packet.document).kind in ("status", "photo")][-20:]
        contact.given = {packets.read(found.packet.document).name for found in posts}
        below = [found for found in before if self.is_below(found, contact.given)]
        for found in posts + below:
            self.send(contact, [found.packet, *found.embedded], found.blobs)

    def is_below(self, found, names):
        packet = packets.read(found.packet.document)
        if packet.kind == "relay":
            return packets.read(found.embedded[0].document).reference("root")[:2] in names
        return packet.kind == "edit" and packet.reference("target")[:2] in names

    # Repair -----------------------------------------------------------------------------------------------------------

    def gaps(self):
        """{author: [(stream, first, last)]} of numbers that should have come."""
        found = {}
        for author, stream in self.seen.keys() | self.heads.keys():
            contact = self.contacts[author]
            numbers = self.seen.get((author, stream), set())
            # Of a circle's stream what lies before the membership is not for me.
            known = contact.memberships.get(stream)
            first = known if self.kinds.get((author, stream), "circle") == "circle" else 1
            last = max(numbers | {self.heads.get((author, stream), 0)})
            closed = self.closed.get((author, stream), set())
            for number in range(first or last + 1, last + 1):
                if number not in numbers | closed:
                    found.setdefault(author, []).append((stream, number, number))
        return found

    def ask_again(self):
        """Asks at once: the hour that a node waits for what is only late is not waited here."""
        for author, ranges in self.gaps().items():
            if self.contacts[author].state == "contact":
                self.ask(self.contacts[author], ranges)

    def ask(self, contact, ranges):
        inside = "".join(element("range", stream=stream, first=first, last=last) for stream, first, last in ranges)
        self.send(contact, [self.say(element("resend-request", inside))])

    def answer_resend(self, contact, action):
        streams = {self.circle: contact.first, contact.open_stream: 1, contact.private_stream: 1}
        again, blobs, gone = [], [], ""
        for asked in action.all("range"):
            stream = asked.get("stream")
            if stream not in streams or streams[stream] is None:
                continue
            end = min(int(asked.get("last")) + 1, self.next_number.get(stream, 1))  # what is not written yet is not gone
            for number in range(max(int(asked.get("first")), streams[stream]), end):
                found = self.written.get((stream, number))
                if found and not self.is_gone(found):
                    again += [found.packet, *found.embedded]
                    blobs += found.blobs
                else:
                    gone += element("range", stream=stream, first=number, last=number)
        if gone:
            again.append(self.say(element("gone", gone)))
        if again:
            self.send(contact, again, blobs)

    def is_gone(self, found):
        """What was taken back, or carries what was; and a move-check, which proves an endpoint only by having come there."""
        packet = packets.read(found.packet.document)
        inside = [packets.read(one.document).name for one in found.embedded]
        taken_back = [item for name in [packet.name, *inside] if (item := self.items.get(name)) and item.retracted]
        return packet.kind == "move-check" or bool(taken_back)
