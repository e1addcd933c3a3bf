"""The vectors of parcels: made here, with gpg and this node's own writer, and read by everybody. What a parcel must not be is in misuse.py.

Anna writes, Ben reads. OpenPGP makes other bytes each time, so the files are written only when somebody asks for it; the keys stay."""

import json
import os

from . import misuse, packets, parcels, words
from .document import element, text
from .misuse import MISUSES, Victim
from .node import Contact
from .openpgp import Gpg
from .packets import Stream
from .parcels import Blob
from .receiving import Receiver
from .vectors import VECTORS
from .words import b64

SEEDS = {"anna": 1, "ben": 2, "carol": 3, "eve": 4, "olga": 5}
HALVES = {"anna": bytes([0x0a]) * 32, "ben": bytes([0x0b]) * 32}
# What a node refuses for what it remembers, and not for the bytes: transcripts show these.
BY_MEMORY = {"wrong_proof", "other_kind_of_stream", "root_of_another", "accept_of_nothing", "equivocation"}
# Olga's key was good in January 2020 only.
THEN = "20200115T000000"


class Recorder(Victim):
    """Keeps what would be delivered."""

    def carry(self, message):
        self.message = message


def gpg_of(name, place):
    gpg, file = Gpg(place / name / "gnupg"), VECTORS / "keys" / f"{name}.asc"
    if name == "olga":
        gpg.options = ["--faked-system-time", THEN, "--ignore-time-conflict", "--ignore-valid-from"]
    if file.exists():
        gpg.import_secret(file.read_bytes())
        return gpg
    if name == "olga":
        _, status = gpg.run("--quick-generate-key", "socialnet", "ed25519", "cert,sign", "2020-02-01")
        gpg.fingerprint = next(line[2] for line in status if line[0] == "KEY_CREATED")
        gpg.run("--quick-add-key", gpg.fingerprint, "cv25519", "encr", "never")
    else:
        gpg.generate()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"A key for tests, and no secret: it stands in public with the vectors of SocialNet.\n\n"
                     + gpg.run("--armor", "--export-secret-keys", gpg.fingerprint)[0])
    return gpg


def cast(place):
    """Everybody with the keys of the vectors; Anna, Carol and Olga are contacts of Ben's."""
    people = {}
    for name, seed in SEEDS.items():
        people[name] = Receiver(name.title(), place / name, gpg_of(name, place), bytes([seed]) * 32)
    for one in people.values():
        for other in people.values():
            if one is not other:
                one.gpg.run("--import", given=other.certificate)
    befriend(people["anna"], people["ben"], HALVES["anna"], HALVES["ben"])
    return people


def befriend(one, other, half, other_half, state="contact"):
    one.contacts[other.author] = Contact(other.author, other.gpg.fingerprint, other.certificate, other.name, [other.endpoint],
                                         state, half=other_half, own_half=half)


# What is opened ------------------------------------------------------------------------------------------------------

def direct(v):
    v.deliver([v.open_packet(element("message", element("text", "Only you, Ben.")))])


def circle(v):
    others = [os.urandom(32), os.urandom(32)]
    v.deliver([v.status("To everyone.")], parcels.for_circle([v.key, *others], bytes(range(16))))


def two_packets(v):
    v.deliver([v.status("One."), v.status("Two.")])


def photo(v):
    blob = Blob(b"This stands for a picture.", "image/jpeg")
    action = element("photo", v.sender.picture_xml(blob, 4, 3, "A picture"), share="no")
    v.deliver([packets.write(v.sender.seed, action, Stream(b64(os.urandom(16)), 1, None), "Anna posted 1 photo.")], blobs=[blob])


def relay(v):
    root = v.sender.author, words.packet_id(), "0" * 64
    inside = v.sender.reference_xml("root", root) + v.sender.reference_xml("target", root) + element("text", "Congratulations!")
    inner = packets.write(v.stranger.seed, element("comment", inside), Stream(b64(os.urandom(16)), 1, v.sender.author))
    card = element("card", element("name", "Eve"), author=v.stranger.author)
    named = element("embedded", sha256=words.sha256(inner.document), size=len(inner.document))
    outer = packets.write(v.sender.seed, element("relay", named + card), Stream(b64(os.urandom(16)), 1, None), "A relay.")
    v.deliver([outer, inner])


def one_is_bad(v):
    v.deliver([v.status("A good one."), misuse.broken(v.status("A bad one."))])


def newer(v):
    v.deliver([packets.write(v.sender.seed, element("dance"), Stream(b64(os.urandom(16)), 1, None), "Anna dances.")])


def request(v):
    befriend(v.stranger, v.people["ben"], bytes([0x0d]) * 32, None, "asked")
    asked = v.stranger.contacts[v.contact.author]
    action = element("contact-request", v.stranger.profile_xml() + v.stranger.certificate_xml(asked))
    v.deliver([packets.write(v.stranger.seed, action, Stream(b64(os.urandom(16)), 0, v.contact.author))], sender=v.stranger)


