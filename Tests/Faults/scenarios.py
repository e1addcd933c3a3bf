"""The main scenarios: what is prepared, what is done while the disk fails, and what must be so in the end."""

import collections

import mailing
from cast import expect
from place import STOPPED
from scenario import Scenario, item, numbered_lines, person_checks
from witness import Mailbox
from work import draw_pictures


class SetUp(Scenario):
    name = "set-up"

    def prepare(self) -> None:
        self.place.reset("empty")
        self.place.snapshot(self.name)

    def act(self) -> None:
        person = self.place.dina
        self.say(person, lambda: (person.home / "config.toml").exists(), *self.place.folder_setup("dina"))

    def look(self) -> None:
        person = self.place.dina
        self.place.visit(person)
        expect(person.attempt("post", "hello"), "the first post")
        self.holds(person, "hello")
        self.is_whole(person)
        kinds = collections.Counter(row["kind"] for row in person.query("SELECT kind FROM packet WHERE kind <> 'journal'"))
        self.wrong_unless(kinds == {"profile": 1, "status": 1}, f"it wrote {dict(kinds)}")
        failed = [check for check in person_checks(person) if check["result"] == "fail"]
        self.wrong_unless(not failed, f"doctor finds {failed}")


class Receive(Scenario):
    """Parcels out of a mailbox: a status, a photo, and a relayed comment."""

    name, visitors = "receive", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.anna.call("post", "a status")
        place.anna.call("post", "a photo", "--photo", str(picture))
        place.anna.call("comment", item(place.anna, "a status"), "a comment")
        place.visit(place.anna)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        ben = self.place.ben
        self.holds(ben, "a status", "a photo", "a comment")
        self.wrong_unless(self.place.blobs_are_whole(ben), "the photo is not whole")
        self.is_whole(ben)
        mails = [mail for mail in mailing.all_mails(ben) if mail.header("SocialNet-Parcel")]
        astray = [mail.folder for mail in mails if mail.folder != "SocialNet"]
        self.wrong_unless(not astray, f"parcels lie in {astray}")
        names = collections.Counter(mail.header("Message-ID") for mail in mails)
        self.wrong_unless(max(names.values()) == 1, "a parcel lies there twice")


class ReceiveFromFolder(Scenario):
    """The same out of a directory."""

    name, visitors, is_main = "receive from a directory", ("erik",), False

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.dina.call("post", "a status")
        place.dina.call("post", "a photo", "--photo", str(picture))
        place.visit(place.dina)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.erik, "run", "--once")

    def look(self) -> None:
        erik = self.place.erik
        self.holds(erik, "a status", "a photo")
        self.wrong_unless(self.place.blobs_are_whole(erik), "the photo is not whole")
        self.is_whole(erik)
        left = list((self.place.inlets / "erik").iterdir())
        self.wrong_unless(not left, f"left in the directory: {left}")


class Relay(Scenario):
    """An answer to one's own post, which the provider delivered twice: it is relayed once."""

    name, visitors, is_main = "relay", ("anna", "ben"), False

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        place.anna.call("post", "a status")
        place.visit(place.anna)
        place.visit(place.ben)
        place.ben.call("comment", item(place.ben, "a status"), "a comment")
        place.ben.call("react", item(place.ben, "a status"), "❤")
        place.visit(place.ben)
        with Mailbox(place.anna) as mailbox:
            for mail in mailbox.mails("INBOX", "HEADER", "SocialNet-Parcel", '""'):
                mailbox.append("INBOX", "", b"X-Delivered: twice\r\n" + mail.raw)
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.anna, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "a status", "a comment")
            hearts = person.query("SELECT emoji FROM reaction")
            self.wrong_unless(len(hearts) == 1, f"{person.short} has the reactions {hearts}")
            self.is_whole(person)
            self.lies_once(person, "relay")
        self.is_told_once(self.place.anna, "item", "a comment")


class Publish(Scenario):
    """A status, a photo and an action file, out of the command and over SMTP."""

    name, visitors = "publish", ("anna", "ben")

    def prepare(self) -> None:
        self.place.reset("friends")
        draw_pictures(self.place.people, 1)
        self.place.snapshot(self.name)

    def act(self) -> None:
        anna = self.place.anna

        def shows(words: str):
            return lambda: self.place.words(anna)[words] > 0

        self.say(anna, shows("a status"), "post", "a status")
        self.say(anna, shows("a photo"), "post", "a photo", "--photo", str(self.place.people / "picture0.jpg"))
        action = anna.write("action", '<status share="no" xmlns="urn:socialnet:1"><text>a file</text></status>')
        action.rename(anna.home / "outpackets" / "action.xml")
        self.run(anna, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "a status", "a photo", "a file")
            self.is_whole(person)
        self.wrong_unless(self.place.blobs_are_whole(self.place.ben), "the photo is not whole")
        self.lies_once(self.place.ben, "status", "photo")
        self.lies_once(self.place.anna, "status", "photo", "journal")


