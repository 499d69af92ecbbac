"""The bell of the terminal the dashboard is in; elsewhere nothing."""

from collections.abc import Callable

from nettui.notify.message import Message


class Bell:
    """Calls `ring` in the thread that tells, which is that of the screen; None: there is no screen."""

    def __init__(self, ring: Callable[[], None] | None) -> None:
        self._ring = ring
        self._failed = False

    def deliver(self, message: Message) -> None:
        """Ring once, however much the message tells."""
        if self._ring is not None:
            self._ring()

    def send(self, message: Message) -> None:
        """The same, and whatever goes wrong is only noted."""
        try:
            self.deliver(message)
        except Exception:  # the screen is going away; nobody is there to hear it
            self._failed = True

    def problem(self) -> str | None:
        """What is wrong, in one sentence."""
        return "notifier bell could not be rung" if self._failed else None
