"""The disk fails, is full, or the process dies, at chosen calls of each main scenario; afterwards everything is there once."""

import argparse
import collections
import collections.abc
import os
import pathlib
import random
import re
import subprocess
import threading

import counting
import scenarios
from place import Place, Places
from scenario import Scenario
from shim import FAULTS, TEAR
from telling import Failed, Tally, check, elapsed, said, step

POINTS = 40
# Of eight points three die between two calls and one in the middle of a write; the disk fails in four ways at the others.
MIXTURE = (
    "SIGKILL", "ENOSPC once", "SIGKILL", "EIO from then on", "SIGKILL in the middle of a write", "ENOSPC from then on", "SIGKILL",
    "EIO once")


def play(stage: pathlib.Path, options: argparse.Namespace) -> str:
    # One place more than there are processors: a place waits for servers now and then.
    places = Places(stage, (os.cpu_count() or 1) + 1)
    try:
        step(f"Two pairs of friends, at {len(places.all)} places at once")
        places.each(Place.furnish)
        if not options.scenario:
            counting.play(places.all[0])
        kinds = [kind for kind in scenarios.ALL if options.scenario in (None, kind.name)]
        trials = [Trial(kind, options) for kind in kinds]
        step("Scenarios with a disk that fails")
        # No place waits for the others: who has no more points to try goes on to the next scenario.
        places.each(lambda place: [trial.join(place) for trial in trials])
        total = sum(trial.tried for trial in trials)
        wrong = [sentence for trial in trials for sentence in trial.wrong]
        check(not wrong, f"everything is there once after each of {total} faults", "\n".join(wrong))
        return f"DISK: {total} points in {len(kinds)} scenarios, everything there once after each."
    finally:
        places.close()


def every_point(calls: list[str]) -> list[tuple[str, int]]:
    """Every fault at every call.

    But SQLite makes one thing of what a transaction writes into its log: until the last of it is there, none of it counts, wherever
    it ends (https://www.sqlite.org/walformat.html, 4.4), and a write that fails is the failure of the commit, whichever it is. So
    all faults strike the first two and the last two of such a row of writes, and those between them one fault each, in turn. And a
    write alone can end in the middle."""
    def is_log(at: int) -> bool:
        return 0 < at <= len(calls) and re.match(r"pwrite .*-wal$", calls[at - 1]) is not None

    points = []
    for at, call in enumerate(calls, 1):
        inside = all(is_log(other) for other in range(at - 2, at + 3))
        names = [list(FAULTS)[at % len(FAULTS)]] if inside else FAULTS
        points += [(name, at) for name in names if FAULTS[name].deed != TEAR or call.startswith(("write ", "pwrite "))]
    return points


class Trial:
    """All points of one scenario, for as many places as come to try them."""

    def __init__(self, kind: type[Scenario], options: argparse.Namespace):
        self.kind, self.options = kind, options
        self.lock = threading.Lock()
        self.points: collections.deque[tuple[str, int]] | None = None
        self.wrong: list[str] = []
        self.tried = self.under_way = self.missed = self.again = 0

    def join(self, place: Place) -> None:
        """Tries points at a place until none is left."""
        scenario = self.kind(place)
        scenario.prepare()
        with self.lock:
            if self.points is None:
                self.begun = elapsed()
                self.points = collections.deque(self.choose(*self.measure(scenario)))
        while point := self.take():
            self.note(scenario, *point, self.try_point(scenario, *point))

    def measure(self, scenario: Scenario) -> tuple[list[str], dict[str, list[int]]]:
        """The calls of a run where nothing fails, and the numbers of those of each kind of work."""
        calls, steps = scenario.measure()
        check(not scenario.found, f"{self.kind.name} holds where nothing fails: {len(calls)} calls change the disk", scenario.found)
        return calls, steps

    def choose(self, calls: list[str], steps: dict[str, list[int]]) -> list[tuple[str, int]]:
        """Points as the seed says, half of them in the steps of the work, as many for the short ones as for the long ones, and
        the rest anywhere; with --long every call, in an order that lets half a run say something of all."""
        dice = random.Random(f"{self.options.seed} {self.kind.name}")
        if self.options.long:
            every = every_point(calls)
            dice.shuffle(every)
            return every
        count = POINTS if self.kind.is_main else POINTS // 4

        def spread(numbers: collections.abc.Sequence[int], some: int) -> list[tuple[str, int]]:
            width = len(numbers) / some
            return [(MIXTURE[n % len(MIXTURE)], numbers[int(width * (n + dice.random()))]) for n in range(some)]

        points = [point for kind in sorted(steps) for point in spread(steps[kind], count // 2 // len(steps))]
        return points + spread(range(1, len(calls) + 1), count - len(points))

    def take(self) -> tuple[str, int] | None:
        with self.lock:
            if not self.points:
                return None
            self.under_way += 1
            return self.points.popleft()

    def try_point(self, scenario: Scenario, name: str, at: int) -> list[str]:
        try:
            try:
                return scenario.try_point(FAULTS[name], at)
            except subprocess.TimeoutExpired as failure:
                # What hangs, hangs again; a machine that stood still goes on.
                said(f"once more, because of {failure}")
                return scenario.try_point(FAULTS[name], at)
        except (Failed, subprocess.TimeoutExpired) as failure:
            return [str(failure)]

    def note(self, scenario: Scenario, name: str, at: int, found: list[str]) -> None:
        with self.lock:
            self.tried += 1
            self.under_way -= 1
            self.again += scenario.again
            self.missed += not scenario.hits
            if found:
                self.wrong.append(f"{self.kind.name}, call {at}, {name} ({scenario.struck}): {'; '.join(found)}")
                self.complain(scenario, name, at)
            else:
                Tally.held += 1
            if self.tried % 500 == 0:
                said(f"{self.kind.name}: {self.tried} points tried, {len(self.points or ())} to go, {len(self.wrong)} wrong")
            if not self.points and not self.under_way:
                held = self.tried - len(self.wrong)
                said(
                    f"{self.kind.name}: {elapsed() - self.begun:.0f} s; {held} of {self.tried} points held, {self.again} mails"
                    f" came twice in the same bytes, {self.missed} points were not reached")

    def complain(self, scenario: Scenario, name: str, at: int) -> None:
        """Says it, and keeps what the program said for whoever looks into it."""
        said("✗ " + self.wrong[-1])
        logs = self.options.stage / "logs"
        logs.mkdir(exist_ok=True)
        log = logs / f"{self.kind.name}-{at}-{name}.log".replace(" ", "-")
        log.write_text("\n".join(scenario.place.log), encoding="utf-8")
