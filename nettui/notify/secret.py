"""A secret: read when it is needed, never shown."""

import os
from pathlib import Path

from nettui.notify.notifier import Undelivered, reason

LARGEST = 64 * 1024
"""Bytes of a file that holds a secret."""


class Secret:
    """One of: the value itself, the name of an environment variable, the path of a file (read anew each time)."""

    __slots__ = ("_file", "_value", "_variable")

    def __init__(self, value: str | None = None, variable: str | None = None, file: str | None = None) -> None:
        self._value, self._variable, self._file = value, variable, file

    @classmethod
    def maybe(cls, variable: str | None, file: str | None) -> "Secret | None":
        """None where neither is given."""
        return cls(None, variable, file) if variable or file else None

    def __repr__(self) -> str:
        return "Secret(...)"

    def read(self) -> str:
        """The secret, one line; Undelivered where it is not there, which says where it should be."""
        if self._value is not None:
            return self._value
        if self._variable is not None:
            found = os.environ.get(self._variable, "")
            where = f"the environment variable {self._variable}"
        else:
            where = f"the file {self._file}"
            try:
                with Path(os.path.expanduser(self._file or "")).open("rb") as file:  # noqa: PTH111 - the other one may raise
                    found = file.read(LARGEST).decode("utf-8", "replace")
            except OSError as error:
                raise Undelivered(f"{where} cannot be read: {reason(error)}") from None
        found = found.strip()
        if not found:
            raise Undelivered(f"{where} is empty")
        if not found.isprintable():
            raise Undelivered(f"{where} does not hold one printable line")
        return found