def other_from(v):
    v.deliver([v.status("My provider rewrote From.")],
              outside=lambda message: b"From: list@provider.example\r\n" + message.split(b"\r\n", 1)[1])


def exchange(v):
    """Exchange makes a mixed message of it, with an empty text in front."""
    def outside(message):
        head, body = message.split(b"\r\n\r\n", 1)
        mark = body.split(b"\r\n", 1)[0]
        head = head.replace(b'multipart/encrypted; protocol="application/pgp-encrypted"', b"multipart/mixed")
        return head + b"\r\n\r\n" + mark + b"\r\nContent-Type: text/plain\r\n\r\n\r\n" + body
    v.deliver([v.status("Exchange was here.")], outside=outside)


# What is refused, beside the misuses ---------------------------------------------------------------------------------

def whole(v, packet):
    return parcels.entity(parcels.address(v.sender.gpg.fingerprint), "Anna", "Sat, 28 Nov 2026 08:00:00 +0000", parcels.for_one(v.to),
                          [packet], [], "=_inside")


def around(v, message):
    """Any OpenPGP message in the form of a parcel."""
    v.carry(parcels.outside(parcels.address(v.sender.gpg.fingerprint), parcels.address(v.to), "Sat, 28 Nov 2026 08:00:00 +0000",
                            message, os.urandom(16).hex(), "=_outside"))


def not_encrypted(v):
    around(v, v.sender.gpg.run("--local-user", v.sender.gpg.fingerprint + "!", "--sign", given=whole(v, v.status()))[0])


def for_somebody_else(v):
    around(v, v.sender.gpg.sign_and_encrypt(whole(v, v.status()), [v.stranger.gpg.fingerprint]))


def tampered(v):
    message = bytearray(v.sender.gpg.sign_and_encrypt(whole(v, v.status()), [v.to]))
    # In the hash that protects the rest: elsewhere programs differ in what they notice first, this or a bad signature.
    message[-5] ^= 1
    around(v, bytes(message))


def no_openpgp(v):
    around(v, b"These words are no OpenPGP message.")


def trailing_literal(v):
    literal = v.sender.gpg.run("--store", given=b"more")[0]
    around(v, v.sender.gpg.sign_and_encrypt(whole(v, v.status()), [v.to]) + literal)


def two_literals(v):
    gpg = v.sender.gpg
    signed = gpg.run("--local-user", gpg.fingerprint + "!", "--sign", given=whole(v, v.status()))[0]
    literal = gpg.run("--store", given=b"more")[0]
    around(v, gpg.run("--no-literal", "--recipient", v.to, "--encrypt", given=signed + literal)[0])


def bomb(v):
    gpg = v.sender.gpg
    around(v, gpg.run("--compress-algo", "zlib", "-z", "9", "--local-user", gpg.fingerprint + "!", "--recipient", v.to, "--sign",
                      "--encrypt", given=bytes(4 << 20))[0])


def signed_twice(v):
    gpg = v.sender.gpg
    carol = (VECTORS / "keys/carol.asc").read_bytes()
    gpg.run("--import", given=carol)
    around(v, gpg.run("--local-user", gpg.fingerprint + "!", "--local-user", v.people["carol"].gpg.fingerprint + "!",
                      "--recipient", v.to, "--sign", "--encrypt", given=whole(v, v.status()))[0])


def expired(v):
    olga = v.people["olga"]
    packet = v.status("I was good in January 2020.", olga)
    message = olga.gpg.run("--local-user", olga.gpg.fingerprint + "!", "--recipient", v.to, "--sign",
                           "--encrypt", given=whole(v, packet))[0]
    around(v, message)


def bound_to_another(v):
    """Eve asks, and her profile says that Anna's key speaks for her."""
    befriend(v.stranger, v.people["ben"], bytes([0x0d]) * 32, None, "asked")
    profile = v.stranger.profile_xml().replace(v.stranger.gpg.fingerprint, v.sender.gpg.fingerprint)
    action = element("contact-request", profile + v.stranger.certificate_xml(v.stranger.contacts[v.contact.author]))
    v.deliver([packets.write(v.stranger.seed, action, Stream(b64(os.urandom(16)), 0, v.contact.author))], sender=v.stranger)


def no_audience(v):
    line = f"SocialNet-Audience: fingerprint={v.to}\r\n".encode()
    v.deliver([v.status()], inside=lambda inside: inside.replace(line, b""))


def no_packet(v):
    v.deliver([v.status()], inside=lambda inside: inside.replace(b"vnd.socialnet.packet+xml", b"octet-stream"))


