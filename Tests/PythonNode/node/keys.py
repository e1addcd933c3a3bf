"""Whose key counts, and where somebody is reached: the page "Keys and addresses" of Protocol.md. What is done here follows from
what contacts say; this node's own key and endpoint stay what they are."""

import os

from . import folder, openpgp, words
from .document import element
from .node import DAY, MoveCheck, Node, Replaced
from .words import Refused, b64, unb64


def endpoints_in(action):
    """Of a profile or a move, those that count: of the first ten, those of at most 1,000 bytes, each once."""
    said = [one.get("uri") for one in action.all("endpoint")][:10]
    return list(dict.fromkeys(uri for uri in said if len(uri.encode()) <= 1000))


class Keys(Node):
    # The page Gates, "Signer" ----------------------------------------------------------------------------------------

    def check_standing(self, contact, signer, packet):
        """Asked of each packet when its turn comes: one before it in the parcel may have changed what the key is."""
        kind = None if packet.held else packet.kind
        if signer in self.revoked:
            raise Refused("under a key that was taken back", "signer")
        if contact.state == "frozen" and kind != "revoke":
            raise Refused("frozen, and no revoke", "signer")
        if signer != contact.fingerprint and kind not in ("key-change", "revoke"):
            raise Refused("under a key that another took the place of", "signer")

    # Keys ------------------------------------------------------------------------------------------------------------

    def take_key_change(self, contact, packet, came):
        action, revision = packet.action, int(packet.action.get("revision"))
        certificate = unb64(action.child("certificate").text)
        new, key_ids = self.read_key_change(contact, came.signer, action, certificate)
        if came.signer != contact.fingerprint:
            # The same word again changes nothing. Another one: two who hold the old key, of whom one is not the contact.
            if new != contact.replaced[came.signer].by:
                contact.state = "frozen"
            return
        # The keyring has every key that was ever pinned, of whomever, and this node's own.
        if key_ids & self.gpg.key_ids():
            raise Refused("a key-change to a key that was known, or that shares a key id with one that is")
        if revision <= contact.key_revision:
            raise Refused("a key-change that is not newer than the one before")
        self.gpg.import_certificate(certificate)
        contact.replaced[contact.fingerprint] = Replaced(contact.certificate, new)
        contact.fingerprint, contact.certificate, contact.key_revision = new, certificate, revision

    def read_key_change(self, contact, signer, action, certificate):
        """(fingerprint, key ids) of the new key. Old and new key both signed the change, and the new one can be encrypted to."""
        old_signature, new_signature = (unb64(one.text) for one in action.all("signature"))
        author, revision = words.author_key(contact.author), int(action.get("revision"))
        try:
            with openpgp.scratch(certificate) as home:
                text = words.key_change_text(author, signer, home.fingerprint, revision)
                good = (self.gpg.verifies_detached(text, old_signature, signer)
                        and home.verifies_detached(text, new_signature, home.fingerprint))
                new = home.fingerprint, home.key_ids()
        except Refused as refusal:
            raise Refused(f"a key-change: {refusal}") from None
        if not good:
            raise Refused("a key-change without the good signatures of both keys")
        return new

    def take_revoke(self, contact, packet, came):
        """Whatever was said before, the key counts for nothing any more, be it the pinned one or one before it."""
        pinned = came.signer == contact.fingerprint
        certificate = contact.certificate if pinned else contact.replaced[came.signer].certificate
        if not openpgp.takes_back(certificate, unb64(packet.action.text)):
            raise Refused("a revoke that does not take back its signer's key, or is more than that")
        self.revoked.add(came.signer)
        contact.state = "frozen"

    # Addresses -------------------------------------------------------------------------------------------------------

    def know_endpoints(self, contact, profile):
        """What came with a request or an accept is what is known to begin with."""
        contact.endpoints, contact.endpoints_revision = endpoints_in(profile), int(profile.get("revision"))

    def hear_endpoints(self, contact, action):
        """A profile or a move: what is known of the newest word counts at once, and the rest is tried out, where it can be."""
        endpoints, revision = endpoints_in(action), int(action.get("revision"))
        if not endpoints or revision <= contact.endpoints_revision:
            return
        contact.endpoints_revision = revision
        # The newest word counts alone; move and profile say the same one twice.
        if contact.check and contact.check.endpoints == endpoints and words.milliseconds() - contact.check.sent < 6 * DAY:
            return
        contact.check = None
        known = [one for one in endpoints if one in contact.endpoints]
        provable = [one for one in endpoints if one not in contact.endpoints and folder.directory(one)]
        if known and (contact.endpoint in known or not provable):  # where all goes to stays until another place is proved
            contact.endpoints = known
        self.check_endpoints(contact, endpoints)

    def check_endpoints(self, contact, endpoints):
        """Nothing is tried again here, so a directory that is not there (yet) is left out for good."""
        now = words.milliseconds()
        contact.checked = [sent for sent in contact.checked if now - sent < DAY]
        new = [one for one in endpoints if one not in contact.endpoints
               and folder.directory(one) and folder.directory(one).is_dir()][:5 - len(contact.checked)]
        contact.check = MoveCheck({b64(os.urandom(16)): one for one in new}, endpoints, now) if new else None
        for nonce, endpoint in contact.check.nonces.items() if new else ():
            contact.checked.append(now)
            signed = self.say(element("move-check", element("nonce", nonce)), contact.private_stream, contact.author,
                              f"{self.name} looks whether a new address works.")
            self.send(contact, [signed], endpoint=endpoint)

    def take_move(self, contact, packet, came):
        self.hear_endpoints(contact, packet.action)

    def take_move_check(self, contact, packet, came):
        """That it came here is what its sender wants to know."""
        action = element("move-answer", element("nonce", packet.action.child("nonce").text))
        signed = self.say(action, contact.private_stream, contact.author, f"{self.name} is reached at the new address.")
        self.send(contact, [signed])

    def take_move_answer(self, contact, packet, came):
        sent, nonce = contact.check, packet.action.child("nonce").text
        if sent and nonce in sent.nonces and words.milliseconds() - sent.sent <= 30 * DAY:
            proved = sent.nonces.pop(nonce)
            contact.endpoints = [one for one in sent.endpoints if one == proved or one in contact.endpoints]
