"""The strict schema, read from packet.rng: what a place allows, and whether an element matches. Only the parts of RELAX NG
that the schema uses."""

import re
from pathlib import Path
from xml.etree import ElementTree

from .document import NAMESPACE, Element
from .words import Refused, is_instant, unb64

RNG = "{http://relaxng.org/ns/structure/1.0}"
SOURCE = Path(__file__).parents[3] / "Sources/Packets/Schemas/packet.rng"
GROUPS = {"group", "choice", "optional", "zeroOrMore", "oneOrMore", "start", "define", "element"}
grammar = ElementTree.parse(SOURCE).getroot()
defines = {define.get("name"): define for define in grammar.iter(RNG + "define")}
start = grammar.find(RNG + "start")


def kind(pattern):
    return pattern.tag[len(RNG):]


def members(pattern):
    """What stands directly in a pattern: elements, attributes, text, data and values; references and groups are opened."""
    for inner in pattern:
        if kind(inner) == "ref":
            yield from members(defines[inner.get("name")])
        elif kind(inner) in GROUPS - {"element"}:
            yield from members(inner)
        else:
            yield inner


def content(pattern):
    """An element's or attribute's patterns without the name class."""
    return [inner for inner in pattern if kind(inner) not in ("anyName", "name")]


def is_open(pattern):
    return pattern.find(RNG + "anyName") is not None


# Skipping, by place (step 9) -----------------------------------------------------------------------------------------

def skip(element, patterns):
    """Takes away what no pattern with this path allows. `patterns` are all element patterns of the path."""
    inner = [member for pattern in patterns for member in members(pattern)]
    if any(kind(member) == "element" and is_open(member) for member in inner):
        return element  # below journal everything stays
    attributes = {("", member.get("name")) for member in inner if kind(member) == "attribute"}
    elements = {}
    for member in inner:
        if kind(member) == "element":
            elements.setdefault((NAMESPACE, member.get("name")), []).append(member)
    has_text = any(kind(member) in ("text", "data", "value") for member in inner)
    children = []
    for child in element.children:
        if isinstance(child, Element):
            if child.name in elements:
                children.append(skip(child, elements[child.name]))
        elif has_text:
            children.append(child)
    if has_text:
        children = ["".join(children)] if not elements else children
    kept = {name: value for name, value in element.attributes.items() if name in attributes}
    return Element(element.name, kept, children)


# Matching (steps 10 and 11) ------------------------------------------------------------------------------------------

def is_bytes(value):
    try:
        unb64(value)
    except Refused:
        return False
    return True


EXACT = {"number": lambda value: int(value) < 2**53, "count": lambda value: int(value) < 2**53, "bytes": is_bytes,
         "instant": is_instant}


def fits(pattern, value):
    """Whether a string is what the patterns inside an attribute, or data, allow: exactly, no white space around it."""
    which = kind(pattern)
    if which == "ref":
        name = pattern.get("name")
        inner = all(fits(part, value) for part in defines[name])
        return inner and EXACT.get(name, lambda value: True)(value)
    if which == "choice":
        return any(fits(part, value) for part in pattern)
    if which == "value":
        return value == pattern.text
    if which == "data":
        if pattern.get("type") == "NMTOKEN":
            return re.fullmatch(r"[\w.:\-·]+", value) is not None
        return all(re.fullmatch(parameter.text, value) for parameter in pattern)
    return which == "text"


def advance(pattern, element, items, states):
    """The states that can follow: how many items are used, and which attributes."""
    which = kind(pattern)
    if which == "ref":
        definition = defines[pattern.get("name")]
        parts = list(definition)
        if len(parts) == 1 and kind(parts[0]) == "data":
            return advance_data(pattern, items, states)
        return sequence(parts, element, items, states)
    if which in ("group", "start"):
        return sequence(pattern, element, items, states)
    if which == "choice":
        return {state for part in pattern for state in advance(part, element, items, states)}
    if which == "optional":
        return states | sequence(pattern, element, items, states)
    if which in ("zeroOrMore", "oneOrMore"):
        reached = set(states) if which == "zeroOrMore" else set()
        fresh = states
        while fresh:
            fresh = sequence(pattern, element, items, fresh) - reached
            reached |= fresh
        return reached
    if which == "attribute":
        name = ("", pattern.get("name"))
        value = element.attributes.get(name)
        if value is None or not all(fits(part, value) for part in content(pattern)):
            return set()
        return {(position, used | {name}) for position, used in states if name not in used}
    if which == "element":
        return {(position + 1, used) for position, used in states
                if position < len(items) and isinstance(items[position], Element) and matches(pattern, items[position])}
    if which == "text":
        return states | {(position + 1, used) for position, used in states
                         if position < len(items) and isinstance(items[position], str)}
    if which in ("data", "value"):
        return advance_data(pattern, items, states)
    return states if which == "empty" else set()


def advance_data(pattern, items, states):
    value = items[0] if items and isinstance(items[0], str) else ""
    return {(len(items), used) for position, used in states if position == 0} if fits(pattern, value) else set()


def sequence(parts, element, items, states):
    for part in parts:
        states = advance(part, element, items, states)
    return states


def matches(pattern, element):
    if is_open(pattern):
        return True
    if element.name != (NAMESPACE, pattern.get("name")):
        return False
    items = [child for child in element.children if isinstance(child, Element) or child]
    ends = sequence(content(pattern), element, items, {(0, frozenset())})
    return (len(items), frozenset(element.attributes)) in ends


packet_pattern = start.find(RNG + "element")


def strict(root):
    """What is left of a packet when all is skipped that its place does not allow, if that matches."""
    cleaned = skip(root, [packet_pattern])
    if not matches(packet_pattern, cleaned):
        raise Refused(f"the schema does not allow this {' '.join(child.local for child in cleaned.elements)}")
    return cleaned
