"""neomutt, played by a script: it runs on a terminal of its own and is told its keys."""

import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import termios
import time

from account import Account
from telling import Failed

HERE = pathlib.Path(__file__).parent


def play(account: Account, *arguments: str, patience: float = 60) -> None:
    """Runs neomutt as the account's user until it ends by itself."""
    command = ["neomutt", "-F", str(account.directory / "neomuttrc"), *arguments]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(account.directory)
        os.setgroups([])
        os.setgid(account.uid)
        os.setuid(account.uid)
        os.execvpe(command[0], command, account.environment)
    # Wide enough that no line is broken.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    shown, deadline = b"", time.monotonic() + patience
    try:
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:  # EIO: the child closed its side
                    break
        else:
            os.kill(child, signal.SIGKILL)
            raise Failed(f"neomutt did not end within {patience:.0f} s; its screen ended with {shown[-500:]!r}")
    finally:
        os.close(terminal)
        _, status = os.waitpid(child, 0)
    if status != 0:
        raise Failed(f"neomutt ended with {os.waitstatus_to_exitcode(status)}: {shown[-500:]!r}")


def pattern(message_id: str) -> str:
    """A mail by its Message-ID, as neomutt's limit wants it. The part before the @ is letters, digits and - only."""
    return message_id.strip("<> ").split("@")[0]


def show(account: Account, folder: str, message_id: str) -> str:
    """What neomutt shows of a mail: an external pager receives what the user would see."""
    shown = account.write("shown", "")
    pager = account.write("pager", f'#!/bin/sh\nexec cat "$1" >{shown}\n', mode=0o700)
    play(
        account, "-f", f"+{folder}", "-e", f"set pager={pager} prompt_after=no", "-e",
        f'push "<limit>~i {pattern(message_id)}<enter><first-entry><display-message><exit>"')
    return shown.read_text(encoding="utf-8", errors="replace")


def answer(account: Account, message_id: str, under: dict[str, str], below: list[str]) -> str:
    """Answers a mail in INBOX, quoted, as a person does: words under lines that are recognised by their beginning,
    and lines at the end. Returns the text that was sent."""
    plan = [f"under\t{line}\t{words}\n" for line, words in under.items()] + [f"below\t\t{words}\n" for words in below]
    account.write("answer", "".join(plan))
    editor = account.write("editor", (HERE / "editor.py").read_text(encoding="utf-8"), mode=0o700)
    play(
        account, "-e", f"set editor='{editor} {account.directory}/answer'",
        "-e", "set fast_reply=yes include=yes autoedit=yes reply_to=yes",
        "-e", f'push "<limit>~i {pattern(message_id)}<enter><first-entry><reply><send-message><exit>"')
    return (account.directory / "answer.sent").read_text(encoding="utf-8")