OPENED = [
    ("to one reader, named by the fingerprint", direct, ["accepted"]),
    ("to a circle of three, named by tags among which one is random", circle, ["accepted"]),
    ("two packets in one parcel", two_packets, ["accepted", "accepted"]),
    ("a photo with the bytes that it names", photo, ["accepted"]),
    ("a relay with the comment that it embeds, whose author need not be known", relay, ["accepted"]),
    ("a refused packet does not take the parcel's others with it", one_is_bad, ["accepted", "packet"]),
    ("an action that no schema has is held", newer, ["held"]),
    ("a stranger may ask: certificate, binding and signatures are all the stranger's own", request, ["accepted"]),
    ("the From outside is another than inside, as providers write it", other_from, ["accepted"]),
    ("the message as Exchange leaves it", exchange, ["accepted"]),
]
REFUSED = [
    ("signed and not encrypted", not_encrypted, "decryption"),
    ("encrypted to somebody else's key", for_somebody_else, "decryption"),
    ("a bit of the ciphertext turned, where the hash is that protects it", tampered, "decryption"),
    ("no OpenPGP message at all", no_openpgp, "decryption"),
    ("a literal in the open behind the encrypted message", trailing_literal, "decryption"),
    ("two literals inside, of which one is signed", two_literals, "decryption"),
    ("four MiB of zeros in some kilobytes", bomb, "decryption"),
    ("signed by two", signed_twice, "signer"),
    ("signed by a contact whose key has expired", expired, "signer"),
    ("a request whose profile is bound to another key than the one that sealed it", bound_to_another, "signer"),
    ("no audience", no_audience, "audience"),
    ("an inside without packets", no_packet, "packet"),
]
# The same bytes are another matter where Anna is somebody else to Ben.
STANDINGS = [
    ("Anna is blocked", "direct", "blocked", {"outcome": "refused", "gate": "signer"}),
    ("Anna is no contact, and this is no request", "direct", "stranger", {"outcome": "refused", "gate": "signer"}),
    ("Ben asked Anna, and she has not answered yet", "direct", "asked", {"outcome": "held"}),
]


def make(place):
    """All rows and files, with nothing left of what stood there."""
    people = cast(place)
    anna, ben = people["anna"], people["ben"]
    victim = Recorder(anna, anna.contacts[ben.author], people["eve"], bytes(16))
    victim.people = people
    rows, files = [], {}

    def add(why, bend, **outcome):
        name = bend.__name__.replace("_", "-")
        bend(victim)
        files[f"parcels/{name}.eml"] = victim.message
        rows.append({"file": f"parcels/{name}.eml", "why": why, **outcome})

    for why, bend, parts in OPENED:
        add(why, bend, outcome="opened", packets=parts)
    for why, name, standing, outcome in STANDINGS:
        rows.append({"file": f"parcels/{name}.eml", "why": why, "standing": standing, **outcome})
    for why, bend, gate in MISUSES:
        if bend.__name__ not in BY_MEMORY:
            whole_parcel = gate not in ("packet", "blobs")
            add(why, bend, **({"outcome": "refused", "gate": gate} if whole_parcel else {"outcome": "opened", "packets": [gate]}))
    for why, bend, gate in REFUSED:
        add(why, bend, outcome="refused", gate=gate)
    persons = [{"name": name, "seed": (bytes([seed]) * 32).hex(), "key": f"keys/{name}.asc",
                "fingerprint": people[name].gpg.fingerprint, "certificate": b64(people[name].certificate)} for name, seed in SEEDS.items()]
    table = {"people": persons, "reader": "ben", "contacts": ["anna", "carol", "olga"],
             "pairKey": anna.pair_key(anna.contacts[ben.author]).hex(), "parcels": rows}
    for one in people.values():
        one.gpg.close()
    files["parcels.json"] = (json.dumps(table, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def write(place):
    for old in (VECTORS / "parcels").glob("*.eml"):
        old.unlink()
    for file, data in make(place).items():
        (VECTORS / file).parent.mkdir(parents=True, exist_ok=True)
        (VECTORS / file).write_bytes(data)


# Reading -------------------------------------------------------------------------------------------------------------

# Of the shapes that servers make this node reads none.
NOT_READ = {"parcels/exchange.eml"}


def differences(place):
    """(how many were looked at, what differs)."""
    table = json.loads((VECTORS / "parcels.json").read_text())
    people, found, count = cast(place), [], 0
    ben, anna = people["ben"], people["anna"]
    for row in table["parcels"]:
        if row["file"] in NOT_READ or row["outcome"] == "held":
            continue
        count += 1
        befriend(ben, anna, HALVES["ben"], HALVES["anna"], "none" if "standing" in row else "contact")
        befriend(ben, people["olga"], bytes(32), bytes(32))
        ben.refused.clear()
        try:
            ben.take((VECTORS / row["file"]).read_bytes())
        except words.Refused as refusal:
            ben.refuse(refusal)
        wanted = [row["gate"]] if "gate" in row else [part for part in row["packets"] if part not in ("accepted", "held")]
        mine = [gate for gate, _ in ben.refused]
        if mine != wanted:
            found.append(f"{row['file']}: {wanted}, here {ben.refused} ({row['why']})")
    for one in people.values():
        one.gpg.close()
    return count, found
