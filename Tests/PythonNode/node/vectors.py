"""Holds this reader against the conformance vectors."""

import json
import re
from pathlib import Path

from . import packets, words
from .words import Refused, author_key, unb64

VECTORS = Path(__file__).parents[3] / "Sources/Conformance/Vectors"


def load(file):
    data = (VECTORS / file).read_bytes()
    if file.endswith(".template"):
        data = re.sub(rb"\{\{(\d+)\xc3\x97(.*?)\}\}", lambda found: found[2] * int(found[1]), data, flags=re.S)
    return data


def outcome(vector):
    data = load(vector["file"])
    if not words.verifies(author_key(vector["author"]), data, unb64(vector["signature"])):
        return {"outcome": "signature"}
    try:
        packet = packets.read(data, vector["features"])
    except Refused as refusal:
        return {"outcome": "refused", "said": refusal.reason}
    if packet.held:
        return {"outcome": "held", **packet.held._asdict()}
    answer = {"outcome": "understood"}
    if "sameAs" in vector:
        other = packets.read(load(vector["sameAs"]))
        alike = (packet.name, packet.created, packet.stream, packet.action) == (other.name, other.created, other.stream, other.action)
        answer["sameAs"] = vector["sameAs"] if alike else "reads differently"
    return answer


def formula(name, given):
    def value(key):
        text = given.get(key)
        return text and (author_key(text) if text.startswith("ed25519:") else bytes.fromhex(text))

    a, b = value("author A"), value("author B")
    if name == "author":
        return words.author_text(words.public_key(value("seed")))
    if name == "pair key":
        return words.pair_key(a, value("half A"), b, value("half B")).hex()
    if name == "audience tag":
        return words.audience_tag(value("pair key"), value("salt")).hex()
    if name == "invitation id":
        return words.b64(words.invitation_id(value("secret")))
    if name == "proof":
        return words.b64(words.proof(value("secret"), given["fingerprint A"], a, given["fingerprint B"], b))
    if name == "comparison code":
        return words.comparison_code(given["fingerprint A"], given["fingerprint B"], value("secret"))
    if name == "search token":
        return words.search_token(value("pair key"), a, b, value("session")).hex()
    if name == "binding text":
        return words.binding_text(a, given["fingerprint A"]).hex()
    if name == "key change text":
        return words.key_change_text(a, given["fingerprint A"], given["fingerprint B"], int(given["revision"])).hex()
    if name == "author signature":
        return words.b64(words.sign(value("seed"), given["document"].encode()))
    return str(words.padme(int(given["length"])))


def differences():
    """(how many were looked at, what differs)."""
    found = []
    listed = json.loads((VECTORS / "packets.json").read_text())
    for vector in listed:
        mine = outcome(vector)
        wanted = {key: vector[key] for key in ("outcome", "sameAs", "reason", "kind", "fallback") if key in vector}
        if {key: mine.get(key) for key in wanted} != wanted:
            found.append(f"{vector['file']}: {wanted}, here {mine} ({vector['why']})")
    formulas = json.loads((VECTORS / "formulas.json").read_text())
    for entry in formulas:
        mine = formula(entry["formula"], entry["input"])
        if mine != entry["value"]:
            found.append(f"{entry['formula']}: {entry['value']}, here {mine}")
    return len(listed) + len(formulas), found
