"""OpenPGP by the program gpg, one home for each node; and what gpg does not do: armor, and taking session keys apart."""

import base64
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .words import Refused

# What the page "Parcel" asks of writers: SEIPD 1 with AES-256, SHA-512, no compression, version 3 session keys that name a key.
SETTINGS = """cipher-algo AES256
digest-algo SHA512
compress-algo none
trust-model always
no-auto-key-retrieve
no-auto-key-locate
no-encrypt-to
no-throw-keyids
disable-dirmngr
export-options export-minimal
"""

# SHA-256, SHA-384, SHA-512, RFC 4880 section 9.4: a signature with a weaker one counts as none.
DIGESTS = ("8", "9", "10")


class Gpg:
    def __init__(self, home):
        self.home = Path(home)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.home / "gpg.conf").write_text(SETTINGS)
        self.fingerprint = None
        self.options = []

    def run(self, *arguments, given=b"", good=True):
        """(output, status lines). With `good`, a return code other than 0 is an error."""
        read, write = os.pipe()
        command = ["gpg", "--homedir", str(self.home), "--batch", "--pinentry-mode", "loopback", "--passphrase", "",
                   "--status-fd", str(write), *self.options, *arguments]
        ran = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[write])
        os.close(write)
        output, said = ran.communicate(given, timeout=30)
        with os.fdopen(read, "rb") as pipe:
            status = [line.removeprefix("[GNUPG:] ").split() for line in pipe.read().decode(errors="replace").splitlines()]
        if good and ran.returncode:
            raise Refused(f"gpg {arguments[-1]}: {said.decode(errors='replace').strip()}", "decryption")
        return output, status

    def generate(self):
        _, status = self.run("--quick-generate-key", "socialnet", "ed25519", "cert,sign", "never")
        self.fingerprint = next(line[2] for line in status if line[0] == "KEY_CREATED")
        self.run("--quick-add-key", self.fingerprint, "cv25519", "encr", "never")
        return self.fingerprint

    def import_secret(self, armored):
        """For keys that are no secret: those of the vectors."""
        _, status = self.run("--import", given=armored)
        self.fingerprint = next(line[2] for line in status if line[0] == "IMPORT_OK")

    def certificate(self):
        return self.run("--export", self.fingerprint)[0]

    def import_certificate(self, certificate, usable=True):
        """Exactly one key without a secret, by default one that can be encrypted to; answers its primary fingerprint."""
        # Told apart before anything enters the keyring.
        shown, _ = self.run("--with-colons", "--import-options", "show-only", "--import", given=certificate)
        rows = [line.split(":") for line in shown.decode().splitlines()]
        if [row[0] for row in rows if row[0] in ("pub", "sec")] != ["pub"]:
            raise Refused("a certificate is exactly one public key", "signer")
        # The capitals of the row `pub` say what the key as a whole is good for now: an expired subkey counts for nothing.
        if usable and not any(row[0] == "pub" and "E" in row[11] for row in rows):
            raise Refused("no usable encryption subkey", "signer")
        self.run("--import", given=certificate)
        return next(row[9] for row in rows if row[0] == "fpr")

    def sign_detached(self, text):
        return self.run("--local-user", self.fingerprint + "!", "--detach-sign", given=text)[0]

    def key_ids(self):
        """Of every key and subkey that this home knows."""
        rows = [line.split(":") for line in self.run("--with-colons", "--list-keys")[0].decode().splitlines()]
        return {row[4] for row in rows if row[0] in ("pub", "sub")}

    def verifies_detached(self, text, signature, fingerprint):
        """By the primary key itself, not a subkey; binary, which armor is not, and of type 0x00."""
        if not signature or signature[0] < 0x80:
            return False
        with tempfile.NamedTemporaryFile() as file:
            file.write(signature)
            file.flush()
            _, status = self.run("--verify", file.name, "-", given=text, good=False)
        signatures = [line for line in status if line[0] == "VALIDSIG"]
        kinds = [line[0] for line in status]
        return (kinds.count("NEWSIG") == 1 and "GOODSIG" in kinds and len(signatures) == 1 and signatures[0][9] == "00"
                and signatures[0][8] in DIGESTS and signatures[0][1] == fingerprint == signatures[0][-1])

    def sign_and_encrypt(self, plaintext, fingerprints):
        to = [word for fingerprint in fingerprints for word in ("--recipient", fingerprint)]
        return self.run("--local-user", self.fingerprint + "!", *to, "--sign", "--encrypt", given=plaintext)[0]

    def open(self, message):
        """(plaintext, signer), the signer being the primary fingerprint, or None if gpg does not know the key."""
        plaintext, status = self.run("--decrypt", given=message, good=False)
        kinds = [line[0] for line in status]
        if kinds.count("DECRYPTION_OKAY") != 1 or kinds.count("GOODMDC") != 1 or kinds.count("PLAINTEXT") != 1:
            raise Refused("does not decrypt, whole and protected", "decryption")
        return plaintext, signer(status)

    def open_stranger(self, message, certificate, binding_text, binding):
        """Only the encryption is taken off here; certificate, signature and binding are judged in a home that is thrown away."""
        signed, _ = self.run("--unwrap", "--decrypt", given=message)
        with scratch(certificate) as home:
            plaintext, status = home.run("--decrypt", given=signed, good=False)
            if signer(status, primary_only=True) != home.fingerprint:
                raise Refused("not signed by the certificate's primary key", "signer")
            if not home.verifies_detached(binding_text(home.fingerprint), binding, home.fingerprint):
                raise Refused("the binding is not good", "signer")
            return plaintext, home.fingerprint

    def close(self):
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)
        shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def scratch(certificate, usable=True):
    """A home that knows this one key, and is thrown away."""
    home = Gpg(tempfile.mkdtemp(prefix="scratch-"))
    try:
        home.fingerprint = home.import_certificate(certificate, usable)
        yield home
    finally:
        home.close()


