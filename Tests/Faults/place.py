"""A place to try faults in: accounts and mailboxes that are put back to how they were before each point."""

import collections
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import shim
from cast import Person, Provider, expect
from mailing import all_mails
from parcels import Enclosed, contents
from telling import Failed, wait

MAIL, FOLDER = {"anna": "Anna Berg", "ben": "Ben Ito"}, {"dina": "Dina Kron", "erik": "Erik Lund"}
UID = 60001
STOPPED = -signal.SIGKILL


class Place:
    """Two friends with mailboxes, two with directories, all of one unprivileged user, and a board to count on."""

    def __init__(self, directory: pathlib.Path, library: pathlib.Path, programs: pathlib.Path):
        self.directory = directory
        self.people, self.inlets = directory / "people", directory / "in"
        self.templates = directory / "templates"
        for folder in (directory, self.people, self.inlets, self.templates):
            folder.mkdir(mode=0o755)
        self.use(programs)
        self.provider = Provider(directory / "mail")
        self.mailboxes = self.provider.directory / "mail"
        env = self.provider.open([*MAIL, "guest"])
        passwords = self.provider.passwords
        self.cast = {
            short: Person(self.people, env, short, name, UID, passwords.get(short, "none"))
            for short, name in (MAIL | FOLDER | {"guest": "Gil Haas"}).items()}
        self.board = shim.Board(library, directory / "board", self.people)
        self.log: list[str] = []
        # What lies in parcels that were opened before: those of a template come again at each point.
        self.opened: dict[bytes, list[Enclosed]] = {}

    def __getattr__(self, short: str) -> Person:
        try:
            return self.__dict__["cast"][short]
        except KeyError:
            raise AttributeError(short) from None

    # Accounts -------------------------------------------------------------------------------------------------------

    def furnish(self) -> None:
        """Sets up both pairs of friends, and keeps what that makes as the template "friends"."""
        for person in self.cast.values():
            person.make_home()
        for short in FOLDER:
            self.make_inlet(short)
        self.snapshot("empty")
        for short in MAIL:
            self.cast[short].set_up(digest="off", idle=True)
        for short in FOLDER:
            self.cast[short].call(*self.folder_setup(short))
        for person in self.friends:
            person.configure("post", undo="0")
        for one, other in (self.anna, self.ben), (self.dina, self.erik):
            link = next(word for word in one.call("invite").split() if word.startswith("socialnet:join#"))
            other.call("accept", "-", words=link)
            for person in (other, one, other, one):
                self.visit(person)
            if one.contact_state(other) != "contact" or other.contact_state(one) != "contact":
                raise Failed(f"{one.name} and {other.name} did not become contacts")
        self.snapshot("friends")

    @property
    def friends(self) -> list[Person]:
        return [self.cast[short] for short in (*MAIL, *FOLDER)]

    def make_inlet(self, short: str) -> None:
        inlet = self.inlets / short
        inlet.mkdir()
        os.chown(inlet, UID, UID)

    def folder_setup(self, short: str) -> tuple[str, ...]:
        return ("setup", f"file://{self.inlets / short}", "--name", FOLDER[short], "--non-interactive")

    def use(self, programs: pathlib.Path) -> None:
        """Takes these programs from now on."""
        self.programs = programs
        link = self.people / "bin"
        link.unlink(missing_ok=True)
        link.symlink_to(programs)

    # Processes ------------------------------------------------------------------------------------------------------

    def struck(self, person: Person, *arguments: str, words: str | None = None) -> subprocess.CompletedProcess:
        """Runs a subcommand under the shim, as the board is set."""
        identity = person.identity
        identity["env"] = identity["env"] | self.board.environment
        done = subprocess.run(
            [person.program, "--home", person.home, "--verbose", *arguments], **identity, input=words, text=True,
            stdin=None if words is not None else subprocess.DEVNULL, capture_output=True, timeout=90)
        self.log.append(f"$ socialnet {' '.join(arguments)}   [{person.short}: {done.returncode}]\n{done.stderr}")
        return done

    def visit(self, person: Person) -> None:
        """`run --once` with nothing wrong, and mail that is on its way arrives."""
        done = person.attempt("--verbose", "run", "--once")
        self.log.append(f"$ socialnet run --once   [{person.short}: {done.returncode}]\n{done.stderr}")
        expect(done, f"{person.short}: run --once")
        self.calm()

    def calm(self) -> None:
        wait("the provider is quiet", self.provider.is_quiet, pause=0.02)

    def visit_later(self, person: Person, seconds: int) -> None:
        """The same, so many seconds later by the program's clock."""
        self.board.set(ahead=seconds)
        expect(self.struck(person, "run", "--once"), f"{person.short}: run --once, {seconds} s later")
        self.calm()

    # Templates ------------------------------------------------------------------------------------------------------

    def snapshot(self, name: str) -> None:
        """Keeps everything as it is now."""
        self.end_agents()
        template = self.templates / name
        template.mkdir()
        for tree in (self.people, self.inlets, self.mailboxes):
            subprocess.run(["cp", "-a", tree, template / tree.name], check=True)

    def reset(self, name: str) -> None:
        """Puts everything back to how it was."""
        self.end_agents()
        self.calm()
        for tree in (self.people, self.inlets, self.mailboxes):
            shutil.rmtree(tree, ignore_errors=True)
            subprocess.run(["cp", "-a", self.templates / name / tree.name, tree], check=True)
        self.use(self.programs)
        self.board.set()
        self.log.clear()

    def end_agents(self) -> None:
        """A process that was killed left its keys' agent."""
        for record in self.people.glob("*/home/gnupg/agent.pid"):
            text = record.read_text().strip("\0\n ")
            if text.isdigit() and str(record.parent).encode() in self.command_of(int(text)):
                os.kill(int(text), signal.SIGKILL)
        for socket in self.people.glob("*/home/gnupg/S.*"):
            if socket.is_socket():
                socket.unlink()

    @staticmethod
    def command_of(pid: int) -> bytes:
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""

    # What is there --------------------------------------------------------------------------------------------------

    @staticmethod
    def words(person: Person) -> collections.Counter:
        """What stands in somebody's feed."""
        return collections.Counter(row["text"] for row in person.query("SELECT text FROM feed"))

    def letters(self, person: Person, kind: str) -> tuple[list[str], int]:
        """The texts of the letters of one kind, and how many of them came twice in the same bytes."""
        found = [mail for mail in all_mails(person) if mail.header("SocialNet-Letter") == kind]
        unique = {mail.header("Message-ID"): mail.text() for mail in found}
        return list(unique.values()), len(found) - len(unique)

    def parcels(self, person: Person) -> dict[Enclosed, set[str]]:
        """Which Message-IDs carry each packet of a mailbox."""
        mails = {mail.header("Message-ID"): mail for mail in all_mails(person) if mail.header("SocialNet-Parcel")}
        unopened = {name: mail for name, mail in mails.items() if mail.raw not in self.opened}
        for name, packets in contents(person, unopened).items():
            self.opened[mails[name].raw] = packets
        carriers: dict[Enclosed, set[str]] = collections.defaultdict(set)
        for name, mail in mails.items():
            for packet in self.opened[mail.raw]:
                carriers[packet].add(name)
        return carriers

    @staticmethod
    def blobs_are_whole(person: Person) -> bool:
        files = [file for file in (person.home / "blobs").iterdir() if len(file.name) == 64]
        return bool(files) and all(hashlib.sha256(file.read_bytes()).hexdigest() == file.name for file in files)

    def close(self) -> None:
        self.end_agents()
        self.provider.close()


class Places:
    """As many places as there are processors, furnished at the same time."""

    def __init__(self, stage: pathlib.Path, count: int):
        # On a disk of memory nothing waits for the real one; without the right to mount, the real one does as well.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", stage], check=False, stderr=subprocess.DEVNULL)
        library = shim.build(stage)
        library.chmod(0o755)
        self.all = [Place(stage / str(number), library, stage.parent / "bin") for number in range(count)]
        self.logs = stage.parent / "logs" / stage.name
        self.trouble: list[Exception] = []

    def each(self, work) -> None:
        """Does something with every place, at the same time; the first failure is raised when all have ended."""
        def run(place: Place) -> None:
            try:
                work(place)
            except Exception as failure:
                self.trouble.append(failure)

        threads = [threading.Thread(target=run, args=(place,)) for place in self.all]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.trouble:
            raise self.trouble[0]

    def close(self) -> None:
        for place in self.all:
            place.close()
            # What lies on the disk of memory ends with this process.
            shutil.copytree(place.provider.directory / "log", self.logs / place.directory.name)
            for log in place.people.glob("*/daemon.log"):
                shutil.copy(log, self.logs / place.directory.name / f"{log.parent.name}.log")
