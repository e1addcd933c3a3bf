"""Parcels: MIME around one OpenPGP message. The pages "Parcel" and "Audience" of Protocol.md."""

import base64
import email
import os
import re
from collections import namedtuple
from email.utils import formatdate

from .openpgp import armor, split_session_keys
from .words import Refused, audience_tag, b64, padme, sha256, unb64

PACKET = "application/vnd.socialnet.packet+xml"
OUTER = ("From", "To", "Date", "Message-ID", "Subject", "SocialNet-Parcel", "Auto-Submitted", "MIME-Version", "Content-Type")
INNER = ("From", "Date", "Subject", "SocialNet-Audience", "MIME-Version", "Content-Type")

Blob = namedtuple("Blob", "data type")
Part = namedtuple("Part", "document signature")
Contents = namedtuple("Contents", "audience parts blobs")


def address(fingerprint):
    return f"{fingerprint.lower()}@node.invalid"


# Audience ------------------------------------------------------------------------------------------------------------

def for_one(fingerprint):
    return f"fingerprint={fingerprint}"


def for_circle(pair_keys, salt=None):
    salt = salt or os.urandom(16)
    tags = {audience_tag(key, salt) for key in pair_keys}
    while len(tags) & len(tags) - 1:
        tags.add(os.urandom(8))
    return f"salt={b64(salt)}; tags={b64(b''.join(sorted(tags)))}"


def names(audience, fingerprint, pair_key):
    """Whether a SocialNet-Audience names this node. White space inside does not count."""
    fields = re.sub(r"\s", "", audience)
    if found := re.fullmatch("fingerprint=([0-9A-Fa-f]{40})", fields):
        return found[1].upper() == fingerprint
    found = re.fullmatch("salt=([^;]*);tags=([^;]*)", fields)
    if not found or pair_key is None:
        return False
    try:
        salt, joined = unb64(found[1], 16), unb64(found[2])
    except Refused:
        return False
    tags = [joined[at:at + 8] for at in range(0, len(joined), 8)]
    count = len(tags)
    if len(joined) % 8 or not 1 <= count <= 512 or count & count - 1 or tags != sorted(set(tags)):
        return False
    return audience_tag(pair_key, salt) in tags


# Writing -------------------------------------------------------------------------------------------------------------

def part(headers, data):
    lines = re.findall(b".{1,76}", base64.b64encode(data))
    return "\r\n".join([*headers, "Content-Transfer-Encoding: base64", "", ""]).encode() + b"\r\n".join(lines) + b"\r\n"


def entity(sender, name, date, audience, packets, blobs, boundary, words=None):
    """What is signed and encrypted: inner headers, parts, and the epilogue that pads it."""
    audience = re.sub("(.{900})", "\\1\r\n ", audience)
    headers = [f"From: {sender}", f"Date: {date}", f"Subject: SocialNet: {name}", f"HP-Outer: From: {sender}",
               f"HP-Outer: Date: {date}", "HP-Outer: Subject: [...]", f"SocialNet-Audience: {audience}", "MIME-Version: 1.0",
               f'Content-Type: multipart/mixed; hp="cipher"; protected-headers="v1";\r\n boundary="{boundary}"']
    parts = [part(["Content-Type: text/plain; charset=utf-8"], (words or f"{name} writes by SocialNet.").encode())]
    for packet in packets:
        parts.append(part([f"Content-Type: {PACKET}", "Content-Disposition: attachment; filename=packet.xml",
                           f"SocialNet-Signature: {b64(packet.signature)}"], packet.document))
    for blob in blobs:
        parts.append(part([f"Content-Type: {blob.type}", f"Content-ID: <{sha256(blob.data)}@node.invalid>"], blob.data))
    delimiter = f"--{boundary}".encode()
    whole = "\r\n".join(headers).encode() + b"\r\n\r\n" + b"".join(delimiter + b"\r\n" + inner for inner in parts)
    return pad(whole + delimiter + b"--\r\n")


