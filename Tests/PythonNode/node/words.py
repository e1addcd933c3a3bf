"""Text forms, keys and formulas: the pages "Bytes" and "Formulas" of Protocol.md, line by line."""

import base64
import hashlib
import hmac
import os
import re
import time
from datetime import datetime, timezone

from nacl import bindings, exceptions


class Refused(Exception):
    """What did not pass: the gate's name and the reason."""

    def __init__(self, reason, gate="packet"):
        super().__init__(reason)
        self.gate, self.reason = gate, reason


# Text forms ----------------------------------------------------------------------------------------------------------

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, length=None):
    """Strict: only what this module would write again, bit for bit."""
    if not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise Refused(f"not base64url: {text[:20]}")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(data) != text or length not in (None, len(data)):
        raise Refused(f"stray bits or another length: {text[:20]}")
    return data


def author_text(key):
    return "ed25519:" + b64(key)


def author_key(text):
    if not text.startswith("ed25519:"):
        raise Refused("an author of another sort")
    return unb64(text[8:], 32)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def milliseconds():
    return int(time.time() * 1000)


def instant(ms=None):
    ms = milliseconds() if ms is None else ms
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03}Z"


def is_instant(text):
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", text):
        return False
    try:
        datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return int(text[17:19]) < 60


def packet_id():
    """UUIDv7, RFC 9562 section 5.7: 48 bits of milliseconds, the version, the variant, and the rest at random."""
    bits = (milliseconds() & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(3 << 62) | 2 << 62
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


# Keys and formulas ---------------------------------------------------------------------------------------------------

def public_key(seed):
    return bindings.crypto_sign_seed_keypair(seed)[0]


def sign(seed, document):
    key, secret = bindings.crypto_sign_seed_keypair(seed)
    return bindings.crypto_sign(b"SocialNet-packet-1\0" + document, secret)[:64]


def verifies(key, document, signature):
    """libsodium refuses what the page refuses: S, keys and R that are not canonical or of small order."""
    if len(signature) != 64:
        return False
    try:
        bindings.crypto_sign_open(signature + b"SocialNet-packet-1\0" + document, key)
    except exceptions.BadSignatureError:
        return False
    return True


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(key, info):
    """RFC 5869 with SHA-256: an empty salt counts as 32 zero bytes, and 32 bytes need one round."""
    return mac(mac(bytes(32), key), info + b"\x01")


def binding_text(author, fingerprint):
    return b"SocialNet-author-1\0" + author + bytes.fromhex(fingerprint)


def key_change_text(author, old, new, revision):
    return b"SocialNet-key-change-1\0" + author + bytes.fromhex(old) + bytes.fromhex(new) + revision.to_bytes(8, "big")


def pair_key(author, half, other, other_half):
    (low, low_half), (high, high_half) = sorted([(author, half), (other, other_half)])
    return hkdf(low_half + high_half, b"SocialNet-pair-1\0" + low + high)


def audience_tag(key, salt):
    return mac(key, b"SocialNet-audience-1\0" + salt)[:8]


def invitation_id(secret):
    return hashlib.sha256(secret).digest()[:8]


def proof(secret, inviter_fingerprint, inviter, invitee_fingerprint, invitee):
    return mac(secret, b"SocialNet-invite-1\0request\0" + bytes.fromhex(inviter_fingerprint) + inviter
               + bytes.fromhex(invitee_fingerprint) + invitee)


def comparison_code(fingerprint, other, s):
    low, high = sorted([bytes.fromhex(fingerprint), bytes.fromhex(other)])
    head = hashlib.sha256(b"SocialNet-sas-1\0" + low + high + s).digest()[:8]
    return f"{int.from_bytes(head, 'big') % 10**8:08}"


def search_token(key, seeker, helper, session):
    return hkdf(key, b"SocialNet-token-1\0" + seeker + helper + session)


def padme(length):
    if length <= 2:
        return length
    exponent = length.bit_length() - 1
    unit = 1 << (exponent - exponent.bit_length())
    return -(-length // unit) * unit
