"""The accounts that are measured, and the parcels that real nodes make for them."""

import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
import zlib

import wire
from account import Account
from telling import Failed, wait

HERE = pathlib.Path(__file__).parent
NAMESPACE = "urn:socialnet:1"


class Person(Account):
    """An account that is measured: settings as they come, but no digests."""

    def __init__(self, stage: pathlib.Path, provider: dict[str, str], short: str, password: str):
        super().__init__(stage, provider, short, short.capitalize(), os.geteuid(), password)

    def set_up(self, **_) -> None:
        host, imap, smtp = self.provider["HOST"], self.provider["IMAPS_PORT"], self.provider["SMTPS_PORT"]
        self.call(
            "setup", self.address, "--name", self.name, "--imap", f"imaps://{self.short}@{host}:{imap}",
            "--smtp", f"smtps://{self.short}@{host}:{smtp}", "--password-file", str(self.directory / "password"),
            "--ca-file", self.provider["CA_FILE"], "--digest", "off", "--non-interactive")

    def start(self, errors=None) -> subprocess.Popen:
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                [self.program, "--home", self.home, "run"], **self.identity, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.daemon

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.home}/socialnet.sqlite?mode=ro", uri=True, isolation_level=None, timeout=5)

    def number(self, query: str) -> int:
        database = self.database()
        try:
            return database.execute(query).fetchone()[0] or 0
        finally:
            database.close()

    def items(self) -> int:
        return self.number("SELECT count(*) FROM feed")

    def metered(self, *command: object) -> subprocess.Popen:
        """Starts a command as this account under the meter, whose verdict `verdict` gives."""
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [sys.executable, HERE / "meter.py", self.directory / "meter.json", *map(str, command)], **self.identity,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)

    def verdict(self, meter: subprocess.Popen) -> tuple[str, dict]:
        """What a metered command printed, and what it cost."""
        said, _ = meter.communicate(timeout=600)
        if meter.returncode != 0:
            raise Failed(f"{meter.args[3:]} ended with {meter.returncode}: {said} (see {self.log})")
        return said, json.loads((self.directory / "meter.json").read_text())

    def floor(self, name: str, plan: dict) -> tuple[dict, dict]:
        """Runs a floor on this account's GnuPG home; without a daemon, with an agent that is started, counted and ended too."""
        file = self.write("plan.json", json.dumps(plan))
        script = f"{self.program.with_name('benchmarks')} {name} {file}"
        if self.daemon is None:
            agent = f"--homedir {self.gnupg}"
            script = f"gpg-agent {agent} --daemon >/dev/null; {script}; code=$?; gpgconf {agent} --kill gpg-agent; exit $code"
        said, cost = self.verdict(self.metered("sh", "-c", script))
        return json.loads(said), cost


