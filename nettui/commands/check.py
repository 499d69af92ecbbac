"""`nettui check`: what is wrong with this host's network, with the exit code of a monitoring plug-in."""

import gc
import os
import sys
from pathlib import Path
from socket import gethostname
from types import SimpleNamespace
from typing import TYPE_CHECKING

from nettui.model.text import clean

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from nettui.engine.reading import Reading
    from nettui.reports.checked import Checked

PLAIN = SimpleNamespace(
    seconds=None, rules=[], state=None, json=False, schema=False, interval=None, backend=None,
)
"""What the command line says when nothing is on it: to load what reads one takes longer than to read the tables."""

UNKNOWN = 3
"""What goes wrong with the check itself is UNKNOWN in the words of monitoring: 1 and 2 say that the network is bad."""

_LONGEST = 86_400.0


def configure(parser: "ArgumentParser") -> None:
    """The arguments of this command."""
    parser.epilog = (
        "One reading sees what is beyond its threshold now. Growth and rates need time: that of --for, or, from cron, "
        "the earlier runs in --state. Exit status: 0 OK (also notices), 1 WARNING, 2 CRITICAL, 3 UNKNOWN: nothing "
        "could be read for these rules, or a wrong option or setting. nettui explain tells what each rule is about."
    )
    parser.add_argument("--for", dest="seconds", type=_seconds, metavar="SECONDS",
                        help="watch for so long; what is then open is told")  # fmt: skip
    parser.add_argument("--rule", dest="rules", action="append", default=[], metavar="ID",
                        help="apply this rule only; may be repeated")  # fmt: skip
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the last readings here from run to run")
    parser.add_argument("--json", action="store_true", help="write JSON, as described by --schema")
    parser.add_argument("--schema", action="store_true", help="write the JSON Schema of --json and read nothing")
    parser.add_argument("--interval", metavar="SECONDS", help="between two readings of --for, 0.2 to 60 (default 1)")
    parser.add_argument("--backend", metavar="NAME", help="how the system is asked: auto, linux or portable")


def run(arguments: "Namespace | SimpleNamespace") -> int:
    """Check, write what was found, and give the exit code."""
    if arguments.schema:
        from nettui.reports.findings_json import SCHEMA_FILE

        _write(SCHEMA_FILE.read_bytes())
        return 0
    if arguments.seconds is not None:
        gc.enable()  # see cli
    from nettui.config import load
    from nettui.diagnosis.thresholds import RULE_IDS, Thresholds

    for rule in arguments.rules:
        if rule not in RULE_IDS:
            return _unknown(f"--rule: there is no rule {clean(rule, 60)!r}; nettui explain lists them")
    if arguments.state is not None and arguments.seconds is not None:
        return _unknown("--state is for one reading a run: it does not go with --for")
    settings = load(vars(arguments), os.environ)
    thresholds = Thresholds.from_settings(settings.rules)
    begun = _begun(settings.backend) if arguments.seconds is None and not arguments.rules else None
    from nettui.commands.checking import Check

    check = Check(settings, thresholds, tuple(dict.fromkeys(arguments.rules)), begun)
    if not check.rules:
        return _unknown("every rule that was asked for is switched off")
    if arguments.seconds is not None:
        return _tell(check.over(arguments.seconds), arguments.json)
    if arguments.state is None:
        return _tell(check.once(), arguments.json)
    from nettui.engine.check_state import StateError

    try:
        checked = check.with_past(arguments.state)
    except StateError as error:
        return _unknown(str(error))
    return _tell(checked, arguments.json)


def _begun(backend: str) -> "Reading | None":
    """A reading that counts the sockets while the rules are loaded: of all that is read this takes longest."""
    from nettui.collectors.socket_backend import is_linux

    if not is_linux(backend):
        return None
    from nettui.collectors.backend import open_backend
    from nettui.engine.reading import Reading

    reading = Reading(open_backend(backend, brief=True), gethostname())
    reading.begin("tcp")
    return reading


def _tell(checked: "Checked", as_json: bool) -> int:
    if as_json:
        from nettui.reports.findings_json import findings_json

        data = findings_json(checked)
    else:
        from nettui.reports.plugin import plugin_text

        text = plugin_text(checked, commands=sys.stdout.isatty())
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
    try:
        _write(data)
    except BrokenPipeError:  # whoever reads has seen enough; the exit code is for somebody else
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return checked.status


def _unknown(why: str) -> int:
    """Monitoring reads standard output, and a person who mistyped an option sees it there too."""
    _write(f"NETTUI UNKNOWN - {why.replace('|', '¦')}\n".encode(sys.stdout.encoding or "utf-8", "replace"))
    return UNKNOWN


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    from argparse import ArgumentTypeError

    if not 0 < seconds <= _LONGEST:
        raise ArgumentTypeError(f"expected a number of seconds, above 0 and at most {_LONGEST:,.0f}")
    return seconds
