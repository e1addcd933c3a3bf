#!/usr/bin/env python3
"""Measures the program beside its floors, and prints a table. Run by deploy/bench."""

import argparse
import os
import pathlib
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).parent
# Accounts, waiting and witnesses are those of the demo.
sys.path.insert(1, str(HERE.parent / "demo.d"))

import measures  # noqa: E402
import wire  # noqa: E402
from stage import Stage, photograph, status  # noqa: E402
from table import Table  # noqa: E402
from telling import Failed, elapsed, said, step  # noqa: E402

ALL = ("ingest", "latency", "memory", "mailbox", "publish")
FULL = {"parcels": 1000, "latency": 50, "friends": 50, "private": 100_000, "among": 100, "trials": 3}
QUICK = {"parcels": 50, "latency": 8, "friends": 6, "private": 2_000, "among": 20, "trials": 1}


def prepare_mailboxes(stage: Stage, size: dict[str, int]) -> None:
    """Two new accounts, one with a mailbox as large as people have them; each gets the same parcels."""
    anna = stage.person("anna")
    step(f"{size['private']} private mails, and {size['among']} parcels")
    # The mailbox is there before the account is set up, as everybody's is.
    wire.append(stage.mailbox_of("full"), [wire.private_mail(number) for number in range(size["private"])])
    for name in ("full", "empty"):
        stage.befriend(anna, stage.person(name))
    stage.post(anna, [status(number) for number in range(size["among"])])


def run(stage: Stage, table: Table, size: dict[str, int], wanted: list[str]) -> None:
    step("The sender, and who receives")
    anna, ben = stage.person("anna"), stage.person("ben")
    anna.start()
    stage.befriend(anna, ben)

    if {"ingest", "latency", "memory"} & set(wanted):
        step(f"{size['parcels']} statuses, sealed and sent by the sender's daemon")
        stage.post(anna, [status(number) for number in range(size["parcels"])])
        parcels = wire.take_out(ben)
        if len(parcels) != size["parcels"]:
            raise Failed(f"{len(parcels)} parcels came of {size['parcels']} statuses")
    if "latency" in wanted:
        stage.post(anna, [status(number) for number in range(size["latency"])])
        singles = wire.take_out(ben)
    if "memory" in wanted:
        # The second, encoded within the parcel and once more around it, makes a mail of 15 MB.
        stage.post(anna, [photograph(anna, 10, 10), photograph(anna, 1630, 1630)])
        small, large = sorted(wire.take_out(ben), key=len)
    if "ingest" in wanted:
        step("Ingest")
        measures.ingest(table, ben, parcels, size["trials"])
    if "latency" in wanted:
        step("Latency")
        measures.latency(table, ben, stage.mailbox_of("witness"), singles)
    if "memory" in wanted:
        step("Memory")
        measures.memory(table, ben, small, large)
    if "publish" in wanted:
        step(f"Publishing to {size['friends']} contacts")
        host = stage.person("host")
        host.start()
        friends = [stage.person(f"friend{number}") for number in range(size["friends"])]
        for friend in friends:
            stage.befriend(host, friend, fully=False)
        measures.publish(table, stage, host, friends, size["trials"] + 2)
        host.stop()
    if "mailbox" in wanted:
        prepare_mailboxes(stage, size)
        step("A large mailbox")
        anna.stop()
        full, empty = stage.person("full"), stage.person("empty")
        full.provider = empty.provider = stage.serve("--rawlog")
        measures.mailbox(table, full, empty, size["private"], size["among"])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(ALL))
    options = parser.parse_args()
    if unknown := set(options.only) - set(ALL):
        parser.error(f"nothing is named {', '.join(unknown)}; there are {', '.join(ALL)}")
    size, table = QUICK if options.quick else FULL, Table()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, {options.stage}")
    if load > 1:
        print("The machine is busy: the figures are worth little.")
    names = ["anna", "ben", "witness", "host", "full", "empty", *(f"friend{number}" for number in range(size["friends"]))]
    stage, done = None, False
    try:
        stage = Stage(options.stage, names)
        run(stage, table, size, options.only)
        done = True
    except (Failed, OSError, subprocess.SubprocessError, LookupError, ValueError) as failure:
        traceback.print_exc()
        print(f"\nBENCH FAILED after {elapsed():.0f} s: {failure}\nEverything lies in {options.stage}", file=sys.stderr)
    finally:
        if stage:
            stage.close()
    print(f"\n{table.text()}\n\n{len(table.missed)} missed, load {load:.1f} before and {os.getloadavg()[0]:.1f} after, "
          f"{elapsed():.0f} s.", flush=True)
    return 0 if done and table.good else 1


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
