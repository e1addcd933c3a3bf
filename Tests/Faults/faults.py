#!/usr/bin/env python3
"""Kills, failing disks and sabotage, one part after the other. Run by Tests/Faults/run."""

import argparse
import os
import pathlib
import random
import signal
import sys
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "deploy/demo.d"))

import disk
import full
import kills
import scenarios
from telling import Failed, Tally, elapsed

PARTS = {"kills": kills.play, "disk": disk.play}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--scenario", choices=[*(kind.name for kind in scenarios.ALL), full.NAME])
    options = parser.parse_args()
    # Being told to stop must not leave servers behind.
    for word in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(word, lambda number, _: sys.exit(128 + number))
    print(f"Seed {options.seed}.", flush=True)
    broken = []
    for name, play in PARTS.items():
        if options.only in (None, name):
            stage = options.stage / name
            stage.mkdir()
            try:
                print("\n" + play(stage, options), flush=True)
            except Exception as failure:
                if not isinstance(failure, Failed):
                    traceback.print_exc()
                long = " --long" if options.long else ""
                again = f"Tests/Faults/run{long} --seed {options.seed} --only {name}"
                print(f"\n{name.upper()} FAILED: {failure}\nTo repeat it: {again}", file=sys.stderr, flush=True)
                broken.append(name)
    print(f"\n{Tally.held} checks held in {elapsed():.0f} s." + (f" BROKEN: {', '.join(broken)}" if broken else ""), flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
