"""Builds with one guard taken out each: the harness is trusted only because each of them turns it red."""

import argparse
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

import scenarios
from disk import Trial
from place import Place, Places
from scenario import Scenario
from telling import Failed, check, said, step

HERE = pathlib.Path(__file__).parent / "sabotage"


@dataclass(frozen=True)
class Guard:
    """Something that keeps what happens once from being lost or doubled; `patch` takes it out, `kind` must notice."""

    name: str
    patch: str
    kind: type[Scenario]
    # The step of the work that it guards, whose points are tried first; empty for what happens between the steps.
    step: str


GUARDS = (
    Guard("durable before the position moves", "move-before-durable", scenarios.Receive, "receive"),
    Guard("what came before is not decided or handed on again", "no-deduplication", scenarios.Relay, "receive"),
    Guard("applied in one transaction", "no-transaction", scenarios.Publish, ""),
    Guard("the same Message-ID on retry", "new-message-id", scenarios.Publish, "send"),
)


def play(stage: pathlib.Path, options: argparse.Namespace) -> str:
    programs = stage.parent / "sabotaged"
    programs.mkdir()
    step(f"{len(GUARDS)} builds with a guard taken out")
    build(programs, [guard.patch for guard in GUARDS], stage.parent / "bin" / "gpg-launcher")
    places = Places(stage, 1)
    [place] = places.all
    try:
        step("Friends, and the harness turned on each build")
        place.furnish()
        for guard in GUARDS:
            hunt(guard, place, programs / guard.patch, options)
        return f"SABOTAGE: each of {len(GUARDS)} missing guards was noticed."
    finally:
        places.close()


def build(into: pathlib.Path, patches: list[str], launcher: pathlib.Path) -> None:
    done = subprocess.run([HERE / "build", into, *patches], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"no sabotaged builds: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    for patch in patches:
        shutil.copy2(launcher, into / patch)
    subprocess.run(["chmod", "-R", "a+rX", into], check=True)


def hunt(guard: Guard, place: Place, programs: pathlib.Path, options: argparse.Namespace) -> None:
    """The points of the usual run, one after the other, until one shows that the guard is missing."""
    sound = place.programs
    scenario = guard.kind(place)
    if not (place.templates / scenario.name).exists():
        scenario.prepare()
    place.use(programs)
    try:
        trial = Trial(guard.kind, options)
        calls, steps = scenario.measure()
        if is_red(scenario.found):
            tell(guard, scenario, "even without a fault")
            return
        check(not scenario.found, f"{scenario.name} holds without the guard “{guard.name}” as long as nothing fails", scenario.found)
        within = steps.get(guard.step) or set(range(len(calls) + 1)).difference(*steps.values())
        points = sorted(trial.choose(calls, steps), key=lambda point: point[1] not in within)
        for number, (name, at) in enumerate(points, 1):
            if is_red(trial.try_point(scenario, name, at)):
                tell(guard, scenario, f"at point {number} of {len(points)}, call {at}, {name} ({scenario.struck})")
                return
        check(False, f"without the guard “{guard.name}” one of {len(points)} points of {scenario.name} is red")
    finally:
        place.use(sound)


def is_red(found: list[str]) -> bool:
    """A build that does not even run would find fault too: something must be lost or doubled."""
    return any(re.search("lost|twice|doubled", sentence) for sentence in found)


def tell(guard: Guard, scenario: Scenario, where: str) -> None:
    check(True, f"without the guard “{guard.name}” {scenario.name} is red {where}:")
    said(f"  {'; '.join(scenario.found)}"[:300])