def pad(whole):
    wanted = max(4096, padme(len(whole)))
    line = b" " * 74 + b"\r\n"
    return whole + (line * (wanted // len(line) + 1))[:wanted - len(whole)]


def outside(sender, to, date, message, message_id, boundary):
    head = [f"From: {sender}", f"To: {to}", f"Date: {date}", f"Message-ID: <{message_id}@node.invalid>", "Subject: [...]",
            "SocialNet-Parcel: 1", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            f'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n boundary="{boundary}"', "",
            f"--{boundary}", "Content-Type: application/pgp-encrypted", "", "Version: 1", "",
            f"--{boundary}", "Content-Type: application/octet-stream", "", ""]
    return "\r\n".join(head).encode() + armor(message) + f"\r\n--{boundary}--\r\n".encode()


def seal(gpg, name, recipients, audience, packets, blobs=(), change=lambda whole: whole):
    """One message for each recipient's fingerprint: sealed once for all and oneself, then taken apart. `change` is for tests of
    what must be refused: it sees the entity before it is signed."""
    date, sender = formatdate().replace("-0000", "+0000"), address(gpg.fingerprint)
    whole = change(entity(sender, name, date, audience, packets, blobs, "=_" + os.urandom(16).hex()))
    sessions, rest = split_session_keys(gpg.sign_and_encrypt(whole, [*recipients, gpg.fingerprint]))
    messages = {}
    for fingerprint in recipients:
        session = next(packet for key, packet in sessions if key in key_ids(gpg, fingerprint))
        messages[fingerprint] = outside(sender, address(fingerprint), date, session + rest, os.urandom(16).hex(),
                                        "=_" + os.urandom(16).hex())
    return messages


def key_ids(gpg, fingerprint):
    rows = [line.split(":") for line in gpg.run("--with-colons", "--list-keys", fingerprint)[0].decode().splitlines()]
    return {row[4] for row in rows if row[0] == "sub"}


# Reading -------------------------------------------------------------------------------------------------------------

def once(message, headers, gate):
    for header in headers:
        if len(message.get_all(header, [])) > 1:
            raise Refused(f"{header} stands twice", gate)


def shape(data):
    """The OpenPGP message in a parcel; None for what is no parcel."""
    if len(data) > 40 << 20:
        raise Refused("more than 40 MiB", "shape")
    message = email.message_from_bytes(data)
    if "SocialNet-Parcel" not in message:
        return None
    once(message, OUTER, "shape")
    parts = message.get_payload() if message.is_multipart() else []
    kinds = [inner.get_content_type() for inner in parts]
    if (message["SocialNet-Parcel"].strip() != "1" or message.get_content_type() != "multipart/encrypted"
            or message.get_param("protocol") != "application/pgp-encrypted" or kinds != ["application/pgp-encrypted", "application/octet-stream"]
            or parts[0].get_payload(decode=True).strip() != b"Version: 1"):
        raise Refused("another shape", "shape")
    return parts[1].get_payload(decode=True)


def contents(plaintext):
    """Parts and audience; the audience is None where a header inside is missing or doubled."""
    message = email.message_from_bytes(plaintext)
    outer = [line.split(":")[0].strip() for line in message.get_all("HP-Outer", [])]
    whole = all(len(message.get_all(header, [])) == 1 for header in INNER) and sorted(outer) == ["Date", "From", "Subject"]
    parts, blobs = [], {}
    leaves = [leaf for leaf in message.walk() if not leaf.is_multipart()]
    for position, leaf in enumerate(leaves):
        data = leaf.get_payload(decode=True)
        if leaf.get_content_type() == PACKET:
            parts.append(Part(data, leaf.get_all("SocialNet-Signature", [])))
        elif position > 0 or leaf.get_content_type() != "text/plain":
            blobs[sha256(data)] = Blob(data, leaf.get_content_type())
    return Contents(message["SocialNet-Audience"] if whole else None, parts, blobs)


def signature(part):
    if len(part.signature) != 1:
        raise Refused("a signature stands in exactly one header")
    return unb64(re.sub(r"\s", "", part.signature[0]), 64)
