"""`nettui record FILE`: append Snapshots to a file until told to stop."""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from nettui.config import Settings, load
from nettui.engine.recording import RecordingError, RecordingWriter
from nettui.model.snapshot import Snapshot


def configure(parser: ArgumentParser) -> None:
    """The arguments of this command."""
    parser.add_argument("file", type=Path, help="what to append to; .gz is compressed by zlib, .zst by zstd")
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="stop by itself after so long")
    parser.add_argument("--sockets", action="store_true", help="take down the sockets too, at most 1,000 each time")
    parser.add_argument("--interval", metavar="SECONDS", help="seconds between snapshots, 0.2 to 60 (default 1)")
    parser.add_argument("--backend", metavar="NAME", help="how the system is asked: auto, linux or portable")


def run(arguments: Namespace) -> int:
    """Record until ctrl+c, SIGTERM or the time given; 0, or 1 where the file could not take it."""
    settings = load(vars(arguments), os.environ)
    try:
        writer = RecordingWriter(arguments.file)
    except RecordingError as error:
        sys.stderr.write(f"nettui record: {error}\n")
        return 1
    try:
        count = asyncio.run(_record(settings, writer, arguments.seconds, arguments.sockets))
        writer.close()
    except RecordingError as error:
        sys.stderr.write(f"nettui record: {error}\n")
        return 1
    sys.stderr.write(f"{count:,} snapshots in {arguments.file}\n")
    return 0


async def _record(settings: Settings, writer: RecordingWriter, seconds: float | None, sockets: bool) -> int:
    """How many Snapshots were written. Raises RecordingError at the one that could not be."""
    from nettui.commands.live import live_source

    count = 0
    failed: list[RecordingError] = []
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def publish(snapshots: Sequence[Snapshot], anew: bool) -> None:
        nonlocal count
        try:
            for snapshot in () if failed else snapshots:
                writer.append(snapshot)
                count += 1
        except RecordingError as error:
            failed.append(error)
            stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if sys.platform != "win32" else ():
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup(1) wants it to stay so
            loop.add_signal_handler(number, stop.set)
    running = asyncio.create_task(live_source(settings, sockets).run(publish))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([running, waiting], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()  # it ends by a fault only
    for task in (running, waiting):
        task.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    if failed:
        raise failed[0]
    return count
