"""A program of the user's, started for each message: its words never change, and no shell is between."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress

from nettui.model.text import clean
from nettui.notify.message import Message, as_json, summary, when
from nettui.notify.notifier import Undelivered, reason

LONGEST = 4_000
"""Characters of one environment variable."""


class Command:
    """Runs `words`, with the message as JSON on its input and in NETTUI_* of its environment, for `timeout` seconds."""

    def __init__(self, words: tuple[str, ...], timeout: float = 10.0) -> None:
        self._words, self._timeout = words, timeout

    def deliver(self, message: Message) -> None:
        """Returns when it ended with status 0. One that failed is not started again: nobody knows what it did."""
        with tempfile.TemporaryFile() as data:  # a pipe would hang where the program does not read
            try:
                data.write(as_json(message) + b"\n")
                data.seek(0)
                child = subprocess.Popen(  # noqa: S603 - the words are the user's own, from the config file
                    self._words, stdin=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                    env=os.environ | environment(message), start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise Undelivered(f"the command could not be started: {reason(error)}", again=False) from None
        with child:
            try:
                code = child.wait(self._timeout)
            except subprocess.TimeoutExpired:
                _kill(child)
                raise Undelivered(f"the command was killed after {self._timeout:g} s", again=False) from None
        if code:
            ended = f"was ended by {_signal(-code)}" if code < 0 else f"ended with status {code}"
            raise Undelivered(f"the command {ended}", again=False)


def environment(message: Message) -> dict[str, str]:
    """The message in variables, each one printable line; of many pieces of news, the gravest's."""
    event = max(message.events, key=lambda event: event.finding.severity.rank)
    finding = event.finding
    said = {
        "HOST": message.host, "COUNT": str(len(message.events)), "HEADLINE": message.headline,
        "EVENT": event.kind.value, "TIME": when(event.at), "RULE": finding.id, "SEVERITY": finding.severity.value,
        "SUBJECT": finding.subject, "TITLE": finding.title, "SINCE": when(finding.since),
        "SUMMARY": summary(finding), "CURE": finding.cure,
    }  # fmt: skip
    # An environment cannot hold NUL, and a program that is careless with what it reads should at least read one line.
    return {f"NETTUI_{name}": clean(value, LONGEST) for name, value in said.items()}


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """The program and all it started that did not leave its process group."""
    if sys.platform == "win32":  # which has no groups to kill
        child.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
