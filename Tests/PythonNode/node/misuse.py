"""What must be kept out: each misuse goes to the program and to a Python node, and both name the same gate."""

import os

from . import folder, packets, parcels, words
from .document import element, text
from .packets import Signed, Stream
from .parcels import Blob
from .words import b64, unb64


class Victim:
    """Whom a misuse is sent to, seen from the sender."""

    def __init__(self, sender, contact, stranger, invitation):
        self.sender, self.contact, self.stranger, self.invitation = sender, contact, stranger, invitation
        self.to, self.key = contact.fingerprint, sender.pair_key(contact)

    def status(self, said="Kept out.", sender=None):
        """A good status in a stream of its own, so that what is refused leaves no gap behind."""
        action = element("status", element("text", text(said)), share="no")
        return packets.write((sender or self.sender).seed, action, Stream(b64(os.urandom(16)), 1, None))

    def open_packet(self, action, to=None):
        return packets.write(self.sender.seed, action, Stream(b64(os.urandom(16)), 1, to or self.contact.author))

    def deliver(self, signed, audience=None, blobs=(), sender=None, inside=lambda whole: whole, outside=lambda message: message):
        sender = sender or self.sender
        sealed = parcels.seal(sender.gpg, sender.name, [self.to], audience or parcels.for_one(self.to), signed, blobs, inside)
        self.carry(outside(sealed[self.to]))

    def carry(self, message):
        folder.deliver(self.contact.endpoint, message)

    def tags(self, *tags):
        return f"salt={b64(bytes(16))}; tags={b64(b''.join(tags))}"


def broken(signed):
    return Signed(signed.document, bytes([signed.signature[0] ^ 1]) + signed.signature[1:])


def wrong_tag(v):
    v.deliver([v.status()], v.tags(words.mac(v.key, b"SocialNet-audience-2\0" + bytes(16))[:8]))


def three_tags(v):
    v.deliver([v.status()], v.tags(*sorted([words.audience_tag(v.key, bytes(16)), os.urandom(8), os.urandom(8)])))


def unsorted_tags(v):
    v.deliver([v.status()], v.tags(*sorted([words.audience_tag(v.key, bytes(16)), os.urandom(8)], reverse=True)))


def somebody_elses(v):
    v.deliver([v.status()], parcels.for_one(v.sender.gpg.fingerprint))


def two_audiences(v):
    line = f"SocialNet-Audience: fingerprint={v.to}\r\n".encode()
    v.deliver([v.status()], inside=lambda whole: whole.replace(line, line + line))


def lost_inner_header(v):
    v.deliver([v.status()], inside=lambda whole: whole.replace(b"HP-Outer: Subject: [...]\r\n", b""))


def subject_twice(v):
    v.deliver([v.status()], outside=lambda message: message.replace(b"Subject: [...]\r\n", b"Subject: [...]\r\n" * 2, 1))


def parcel_two(v):
    v.deliver([v.status()], outside=lambda message: message.replace(b"SocialNet-Parcel: 1", b"SocialNet-Parcel: 2"))


def third_part(v):
    def outside(message):
        mark = b"\r\n" + message.rstrip().rsplit(b"\r\n", 1)[1].removesuffix(b"--")
        return message.replace(mark + b"--", mark + b"\r\nContent-Type: text/plain\r\n\r\nmore\r\n" + mark + b"--")
    v.deliver([v.status()], outside=outside)


def unsigned(v):
    whole = parcels.entity("a@node.invalid", "A", "Sat, 28 Nov 2026 08:00:00 +0000", parcels.for_one(v.to), [v.status()], [], "=_x")
    message = v.sender.gpg.run("--recipient", v.to, "--encrypt", given=whole)[0]
    v.carry(parcels.outside("a@node.invalid", parcels.address(v.to), "Sat, 28 Nov 2026 08:00:00 +0000", message,
                            os.urandom(16).hex(), "=_y"))


def cut_message(v):
    v.deliver([v.status()], outside=lambda message: message.replace(message.split(b"\r\n")[30] + b"\r\n", b"", 1))


def strangers_status(v):
    v.deliver([v.status(sender=v.stranger)], sender=v.stranger)


def strangers_two(v):
    request = v.stranger.request(v.contact, words.invitation_id(v.invitation), bytes(32))
    v.deliver([request, v.status(sender=v.stranger)], sender=v.stranger)


def wrong_proof(v):
    v.deliver([v.stranger.request(v.contact, words.invitation_id(v.invitation), bytes(32))], sender=v.stranger)


def broken_signature(v):
    v.deliver([broken(v.status())])


def short_signature(v):
    signed = v.status()
    v.deliver([Signed(signed.document, signed.signature[:63])])


def other_author(v):
    v.deliver([v.status(sender=v.stranger)])


def to_another(v):
    action = element("message", element("text", "For whom?"))
    v.deliver([v.open_packet(action, v.stranger.author)])


def other_kind_of_stream(v):
    action = element("message", element("text", "In the stream of posts."))
    v.deliver([packets.write(v.sender.seed, action, Stream(v.sender.circle, 99, v.contact.author))])


