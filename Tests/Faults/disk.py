"""The disk fails, is full, or the process dies, at chosen calls of each main scenario; afterwards everything is there once."""

import argparse
import os
import pathlib
import queue
import random
import shutil
import subprocess

import full
import scenarios
from place import Place, Places
from scenario import Scenario
from shim import FAULTS
from telling import Failed, Tally, check, elapsed, said, step

POINTS = 40
# Of eight points three die between two calls and one in the middle of a write; the disk fails in four ways at the others.
MIXTURE = (
    "SIGKILL", "ENOSPC once", "SIGKILL", "EIO from then on", "SIGKILL in the middle of a write", "ENOSPC from then on", "SIGKILL",
    "EIO once")


def play(stage: pathlib.Path, options: argparse.Namespace) -> str:
    # On a disk of memory nothing waits for the real one; without the right to mount, the real one does as well.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", stage], check=False, stderr=subprocess.DEVNULL)
    places = Places(stage, os.cpu_count() or 1, stage.parent / "bin")
    try:
        step(f"Two pairs of friends, at {len(places.all)} places at once")
        places.each(Place.furnish)
        kinds = [kind for kind in scenarios.ALL if options.scenario in (None, kind.name)]
        trials = [Trial(kind, places, options) for kind in kinds]
        total = sum(trial.run() for trial in trials)
        if options.scenario in (None, full.NAME):
            full.play(places.all[0])
            total += full.play_struck(places.all[0], random.Random(f"{options.seed} daemon"), 60 if options.long else 6)
        wrong = [sentence for trial in trials for sentence in trial.wrong]
        check(not wrong, f"everything is there once after each of {total} faults", "\n".join(wrong))
        return f"DISK: {total} points in {len(kinds)} scenarios, everything there once after each."
    finally:
        places.close()
        # What lies on the disk of memory ends with this process.
        for place in places.all:
            shutil.copytree(place.provider.directory / "log", stage.parent / "logs" / f"mail-{place.directory.name}")


class Trial:
    """All points of one scenario."""

    def __init__(self, kind: type[Scenario], places: Places, options: argparse.Namespace):
        self.kind, self.places, self.options = kind, places, options
        self.work: queue.Queue = queue.Queue()
        self.wrong: list[str] = []
        self.missed = self.again = 0

    def run(self) -> int:
        step(f"Scenario: {self.kind.name}")
        begun = elapsed()
        self.places.each(lambda place: self.kind(place).prepare())
        first = self.kind(self.places.all[0])
        calls = first.measure()
        check(not first.found, f"it holds where nothing fails, with {calls} calls that change the disk", first.found)
        points = self.points(calls)
        for point in points:
            self.work.put(point)
        self.places.each(self.try_points)
        rest = f"{len(points) - len(self.wrong)} of {len(points)} points held, {self.again} mails came twice in the same bytes, {self.missed} points were not reached"
        said(f"{elapsed() - begun:.0f} s; {rest}")
        return len(points)

    def points(self, calls: int) -> list[tuple[str, int]]:
        """Spread over all calls as the seed says; with --long every call, with a death and one kind of failure each."""
        dice = random.Random(f"{self.options.seed} {self.kind.name}")
        if self.options.long:
            failures = [name for name in FAULTS if name != "SIGKILL"]
            return [(name, at) for at in range(1, calls + 1) for name in ("SIGKILL", failures[(at + dice.randrange(5)) % 5])]
        width = calls / POINTS
        return [
            (MIXTURE[number % len(MIXTURE)], min(calls, 1 + int(width * (number + dice.random())))) for number in range(POINTS)]

    def try_points(self, place: Place) -> None:
        scenario = self.kind(place)
        while True:
            try:
                name, at = self.work.get_nowait()
            except queue.Empty:
                return
            found = self.try_point(scenario, name, at)
            self.again += scenario.again
            self.missed += not scenario.hits
            Tally.held += not found
            if found:
                self.wrong.append(f"{self.kind.name}, call {at}, {name} ({scenario.struck}): {'; '.join(found)}")
                said("✗ " + self.wrong[-1])
                self.keep_log(place, f"{self.kind.name}-{at}-{name}".replace(" ", "-"))

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

    def keep_log(self, place: Place, name: str) -> None:
        """What the program said, for whoever looks into it."""
        logs = self.options.stage / "logs"
        logs.mkdir(exist_ok=True)
        (logs / f"{name}.log").write_text("\n".join(place.log), encoding="utf-8")
