#!/usr/bin/env python3
"""Runs a command and says what it and all that it started cost.

usage: meter.py RESULT COMMAND [ARGUMENT]...     writes {"code": …, "seconds": …, "cpu": …} to RESULT

GPGME forks twice, so what a process counts as its children's time misses gpg. Here every orphan comes home to this process,
and is counted when it is reaped; a gpg-agent that outlives the command is counted as it stands.
"""

import ctypes
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
# How long what the command left behind may take to end.
PATIENCE = 1.0


def children() -> list[int]:
    return [int(pid) for task in pathlib.Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def spent_by(pid: int) -> float:
    """User and system time of a living process, its own and that of its reaped children."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    result, command = sys.argv[1], sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    begun = time.monotonic()
    first = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    code, ended = None, begun
    while children() and (code is None or time.monotonic() < ended + PATIENCE):
        pid, status = os.waitpid(-1, 0 if code is None else os.WNOHANG)
        if pid == first.pid:
            code, ended = os.waitstatus_to_exitcode(status), time.monotonic()
        elif pid == 0:
            time.sleep(0.01)
    reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = reaped.ru_utime + reaped.ru_stime + sum(spent_by(pid) for pid in children())
    pathlib.Path(result).write_text(json.dumps({"code": code, "seconds": ended - begun, "cpu": cpu}))
    return code


if __name__ == "__main__":
    sys.exit(main())
