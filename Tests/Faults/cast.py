"""The accounts of a run, on a mail provider of their own."""

import os
import pathlib
import subprocess

from account import Account
from telling import Failed
from witness import rows

HERE = pathlib.Path(__file__).parent
TESTMAIL = HERE.parents[1] / "deploy/testmail"


class Person(Account):
    """An account, and what the harness knows of it without asking the program."""

    # More for the environment of its processes.
    extra: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.extra

    def query(self, sql: str) -> list[dict]:
        return rows(self, sql)

    @property
    def author(self) -> str:
        if not getattr(self, "_author", None):
            self._author = self.query("SELECT author FROM identity")[0]["author"]
        return self._author

    def contact_state(self, other: "Person") -> str:
        """What the other is to this one, as the database says; empty where they do not know each other."""
        found = self.query(f"SELECT state FROM contact WHERE author = '{other.author}'")
        return found[0]["state"] if found else ""

    def once(self, **options) -> subprocess.Popen:
        """Starts `run --once`; its log goes where the daemon's does."""
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [self.program, "--home", self.home, "--verbose", "run", "--once"], **self.identity,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options)


class Provider:
    """A private Dovecot and Postfix with a mailbox for each person."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.passwords: dict[str, str] = {}

    def open(self, shorts: list[str]) -> dict[str, str]:
        """Starts the servers; returns what deploy/testmail/start says about them."""
        self.passwords = {short: f"{short}-{os.urandom(6).hex()}" for short in shorts}
        users = [f"{short}:{password}" for short, password in self.passwords.items()]
        subprocess.run(
            [TESTMAIL / "start", "--until-end-of", str(os.getpid()), self.directory, *users], check=True,
            stdout=subprocess.DEVNULL)
        return dict(line.split("=", 1) for line in (self.directory / "env").read_text().splitlines())

    def close(self) -> None:
        if self.directory.exists():
            subprocess.run([TESTMAIL / "stop", self.directory], check=False)

    def is_quiet(self) -> bool:
        """Whether no mail is on its way."""
        spool = self.directory / "spool"
        queues = ("maildrop", "incoming", "active", "deferred")
        return not any(file.is_file() for queue in queues for file in (spool / queue).rglob("*"))


def people(stage: pathlib.Path, provider: Provider, names: dict[str, str], first_uid: int = 60001) -> list[Person]:
    """Opens a mailbox for each, and gives each a home; no account is set up yet."""
    env = provider.open(list(names))
    (stage / "bin").symlink_to(stage.parent / "bin")
    cast = []
    for number, (short, name) in enumerate(names.items()):
        person = Person(stage, env, short, name, first_uid + number, provider.passwords[short])
        person.make_home()
        cast.append(person)
    return cast


def stop_agents(cast: list[Person]) -> None:
    """Ends what a killed process left of its keys' agent."""
    for person in cast:
        if person.gnupg.exists():
            subprocess.run(
                ["gpgconf", "--homedir", person.gnupg, "--kill", "gpg-agent"], **person.identity, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def is_running(process: subprocess.Popen) -> bool:
    return process.poll() is None


def expect(done: subprocess.CompletedProcess, what: str) -> str:
    """What a call printed, if it ended well."""
    if done.returncode != 0:
        raise Failed(f"{what} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()