def takes_back(certificate, revocation):
    """Whether this is one signature, and revokes the certificate's primary key."""
    if not is_one_signature(revocation):
        return False
    with scratch(certificate, usable=False) as home:
        home.run("--import", given=revocation, good=False)  # the code says nothing: a home without a trustdb ends it with an error
        rows = [line.split(":") for line in home.run("--with-colons", "--list-keys")[0].decode().splitlines()]
        keys = [(row[1], following[9]) for row, following in zip(rows, rows[1:]) if row[0] == "pub"]
        return keys == [("r", home.fingerprint)]


def signer(status, primary_only=False):
    kinds = [line[0] for line in status]
    valid = [line for line in status if line[0] == "VALIDSIG"]
    if kinds.count("NEWSIG") != 1 or any(kind in kinds for kind in ("BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG")):
        raise Refused("not exactly one good signature", "signer")
    if "NO_PUBKEY" in kinds:
        return None
    if "GOODSIG" not in kinds or len(valid) != 1 or valid[0][8] not in DIGESTS:
        raise Refused("not exactly one good signature by SHA-256 or better", "signer")
    if primary_only and valid[0][1] != valid[0][-1]:
        raise Refused("signed by a subkey", "signer")
    return valid[0][-1]


# Packets of OpenPGP and armor, RFC 4880 ------------------------------------------------------------------------------

def packet_at(message, at):
    """(tag, where the body begins, where it ends) of the packet that begins there: section 4.2."""
    head = message[at]
    if not head & 0x40:  # old format: section 4.2.1
        size = 1 << (head & 3)
        body = at + 1 + size
        return head >> 2 & 0x0F, body, body + int.from_bytes(message[at + 1:body], "big")
    first = message[at + 1]  # new format, one, two or five octets of length: section 4.2.2
    if first < 192:
        return head & 0x3F, at + 2, at + 2 + first
    if first == 255:
        return head & 0x3F, at + 6, at + 6 + int.from_bytes(message[at + 2:at + 6], "big")
    # Partial lengths are for data (section 4.2.2.4), whose end nobody asks for here.
    return head & 0x3F, at + 3, at + 3 + ((first - 192) << 8) + message[at + 2] + 192


def split_session_keys(message):
    """([(key id, packet)], the rest): the public-key encrypted session keys in front (tag 1, section 5.1) and what follows."""
    sessions, at = [], 0
    while True:
        tag, body, end = packet_at(message, at)
        if tag != 1:
            return sessions, message[at:]
        sessions.append((message[body + 1:body + 9].hex().upper(), message[at:end]))
        at = end


def is_one_signature(data):
    """One packet (tag 2, section 5.2) in binary, and nothing beside it."""
    try:
        tag, _, end = packet_at(data, 0)
    except IndexError:
        return False
    return data[0] >= 0x80 and tag == 2 and end == len(data)


def crc24(data):
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc & 0xFFFFFF


def armor(message):
    text = base64.b64encode(message).decode()
    lines = re.findall(".{1,64}", text)
    crc = base64.b64encode(crc24(message).to_bytes(3, "big")).decode()
    return "\r\n".join(["-----BEGIN PGP MESSAGE-----", "", *lines, "=" + crc, "-----END PGP MESSAGE-----", ""]).encode()
