"""`nettui watch`: the engine without a screen, for a service manager. One line for each thing that happens."""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nettui.commands.desk import open_desk
from nettui.commands.sd_notify import Notifier
from nettui.config import Settings, load
from nettui.diagnosis.diagnose import Diagnosis
from nettui.diagnosis.thresholds import Thresholds
from nettui.engine.engine import Engine
from nettui.engine.news import News
from nettui.model.history import Frame

_BEATS = 3.0
"""The watchdog hears of every new Frame, and this many times in its span at most."""


def configure(parser: ArgumentParser) -> None:
    """The arguments of this command."""
    parser.epilog = "SIGTERM, SIGHUP and ctrl+c end it with exit status 0. It speaks sd_notify: see docs/watch.md."
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a JSON document a line")
    form.add_argument("--quiet", action="store_true", help="write nothing: only the configured notifiers tell")
    parser.add_argument("--interval", metavar="SECONDS", help="seconds between readings, 0.2 to 60 (default 1)")
    parser.add_argument("--backend", metavar="NAME", help="how the system is asked: auto, linux or portable")


def run(arguments: Namespace) -> int:
    """Watch until told to stop; 0, or 1 where the output or the watching fails."""
    settings = load(vars(arguments), os.environ)
    teller = None if arguments.quiet else Teller(arguments.json)
    notifier = Notifier(os.environ)
    try:
        asyncio.run(_watch(settings, teller, notifier))
    finally:
        notifier.close()
    return 0


class Teller:
    """Writes the news of each Frame to standard output, and what is wrong with telling them to standard error."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._news = News()
        self._problems: tuple[str, ...] = ()
        self.failure: OSError | None = None
        """Why the output takes no more."""

    def show(self, frame: Frame) -> None:
        lines = list(self._lines(frame))
        try:
            if lines:
                sys.stdout.buffer.write(b"".join(lines))
                sys.stdout.buffer.flush()
        except OSError as error:
            self.failure = error
        for problem in frame.problems:
            if problem not in self._problems:
                with suppress(OSError):
                    sys.stderr.write(f"nettui watch: {problem}\n")
        self._problems = frame.problems

    def _lines(self, frame: Frame) -> Iterator[bytes]:
        for event in self._news.of(frame.findings, frame.snapshot.taken_at):
            from nettui.reports.events import event_json, event_text

            if self._as_json:
                yield event_json(event, frame.snapshot.host) + b"\n"
            else:
                yield f"{event_text(event)}\n".encode(sys.stdout.encoding or "utf-8", "replace")


async def _watch(settings: Settings, teller: Teller | None, notifier: Notifier) -> None:
    """Raises OSError where the output fails."""
    from nettui.commands.live import live_source

    desk = open_desk(settings)
    diagnosis = Diagnosis(Thresholds.from_settings(settings.rules))
    engine = Engine(live_source(settings), diagnosis, desk)
    stop = asyncio.Event()

    def shown(frame: Frame) -> None:
        if teller is not None:
            teller.show(frame)
            if teller.failure is not None:
                stop.set()

    engine.subscribe(shown)
    engine.subscribe(Pulse(notifier).beat)
    with _signals(stop):
        tasks = [asyncio.create_task(engine.run()), asyncio.create_task(stop.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            notifier.tell("STOPPING=1", "STATUS=ending")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            desk.close()
    for task in done:
        task.result()  # all but the wish to stop end by a fault only
    if teller is not None and teller.failure is not None:
        raise teller.failure


class Pulse:
    """Tells the service manager that it runs, how things are, and that it is alive: only while Frames come."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._status = ""
        self._ready = False
        self._beat_at = float("-inf")
        self._span = None if notifier.watchdog is None else notifier.watchdog / _BEATS

    def beat(self, frame: Frame) -> None:
        now = asyncio.get_running_loop().time()
        told = []
        if not self._ready:
            self._ready = True
            told.append("READY=1")
        status = _status(frame)
        if status != self._status:
            self._status = status
            told.append(f"STATUS={status}")
        if self._span is not None and now - self._beat_at >= self._span:
            self._beat_at = now
            told.append("WATCHDOG=1")
        if told:
            self._notifier.tell(*told)


def _status(frame: Frame) -> str:
    """What `systemctl status` shows."""
    if not frame.findings:
        return "no findings"
    more = f" (and {len(frame.findings) - 1} more)" if len(frame.findings) > 1 else ""
    return f"{frame.findings[0].severity}: {frame.findings[0].title}{more}"


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP ask to stop; those that are ignored around us (nohup(1)) stay so."""
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if sys.platform != "win32" else ()
    heard = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
