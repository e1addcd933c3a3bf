#!/usr/bin/env python3
"""The main job with three accounts on real mail servers, checked from outside. Run by deploy/demo."""

import argparse
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import traceback

import checks
import mutt
import picture
from account import Account, last_words
from killing import WANTED, Killer
from telling import Failed, Patience, Tally, check, elapsed, said, step, wait
from witness import Mailbox, fingerprint, letters, mails, parcels_in_inbox

HERE = pathlib.Path(__file__).parent
FIRST, SECOND, CAPTION = "Finally moved in. Come by any time.", "The bread is out of the oven.", "Sunset over the harbour."
WORDS, NUMBERED = "Welcome to the neighbourhood!", "keep a slice for me"
MISSPELT, FAMILY, LETTER = "Dinner for the family on Sundy.", "Dinner for the family on Sunday.", "Only for you, Carol."
LOST, BEHIND = "This one is lost on the way to Ben.", "This one shows him that something is missing."


class Demo:
    """The three people, in the order of what they do."""

    def __init__(self, stage: pathlib.Path, options: argparse.Namespace):
        self.stage, self.options = stage, options
        self.killer = Killer(options.kill) if options.kill is not None else None
        if self.killer:
            Patience.seconds *= 4

    def play(self) -> None:
        self.open_mailboxes()
        self.set_up()
        self.become_friends()
        self.post()
        self.read_parcel_in_neomutt()
        digest = self.receive_digest()
        self.answer(digest)
        self.see_answers()
        self.speak_to_some()
        self.lose_a_parcel()
        if self.killer:
            self.finish_killing()
        self.look_back()

    # ----------------------------------------------------------------------------------------------------------------

    def open_mailboxes(self) -> None:
        step("Three mailboxes, with private mail in them")
        people = {"anna": ("Anna Berg", 60001), "ben": ("Ben Ito", 60002), "carol": ("Carol Diaz", 60003)}
        passwords = {short: f"{short}-{os.urandom(6).hex()}" for short in people}
        users = [f"{short}:{password}" for short, password in passwords.items()]
        subprocess.run([HERE / "../testmail/start", self.stage / "mail", *users], check=True, stdout=subprocess.DEVNULL)
        provider = dict(line.split("=", 1) for line in (self.stage / "mail/env").read_text().splitlines())
        self.all = tuple(Account(self.stage, provider, short, *person, passwords[short]) for short, person in people.items())
        self.anna, self.ben, self.carol = self.all
        for account in self.all:
            account.make_home()
        self.private = {account.short: checks.private_mail(account) for account in self.all}
        said(f"Dovecot and Postfix write to {self.stage}/mail/log")

    def set_up(self) -> None:
        step("Set up: each person gets a key, a folder in the mailbox, and a daemon of an unprivileged user")
        for account in self.all:
            account.set_up(digest="off", idle=not self.options.idle_off)
            if self.killer:
                self.killer.watch(account)
            else:
                # From the start, because an alarm for what was late for a moment would hold back the one for what is lost.
                account.configure("limits", patience="5s")
                account.start()
        for account in self.all:
            self.wait(f"the key of {account.name}", lambda: fingerprint(account))
            checks.account_is_ready(account)
        said(f"each daemon writes to {self.stage}/NAME/daemon.log")

    def become_friends(self) -> None:
        step("Anna invites Ben and Carol by mail; they accept the link in the letter")
        for friend in (self.ben, self.carol):
            self.anna.call("invite", friend.address, "--name", friend.name)
            letter = self.wait(f"the invitation in {friend.name}'s INBOX", lambda: self.invitation(friend))
            check("Auto-Submitted" not in letter.message, f"{friend.name} got a letter from Anna that anybody can read")
            link = re.search(r"socialnet:join#[\x21-\x7e]+", letter.text())[0]
            friend.call("accept", "-", words=link)
        for account, friends in ((self.anna, 2), (self.ben, 1), (self.carol, 1)):
            self.wait(f"{account.name} has {friends} contacts", lambda: checks.contacts(account) == friends)
        self.settle()
        checks.everybody_knows_whom_they_should(self.anna, self.ben, self.carol)

    def invitation(self, friend: Account):
        found = [mail for mail in mails(friend, "INBOX", "FROM", self.anna.address) if "socialnet:join#" in mail.text()]
        return found[0] if found else None

    def post(self) -> None:
        step("Anna posts two statuses, and a photo with the place where it was taken in its metadata")
        photo = self.anna.write("sunset.jpg", "")
        picture.take(photo)
        check(picture.tells_more_than_it_shows(photo.read_bytes()), "the photo was taken with orientation and GPS position")
        self.anna.call("post", FIRST)
        self.anna.call("post", SECOND)
        self.anna.call("post", CAPTION, "--photo", str(photo), "--alt", "The sun sinks into the sea.")
        for friend in (self.ben, self.carol):
            self.wait(f"three posts in {friend.name}'s feed", lambda: len(self.feed(friend)) == 3)
        self.settle()
        for friend in (self.ben, self.carol):
            checks.posts_arrived(self.anna, friend, (FIRST, SECOND), CAPTION)

    def read_parcel_in_neomutt(self) -> None:
        step("Without a bridge: Ben opens one of Anna's parcels in neomutt")
        lying = mails(self.ben, "SocialNet", "FROM", self.anna.address)
        parcel = next(mail for mail in lying if checks.holds(self.ben, mail, FIRST))
        shown = mutt.show(self.ben, "SocialNet", parcel.header("Message-ID"))
        checks.neomutt_showed(shown, self.anna, FIRST)

    def receive_digest(self):
        step("Ben's digest arrives in his INBOX, now that he changes its time in config.toml")
        self.ben.configure("digest", schedule="now")
        self.restart(self.ben)
        digest = self.wait("the digest in Ben's INBOX", lambda: next(iter(letters(self.ben, "digest")), None))
        checks.digest_is_in_form(digest, self.ben, (FIRST, SECOND, CAPTION))
        (self.stage / "digest.eml").write_bytes(digest.raw)
        said(f"the digest lies in {self.stage}/digest.eml")
        return digest

    def answer(self, digest) -> None:
        step("Ben answers it in neomutt: words under an item, a numbered line for another, an emoji for a third")
        number = {text: checks.number_of(digest, text) for text in (FIRST, SECOND, CAPTION)}
        text = mutt.answer(
            self.ben, digest.header("Message-ID"), under={FIRST: WORDS},
            below=[f"{number[SECOND]}: {NUMBERED}", f"{number[CAPTION]} ❤"])
        (self.stage / "answer.txt").write_text(text, encoding="utf-8")
        said(f"what he sent lies in {self.stage}/answer.txt")
        sent = mails(self.ben, "Sent", "SUBJECT", '"Re: "')
        check(len(sent) == 1 and WORDS in sent[0].text(), "neomutt sent it to Ben himself and put a copy in Sent")
        receipt = self.wait("the receipt", lambda: next(iter(letters(self.ben, "receipt")), None))
        checks.receipt_names_everything(receipt, (WORDS, NUMBERED, "❤"))

    def see_answers(self) -> None:
        step("Comments and reaction arrive at Anna and, relayed, at Carol, who does not know Ben")
        def complete(items: list[dict]) -> bool:
            return sum(item["kind"] == "comment" for item in items) == 2 and any(item["reactions"] for item in items)

        for account in self.all:
            self.wait(f"two comments and a reaction in {account.name}'s feed", lambda: complete(self.feed(account)))
        self.settle()
        checks.answers_arrived(self.anna, self.ben, self.carol, {WORDS: FIRST, NUMBERED: SECOND}, CAPTION)

    def speak_to_some(self) -> None:
        step("Anna posts to a circle with Ben alone in it, changes a word there, and writes to Carol alone")
        self.anna.configure("post", undo="0")
        self.anna.call("circles", "create", "Family")
        self.anna.call("circles", "add", "Family", "Ben Ito")
        post = self.anna.ask("post", MISSPELT, "--circle", "family")["id"]
        self.anna.call("message", "Carol Diaz", LETTER)
        self.wait("the family's post in Ben's feed", lambda: MISSPELT in self.words(self.ben))
        self.anna.call("edit", post, FAMILY)
        self.wait("the other words in Ben's feed", lambda: FAMILY in self.words(self.ben))
        self.wait("the message in Carol's feed", lambda: LETTER in self.words(self.carol))
        self.settle()
        checks.words_are_for(self.anna, self.ben, self.carol, FAMILY)
        checks.words_are_for(self.anna, self.carol, self.ben, LETTER)

    def lose_a_parcel(self) -> None:
        step("A parcel is lost on the way to Ben: he notices by its number, asks Anna for it, and gets it")
        if self.killer:
            # Whoever is killed cannot be stopped meanwhile, so nothing can be taken out of INBOX before it is read.
            said("left out while daemons are killed")
            return
        check(self.ben.stop() == 0, "Ben's daemon stops when asked")
        self.anna.call("post", LOST)
        lost = self.wait("the parcel in Ben's INBOX", lambda: parcels_in_inbox(self.ben))
        with Mailbox(self.ben) as mailbox:
            for mail in lost:
                mailbox.destroy(mail)
        check(not parcels_in_inbox(self.ben), "it is destroyed before Ben's bridge has seen it")
        self.ben.start()
        self.anna.call("post", BEHIND)
        self.wait("both posts in Ben's feed", lambda: {LOST, BEHIND} <= set(self.words(self.ben)))
        self.wait("both posts in Carol's feed", lambda: {LOST, BEHIND} <= set(self.words(self.carol)))
        self.settle()
        checks.came_again(self.anna, self.ben, LOST)

    def words(self, account: Account) -> list[str]:
        return [item["text"] for item in self.feed(account)]

    def finish_killing(self) -> None:
        """The main job may be over before all the kills are: Anna goes on posting, until they are done."""
        step(f"{self.killer.done} of {WANTED} kills so far; Anna goes on posting until all are done")
        self.more = []
        self.anna.configure("post", undo="0")
        while self.killer.done < WANTED and len(self.more) < 40:
            self.more.append(f"Day {len(self.more) + 1} in the new house.")
            self.anna.call("post", self.more[-1])
            for friend in (self.ben, self.carol):
                expected = 6 + len(self.more)
                self.wait(f"post {len(self.more)} in {friend.name}'s feed", lambda: len(self.feed(friend)) == expected)
        self.killer.finish()
        self.settle()
        check(self.killer.done == WANTED, f"{WANTED} daemons were killed at work", self.killer.counts)
        said(", ".join(f"{count} in {kind}" for kind, count in self.killer.counts.items()))
        check(not self.killer.trouble, "none ended by itself", self.killer.trouble)

    def look_back(self) -> None:
        step("Looking back: nothing lost, nothing twice, nothing private touched")
        more = self.more if self.killer else []
        posts = [FIRST, SECOND, CAPTION, *more]
        checks.digests_do_not_repeat(self.ben, posts)
        posts += [] if self.killer else [LOST, BEHIND]
        apart = {self.anna: [FAMILY, LETTER], self.ben: [FAMILY], self.carol: [LETTER]}
        for account in self.all:
            checks.feed_is(account, posts + apart[account], [WORDS, NUMBERED])
            checks.nothing_is_left_over(account)
            checks.private_mail_is_untouched(account, self.private[account.short])
        if not self.options.keep:
            for account in self.all:
                check(account.stop() == 0, f"{account.name}'s daemon stopped when asked")
                checks.log_keeps_secrets(account)

    # ----------------------------------------------------------------------------------------------------------------

    def feed(self, account: Account) -> list[dict]:
        return account.ask("feed", "--limit", "100")["items"]

    def wait(self, what: str, question):
        def asked():
            if not self.killer:
                for account in self.all:
                    account.check_alive()
            elif self.killer.trouble:
                raise Failed(self.killer.trouble[0])
            return question()

        return wait(what, asked)

    def restart(self, account: Account) -> None:
        if self.killer:
            # The thread that watches the daemon starts it again.
            account.restarting = True
            account.daemon.terminate()
        else:
            check(account.stop() == 0, f"{account.name}'s daemon stops when asked")
            account.start()

    def settle(self) -> None:
        """Waits until no daemon has anything to send, to process or to move."""
        def idle(account: Account) -> bool:
            queues = (account.ask("outpackets"), account.ask("inpackets"))
            return not any(queue["waiting"] for queue in queues) and not parcels_in_inbox(account)

        for account in self.all:
            self.wait(f"{account.name}'s queues are empty, and INBOX is", lambda: idle(account))

    def leave_running(self) -> None:
        step("Everything goes on running")
        for account in self.all:
            account.stop()
            account.start()
            become = f"setpriv --reuid={account.uid} --regid={account.uid} --clear-groups env -i -C {account.directory}"
            become += "".join(f" {name}={shlex.quote(value)}" for name, value in account.environment.items())
            tools = {"mail": f"neomutt -F {account.directory}/neomuttrc", "bridge": f"{account.program} --home {account.home}"}
            for name, command in tools.items():
                script = self.stage / f"{name}-of-{account.short}"
                script.write_text(f'#!/bin/sh\nexec {become} {command} "$@"\n')
                script.chmod(0o755)
            said(f"{account.name}: {self.stage}/mail-of-{account.short} opens the mailbox in neomutt,")
            said(f"    {self.stage}/bridge-of-{account.short} is the program (feed, post, comment …)")
        said(f"stop everything with: {HERE}/stop {self.stage}")

    def clear_up(self) -> None:
        for account in getattr(self, "all", ()):
            account.stop()
        subprocess.run([HERE / "stop", self.stage], check=False)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--kill", type=int, metavar="SEED")
    parser.add_argument("--idle-off", action="store_true")
    options = parser.parse_args()
    demo, held = Demo(options.stage, options), False
    # Being told to stop must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
    try:
        demo.play()
        held = True
        if options.keep:
            demo.leave_running()
    except Exception as failure:
        for account in getattr(demo, "all", ()):
            print(last_words(account), file=sys.stderr)
        if not isinstance(failure, Failed):
            traceback.print_exc()
        print(f"\nDEMO FAILED after {elapsed():.0f} s: {failure}\nEverything lies in {options.stage}", file=sys.stderr)
    finally:
        if not (held and options.keep):
            demo.clear_up()
    if held:
        print(f"\n{Tally.held} checks held in {elapsed():.0f} s.", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
