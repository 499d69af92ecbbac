"""`nettui snapshot`: the dashboard, once, as text or JSON."""

import os
import sys
from argparse import ArgumentParser, Namespace

from nettui.config import Settings, load

RATE_SPAN = 0.25
"""Seconds between the two readings of the counters that make a rate."""


def configure(parser: ArgumentParser) -> None:
    """The arguments of this command."""
    parser.add_argument("--json", action="store_true", help="write JSON, as described by --schema")
    parser.add_argument("--schema", action="store_true", help="write the JSON Schema of --json and read nothing")
    parser.add_argument("--backend", metavar="NAME", help="how the system is asked: auto, linux or portable")
    parser.add_argument("--units", metavar="UNIT", help="bits or bytes, for the rates in the text")


def run(arguments: Namespace) -> int:
    """Read everything once and write it; 0 also where a section could not be read: the output says which and why."""
    if arguments.schema:
        from nettui.reports.snapshot_json import SCHEMA_FILE

        _write(SCHEMA_FILE.read_bytes())
        return 0
    import asyncio

    settings = load(vars(arguments), os.environ)
    _write(asyncio.run(_report(settings, arguments.json)))
    return 0


async def _report(settings: Settings, as_json: bool) -> bytes:
    import asyncio

    from nettui.commands.live import live_source
    from nettui.diagnosis.diagnose import diagnose_once
    from nettui.diagnosis.thresholds import Thresholds
    from nettui.engine.keeper import Keeper
    from nettui.model.history import Frame

    source, keeper = live_source(settings), Keeper()
    try:
        keeper.add(await source.once())
        await asyncio.sleep(RATE_SPAN)
        history = keeper.add(await source.once("counters"))
    finally:
        source.close()
    frame = Frame(history=history, findings=diagnose_once(history, Thresholds.from_settings(settings.rules)))
    if as_json:
        from nettui.reports.snapshot_json import snapshot_json

        return snapshot_json(frame)
    from nettui.reports.text import snapshot_text

    return snapshot_text(frame, settings.units).encode(sys.stdout.encoding or "utf-8", "replace")


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
