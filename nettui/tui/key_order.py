"""Keys that come together are worked off one after the other.

Textual 8.2.8 hands every key to the widget in focus as it comes, but runs the action of a binding only when the key
has bubbled up to the app again. Over a slow connection several keys come at once: in `/web` the `w` would then reach
the table before the filter that `/` opens, and a backspace would take away what was typed after it. Here the next
key waits until the one before it has been all the way, and what it started has been done.
"""

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[Any]
else:
    _Base = object

PATIENCE = 0.5
"""Seconds; a key whose widget has gone away under it never comes back, and is not waited for any longer."""


class KeyPassed(Message):
    """Follows a key on its way: when it has come to the app, the key has too, and its action has been run.

    The second one follows what that action sent on the same way, such as what was typed in a line.
    """

    def __init__(self, target: MessagePump, again: bool = True) -> None:
        super().__init__()
        self.target, self.again = target, again


class KeysInOrder(_Base):
    """Mixed into the app, before `App`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._keys: deque[events.Key] = deque()
        """Those that wait."""
        self._key_since: float | None = None
        """When the one under way was handed on."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._key_since is not None and time.monotonic() - self._key_since < PATIENCE:
            self._keys.append(event)
        else:
            self._keys.append(event)
            await self._next_key()

    def on_key_passed(self, passed: KeyPassed) -> None:
        if not (passed.again and passed.target.post_message(KeyPassed(passed.target, again=False))):
            self.call_later(self._next_key)  # behind what is still to be done here, such as a change of focus

    async def _next_key(self) -> None:
        self._key_since = None
        if not self._keys:
            return
        self._key_since = time.monotonic()
        target = self.focused or self.screen
        await super().on_event(self._keys.popleft())
        if not target.post_message(KeyPassed(target)):
            self.call_later(self._next_key)
