"""The measurements. Each puts its figures into the table beside their floors from the same run."""

import contextlib
import os
import pathlib
import random
import re
import subprocess
import time

import wire
from stage import Person, Stage, copy_of, wait_long
from table import Figure, Table, median, share_of
from telling import said

MILLISECONDS, MB = 1000, 1_000_000
CORES = os.cpu_count()


def ingest(table: Table, receiver: Person, parcels: list[bytes], trials: int) -> None:
    """Parcels waiting in the mailbox, until in the feed. Program and floor take turns, so that both meet the same machine."""
    files = sealed_files(receiver, parcels)
    snapshot = receiver.directory / "snapshot"
    copy_of(receiver.home, snapshot)
    rates, costs, floor_rates, floor_costs = [], [], [], []
    for _ in range(trials):
        copy_of(snapshot, receiver.home)
        before = receiver.items()
        wire.append(receiver, parcels)
        begun = time.monotonic()
        meter = receiver.metered(receiver.program, "--home", receiver.home, "run", "--once")
        wait_for_items(receiver, before + len(parcels), pause=0.05, patience=600)
        rates.append(len(parcels) / (time.monotonic() - begun))
        costs.append(receiver.verdict(meter)[1]["cpu"] / len(parcels))
        wire.take_out(receiver)
        wire.take_out(receiver, "SocialNet")

        bare, cost = receiver.floor("opening", {"home": str(receiver.gnupg), "files": files, "contexts": CORES})
        floor_rates.append(len(parcels) / bare["seconds"])
        floor_costs.append(cost["cpu"] / len(parcels))
        said(f"{rates[-1]:.0f}/s, {costs[-1] * MILLISECONDS:.1f} ms of CPU each; "
             f"bare GPGME {floor_rates[-1]:.0f}/s, {floor_costs[-1] * MILLISECONDS:.1f} ms")
    table.at_least(f"ingest of {len(parcels)} parcels", median(rates), median(floor_rates), "/s", 0.8)
    table.at_most(
        "ingest, CPU a parcel", median(costs) * MILLISECONDS, median(floor_costs) * MILLISECONDS, "ms", 1.25)


