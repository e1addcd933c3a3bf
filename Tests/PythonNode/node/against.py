"""`socialnet conformance`: with the program itself, and with this node as the other side of its play."""

import json
import subprocess

from .answerer import Forgetful, Player, playing
from .openpgp import Gpg

CIRCLES = {"transcripts/circle", "transcripts/comment-audience"}


def conformance(stage, *arguments):
    """(exit code, results by name, what was said)."""
    ran = subprocess.run([stage.program, "--home", str(stage.place / "nobody"), "conformance", "--json", *arguments],
                         capture_output=True, text=True, timeout=600)
    rows = json.loads(ran.stdout)["vectors"] if ran.stdout else []
    return ran.returncode, {row["name"]: row for row in rows}, ran.stderr


def with_other(stage, kind, name, *arguments):
    gpg = Gpg(stage.place / name / "gnupg")
    stage.gpgs.append(gpg)
    place = stage.place / f"{name}-play"
    place.mkdir()
    end = playing(kind(name, stage.place / name, gpg), place)
    try:
        return conformance(stage, "--against", str(place), *arguments)
    finally:
        end()


def play(stage):
    stage.step("The program, held against all vectors")
    code, rows, said = conformance(stage)
    stage.check(f"it holds all {len(rows)} of them", code == 0 and len(rows) > 270
                and {row["result"] for row in rows.values()} == {"ok"}, said)

    stage.step("The transcripts, played with Python")
    code, rows, said = with_other(stage, Player, "Petra")
    left_out = {name for name, row in rows.items() if row["result"] == "left out"}
    wrong = {name: row["said"] for name, row in rows.items() if row["result"] == "failed"}
    stage.check(f"{len(rows) - len(left_out)} hold, and those about circles are left out, which this node has not",
                code == 0 and len(rows) > 20 and left_out == CIRCLES and not wrong, (code, wrong, said))
    code, rows, said = with_other(stage, Forgetful, "Frieda", "--only", "transcripts/retracted", "--only", "transcripts/edited")
    stage.check("a node that does not hear what is taken back fails by name, and otherwise holds",
                code == 65 and {name: row["result"] for name, row in rows.items()}
                == {"transcripts/edited": "ok", "transcripts/retracted": "failed"}, (code, rows, said))
