"""What was looked up, and the recall of what was typed."""

from collections import deque
from collections.abc import Iterable

from nettui.model.lookup import Lookup


class LookupHistory:
    """The last lookups, and the names typed for them, to step through as a shell does."""

    def __init__(self, limit: int = 200) -> None:
        self._lookups: deque[Lookup] = deque(maxlen=limit)
        self._typed: deque[str] = deque(maxlen=limit)
        self._place = 0
        self._draft = ""

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """Oldest first."""
        return tuple(self._lookups)

    def add(self, lookups: Iterable[Lookup]) -> None:
        """Lookups that ended. What was typed for them is recalled first from now on."""
        for lookup in lookups:
            self._lookups.append(lookup)
            if lookup.typed in self._typed:
                self._typed.remove(lookup.typed)
            self._typed.append(lookup.typed)
        self._place = len(self._typed)

    def previous(self, draft: str = "") -> str:
        """What was typed before, or the oldest again; `draft`, what stands in the input now, is kept for `next`."""
        if self._place == len(self._typed):
            self._draft = draft
        self._place = max(self._place - 1, 0)
        return self._typed[self._place] if self._typed else draft

    def next(self) -> str:
        """What was typed after, and at last the draft."""
        self._place = min(self._place + 1, len(self._typed))
        return self._typed[self._place] if self._place < len(self._typed) else self._draft
