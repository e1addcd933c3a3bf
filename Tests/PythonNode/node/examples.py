"""The article WorkedExamples.md is written by this module, and held against it by every run."""

import json
from pathlib import Path

from . import packets, parcels, words
from .packets import Signed
from .vectors import VECTORS

ARTICLE = Path(__file__).parents[3] / "Sources/Packets/Packets.docc/WorkedExamples.md"
SEEDS = {words.author_text(words.public_key(bytes([n] * 32))): (name, bytes([n] * 32)) for n, name in ((1, "A"), (2, "B"))}
SHOWN = ["contact-request", "contact-accept", "profile", "membership-first", "status", "photo", "comment", "reaction", "relay",
         "share", "edit-post", "edit-comment", "retract-post", "retract-comment", "message", "introduce", "contact-remove", "heads",
         "resend-request", "gone", "unsupported", "key-change", "revoke", "move", "move-check", "move-answer", "journal-first"]
DATE = "Sun, 22 Nov 2026 10:00:00 +0000"
FINGERPRINTS = "11" * 20, "22" * 20
PAIR_KEY = words.pair_key(words.public_key(bytes([1] * 32)), bytes([10] * 32), words.public_key(bytes([2] * 32)), bytes([11] * 32))

HEAD = """# Worked examples

Every action as bytes, with its signature, and a parcel around one of them.

## Overview

Made with the keys of <doc:Protocol>, "Vectors": author seeds 32 x 01 (A) and 32 x 02 (B), halves 32 x 0a and 32 x 0b, fingerprints 20 x 11 and
20 x 22, salt 00 01 … 0f. The documents are those in `Sources/Conformance/Vectors/understood`; no line end stands behind `</packet>`.
Certificates, bindings and proofs in them are placeholders in the right form.

`Tests/PythonNode/run` makes this page anew from the vectors and fails where it differs; `Tests/PythonNode/run --write-examples`
writes it.

## Packets

"""

PARCEL = """## A parcel

A's status above, for a circle in which B is the only member. The pair key of A and B makes, with the salt, the tag
`{tag}`. This is what is signed and encrypted, with CRLF at the end of each line ({before} bytes):

```
{entity}
```

Behind it come {padding} bytes of epilogue, lines of 74 spaces and CRLF, the last one cut: Padmé of {before} is {padme}, and 4,096 is the least.
All {after} bytes have the SHA-256 `{hash}`.

`gpg` signs and encrypts these to B and to A (RFC 4880; session keys and signatures differ each time, so no bytes stand here):

| packet | holds |
|---|---|
| public-key encrypted session key, version 3, tag 1 | for B's encryption subkey, named by key id |
| the same | for A's |
| encrypted and integrity protected data, version 1, tag 18, AES-256 | what follows |
| ├ one-pass signature, tag 4 | type 0x00, SHA-512, A's primary key |
| ├ literal data, tag 11, format b | the {after} bytes above |
| ├ signature, tag 2, version 4 | |
| └ modification detection code, tag 19 | |

B's copy holds the first of the session keys and everything behind the second, armored anew:

```
{outside}
```

The folder driver writes the whole as `<SHA-256 of its bytes>.eml`.
"""


def example(name):
    data = (VECTORS / f"understood/{name}.xml").read_bytes()
    packet = packets.read(data)
    who, seed = SEEDS[packet.author]
    signature = words.b64(words.sign(seed, data))
    vector = next(one for one in json.loads((VECTORS / "packets.json").read_text()) if one["file"] == f"understood/{name}.xml")
    assert signature == vector["signature"], f"{name}: the vectors have another signature"
    where = f"{packet.stream_kind} stream" if packet.stream else "no stream"
    return (f"### {name}\n\nBy {who}, {where}, {len(data)} bytes.\n\n```xml\n{data.decode()}\n```\n\n"
            f"- SHA-256 `{packet.sha256}`\n- signature `{signature}`\n\n")


def parcel():
    status = (VECTORS / "understood/status.xml").read_bytes()
    signed = Signed(status, words.sign(bytes([1] * 32), status))
    a, b = (parcels.address(fingerprint) for fingerprint in FINGERPRINTS)
    audience = parcels.for_circle([PAIR_KEY], bytes(range(16)))
    after = parcels.entity(a, "Anna Berg", DATE, audience, [signed], [], "=_inner", "Anna Berg writes:\r\n\r\nFinally moved in.\r\n")
    before = after[:after.rindex(b"--\r\n") + 4]
    outside = parcels.outside(a, b, DATE, b"", "0123456789abcdef" * 2, "=_outer").decode()
    begin, end = outside.split("-----BEGIN PGP MESSAGE-----")[0], outside.split("-----END PGP MESSAGE-----")[1]
    return PARCEL.format(tag=words.audience_tag(PAIR_KEY, bytes(range(16))).hex(), before=len(before), after=len(after),
                         padding=len(after) - len(before), padme=words.padme(len(before)), hash=words.sha256(after),
                         entity=before.decode().replace("\r\n", "\n").rstrip(), outside=(
                             begin + "-----BEGIN PGP MESSAGE-----\n\n…\n-----END PGP MESSAGE-----" + end).replace("\r\n", "\n").rstrip())


def article():
    return HEAD + "".join(example(name) for name in SHOWN) + parcel()
