#!/usr/bin/env python3
"""The $EDITOR of the demo: writes into a quoted mail what a plan says, as a person would.

usage: editor.py PLAN FILE     PLAN has lines of three fields: under|below TAB beginning-of-a-quoted-line TAB words
"""

import sys

plan, path = sys.argv[1], sys.argv[2]
steps = [line.rstrip("\n").split("\t") for line in open(plan, encoding="utf-8")]
written = []
for line in open(path, encoding="utf-8"):
    written.append(line)
    for where, beginning, words in steps:
        if where == "under" and line.startswith("> " + beginning):
            written.append(f"\n{words}\n\n")
written += ["\n"] + [f"{words}\n" for where, _, words in steps if where == "below"]
for name in (path, plan + ".sent"):
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(written)
