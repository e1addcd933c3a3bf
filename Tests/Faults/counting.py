"""Whether the shim counts what the kernel is asked for: the same runs seen by strace, call by call and path by path."""

import collections
import pathlib
import re
import subprocess

from cast import expect
from place import Place
from telling import check, step
from work import draw_pictures

# What changes the disk, by the name that shim.c has for it.
NAMES = {
    "write": "write", "pwrite64": "pwrite", "writev": "writev", "pwritev": "pwritev", "pwritev2": "pwritev",
    "sendfile": "sendfile", "copy_file_range": "copy_file_range", "ftruncate": "ftruncate", "fallocate": "fallocate",
    "fsync": "fsync", "fdatasync": "fdatasync", "syncfs": "syncfs", "rename": "rename", "renameat": "rename",
    "renameat2": "rename", "link": "link", "linkat": "link", "symlink": "symlink", "symlinkat": "symlink", "unlink": "unlink",
    "unlinkat": "unlink", "rmdir": "rmdir", "mkdir": "mkdir", "mkdirat": "mkdir", "truncate": "truncate", "open": "open",
    "openat": "open", "creat": "open",
}
CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
AT_PATH = re.compile(r'^(?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)"')
PATH = re.compile(r'^"([^"]*)"')
DESCRIPTOR = re.compile(r"^\d+<([^>]*)>")

Calls = collections.Counter[tuple[str, str]]


def play(place: Place) -> None:
    step("What the shim counts, against strace")
    place.reset("empty")
    compare(place, "dina", *place.folder_setup("dina"))
    place.reset("friends")
    [picture] = draw_pictures(place.people, 1)
    compare(place, "anna", "post", "a photo", "--photo", str(picture))
    compare(place, "anna", "run", "--once")


def compare(place: Place, short: str, *arguments: str) -> None:
    """One command under both. Children that became another program are left out, as the shim leaves them alone."""
    person = place.cast[short]
    log = place.directory / "strace.log"
    log.write_bytes(b"")
    log.chmod(0o666)
    place.board.set()
    place.board.trace()
    settings = [word for name, value in place.board.environment.items() for word in ("-E", f"{name}={value}")]
    identity = person.identity
    done = subprocess.run(
        ["strace", "-f", "-y", "-s", "0", "-e", f"trace=execve,{','.join(NAMES)}", "-o", log, *settings, person.program,
         "--home", person.home, *arguments],
        **identity, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    expect(done, f"{short}: {' '.join(arguments)} under strace")
    root = str(place.people)
    counted, seen = by_shim(place.board.traced()), by_strace(log, root)
    check(
        counted == seen and counted.total() == place.board.count,
        f"{arguments[0]}: {place.board.count} calls, by the shim and by strace",
        {"only the shim": dict(counted - seen), "only strace": dict(seen - counted)})


def by_shim(trace: list[str]) -> Calls:
    return collections.Counter(tuple(line.split(" ", 1)) for line in trace if not line.startswith("log "))


def by_strace(log: pathlib.Path, root: str) -> Calls:
    calls, first, others = [], None, set()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if not (found := CALL.match(line)):
            continue
        process, name, rest = found.groups()
        first = first or process
        if name == "execve":
            if process != first:
                others.add(process)
        elif (path := path_of(name, rest)) and (path + "/").startswith(root + "/"):
            calls.append((process, NAMES[name], path))
    return collections.Counter((name, path) for process, name, path in calls if process not in others)


def path_of(name: str, rest: str) -> str | None:
    """What a line says is changed; nothing for an open that makes no file."""
    if name in ("open", "openat") and not ("O_CREAT" in rest or "O_TMPFILE" in rest):
        return None
    if name == "copy_file_range":
        rest = rest.split(", ", 2)[2]
    if re.search("at2?$", name) and (found := AT_PATH.match(rest)):
        folder, path = found.groups()
        return path if path.startswith("/") else f"{folder}/{path}"
    found = PATH.match(rest) or DESCRIPTOR.match(rest)
    return found[1] if found else None