def root_of_another(v):
    own = v.sender.author, words.packet_id(), "0" * 64
    inside = v.sender.reference_xml("root", own) + v.sender.reference_xml("target", own) + element("text", "Whose?")
    v.deliver([v.open_packet(element("comment", inside))])


def empty_relay(v):
    card = element("card", element("name", "Somebody"), author=v.stranger.author)
    relay = element("relay", element("embedded", sha256="0" * 64, size=700) + card)
    v.deliver([packets.write(v.sender.seed, relay, Stream(b64(os.urandom(16)), 1, None), "A relay.")])


def foreign_relay(v):
    """Embeds a status, which no relay may."""
    inner = v.status(sender=v.stranger)
    card = element("card", element("name", "Somebody"), author=v.stranger.author)
    named = element("embedded", sha256=words.sha256(inner.document), size=len(inner.document))
    relay = packets.write(v.sender.seed, element("relay", named + card), Stream(b64(os.urandom(16)), 1, None), "A relay.")
    v.deliver([relay, inner])


def accept_of_nothing(v):
    action = element("contact-accept", v.sender.profile_xml() + v.sender.certificate_xml(v.contact), request=words.packet_id())
    v.deliver([v.open_packet(action)])


def equivocation(v):
    stream, id_ = Stream(b64(os.urandom(16)), 1, None), words.packet_id()
    for said in ("One.", "Another."):
        action = element("status", element("text", said), share="no")
        v.deliver([packets.write(v.sender.seed, action, stream, id=id_)])


def wrong_length(v):
    blob = Blob(b"not so long", "image/png")
    named = element("blob", sha256=words.sha256(blob.data), size=len(blob.data) + 1, type=blob.type)
    photo = element("photo", element("picture", named, width=1, height=1), share="no")
    v.deliver([packets.write(v.sender.seed, photo, Stream(b64(os.urandom(16)), 1, None), "A photo.")], blobs=[blob])


MISUSES = [
    ("a header twice outside", subject_twice, "shape"),
    ("another number of SocialNet-Parcel", parcel_two, "shape"),
    ("a third part", third_part, "shape"),
    ("a message with a line missing", cut_message, "decryption"),
    ("encrypted and not signed", unsigned, "signer"),
    ("a stranger's status", strangers_status, "signer"),
    ("a stranger's request with something beside it", strangers_two, "signer"),
    ("a tag made with another label", wrong_tag, "audience"),
    ("three tags", three_tags, "audience"),
    ("tags out of order", unsorted_tags, "audience"),
    ("somebody else's fingerprint", somebody_elses, "audience"),
    ("two audiences", two_audiences, "audience"),
    ("an HP-Outer lost", lost_inner_header, "audience"),
    ("a request with a wrong proof for a known invitation", wrong_proof, "packet"),
    ("an author's signature with a bit turned", broken_signature, "packet"),
    ("an author's signature with a byte missing", short_signature, "packet"),
    ("another author's packet", other_author, "packet"),
    ("written to another", to_another, "packet"),
    ("a message in the stream of posts", other_kind_of_stream, "packet"),
    ("a comment whose root is the sender's own", root_of_another, "packet"),
    ("a relay without what it embeds", empty_relay, "packet"),
    ("a relay that embeds a status", foreign_relay, "packet"),
    ("an accept of no request", accept_of_nothing, "packet"),
    ("other bytes under the same name", equivocation, "order"),
    ("a blob of another length", wrong_length, "blobs"),
]


def play(stage, anna, paul, quinn):
    stage.step("What is kept out, by the program and by Python alike")
    mallory = stage.node("Mallory")
    to_anna = Victim(paul, paul.contacts[anna.author], mallory, unb64(anna.json("invite")["link"].split("&s=")[1]))
    to_quinn = Victim(paul, paul.contacts[quinn.author], mallory, unb64(quinn.invite().split("&s=")[1]))
    for contact in (to_anna.contact, to_quinn.contact):
        mallory.gpg.import_certificate(contact.certificate)
    before = [item["text"] for item in anna.feed()]
    for gate in dict.fromkeys(gate for _, _, gate in MISUSES):
        # All of one gate together: a process of the program for each would take most of a minute.
        tried = [(title, misuse) for title, misuse, refused_by in MISUSES if refused_by == gate]
        before_anna, before_quinn = len(anna.json("refused")["refused"]), len(quinn.refused)
        for _, misuse in tried:
            misuse(to_anna)
            misuse(to_quinn)
        anna.once()
        quinn.receive()
        program = anna.json("refused")["refused"]
        program = [(one["gate"], one["reason"]) for one in program[:len(program) - before_anna]]
        python = quinn.refused[before_quinn:]
        stage.check(f"{gate} keeps out {', '.join(title for title, _ in tried)}",
                    [one[0] for one in program] == [one[0] for one in python] == [gate] * len(tried), f"{program}; {python}")
    after = [item["text"] for item in anna.feed()]
    first, = set(after) - set(before)
    stage.check("of all this the feed shows what came first under a name, once", first in ("One.", "Another.")
                and sorted(after) == sorted([*before, first]), after)
    stage.check("nothing was left lying, and nobody was answered",
                not folder.waiting(anna.inbox) and not folder.waiting(mallory.inbox) and not folder.waiting(paul.inbox))
