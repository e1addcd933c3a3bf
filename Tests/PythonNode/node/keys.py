"""Where somebody is reached: the page "Keys and addresses" of Protocol.md. What is done here follows from what contacts say."""

import os

from . import folder, words
from .document import element
from .node import DAY, MoveCheck, Node
from .words import b64


def endpoints_in(action):
    """Of a profile or a move, those that count: ten, of at most 1,000 bytes."""
    said = [one.get("uri") for one in action.all("endpoint")]
    return [uri for uri in said if len(uri.encode()) <= 1000][:10]


class Keys(Node):
    # Addresses -------------------------------------------------------------------------------------------------------

    def know_endpoints(self, contact, profile):
        """What came with a request or an accept is what is known to begin with."""
        contact.endpoints, contact.endpoints_revision = endpoints_in(profile), int(profile.get("revision"))

    def hear_endpoints(self, contact, action):
        """A profile or a move: nothing changes yet, and the newest word is tried out, where it can be."""
        endpoints, revision = endpoints_in(action), int(action.get("revision"))
        if revision <= contact.endpoints_revision:
            return
        contact.endpoints_revision = revision
        if action.local == "move" or endpoints != contact.endpoints:
            self.check_endpoints(contact, endpoints)

    def check_endpoints(self, contact, endpoints):
        reached = next((one for one in endpoints if folder.directory(one)), None)
        now = words.milliseconds()
        contact.checked = [sent for sent in contact.checked if now - sent < DAY]
        # Nothing is tried again here, so a directory that is not there (yet) leaves everything as it is.
        if reached is None or not folder.directory(reached).is_dir() or len(contact.checked) >= 5:
            return
        contact.check = MoveCheck(b64(os.urandom(16)), endpoints, now)
        contact.checked.append(now)
        signed = self.say(element("move-check", element("nonce", contact.check.nonce)), contact.private_stream, contact.author,
                          f"{self.name} looks whether a new address works.")
        self.send(contact, [signed], endpoint=reached)

    def take_move(self, contact, packet, came):
        self.hear_endpoints(contact, packet.action)

    def take_move_check(self, contact, packet, came):
        """That it came here is what its sender wants to know."""
        action = element("move-answer", element("nonce", packet.action.child("nonce").text))
        signed = self.say(action, contact.private_stream, contact.author, f"{self.name} is reached at the new address.")
        self.send(contact, [signed])

    def take_move_answer(self, contact, packet, came):
        sent = contact.check
        if sent and packet.action.child("nonce").text == sent.nonce and words.milliseconds() - sent.sent <= 30 * DAY:
            contact.endpoints, contact.check = sent.endpoints, None
