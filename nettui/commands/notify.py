"""`nettui notify --test`: send a message by every notifier, and say what became of it."""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from nettui.config import ConfigError, load
from nettui.config.notify_settings import BellSettings

if TYPE_CHECKING:
    from nettui.notify.message import Message


def configure(parser: ArgumentParser) -> None:
    """The arguments of this command."""
    parser.add_argument("--test", action="store_true", required=True, help="send a test message by the notifiers")
    parser.add_argument("name", metavar="NAME", nargs="?", help="only by this one")


def run(arguments: Namespace) -> int:
    """A line for each notifier; 0 where all messages arrived, 1 where one did not."""
    import socket

    from nettui.commands.notifiers import posts
    from nettui.model.text import clean

    settings = load({}, os.environ)
    chosen = {name: said for name, said in settings.notify.items() if arguments.name in (None, name)}
    if not settings.notify:
        raise ConfigError("no notifier is configured: a table [notify.NAME] in the config file makes one")
    if not chosen:
        names = ", ".join(settings.notify)
        raise ConfigError(f"no notifier is called {clean(arguments.name, 60)}, expected one of {clean(names, 500)}")

    import msgspec

    from nettui.notify.notifiers import trials

    some = msgspec.structs.replace(settings, notify=chosen)
    width = max(map(len, chosen))
    failed = False
    for trial in trials(posts(some), _message(clean(socket.gethostname()))):
        failed = failed or trial.error is not None
        sent = "rings only in the dashboard" if isinstance(chosen[trial.name], BellSettings) else "sent"
        sys.stdout.write(f"{trial.name:<{width}}  {sent if trial.error is None else f'failed: {trial.error}'}\n")
    sys.stdout.flush()
    return 1 if failed else 0


def _message(host: str) -> "Message":
    """News of a finding that says that it is none."""
    import time

    from nettui.model.event import EventKind, FindingEvent
    from nettui.model.finding import Finding, Severity
    from nettui.notify.message import Message

    now = time.time()
    finding = Finding(
        id="nettui.test", severity=Severity.NOTICE, subject="host", title="a test of nettui's notifications",
        evidence=("nothing is wrong",), cause="somebody ran nettui notify --test", since=now,
    )  # fmt: skip
    return Message(host=host, at=now, events=(FindingEvent(kind=EventKind.OPENED, at=now, finding=finding),))
