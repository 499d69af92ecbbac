"""What a notifier is: something that delivers one message or says in plain words why it could not."""

from typing import Protocol

from nettui.model.finding import Finding
from nettui.model.text import clean
from nettui.notify.message import Message


class Undelivered(Exception):
    """A message did not arrive; `str()` is the reason in plain words, one line, without any secret."""

    def __init__(self, reason: str, *, again: bool = True, after: float | None = None) -> None:
        super().__init__(clean(reason, 300))
        self.again = again
        """Whether it may arrive later."""
        self.after = after
        """Seconds that the receiver asked us to wait."""


class Notifier(Protocol):
    """Runs in a thread of its own, so it may take its time, but not for ever."""

    def deliver(self, message: Message) -> None:
        """Returns when the message arrived; raises Undelivered."""
        ...


class Refreshing(Notifier, Protocol):
    """A notifier whose receiver forgets what it is not told again."""

    refresh_every: float
    """Seconds."""

    def refresh(self, host: str, findings: tuple[Finding, ...]) -> None:
        """Tell again of what is open now; raises Undelivered."""
        ...


def reason(error: OSError) -> str:
    """Why the system refused, as it says so, without the path or address that may stand in the exception."""
    said = error.strerror or ("the connection was closed" if isinstance(error, ConnectionError) else "it failed")
    return clean(said[:1].lower() + said[1:])
