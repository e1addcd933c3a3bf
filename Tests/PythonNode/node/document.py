"""XML: documents counted and parsed with expat, and text written. Steps 1 to 4 of "Reading" in Protocol.md."""

import re
from xml.parsers import expat

from .words import Refused

NAMESPACE = "urn:socialnet:1"


class Element:
    """Names are (namespace, local name); children are elements and strings in their order."""

    def __init__(self, name, attributes, children=()):
        self.name, self.attributes, self.children = name, attributes, list(children)

    @property
    def local(self):
        return self.name[1]

    @property
    def elements(self):
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def text(self):
        return "".join(child for child in self.children if isinstance(child, str))

    def get(self, attribute, default=None):
        return self.attributes.get(("", attribute), default)

    def all(self, local):
        return [child for child in self.elements if child.name == (NAMESPACE, local)]

    def child(self, local):
        return next(iter(self.all(local)), None)

    def walk(self):
        yield self
        for child in self.elements:
            yield from child.walk()

    def __eq__(self, other):
        return isinstance(other, Element) and (self.name, self.attributes, self.children) == (
            other.name, other.attributes, other.children)


def split(name):
    return tuple(name.split("\n", 1)) if "\n" in name else ("", name)


def parse(document):
    if len(document) > 262_144:
        raise Refused("more than 262,144 bytes")
    if document.startswith(b"\xef\xbb\xbf") or b"\0" in document:
        raise Refused("a byte order mark or a zero byte")
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None
    if b"<!" in document or b"<?" in document:
        raise Refused("<! or <?")
    root = Element(("", ""), {})
    open_elements, total, declared = [root], [0], [0]

    def declare(prefix, uri):
        declared[0] += 1

    def begin(name, attributes):
        total[0] += 1
        if len(open_elements) > 16 or total[0] > 10_000 or len(attributes) + declared[0] > 100:
            raise Refused("too many levels, elements or attributes")
        declared[0] = 0
        element = Element(split(name), {split(key): value for key, value in attributes.items()})
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(name):
        if len(open_elements.pop().text.encode()) > 65_536:
            raise Refused("more than 65,536 bytes of text in an element")

    def characters(data):
        children = open_elements[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)

    parser = expat.ParserCreate("UTF-8", "\n")
    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise Refused(f"not well-formed: {error}") from None
    return root.elements[0]


# Writing -------------------------------------------------------------------------------------------------------------

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(words):
    words = NOT_XML.sub("", words).replace("\r\n", "\n").replace("\r", "\n")
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(words):
    return text(words).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def element(local, inside="", **attributes):
    """`inside` is XML already; attributes with None are left out."""
    written = "".join(f' {name}="{attribute(str(value))}"' for name, value in attributes.items() if value is not None)
    return f"<{local}{written}>{inside}</{local}>" if inside else f"<{local}{written}/>"
