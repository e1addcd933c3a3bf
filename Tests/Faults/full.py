"""A disk that is really full under a running daemon: it says so, does not spin, and within a minute of new room all is well."""

import argparse
import collections
import pathlib
import random
import re
import subprocess
import time

import checks
from cast import Person
from mailing import all_mails
from place import Place, Places
from shim import FAULTS
from telling import Failed, check, said, step, wait

# Bytes of the small disk; the account takes about half a million.
SMALL = 12_000_000
WORDS = [f"while it was full {number}: " + "word " * 4000 for number in range(8)]


def play(stage: pathlib.Path, options: argparse.Namespace) -> str:
    places = Places(stage, 1)
    [place] = places.all
    try:
        place.furnish()
        play_full(place)
        struck = play_struck(place, random.Random(f"{options.seed} daemon"), 60 if options.long else 6)
        return f"FULL: a full disk and {struck} spells of failure under a running daemon, everything there once after each."
    finally:
        places.close()


def play_full(place: Place) -> None:
    step("A daemon whose disk is full")
    place.reset("friends")
    anna, ben = place.anna, place.ben
    if not give_small_disk(ben):
        said("!!!! LEFT OUT: this machine does not allow a small disk to be mounted.")
        return
    try:
        ben.start()
        anna.call("post", "before")
        place.visit(anna)
        wait("the first post", lambda: place.words(ben)["before"])
        filler = fill(ben)
        arrive(place, anna, ben)
        spins_not(ben)
        begun = time.monotonic()
        filler.unlink()
        wait("everything is there", lambda: all(place.words(ben)[words] == 1 for words in WORDS))
        took = time.monotonic() - begun
        check(took <= 60, f"everything is there {took:.0f} s after there was room again", took)
        whole(place, ben)
    finally:
        ben.stop()
        subprocess.run(["umount", "--lazy", ben.home], check=True)


def play_struck(place: Place, dice: random.Random, points: int) -> int:
    """A daemon whose disk fails for some seconds, from a call on that the seed chooses."""
    step("Daemons whose disk fails for a while")
    for point in range(points):
        name = ("ENOSPC from then on", "EIO from then on")[point % 2]
        at = dice.randrange(1, 250)
        strike(place, name, at)
        said(f"✓ {name} at call {at}: {place.board.struck}")
    return points


def strike(place: Place, name: str, at: int) -> None:
    place.reset("friends")
    anna, ben = place.anna, place.ben
    ben.extra = place.board.environment | {"FAULT_ROOT": str(ben.home)}
    try:
        ben.start()
        wait("the daemon runs", lambda: "running" in ben.log.read_text(errors="replace"))
        ben.extra = {}
        place.board.set(FAULTS[name], at)
        for number in range(4):
            anna.call("post", f"post {number}")
            place.visit(anna)
        expect_struck(place, ben)
        time.sleep(2)
        begun = time.monotonic()
        place.board.relent()
        wanted = collections.Counter(f"post {number}" for number in range(4))
        wait(f"everything is there after {name} at call {at}", lambda: place.words(ben) == wanted)
        wait("the mailbox is tidy", lambda: not checks.parcels_in_inbox(ben))
        took = time.monotonic() - begun
        check(took <= 60 and ben.daemon.poll() is None, f"everything is there once {took:.0f} s later", took)
        wait("all is sent", lambda: not ben.query("SELECT id FROM outpacket WHERE state IN ('sealing', 'waiting')"))
        place.visit(anna)
        copies = collections.Counter(mail.header("Message-ID") for mail in all_mails(anna) if mail.header("SocialNet-Parcel"))
        check(max(copies.values()) == 1, "and nothing was sent twice because it could not be noted", copies.most_common(3))
    finally:
        ben.extra = {}
        ben.stop()


def expect_struck(place: Place, ben: Person) -> None:
    """Until the fault has come; reading alone changes little, and a post brings more."""
    for _ in range(20):
        if place.board.hits:
            return
        ben.attempt("profile", "set", "city", "Bergen")
        time.sleep(0.5)
    raise Failed(f"the call to strike at did not come: {place.board.count} so far")


def give_small_disk(person: Person) -> bool:
    """Whether the machine allows it."""
    small = person.directory / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},uid={person.uid},mode=700", "tmpfs"]
    if subprocess.run([*mount, small], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return False
    subprocess.run(["umount", small], check=True)
    kept = person.directory / "kept"
    person.home.rename(kept)
    person.home.mkdir()
    subprocess.run([*mount, person.home], check=True)
    subprocess.run(["cp", "-a", f"{kept}/.", person.home], check=True)
    return True


def fill(person: Person) -> pathlib.Path:
    """Takes all that is left, to the last byte."""
    filler = person.home / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def arrive(place: Place, anna: Person, ben: Person) -> None:
    for words in WORDS:
        anna.call("post", words)
    place.visit(anna)
    refused = ben.attempt("post", "into the full disk " + "word " * 4000)
    sentence = refused.stderr.strip()
    check(refused.returncode == 74 and "disk" in sentence, f"the command says: {sentence}", refused.returncode)

    def finding() -> dict:
        done = ben.attempt("doctor", "--json")
        found = re.search(r'"name" : "disk",\s+"remedy" : "([^"]*)",\s+"result" : "fail",\s+"said" : "([^"]*)"', done.stdout)
        return {"code": done.returncode, "said": found[2], "remedy": found[1]} if found else {}

    found = wait("doctor finds the disk full", finding)
    check(found["code"] != 0, f"doctor says: {found['said']} Remedy: {found['remedy']}", found)
    wait("the daemon's log says it", lambda: "full" in ben.log.read_text(errors="replace"))


def spins_not(ben: Person) -> None:
    """A daemon that can do nothing takes little of the processor, and asks the server rarely."""
    def spent() -> float:
        fields = pathlib.Path(f"/proc/{ben.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    before, lines = spent(), len(ben.log.read_text(errors="replace").splitlines())
    time.sleep(10)
    took, said_more = spent() - before, len(ben.log.read_text(errors="replace").splitlines()) - lines
    check(ben.daemon.poll() is None, "the daemon goes on", ben.daemon.poll())
    check(took < 3 and said_more < 60, f"and does not spin: {took:.1f} s of processor time and {said_more} lines in 10 s")


def whole(place: Place, ben: Person) -> None:
    wait("the mailbox is tidy", lambda: not checks.parcels_in_inbox(ben))
    check(ben.call("post", "afterwards") != "", "the command works again")
    found = place.words(ben)
    odd = [words[:30] for words, times in found.items() if times > 1 or "into the full disk" in words]
    check(not odd, "nothing is doubled, and what was refused is not there", odd)
    check(ben.query("PRAGMA integrity_check") == [{"integrity_check": "ok"}], "the database is whole")
    notices = [row["said"] for row in ben.query("SELECT said FROM notice")]
    said(f"notices: {notices}")
