"""The filters that were typed before, kept from session to session, to step through as a shell does."""

import contextlib
import os
from pathlib import Path

from nettui.dns.files import open_regular
from nettui.model.text import clean

KEPT = 100
"""Filters remembered, all different."""
LONGEST = 1000
"""Characters of one; what is longer is not remembered."""
_READ = 4 * KEPT * LONGEST
"""Bytes of the file that are looked at: no character takes more than four."""


class FilterHistory:
    """One filter a line in a file of the state folder, the oldest first, for this user's eyes only.

    A file that cannot be read is an empty one, and one that cannot be written is no error: the session remembers.
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path` is the file, if not the usual one, which is looked for when it is first needed."""
        self._path = path
        self._own: list[str] = []
        """Of this session."""
        self._all: list[str] | None = None
        self._place: int | None = None
        """Of the filter on show, from the oldest; None for the draft, which is behind the newest."""
        self._draft = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The most recent first."""
        return tuple(reversed(self._texts()))

    def add(self, text: str) -> None:
        """Remember a filter that was used. Those that another session has kept meanwhile are not lost."""
        text = _safe(text)
        if text:
            self._own = _latest([*self._own, text])
            self._all = _latest([*self._read(), *self._own])
            with contextlib.suppress(OSError):
                self._write("".join(f"{line}\n" for line in self._all))
        self._place = None

    def rewind(self) -> None:
        """Begin again behind the newest: the line is another."""
        self._place = None

    def previous(self, draft: str) -> str:
        """What was used before what is on show, or the oldest again; `draft`, what stands there now, is kept."""
        texts = self._texts()
        if not texts:
            return draft
        if self._place is None:
            self._draft = draft
            self._place = len(texts)
        self._place = max(0, self._place - 1)
        return texts[self._place]

    def next(self, draft: str) -> str:
        """What was used after, and at last the draft."""
        if self._place is None:
            return draft
        texts = self._texts()
        self._place = self._place + 1 if self._place + 1 < len(texts) else None
        return self._draft if self._place is None else texts[self._place]

    def _texts(self) -> list[str]:
        if self._all is None:
            self._all = self._read()
        return self._all

    def _file(self) -> Path:
        if self._path is None:
            from platformdirs import user_state_path  # 10 ms, so not before a filter is typed

            self._path = user_state_path("nettui", appauthor=False) / "filters.txt"
        return self._path

    def _read(self) -> list[str]:
        try:
            with open_regular(self._file()) as file:
                data = file.read(_READ)
        except (OSError, ValueError):
            return []
        return _latest([_safe(line) for line in data.decode("utf-8", "replace").splitlines()])

    def _write(self, text: str) -> None:
        """Written beside and put in its place at once: what reads it meanwhile finds the old one or the new one."""
        path = self._file()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _safe(text: str) -> str:
    """`text` if it is one printable line that is not too long, else nothing: what is left of it is another filter."""
    text = text.strip()
    return text if clean(text, LONGEST) == text else ""


def _latest(texts: list[str]) -> list[str]:
    """Each once, where it came last; the last ones of them."""
    return list(dict.fromkeys(text for text in reversed(texts) if text))[:KEPT][::-1]
