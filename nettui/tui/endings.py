"""How the app ends, whoever ends it, and how it comes back: the terminal is left as it was found.

Textual 8.2.8 hears no signals, so SIGTERM would leave the alternate screen and the mouse on; it prints a traceback with
the values of all variables, secrets too, for a fault; and after ctrl+z and fg it thinks the picture is still there.
"""

import asyncio
import contextlib
import gc
import signal
import sys
from typing import TYPE_CHECKING, Any

YOUNG = 20_000
"""Objects made until the garbage collector looks through the young ones: with 100,000 sockets each look takes long."""

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[Any]
else:
    _Base = object


class Endings(_Base):
    """Mixed into the app, before `App`."""

    crash: BaseException | None = None
    """What ended the app, where it was not the user; who started it says so, in a sentence."""
    _standing = False
    _leaving: int | None = None

    def listen_for_signals(self) -> None:
        """From now on SIGTERM and SIGHUP end the app, with the exit code a shell gives."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP) if sys.platform != "win32" else ():
            with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: somebody else's program
                loop.add_signal_handler(number, self._leave, 128 + number)

    def stands(self) -> None:
        """The screen is complete: what was put off until now is done."""
        self._standing = True
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.call_after_refresh(_collect_garbage_again)
        if self._leaving is not None:
            self.exit(self._leaving)

    def _leave(self, code: int) -> None:
        self._leaving = code
        if self._standing:
            self.exit(code)

    def _fatal_error(self) -> None:
        self.crash = self._exception
        self._close_messages_no_wait()


def _collect_garbage_again() -> None:
    """The command that started us put it off: nothing that is made up to the first picture is garbage."""
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()
