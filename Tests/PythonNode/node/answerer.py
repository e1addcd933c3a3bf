"""The other side of `socialnet conformance --against DIR`: answers a play's wishes, as the article Conformance says."""

import json
import threading
import time

from .document import element
from .receiving import Receiver


class Player(Receiver):
    """A node whose user is a play."""

    def answer(self, wish):
        self.receive()
        do = getattr(self, "do_" + wish["do"].replace("-", "_"), None)
        if do is None:
            return {"cannot": f"this node has no {wish['do']}"}
        return do(wish) or {}

    def do_rest(self, wish):
        pass

    do_end = do_rest

    def do_invite(self, wish):
        return {"link": self.invite()}

    def do_ask(self, wish):
        self.accept_link(wish["link"])

    def do_accept(self, wish):
        packet, contact = self.requests.pop(wish["who"])
        self.gpg.import_certificate(contact.certificate)
        self.contacts[contact.author] = contact
        self.accept_request(contact, packet)

    def do_remove(self, wish):
        contact = self.contacts[wish["who"]]
        said = self.say(element("contact-remove"), contact.private_stream, contact.author, f"{self.name} ended being your contact.")
        self.send(contact, [said])
        contact.state = "none"

    def do_block(self, wish):
        self.contacts[wish["who"]].state = "blocked"

    def do_post(self, wish):
        if "circle" in wish:
            return {"cannot": "this node has one circle, which is everyone"}
        self.post(wish["text"])

    def do_comment(self, wish):
        self.comment(*self.root_and_target(wish), wish["text"])

    def do_react(self, wish):
        self.react(*self.root_and_target(wish), wish["emoji"])

    def root_and_target(self, wish):
        item = self.item(wish)
        return item.packet.reference("root") or item.reference, item.reference

    def item(self, wish):
        return self.items[wish["on"]["author"], wish["on"]["id"]]

    def do_edit(self, wish):
        self.edit(self.own(wish), wish["text"])

    def do_retract(self, wish):
        self.retract(self.own(wish))

    def own(self, wish):
        """What I said, be it published or not."""
        packet = self.said.get((wish["on"]["author"], wish["on"]["id"])) or self.item(wish).packet
        return packet.author, packet.id, packet.sha256

    def do_message(self, wish):
        self.message(self.contacts[wish["who"]], wish["text"])

    def do_pass(self, wish):
        # No clock runs here: what would be asked for or sent by then is.
        self.ask_again()
        if wish["seconds"] >= 86_400:
            for contact in self.contacts.values():
                if contact.state == "contact" and contact.given is None:
                    self.recall(contact)

    def do_feed(self, wish):
        shown = [item for item in self.items.values() if not item.retracted]
        shown.sort(key=lambda item: item.shown_at)
        rows = []
        for post in reversed([item for item in shown if item.kind != "comment"]):
            rows.append((post.shown_at, [self.row(post)]))
            rows[-1][1].extend(self.row(item) for item in shown if item.packet.reference("root") == post.reference)
        for held, packet in self.held:
            rows.append((packet.created, [{"author": packet.author, "id": packet.id, "kind": "held", "text": held.fallback}]))
        rows.sort(key=lambda row: row[0], reverse=True)
        return {"items": [item for _, items in rows for item in items]}

    def row(self, item):
        row = {"author": item.packet.author, "id": item.packet.id, "kind": item.kind, "text": item.words, "edited": item.edited >= 0}
        if item.kind == "comment":
            author, id_, _ = item.packet.reference("target")
            row["under"] = {"author": author, "id": id_}
        reactions = {}
        for author, (_, emoji) in item.reactions.items():
            for one in emoji:
                reactions.setdefault(one, []).append(self.contacts[author].name if author in self.contacts else self.name)
        row["reactions"] = [{"emoji": emoji, "by": by} for emoji, by in reactions.items()]
        return row


class Forgetful(Player):
    """A wrong one: it does not hear what is taken back."""

    def take_retract(self, contact, packet, came):
        pass


def answer_all(player, place, stop):
    """Wishes in their order, until the last one or until `stop`."""
    (place / "wishes").mkdir(exist_ok=True)
    (place / "answers").mkdir(exist_ok=True)
    while not stop.is_set():
        for file in sorted((place / "wishes").glob("[0-9]*.json"), key=lambda file: int(file.stem)):
            wish = json.loads(file.read_text())
            file.unlink()
            try:
                answer = player.answer(wish)
            except Exception as failure:  # the play says it, and goes on with its next transcript
                answer = {"failed": repr(failure)}
            beside = place / "answers" / f".tmp-{file.name}"
            beside.write_text(json.dumps(answer))
            beside.rename(place / "answers" / file.name)
            if wish["do"] == "end":
                return
        time.sleep(0.005)


def playing(player, place):
    """A thread that answers, and what stops it."""
    stop = threading.Event()
    thread = threading.Thread(target=answer_all, args=(player, place, stop), daemon=True)
    thread.start()

    def end():
        stop.set()
        thread.join()
    return end