class AnswerByMail(Scenario):
    """Words under an item and a heart, answered from the digest; they are held for some seconds."""

    name, visitors = "answer by mail", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        for words in ("the first", "the second"):
            place.anna.call("post", words)
        place.visit(place.anna)
        place.ben.configure("post", undo="5s")
        place.visit(place.ben)
        place.ben.call("digest", "--now")
        place.visit(place.ben)
        [digest] = [mail for mail in mailing.all_mails(place.ben) if mail.header("SocialNet-Letter") == "digest"]
        number = {line: n for n, line in enumerate(numbered_lines(digest.text()), 1)}
        lines = [f"{number['the first']}: an answer", f"{number['the second']} ❤"]
        mailing.send(place.ben, mailing.compose(place.ben, digest, lines, "answer"))
        place.calm()
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")
        # The moment comes at which it goes out.
        self.place.board.run_ahead(8)
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        for person in (self.place.anna, self.place.ben):
            self.holds(person, "the first", "the second", "an answer")
            self.is_whole(person)
            hearts = person.query("SELECT emoji FROM reaction")
            self.wrong_unless(len(hearts) == 1 and "❤" in hearts[0]["emoji"], f"{person.short} has the reactions {hearts}")
        self.is_told_once(self.place.ben, "receipt", "an answer", "❤")


class Digest(Scenario):
    """What is new goes to the user: a digest, and a comment that does not wait for it."""

    name, visitors = "digest", ("ben",)

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        place.ben.call("post", "my own")
        place.visit(place.ben)
        place.visit(place.anna)
        place.anna.call("post", "the first")
        place.anna.call("post", "the second")
        place.anna.call("comment", item(place.anna, "my own"), "a comment")
        place.visit(place.anna)
        place.ben.configure("digest", schedule="now")
        place.snapshot(self.name)

    def act(self) -> None:
        self.run(self.place.ben, "run", "--once")

    def look(self) -> None:
        ben = self.place.ben
        self.holds(ben, "my own", "the first", "the second", "a comment")
        self.is_told_once(ben, "digest", "the first", "the second")
        self.is_told_once(ben, "item", "a comment")
        self.is_whole(ben)


class Rebuild(Scenario):
    """The view made anew from the mailbox."""

    name, visitors = "rebuild", ("ben", "anna")

    def prepare(self) -> None:
        place = self.place
        place.reset("friends")
        [picture] = draw_pictures(place.people, 1)
        place.anna.call("post", "a status")
        place.visit(place.anna)
        place.visit(place.ben)
        place.ben.call("post", "my photo", "--photo", str(picture))
        place.ben.call("comment", item(place.ben, "a status"), "a comment")
        for person in (place.ben, place.anna, place.ben):
            place.visit(person)
        place.snapshot(self.name)

    def act(self) -> None:
        ben = self.place.ben
        if self.run(ben, "rebuild") != 0:
            # Whoever does not call it again has the old view, or is told to.
            self.unsaid.append((ben, lambda: self.at % 2 and ben.attempt("contacts").returncode == 0, ("rebuild",), STOPPED))

    def look(self) -> None:
        ben, anna = self.place.ben, self.place.anna
        for person in (ben, anna):
            self.holds(person, "a status", "my photo", "a comment")
            self.is_whole(person)
        self.wrong_unless(ben.contact_state(anna) == "contact", "Anna is no contact any more")
        self.wrong_unless(self.place.blobs_are_whole(ben), "the photo is not whole")
        expect(ben.attempt("post", "afterwards"), "a post after it")
        self.place.visit(ben)
        refused = list((ben.home / "refused").iterdir())
        self.wrong_unless(not refused, f"set aside: {refused}")
        self.place.visit(anna)
        self.holds(anna, "a status", "my photo", "a comment", "afterwards")


class Journal(Scenario):
    """Decisions of the user, which must be found again in the mailbox alone."""

    name, visitors = "journal", ("anna",)

    def prepare(self) -> None:
        self.place.reset("friends")
        self.place.snapshot(self.name)

    def act(self) -> None:
        anna = self.place.anna
        self.say(anna, lambda: "Bergen" in anna.query("SELECT myself FROM identity")[0]["myself"], "profile", "set", "city", "Bergen")
        self.say(anna, lambda: bool(self.invitations()), "invite", "--name", "Carla")
        self.run(anna, "run", "--once")

    def invitations(self) -> list[dict]:
        return self.place.anna.query("SELECT id FROM invitation WHERE name = 'Carla'")

    def look(self) -> None:
        anna = self.place.anna
        before = self.invitations()
        self.lies_once(anna, "journal", "profile")
        expect(anna.attempt("rebuild"), "rebuild")
        self.wrong_unless(self.invitations() == before and len(before) == 1, f"invitations: {before}, {self.invitations()}")
        [row] = anna.query("SELECT myself FROM identity")
        self.wrong_unless("Bergen" in row["myself"], "the profile's field is lost")
        self.wrong_unless(not anna.query("SELECT said FROM notice"), f"notices: {anna.query('SELECT said FROM notice')}")
        self.wrong_unless(anna.contact_state(self.place.ben) == "contact", "Ben is no contact any more")
        self.is_whole(anna)


ALL = (SetUp, Receive, ReceiveFromFolder, Relay, Publish, AnswerByMail, Digest, Rebuild, Journal)
