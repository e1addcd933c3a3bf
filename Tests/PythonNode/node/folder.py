"""The folder driver: a parcel is a file in a directory. The page "Drivers" of Protocol.md."""

import hashlib
import os
import secrets
from pathlib import Path
from urllib.parse import unquote


def directory(endpoint):
    """The directory that an endpoint names, or None."""
    return Path(unquote(endpoint.removeprefix("file://"))) if endpoint.startswith("file:///") else None


def deliver(endpoint, message):
    """Written beside, synced, and renamed to its hash: a reader never sees half of it."""
    place = directory(endpoint)
    beside = place / f".tmp-{secrets.token_hex(8)}"
    with open(beside, "xb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())
    final = place / f"{hashlib.sha256(message).hexdigest()}.eml"
    beside.rename(final)
    return final


def waiting(place):
    return [file for file in sorted(place.glob("*.eml")) if not file.name.startswith(".")]
