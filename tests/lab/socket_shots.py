"""`nettui sockets` run in a lab: as a program, and in a process that is there already."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

from nettui.cli import main
from nettui.reports.sockets import SCHEMA_FILE
from tests.lab_support import PATIENCE, Lab

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

_COMMAND = "import sys; from nettui.cli import main; sys.exit(main())"


class Shot(NamedTuple):
    """What one run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        assert self.code == 0, self.err
        document = json.loads(self.out)
        jsonschema.validate(document, SCHEMA)
        return list(document["sockets"])


def shot(*words: str) -> Shot:
    """`nettui sockets` in this very process, which is one of the lab's: for what has to be asked often."""
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code = main(["sockets", *words])
    texts = []
    for stream in (sys.stdout, sys.stderr):
        stream.seek(0)
        texts.append(stream.read())
    return Shot(code, *texts)


def rows(lab: Lab, *words: str) -> list[dict[str, Any]]:
    return lab.call(lambda: shot(*words, "--json", "-p")).rows


def nettui(
    lab: Lab, *words: str, env: Mapping[str, str] | None = None, through: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run `nettui sockets` with these words as a program in the lab, `through` what else may run it."""
    return subprocess.run(
        lab.command(*through, sys.executable, "-c", _COMMAND, "sockets", *words), env=environment(env),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )


def nettui_command(lab: Lab, *words: str) -> list[str]:
    """The same as a command for subprocess, with `environment()`."""
    return lab.command(sys.executable, "-c", _COMMAND, "sockets", *words)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Without any settings of who runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NETTUI_")}
    return {**ours, "PYTHONPATH": str(ROOT), **({"NETTUI_CONFIG": os.devnull} if more is None else more)}