def publish(table: Table, stage: Stage, sender: Person, friends: list[Person], trials: int) -> None:
    """One status to everybody: from the command until the server has taken the last copy."""
    taken, floors = [], []
    for trial in range(trials + 1):
        for friend in friends:
            wire.take_out(friend)
        done = sender.number("SELECT max(id) FROM outpacket")
        database = sender.database()
        begun = time.monotonic()
        command = subprocess.Popen(
            [sender.program, "--home", sender.home, "post", f"Trial {trial}: who has a ladder to lend?"], **sender.identity,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        handed = f"SELECT count(*) FROM outpacket WHERE id > {done} AND state = 'handed over'"
        wait_long(f"{len(friends)} copies are taken",
                  lambda: database.execute(handed).fetchone()[0] >= len(friends) + 1, 120, pause=0.002)
        seconds = time.monotonic() - begun
        command.wait()
        database.close()
        stage.settle(sender)
        copies = [(friend, wire.as_submitted(wire.take_out(friend)[0])) for friend in friends]
        bare, _ = sender.floor("publishing", publishing_plan(sender, friends[0], copies))
        stage.settle(sender)
        # The first one opens the connections.
        if trial > 0:
            taken.append(seconds)
            floors.append(bare["seal"] + bare["append"] + bare["submit"])
            said(f"{seconds * MILLISECONDS:.0f} ms; bare: " + ", ".join(
                f"{part} {bare[part] * MILLISECONDS:.0f} ms" for part in ("seal", "append", "submit")))
    table.at_most(
        f"publishing to {len(friends)} contacts", median(taken) * MILLISECONDS, median(floors) * MILLISECONDS, "ms", 1.3)


def publishing_plan(sender: Person, reader: Person, copies: list[tuple[Person, bytes]]) -> dict:
    """What the floor has to do: the same text for the same people, the same bytes to the same server."""
    files = []
    for friend, mail in copies:
        file = sender.directory / f"copy-{friend.short}.eml"
        file.write_bytes(mail)
        files.append({"to": friend.address, "file": str(file)})
    text = sender.directory / "plain"
    text.write_bytes(decrypted(reader, copies[0][1]))
    host, login = sender.provider["HOST"], {
        "user": sender.short, "password": sender.password, "authorities": sender.provider["CA_FILE"]}
    keys = [fingerprint(person) for person in (sender, *(friend for friend, _ in copies))]
    return {
        "home": str(sender.gnupg), "signer": keys[0], "recipients": keys, "text": str(text), "append": files[0]["file"],
        "imap": {"url": f"imaps://{host}:{sender.provider['IMAPS_PORT']}/Trash", **login},
        "smtp": {"url": f"smtps://{host}:{sender.provider['SMTPS_PORT']}/localhost", **login},
        "from": sender.address, "mails": files,
    }


def latency(table: Table, receiver: Person, witness: Person, parcels: list[bytes]) -> None:
    """From delivery into the mailbox to the feed row. Floor: a bare IDLE client on the mailbox of a witness, who gets the same mail a
    moment earlier (in one and the same mailbox it would not see what the program moves at once), and one GPGME operation."""
    files = sealed_files(receiver, parcels)
    receiver.start()
    watcher = wire.Watcher(witness)
    dice = random.Random(1)
    shown, told = [], []
    with running(receiver):
        for parcel in parcels:
            before, heard = receiver.items(), len(watcher.told)
            delivered = wire.deliver([witness, receiver], parcel)
            wait_for_items(receiver, before + 1, pause=0.001, patience=30)
            shown.append(time.monotonic() - delivered)
            wait_long("the bare client is told", lambda: len(watcher.told) > heard, 30, pause=0.001)
            told.append(watcher.told[heard] - delivered)
            # Until it is moved, and a little longer, so that the next one meets the server at any moment of its rhythm.
            wait_long("the parcel is moved", lambda: receiver.number(
                "SELECT count(*) FROM origin WHERE placement <> '' AND settled = 0") == 0, 30)
            time.sleep(dice.uniform(0.1, 0.6))
        bare, _ = receiver.floor("opening", {"home": str(receiver.gnupg), "files": files, "contexts": 1})
    watcher.close()
    for name, share in (("median", 0.5), ("95th percentile", 0.95)):
        floor = share_of(told, share) + share_of(bare["each"], share)
        table.above(
            f"latency of {len(parcels)} packets, {name}", share_of(shown, share) * MILLISECONDS, floor * MILLISECONDS, "ms", 50)


def mailbox(table: Table, full: Person, empty: Person, private: int, parcels: int) -> None:
    """What is read from a mailbox follows the parcels in it, not the private mail: the floor is the same without any."""
    passes = (
        (f"first pass, {parcels} parcels", ("run", "--once")), ("rebuild", ("rebuild",)),
        ("pass after rebuild", ("run", "--once")), ("pass, nothing new", ("run", "--once")))
    for name, command in passes:
        read, seconds = {}, {}
        for person in (full, empty):
            before_pass, begun = sent_by_server(person), time.monotonic()
            person.call(*command)
            read[person], seconds[person] = sent_by_server(person) - before_pass, time.monotonic() - begun
        said(f"{name}: {read[full] / 1000:.1f} kB in {seconds[full]:.1f} s; "
             f"without private mail {read[empty] / 1000:.1f} kB in {seconds[empty]:.1f} s")
        table.at_most(f"{private} private mails, {name}", read[full] / 1000, read[empty] / 1000, "kB", 1.1)
    touched = private - wire.untouched(full)
    table.add(Figure("private mails touched", str(touched), "", str(touched), "0", touched == 0, strict=True))
    if full.items() != parcels:
        table.add(Figure("items after rebuild", str(full.items()), str(parcels), "", "the same", False, strict=True))


def sent_by_server(person: Person) -> int:
    """Bytes that Dovecot has sent to a user so far: its raw log is the witness."""
    return sum(file.stat().st_size for file in (pathlib.Path(person.provider["RAWLOG"]) / person.short).glob("*.out"))


def memory(table: Table, receiver: Person, small: bytes, large: bytes) -> None:
    """What an idle daemon takes that has received something and come to rest, and what a large parcel takes on top."""
    receiver.start()
    with running(receiver):
        pid = receiver.daemon.pid
        take_in(receiver, small)
        time.sleep(70)  # it has looked into every folder by then, and rested
        spent = cpu_of(pid)
        time.sleep(60)
        spent = cpu_of(pid) - spent
        idle = status_of(pid, "smaps_rollup")
        table.below("idle, anonymous memory", idle["Anonymous"] / MB, "MB", 12, strict=True)
        table.below("idle, resident memory", idle["Rss"] / MB, "MB", 40, strict=True)
        table.below("idle, CPU in a minute", spent, "s", 0.02, digits=4)

        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        resident = status_of(pid, "status")["VmRSS"]
        take_in(receiver, large)
        peak = status_of(pid, "status")["VmHWM"]
        table.above(f"memory for a parcel of {len(large) / MB:.1f} MB", peak / MB, resident / MB, "MB", 15, strict=True)


def take_in(receiver: Person, parcel: bytes) -> None:
    """Delivers a parcel, and waits until it is in the feed and moved."""
    before = receiver.items()
    wire.deliver([receiver], parcel)
    wait_for_items(receiver, before + 1, pause=0.05, patience=120)
    wait_long("the parcel is moved", lambda: receiver.number(
        "SELECT count(*) FROM origin WHERE placement <> '' AND settled = 0") == 0, 30)


# What is asked of the system ------------------------------------------------------------------------------------------


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has taken, to the nanosecond: its clock is a number made of its id (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def status_of(pid: int, file: str) -> dict[str, int]:
    """Sizes in bytes."""
    lines = pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


# Helpers --------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(person: Person):
    """A daemon that is asked to stop at the end, however that comes."""
    try:
        yield
    finally:
        person.stop()


def wait_for_items(person: Person, number: int, pause: float, patience: float) -> None:
    database = person.database()
    try:
        wait_long(f"{number} items in {person.name}'s feed",
                  lambda: database.execute("SELECT count(*) FROM feed").fetchone()[0] >= number, patience, pause)
    finally:
        database.close()


def sealed_files(person: Person, parcels: list[bytes]) -> list[str]:
    """The OpenPGP messages of parcels, one a file."""
    folder = person.directory / "sealed"
    folder.mkdir(exist_ok=True)
    files = []
    for number, parcel in enumerate(parcels):
        file = folder / f"{number:05}.pgp"
        file.write_bytes(wire.sealed_part(parcel))
        files.append(str(file))
    return files


def decrypted(person: Person, mail: bytes) -> bytes:
    """What stands in a parcel, by the gpg program."""
    gpg = ["--homedir", str(person.gnupg)]
    subprocess.run(["gpg-agent", *gpg, "--daemon"], **person.identity, check=True, stdout=subprocess.DEVNULL)
    try:
        return subprocess.run(
            ["gpg", *gpg, "--batch", "--quiet", "--decrypt"], **person.identity, input=wire.sealed_part(mail), check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    finally:
        subprocess.run(["gpgconf", *gpg, "--kill", "gpg-agent"], **person.identity, check=False)


def fingerprint(person: Person) -> str:
    return re.search(r'^key *= *"([0-9A-F]{40})"', (person.home / "config.toml").read_text(), re.MULTILINE)[1]
