"""What the demo says while it goes on: steps, checks, and waiting with a deadline."""

import time

BEGUN = time.monotonic()


class Failed(Exception):
    """A check that did not hold, or something that did not come; the message says which."""


class Tally:
    """How many checks held."""

    held = 0


def elapsed() -> float:
    return time.monotonic() - BEGUN


def step(title: str) -> None:
    print(f"\n[{elapsed():6.1f} s] {title}", flush=True)


def said(line: str) -> None:
    print(f"           {line}", flush=True)


def check(holds: object, sentence: str, found: object = "") -> None:
    """States something that must be so; `found` is shown if it is not."""
    if not holds:
        raise Failed(f"not so: {sentence}" + (f"\nfound: {found!r}" if found != "" else ""))
    Tally.held += 1
    said(f"✓ {sentence}")


class Patience:
    """How long a thing may take to come: longer where daemons are killed on the way."""

    seconds = 90.0


def wait(what: str, question, pause: float = 0.15):
    """Asks until the answer is true, and returns it."""
    begun, told = time.monotonic(), 10
    while True:
        answer = question()
        if answer:
            return answer
        waited = time.monotonic() - begun
        if waited > Patience.seconds:
            raise Failed(f"did not come within {Patience.seconds:.0f} s: {what}")
        if waited > told:
            said(f"… {told} s, still waiting: {what}")
            told += 10
        time.sleep(pause)
