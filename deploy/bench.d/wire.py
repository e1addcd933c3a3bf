"""Mailboxes from the outside: filled, emptied and watched by bare conversations."""

import email
import re
import smtplib
import socket
import threading
import time

from account import Account
from witness import Mailbox

CHUNK = 500


def deliver(accounts: list[Account], mail: bytes) -> float:
    """Hands a mail to mailboxes by LMTP, as a provider's MX does. Returns when the last one has it (monotonic)."""
    socket_path = str(accounts[0].directory.parent / "mail/run/lmtp")
    with smtplib.LMTP(socket_path, local_hostname="bench.example.test") as lmtp:
        # One transaction each: smtplib knows nothing of LMTP's answer for every recipient (RFC 2033 4.2).
        for account in accounts:
            lmtp.sendmail("bench@example.test", [account.address], mail)
        return time.monotonic()


def append(account: Account, mails: list[bytes]) -> None:
    """Puts mails into INBOX, hundreds in one command (RFC 3502, RFC 7888)."""
    with socket.create_connection((account.provider["HOST"], int(account.provider["IMAP_PORT"]))) as server:
        lines = server.makefile("rb")
        lines.readline()
        for start in [None, *range(0, len(mails), CHUNK)]:
            if start is None:
                command = f"a LOGIN {account.short} {account.password}".encode()
            else:
                some = mails[start : start + CHUNK]
                command = b"a APPEND INBOX" + b"".join(b" {%d+}\r\n" % len(mail) + mail for mail in some)
            server.sendall(command + b"\r\n")
            while not (line := lines.readline()).startswith(b"a "):
                if not line:
                    raise OSError("the IMAP server hung up")
            if not line.startswith(b"a OK"):
                raise OSError(f"the IMAP server said {line!r}")


PRIVATE = "eva@elsewhere.test"


def private_mail(number: int) -> bytes:
    body = f"Will you come for cake on Sunday, and bring number {number}? " * (1 + number % 20)
    return (
        f"From: Aunt Eva <{PRIVATE}>\r\nTo: <somebody@example.test>\r\nSubject: Sunday {number}\r\n"
        f"Message-ID: <{number}@elsewhere.test>\r\nDate: Sat, 2 Nov 2024 10:00:00 +0000\r\n\r\n{body}\r\n").encode()


def untouched(account: Account) -> int:
    """How many private mails lie in INBOX as they came: not read, not marked, not deleted."""
    with Mailbox(account) as mailbox:
        mailbox.server.select("INBOX", readonly=True)
        _, [uids] = mailbox.server.uid("SEARCH", "UNSEEN", "UNFLAGGED", "UNDELETED", "FROM", PRIVATE)
        return len(uids.split())


def take_out(account: Account, folder: str = "INBOX") -> list[bytes]:
    """The parcels in a folder, byte for byte; the folder is empty afterwards."""
    with Mailbox(account) as mailbox:
        if mailbox.server.select(folder)[0] != "OK":
            return []
        _, parts = mailbox.server.uid("FETCH", "1:*", "(BODY.PEEK[])")
        mailbox.server.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)")
        mailbox.server.expunge()
        return [part[1] for part in parts if isinstance(part, tuple) and b"\nSocialNet-Parcel:" in part[1]]


def as_submitted(mail: bytes) -> bytes:
    """A mail without what the servers wrote on top of it."""
    while match := re.match(rb"(?i)(Return-Path|Delivered-To|Received|X-Original-To):.*\r\n([ \t].*\r\n)*", mail):
        mail = mail[match.end():]
    return mail


def sealed_part(mail: bytes) -> bytes:
    """The OpenPGP message in a parcel (RFC 3156 4: the second part)."""
    return list(email.message_from_bytes(mail).walk())[-1].get_payload(decode=True)


class Watcher:
    """A bare IDLE client: notes when the server tells of new mail."""

    def __init__(self, account: Account):
        self.told: list[float] = []
        self.server = socket.create_connection((account.provider["HOST"], int(account.provider["IMAP_PORT"])))
        self.lines = self.server.makefile("rb")
        for command in (f"LOGIN {account.short} {account.password}", "SELECT INBOX"):
            self.server.sendall(f"a {command}\r\n".encode())
            while not self.lines.readline().startswith(b"a "):
                pass
        self.server.sendall(b"a IDLE\r\n")
        self.lines.readline()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.lines:
            if line.rstrip().endswith(b"EXISTS"):
                self.told.append(time.monotonic())

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
