#!/usr/bin/env python3
"""Kills, failing disks, full disks and sabotage, side by side. Run by Tests/Faults/run."""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "deploy/demo.d"))

import disk
import full
import kills
import sabotage
import scenarios
from telling import Failed, Tally, elapsed

PARTS = {"kills": kills.play, "disk": disk.play, "full": full.play, "sabotage": sabotage.play}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--scenario", choices=[kind.name for kind in scenarios.ALL])
    return parser.parse_args()


def main() -> int:
    options = arguments()
    # Being told to stop must not leave servers behind.
    for word in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(word, lambda number, _: sys.exit(128 + number))
    if options.only:
        return play(options.only, options)
    print(f"Seed {options.seed}.", flush=True)
    return side_by_side(options)


def play(name: str, options: argparse.Namespace) -> int:
    """One part."""
    print(f"=== {name}, seed {options.seed}", flush=True)
    stage = options.stage / name
    stage.mkdir()
    status = 0
    try:
        print("\n" + PARTS[name](stage, options), flush=True)
    except Exception as failure:
        if not isinstance(failure, Failed):
            traceback.print_exc()
        print(f"\n{name.upper()} FAILED: {failure}\nTo repeat it: {again(name, options)}", flush=True)
        status = 1
    print(f"\n{Tally.held} checks held in {elapsed():.0f} s.", flush=True)
    return status


def again(name: str, options: argparse.Namespace) -> str:
    """The call that does the same once more."""
    words = ["Tests/Faults/run", "--seed", str(options.seed), "--only", name]
    if options.long:
        words.append("--long")
    if options.scenario:
        words.append(f"--scenario '{options.scenario}'")
    return " ".join(words)


def side_by_side(options: argparse.Namespace) -> int:
    """Every part in a process of its own, at the same time: each waits a lot, and none knows of the others."""
    rest = ["--seed", str(options.seed)] + (["--long"] if options.long else [])
    running = {}
    try:
        for name in PARTS:
            with open(options.stage / f"{name}.log", "wb") as log:
                command = [sys.executable, __file__, options.stage, "--only", name, *rest]
                running[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        broken = [name for name, process in running.items() if process.wait() != 0]
    finally:
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        # What is broken stands at the end, where one looks.
        for name in sorted(running, key=lambda name: running[name].wait() != 0):
            print("\n" + (options.stage / f"{name}.log").read_text(encoding="utf-8"), flush=True)
    print(f"All of it took {elapsed():.0f} s." + (f" BROKEN: {', '.join(broken)}." if broken else ""), flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
