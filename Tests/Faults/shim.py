"""The board that shim.c counts on: a small file that outlives the process it is preloaded into."""

import errno
import mmap
import pathlib
import struct
import subprocess
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent
# struct board in shim.c, field by field.
BOARD = struct.Struct("QQqIIII24s232s")
COUNT, STOP, FAIL, TEAR = range(4)


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

    @property
    def struck(self) -> str:
        """The call that was struck first."""
        call, path = (field.rstrip(b"\0").decode(errors="replace") for field in self.look()[7:9])
        return f"{call} {path}"
