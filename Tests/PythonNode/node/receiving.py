"""What comes in: the gates in their order, and what each action does. The pages Gates.md, "Acquaintance" and "Conversation".
What is said about keys and addresses is in keys.py."""

from collections import namedtuple

from . import folder, packets, parcels, words
from .document import element
from .keys import Keys
from .node import DAY, Contact
from .packets import HANDED_ON
from .words import Refused, unb64

# With what a packet came: the primary key that sealed the parcel, the author's signature, and the packets that others embed.
Came = namedtuple("Came", "signer signature embedded")


class Receiver(Keys):
    def receive(self):
        """Every parcel that lies there; answers how many. Deleted once it was decided."""
        files = folder.waiting(self.inbox)
        for file in files:
            try:
                self.take(file.read_bytes())
            except Refused as refusal:
                self.refuse(refusal)
            file.unlink()
        return len(files)

    def refuse(self, refusal):
        self.refused.append((refusal.gate, refusal.reason))

    def take(self, data):
        message = parcels.shape(data)
        if message is None:
            return
        plaintext, signer = self.gpg.open(message)
        if len(plaintext) > min(64 << 20, 100 * len(message) + (1 << 20)):
            raise Refused("a small ciphertext that grows without end", "decryption")
        contact = next((one for one in self.contacts.values() if signer == one.fingerprint or signer in one.replaced), None)
        if signer in self.revoked or contact is not None and contact.state == "blocked":
            raise Refused("blocked, or under a key that was taken back", "signer")
        if contact is None or contact.state == "none":
            self.take_stranger(message, plaintext)
            return
        opened = parcels.contents(plaintext)
        self.check_audience(opened, self.pair_key(contact))
        if contact.state == "asked" and self.first_kind(opened) not in ("contact-accept", "contact-request"):
            raise Refused("asked by me, and neither an accept nor a request", "signer")
        self.blobs.update({hash_: blob.data for hash_, blob in opened.blobs.items()})
        self.take_packets(contact, signer, opened)

    def check_audience(self, opened, pair_key):
        if opened.audience is None or not parcels.names(opened.audience, self.gpg.fingerprint, pair_key):
            raise Refused("not meant for this node", "audience")

    def first_kind(self, opened):
        try:
            return packets.read(opened.parts[0].document).kind
        except (Refused, IndexError):
            return None

    def take_packets(self, contact, signer, opened):
        if not opened.parts:
            raise Refused("an inside without packets")
        embedded = {words.sha256(part.document): part for part in opened.parts}
        named = set()
        for part in opened.parts:
            try:
                packet = packets.read(part.document)
                named |= {inner.get("sha256") for inner in packet.action.all("embedded")} if not packet.held else set()
            except Refused:
                continue
        for part in opened.parts:
            if words.sha256(part.document) in named:
                continue
            try:
                self.take_packet(contact, part, signer, embedded, alone=len(opened.parts) == 1)
            except Refused as refusal:
                self.refuse(refusal)

    # One packet -------------------------------------------------------------------------------------------------------

    def take_packet(self, contact, part, signer, embedded, alone):
        packet = packets.read(part.document)
        self.check_standing(contact, signer, packet)
        signature = parcels.signature(part)
        packets.verify(packet, signature)
        if packet.author != contact.author:
            raise Refused("another author than the one pinned for this signer")
        if packet.stream and packet.stream.to not in (None, self.author):
            raise Refused("written to somebody else")
        if not self.note_place(packet):
            return
        if packet.held:
            self.held.append((packet.held, packet))
            if packet.stream and packet.held.reason not in contact.told:
                contact.told.add(packet.held.reason)
                inside = self.reference_xml("target", (packet.author, packet.id, packet.sha256))
                self.send(contact, [self.say(element("unsupported", inside, reason=packet.held.reason))])
            return
        if contact.state == "asked" and packet.kind not in ("contact-accept", "contact-request"):
            raise Refused("asked by me")
        if packet.kind == "contact-request" and not alone:
            raise Refused("a request that is not alone in its parcel")
        for hash_, size in packet.blobs.items():
            if hash_ in self.blobs and len(self.blobs[hash_]) != size:
                raise Refused("a blob of another length", "blobs")
        if packet.kind in packets.ONLY_READ:
            self.only_read.append(packet)
            return
        take = getattr(self, "take_" + packet.kind.replace("-", "_"), None)
        if take is None:
            raise Refused("not allowed here")
        take(contact, packet, Came(signer, signature, embedded))

    def note_place(self, packet):
        """False for a duplicate."""
        if self.known.get(packet.name, packet.sha256) != packet.sha256:
            raise Refused("other bytes under a known name", "order")
        if packet.name in self.known:
            return False
        if packet.stream and packet.stream.sequence:
            place = packet.author, packet.stream.id
            # Of what is held only whether there is a `to` is known, so it fixes nothing.
            if not packet.held and self.kinds.setdefault(place, packet.stream_kind) != packet.stream_kind:
                raise Refused("a stream that was begun as one of another kind")
            self.seen.setdefault(place, set()).add(packet.stream.sequence)
        self.known[packet.name] = packet.sha256
        return True

    def take_contact_accept(self, contact, packet, came):
        if contact.request_id is None or packet.action.get("request") != contact.request_id:
            raise Refused("names no open request")
        self.check_pinned(contact, packet)
        contact.request_id = None
        if contact.state == "asked":  # where both had asked, their request brought the half, and memberships went out already
            contact.half = unb64(packet.action.child("half").text, 32)
            contact.state = "contact"
            self.know_endpoints(contact, packet.action.child("profile"))
            self.send(contact, [self.membership(contact), self.profile])

    def take_contact_request(self, contact, packet, came):
        """Of somebody whom I asked too, or who is a contact already: their new half counts, mine is repeated."""
        self.check_pinned(contact, packet)
        profile = packet.action.child("profile")
        invited = self.use_invitation(packet, contact.fingerprint)
        if contact.state == "asked" or invited:
            self.know_endpoints(contact, profile)
        contact.half = unb64(packet.action.child("half").text, 32)
        self.accept_request(contact, packet)
        if not invited:
            self.hear_endpoints(contact, profile)

    def check_pinned(self, contact, packet):
        if unb64(packet.action.child("certificate").text) != contact.certificate:
            raise Refused("another certificate than the one pinned")
        self.check_binding(contact, packet, packet.action.child("profile"))

    def check_binding(self, contact, packet, profile):
        binding = profile.child("binding")
        text = words.binding_text(words.author_key(packet.author), contact.fingerprint)
        good = binding.get("fingerprint") == contact.fingerprint and self.gpg.verifies_detached(
            text, unb64(binding.text), contact.fingerprint)
        if not good:
            raise Refused("a profile that is bound to another key")
        contact.profile = {"name": profile.child("name").text, "revision": int(profile.get("revision"))}

    def take_profile(self, contact, packet, came):
        if int(packet.action.get("revision")) >= contact.profile.get("revision", -1):
            self.check_binding(contact, packet, packet.action)
            self.hear_endpoints(contact, packet.action)

    def take_membership(self, contact, packet, came):
        if packet.action.get("first"):
            contact.memberships[packet.action.get("stream")] = int(packet.action.get("first"))

    def take_status(self, contact, packet, came):
        self.appear(packet, "status", packet.action.child("text").text)

    def take_photo(self, contact, packet, came):
        caption = packet.action.child("caption")
        self.appear(packet, "photo", caption.text if caption is not None else "")

    def take_message(self, contact, packet, came):
        self.appear(packet, "message", packet.action.child("text").text)

    def appear(self, packet, kind, said, introduced_by=None):
        """A new item, with the edit or retract that came before it."""
        self.show(packet, kind, said, introduced_by)
        for waiting, take in ((self.edits, self.apply_edit), (self.retracts, self.apply_retract)):
            for other in waiting.pop(packet.name, []):
                take(other)

    def go_on(self, name):
        """What is said about something waits for it. One after the other: a chain is as long as others like."""
        here = [name]
        for name in here:
            for contact, packet, came, apply in self.answers.pop(name, []):
                self.take_written_to_me(contact, packet, came, apply, goes_on=False)
                here.append(packet.name)

    def take_edit(self, contact, packet, came):
        if packet.reference("root"):
            self.take_written_to_me(contact, packet, came, self.apply_edit)
        else:
            self.apply_edit(packet)

    def take_retract(self, contact, packet, came):
        if packet.reference("root"):
            self.take_written_to_me(contact, packet, came, self.apply_retract)
        else:
            self.apply_retract(packet)

    def apply_edit(self, packet):
        target = packet.reference("target")
        item = self.items.get(target[:2])
        if item is None:
            self.edits.setdefault(target[:2], []).append(packet)
        elif target[0] == packet.author and int(packet.action.get("revision")) > item.edited and packet.action.child("text"):
            item.words, item.edited = packet.action.child("text").text, int(packet.action.get("revision"))

    def apply_retract(self, packet):
        target = packet.reference("target")
        item = self.items.get(target[:2])
        if item is None:
            self.retracts.setdefault(target[:2], []).append(packet)
            return
        root = item.packet.reference("root")
        if packet.author in (target[0], root and root[0]):
            item.retracted = True

    def take_contact_remove(self, contact, packet, came):
        contact.state = "none"

    # Conversation -----------------------------------------------------------------------------------------------------

    def take_comment(self, contact, packet, came):
        self.take_written_to_me(contact, packet, came, self.apply_comment)

    def take_reaction(self, contact, packet, came):
        self.take_written_to_me(contact, packet, came, self.apply_reaction)

    def take_written_to_me(self, contact, packet, came, apply, goes_on=True):
        root, target = packet.reference("root"), packet.reference("target")
        if root[0] != self.author:
            raise Refused("its root is not mine")
        item = self.items.get(root[:2])
        below = self.items.get(target[:2])
        good = (item is not None and item.reference == root and not item.retracted and contact.first is not None
                and (item.packet.stream.sequence >= contact.first or root[:2] in (contact.given or ()))
                and (target == root or below is None or below.packet.reference("root") == root))
        if not good or packet.kind in ("edit", "retract") and packet.author != target[0]:
            return  # kept, and not published, in silence
        if packet.kind == "comment" and not self.has_room(contact, root):
            return
        if below is None and packet.kind != "retract":
            self.answers.setdefault(target[:2], []).append((contact, packet, came, apply))
            return
        self.publish_below(packet, target, came, apply)
        if goes_on:
            self.go_on(packet.name)

    def has_room(self, contact, root):
        """Twenty comments a day of one person below one post."""
        day = words.milliseconds() // DAY
        contact.comments[root, day] = contact.comments.get((root, day), 0) + 1
        return contact.comments[root, day] <= 20

    def publish_below(self, packet, target, came, apply):
        below = self.items.get(target[:2])
        if packet.kind == "edit" and below.retracted:
            return
        apply(packet)
        # What was taken back before it came is not passed on, and neither is word of what nobody was shown.
        item = self.items.get(packet.name if packet.kind == "comment" else target[:2])
        if item is not None and not (packet.kind == "comment" and item.retracted):
            self.relay(packet, came.signature)

    def apply_comment(self, packet, introduced_by=None):
        self.appear(packet, "comment", packet.action.child("text").text, introduced_by)

    def apply_reaction(self, packet):
        item = self.items.get(packet.reference("target")[:2])
        revision = int(packet.action.get("revision"))
        if item is not None and revision > item.reactions.get(packet.author, (-1,))[0]:
            item.reactions[packet.author] = revision, [one.text for one in packet.action.all("emoji")]

    def take_relay(self, contact, packet, came):
        named, card = packet.action.child("embedded"), packet.action.child("card")
        part = came.embedded.get(named.get("sha256"))
        if part is None or len(part.document) != int(named.get("size")):
            raise Refused("its embedded packet is missing, or of another size")
        inner = packets.read(part.document)
        if inner.held:
            self.held.append((inner.held, packet))
            return
        packets.verify(inner, parcels.signature(part))
        fit = (inner.kind in HANDED_ON and inner.stream_kind == "open" and inner.stream.to == packet.author
               and inner.reference("root")[0] == packet.author and inner.author == card.get("author"))
        if not fit:
            raise Refused("a relay of something that it may not embed")
        if self.known.setdefault(inner.name, inner.sha256) != inner.sha256:
            raise Refused("other bytes under a known name", "order")
        known = self.contacts.get(inner.author)
        mine = inner.author == self.author or known is not None and known.state == "contact"
        said_by = None if mine else f"{card.child('name').text}, says {contact.name}"
        if inner.kind == "comment":
            if inner.name not in self.items:
                self.apply_comment(inner, said_by)
        else:
            {"reaction": self.apply_reaction, "edit": self.apply_edit, "retract": self.apply_retract}[inner.kind](inner)

    # Repair -----------------------------------------------------------------------------------------------------------

    def take_resend_request(self, contact, packet, came):
        self.answer_resend(contact, packet.action)

    def take_gone(self, contact, packet, came):
        for gone in packet.action.all("range"):
            numbers = range(int(gone.get("first")), int(gone.get("last")) + 1)
            self.closed.setdefault((contact.author, gone.get("stream")), set()).update(numbers)

    def take_heads(self, contact, packet, came):
        for head in packet.action.all("head"):
            place = contact.author, head.get("stream")
            self.heads[place] = max(int(head.get("last")), self.heads.get(place, 0))

    # Strangers --------------------------------------------------------------------------------------------------------

    def take_stranger(self, message, untrusted):
        """Nothing of the plaintext is believed before the certificate that it brings has vouched for it."""
        try:
            part, = parcels.contents(untrusted).parts
            packet = packets.read(part.document)
            packets.verify(packet, parcels.signature(part))
            if packet.held or packet.kind != "contact-request":
                raise Refused("a stranger may ask, and nothing else")
            certificate = unb64(packet.action.child("certificate").text)
            binding = packet.action.child("profile").child("binding")
            plaintext, fingerprint = self.gpg.open_stranger(
                message, certificate, lambda key: words.binding_text(words.author_key(packet.author), key), unb64(binding.text))
            if plaintext != untrusted or binding.get("fingerprint") != fingerprint:
                raise Refused("the certificate is not the signer's")
        except (Refused, ValueError) as refusal:
            raise Refused(f"a stranger: {refusal}", "signer") from None
        self.check_audience(parcels.contents(plaintext), None)
        if packet.stream.to != self.author:
            raise Refused("written to somebody else")
        self.decide_request(packet, fingerprint, certificate)

    def decide_request(self, packet, fingerprint, certificate):
        profile = packet.action.child("profile")
        known = self.contacts.get(packet.author)
        if known is not None and known.state != "none":
            raise Refused("a pinned author with another signer")
        contact = Contact(packet.author, fingerprint, certificate, profile.child("name").text, [],
                          half=unb64(packet.action.child("half").text, 32))
        self.know_endpoints(contact, profile)
        if not self.use_invitation(packet, fingerprint):
            self.requests[packet.author] = packet, contact  # pending: the user may say yes
            return
        self.gpg.import_certificate(certificate)
        self.contacts[packet.author] = contact
        self.check_binding(contact, packet, profile)
        self.accept_request(contact, packet)

    def use_invitation(self, packet, fingerprint):
        """Whether the request proves an invitation of mine, which is used up by that."""
        proof = packet.action.child("proof")
        secret = self.invitations.get(proof.get("invitation")) if proof is not None else None
        if secret is None:
            return False
        right = words.proof(secret, self.gpg.fingerprint, self.key, fingerprint, words.author_key(packet.author))
        if unb64(proof.text, 32) != right:
            raise Refused("a wrong proof for a known invitation")
        del self.invitations[proof.get("invitation")]
        return True
