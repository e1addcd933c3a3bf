"""The board that shim.c counts on: a small file that outlives the process it is preloaded into."""

import errno
import mmap
import pathlib
import re
import struct
import subprocess
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent
# struct board in shim.c, field by field.
BOARD = struct.Struct("QQqIIII24s232s")
COUNT, STOP, FAIL, TEAR = range(4)
# What the program logs around each step of its work.
MARK = re.compile(r"^log .*\b(begin|end) (receive|seal|send|move|journal|digest) (\S+)")


@dataclass(frozen=True)
class Fault:
    """What happens at a call: the process dies, or the disk fails, once or from then on."""

    name: str
    deed: int
    code: int = 0
    lasting: bool = False


FAULTS = {
    fault.name: fault for fault in (
        Fault("SIGKILL", STOP),
        Fault("SIGKILL in the middle of a write", TEAR),
        Fault("ENOSPC once", FAIL, errno.ENOSPC),
        Fault("ENOSPC from then on", FAIL, errno.ENOSPC, True),
        Fault("EIO once", FAIL, errno.EIO),
        Fault("EIO from then on", FAIL, errno.EIO, True),
    )
}


def build(directory: pathlib.Path) -> pathlib.Path:
    """Compiles the shim."""
    library = directory / "shim.so"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, HERE / "shim.c"], check=True)
    return library


class Board:
    """Counts the calls below a folder, and says at which of them what is to happen."""

    def __init__(self, library: pathlib.Path, path: pathlib.Path, root: pathlib.Path):
        path.write_bytes(bytes(BOARD.size))
        path.chmod(0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), BOARD.size)
        self.environment = {"LD_PRELOAD": str(library), "FAULT_BOARD": str(path), "FAULT_ROOT": str(root)}
        self.log = path.with_suffix(".trace")

    def trace(self) -> None:
        """From now on every call is written down, and what the program logs between them."""
        self.log.write_bytes(b"")
        self.log.chmod(0o666)
        self.environment["FAULT_TRACE"] = str(self.log)

    def traced(self) -> list[str]:
        """Ends that. A line is a call and its path, or `log` and what was logged."""
        del self.environment["FAULT_TRACE"]
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()

    def set(self, fault: Fault | None = None, at: int = 0, ahead: int = 0) -> None:
        """Begins to count anew; without a fault nothing happens."""
        deed, code, lasting = (fault.deed, fault.code, fault.lasting) if fault else (COUNT, 0, False)
        self.map[:] = BOARD.pack(0, at, ahead, deed, code, lasting, 0, b"", b"")

    def relent(self) -> None:
        """Ends the fault, in a process that runs as well. The count goes on."""
        self.map[24:28] = struct.pack("I", COUNT)

    def run_ahead(self, seconds: int) -> None:
        """Sets the clock ahead and leaves everything else."""
        self.map[16:24] = struct.pack("q", seconds)

    def look(self) -> tuple:
        return BOARD.unpack(self.map[:])

    @property
    def count(self) -> int:
        return self.look()[0]

    @property
    def hits(self) -> int:
        return self.look()[6]

    @staticmethod
    def calls(trace: list[str]) -> list[str]:
        """Every call and its path; the first has the number 1."""
        return [line for line in trace if not line.startswith("log ")]

    @staticmethod
    def steps(trace: list[str]) -> dict[str, list[int]]:
        """The numbers of the calls during each kind of work: what is going on between the lines that say so."""
        number, going_on, found = 0, set(), {}
        for line in trace:
            if mark := MARK.match(line):
                edge, kind, work = mark.groups()
                (going_on.add if edge == "begin" else going_on.discard)((kind, work))
            elif not line.startswith("log "):
                number += 1
                for kind in {kind for kind, _ in going_on}:
                    found.setdefault(kind, []).append(number)
        return found

    @property
    def struck(self) -> str:
        """The call that was struck first."""
        call, path = (field.rstrip(b"\0").decode(errors="replace") for field in self.look()[7:9])
        return f"{call} {path}"