class Stage:
    """One provider, and everybody on it."""

    def __init__(self, directory: pathlib.Path, people: list[str]):
        self.directory = directory
        self.people: dict[str, Person] = {}
        self.passwords = {name: os.urandom(6).hex() for name in people}
        self.provider = self.serve(*(f"{name}:{password}" for name, password in self.passwords.items()))

    def serve(self, *arguments: str) -> dict[str, str]:
        options = [argument for argument in arguments if argument.startswith("--")]
        users = [argument for argument in arguments if not argument.startswith("--")]
        subprocess.run(
            [HERE / "../testmail/start", *options, self.directory / "mail", *users], check=True, stdout=subprocess.DEVNULL)
        return dict(line.split("=", 1) for line in (self.directory / "mail/env").read_text().splitlines())

    def person(self, name: str) -> Person:
        """An account, set up when it is first asked for."""
        if name not in self.people:
            person = self.mailbox_of(name)
            person.make_home()
            person.set_up()
            self.people[name] = person
        return self.people[name]

    def mailbox_of(self, name: str) -> Person:
        """Somebody who has a mailbox, and no account yet."""
        return Person(self.directory, self.provider, name, self.passwords[name])

    def befriend(self, host: Person, guest: Person, fully: bool = True) -> None:
        """The host, whose daemon runs, invites; `fully` means that the guest, too, learns that they are contacts now."""
        known = host.number("SELECT count(*) FROM contact WHERE state = 'contact'")
        guest.call("accept", "-", words=host.call("invite", "--name", guest.name))
        guest.call("run", "--once")
        wait(f"{host.name} has {guest.name} as contact",
             lambda: host.number("SELECT count(*) FROM contact WHERE state = 'contact'") > known)
        if fully:
            self.settle(host)
            guest.call("run", "--once")
            if guest.number("SELECT count(*) FROM contact WHERE state = 'contact'") != 1:
                raise Failed(f"{guest.name} and {host.name} did not become contacts: see {guest.log}")

    def settle(self, sender: Person, patience: float = 900) -> None:
        """Waits until everything that a sender has to say was taken by the server, and lies in mailboxes."""
        def idle() -> bool:
            return not any((sender.home / "outpackets").iterdir()) and sender.number(
                "SELECT (SELECT count(*) FROM outpacket WHERE state IN ('waiting', 'sealing')) + (SELECT count(*) FROM draft)"
                " + (SELECT count(*) FROM body WHERE state IN ('open', 'sealing'))") == 0

        wait_long(f"{sender.name} has sent everything", idle, patience)
        queues = [self.directory / "mail/spool" / name for name in ("maildrop", "incoming", "active", "deferred")]
        wait_long("the server's queue is empty", lambda: not any(
            file.is_file() for queue in queues for file in queue.rglob("*")), patience)

    def post(self, sender: Person, actions: list[str]) -> None:
        """Has the sender's daemon say things, by the files that any program may put into `outpackets/`: one after the other,
        because what is said while something is sealed goes into one parcel together."""
        folder, database = sender.home / "outpackets", sender.database()
        unsealed = "SELECT count(*) FROM body WHERE state = 'open' AND form <> 'own'"
        for number, action in enumerate(actions):
            partial, file = folder / f".{number}.part", folder / f"{number:05}.xml"
            partial.write_text(action, encoding="utf-8")
            partial.rename(file)
            wait_long(f"{sender.name} seals {file.name}", lambda: not file.exists() and database.execute(
                unsealed).fetchone()[0] == 0, 60, pause=0.002)
        database.close()
        self.settle(sender)

    def close(self) -> None:
        for person in self.people.values():
            person.stop()
        subprocess.run([HERE / "../testmail/stop", self.directory / "mail"], check=False)


def wait_long(what: str, question, patience: float, pause: float = 0.1) -> None:
    end = time.monotonic() + patience
    while not question():
        if time.monotonic() > end:
            raise Failed(f"did not come within {patience:.0f} s: {what}")
        time.sleep(pause)


def status(number: int) -> str:
    """A status as a person might write it; no two are alike."""
    words = f"Day {number} in the new house: the bread is out of the oven, the neighbours came by, and it rains. " * 2
    return f'<status xmlns="{NAMESPACE}" share="yes"><text>{words.strip()}</text></status>'


def photograph(sender: Person, width: int, height: int) -> str:
    """A picture of noise, which nothing can make smaller, as an action with its blob beside it."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + os.urandom(3 * width) for _ in range(height))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    sha256 = hashlib.sha256(png).hexdigest()
    (sender.home / "outpackets" / sha256).write_bytes(png)
    return (
        f'<photo xmlns="{NAMESPACE}" share="yes"><picture width="{width}" height="{height}">'
        f'<blob sha256="{sha256}" size="{len(png)}" type="image/png"/></picture></photo>')


def copy_of(home: pathlib.Path, to: pathlib.Path) -> None:
    """The state of an account whose daemon does not run."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(home, to, symlinks=True, ignore=lambda _, names: [name for name in names if name.startswith("S.")])
