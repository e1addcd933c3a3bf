"""What can be seen from outside: mailboxes by IMAP, parcels by gpg, databases by sqlite3."""

import email
import email.parser
import email.policy
import functools
import hashlib
import imaplib
import json
import ssl
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from email.message import EmailMessage

from account import Account
from telling import Failed

NAMESPACE = "{urn:socialnet:1}"
PACKET = "application/vnd.socialnet.packet+xml"
OWN_FOLDER = "SocialNet"


# Mailboxes ------------------------------------------------------------------------------------------------------


@dataclass
class Mail:
    """One mail as the server has it."""

    folder: str
    uid: str
    flags: tuple[str, ...]
    raw: bytes

    @functools.cached_property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @functools.cached_property
    def _head(self) -> EmailMessage:
        """The headers alone: to look for one of them among hundreds of mails, nothing more need be read."""
        head, _, _ = self.raw.partition(b"\r\n\r\n")
        return email.parser.BytesHeaderParser(policy=email.policy.default).parsebytes(head + b"\r\n\r\n")

    def header(self, name: str) -> str:
        return str(self._head[name] or "")

    def text(self, kind: str = "plain") -> str:
        """The text part; format=flowed is put back into whole lines (RFC 3676)."""
        part = self.message.get_body(preferencelist=(kind,))
        if part is None:
            return ""
        words = part.get_content().replace("\r\n", "\n")
        return words.replace(" \n", " ") if part.get_param("format") == "flowed" else words


class Mailbox:
    """A look at one account's mailbox that changes nothing in it (EXAMINE, BODY.PEEK), but for what is said to."""

    def __init__(self, account: Account):
        trust = ssl.create_default_context(cafile=account.provider["CA_FILE"])
        self.server = imaplib.IMAP4_SSL(account.provider["HOST"], int(account.provider["IMAPS_PORT"]), ssl_context=trust)
        self.server.login(account.short, account.password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.logout()

    def folders(self, subscribed: bool = False) -> list[str]:
        _, lines = self.server.lsub() if subscribed else self.server.list()
        return [line.decode().rsplit(' "/" ', 1)[-1].strip('"') for line in lines if line]

    def mails(self, folder: str, *criteria: str) -> list[Mail]:
        answer, _ = self.server.select(folder, readonly=True)
        if answer != "OK":
            return []
        _, [numbers] = self.server.uid("SEARCH", *(criteria or ("ALL",)))
        found = []
        for uid in numbers.decode().split():
            _, parts = self.server.uid("FETCH", uid, "(FLAGS BODY.PEEK[])")
            # Another connection may have moved it since the search.
            literal = next((part for part in parts if isinstance(part, tuple)), None)
            if literal:
                flags = imaplib.ParseFlags(b" ".join(p[0] if isinstance(p, tuple) else p for p in parts if p))
                # \Recent belongs to sessions, not to mails (RFC 3501 2.3.2).
                kept = sorted({flag.decode() for flag in flags} - {"\\Recent"})
                found.append(Mail(folder, uid, tuple(kept), literal[1]))
        return found

    def append(self, folder: str, flags: str, raw: bytes) -> None:
        self.server.append(folder, flags, None, raw)

    def destroy(self, mail: Mail) -> None:
        self.server.select(mail.folder)
        self.server.uid("STORE", mail.uid, "+FLAGS", r"(\Deleted)")
        self.server.uid("EXPUNGE", mail.uid)


def mails(account: Account, folder: str, *criteria: str) -> list[Mail]:
    with Mailbox(account) as mailbox:
        return mailbox.mails(folder, *criteria)


def letters(account: Account, kind: str) -> list[Mail]:
    """The bridge's mails to its user of one kind: digest, receipt, item …"""
    return mails(account, "INBOX", "HEADER", "SocialNet-Letter", kind)


def parcels_in_inbox(account: Account) -> list[Mail]:
    """What the bridge has still to move."""
    return mails(account, "INBOX", "HEADER", "SocialNet-Parcel", '""')


# Parcels --------------------------------------------------------------------------------------------------------


@dataclass
class Packet:
    """One signed document out of a parcel."""

    data: bytes
    signature: str

    @functools.cached_property
    def root(self) -> xml.Element:
        return xml.fromstring(self.data)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def action(self) -> xml.Element:
        beside = {NAMESPACE + name for name in ("stream", "requires", "fallback")}
        return next(child for child in self.root if child.tag not in beside)

    @property
    def kind(self) -> str:
        return self.action.tag.removeprefix(NAMESPACE)

    def words(self) -> str:
        found = self.action.find(NAMESPACE + "text")
        return "" if found is None else found.text or ""


@dataclass
class Parcel:
    """A parcel that gpg opened."""

    mail: Mail
    signer: str
    inner: EmailMessage

    @property
    def packets(self) -> list[Packet]:
        return [
            Packet(part.get_content(), str(part["SocialNet-Signature"]))
            for part in self.inner.walk() if part.get_content_type() == PACKET
        ]

    def pictures(self) -> list[bytes]:
        return [part.get_content() for part in self.inner.walk() if part.get_content_maintype() == "image"]

    def text(self) -> str:
        return next(p.get_content() for p in self.inner.walk() if p.get_content_type() == "text/plain")


def open_parcel(account: Account, mail: Mail) -> Parcel:
    """Decrypts and verifies with the gpg program, on the account's key ring, as strictly as the protocol asks."""
    sealed = list(mail.message.iter_parts())[-1].get_content()
    done = subprocess.run(
        ["gpg", "--batch", "--quiet", "--no-auto-check-trustdb", "--status-fd", "2", "--decrypt"], **account.identity,
        input=sealed if isinstance(sealed, bytes) else sealed.encode(), capture_output=True, timeout=60)
    status = [line.split() for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("[GNUPG:] ")]
    valid = [words for words in status if words[1] == "VALIDSIG"]
    good = {words[1] for words in status}
    if done.returncode != 0 or len(valid) != 1 or not {"GOODMDC", "DECRYPTION_OKAY", "GOODSIG"} <= good:
        raise Failed(f"gpg does not open {mail.header('Message-ID')} of {account.short}: {done.stderr.decode(errors='replace')}")
    inner = email.message_from_bytes(done.stdout, policy=email.policy.default)
    return Parcel(mail, valid[0][-1], inner)


def parcels(account: Account, sender: Account) -> list[Parcel]:
    """What one account sent to another, as it lies in the other's own folder."""
    return [open_parcel(account, mail) for mail in mails(account, OWN_FOLDER, "FROM", sender.address)]


def fingerprint(account: Account) -> str:
    """The primary key of an account, as its gpg lists it; empty while the daemon has not yet started the agent that gpg asks."""
    if not account.fingerprint:
        done = subprocess.run(
            ["gpg", "--batch", "--with-colons", "--list-secret-keys"], **account.identity, capture_output=True, text=True,
            timeout=60)
        found = [line.split(":")[9] for line in done.stdout.splitlines() if line.startswith("fpr:")]
        account.fingerprint = found[0] if found else ""
    return account.fingerprint


# Databases ------------------------------------------------------------------------------------------------------


def rows(account: Account, query: str) -> list[dict]:
    """Asks the account's database with the sqlite3 program, as the account's user: another user's files beside the
    database would lock the daemon out."""
    done = subprocess.run(
        ["sqlite3", "-readonly", "-json", "-cmd", ".timeout 5000", account.home / "socialnet.sqlite", query],
        **account.identity, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failed(f"sqlite3 on {account.short}'s database: {done.stderr.strip()}")
    return json.loads(done.stdout or "[]")
