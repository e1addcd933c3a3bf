"""What lies in parcels, opened with the gpg program: many at once, because its start is what takes time."""

import email
import email.policy
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass

from cast import Person
from telling import Failed
from witness import NAMESPACE, PACKET, Mail, Packet


@dataclass(frozen=True)
class Enclosed:
    """One packet of a parcel."""

    kind: str
    sha256: str
    stream: str
    sequence: int
    # The SHA-256 of what a relay hands on; empty for everything else.
    embedded: str


def contents(person: Person, mails: dict[str, Mail]) -> dict[str, list[Enclosed]]:
    """The packets in each parcel, by Message-ID. A parcel that gpg does not open, or finds badly signed, is a failure."""
    found = {}
    if not mails:
        return found
    # Without a daemon nobody may have started it, and the home's gpg.conf forbids gpg to.
    subprocess.run(
        ["gpg-agent", "--homedir", person.gnupg, "--daemon"], **person.identity, check=False, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    names = list(mails)
    for start in range(0, len(names), 500):
        found |= _some(person, {name: mails[name] for name in names[start : start + 500]})
    return found


def _some(person: Person, mails: dict[str, Mail]) -> dict[str, list[Enclosed]]:
    with tempfile.TemporaryDirectory(dir=person.directory) as folder:
        subprocess.run(["chown", f"{person.uid}:{person.uid}", folder], check=True)
        for number, mail in enumerate(mails.values()):
            sealed = list(mail.message.iter_parts())[-1].get_content()
            data = sealed if isinstance(sealed, bytes) else sealed.encode()
            with open(f"{folder}/{number}.asc", "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["gpg", "--batch", "--quiet", "--no-auto-check-trustdb", "--status-fd", "1", "--decrypt-files",
             *(f"{folder}/{number}.asc" for number in range(len(mails)))],
            **person.identity, capture_output=True, text=True, timeout=600)
        good = len(re.findall(r"^\[GNUPG:\] GOODSIG", done.stdout, flags=re.MULTILINE))
        if good != len(mails):
            raise Failed(f"gpg opens {good} of {len(mails)} parcels of {person.short}: {done.stderr[-500:]}")
        return {name: _packets(f"{folder}/{number}") for number, name in enumerate(mails)}


def _packets(path: str) -> list[Enclosed]:
    """What the parcel itself brings; what travels inside a relay belongs to that."""
    # The old policy reads a parcel in a fifth of the time, and nothing here needs what the new one knows of headers.
    with open(path, "rb") as file:
        inner = email.message_from_binary_file(file, policy=email.policy.compat32)
    packets = [Packet(part.get_payload(decode=True), "") for part in inner.walk() if part.get_content_type() == PACKET]
    embedded = {element.get("sha256") for packet in packets for element in packet.root.iter(f"{NAMESPACE}embedded")}
    return [_read(packet) for packet in packets if packet.sha256 not in embedded]


def _read(packet: Packet) -> Enclosed:
    stream: xml.Element | None = packet.root.find(f"{NAMESPACE}stream")
    place = ("", 0) if stream is None else (stream.get("id", ""), int(stream.get("sequence", "0")))
    embedded = packet.root.find(f".//{NAMESPACE}embedded")
    return Enclosed(packet.kind, packet.sha256, *place, "" if embedded is None else embedded.get("sha256", ""))
