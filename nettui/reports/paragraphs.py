"""Headed paragraphs as rows of a table, wrapped to a width."""

import textwrap
from collections.abc import Hashable, Sequence

from nettui.reports.table import Cell, Column, ListRows

Paragraph = tuple[str, tuple[str, ...]]
"""A heading and its lines."""

HEAD = 11
COLUMNS = (Column("head", "", HEAD), Column("text", "", 20, grow=1))


def rows(paragraphs: Sequence[Paragraph], width: int) -> ListRows:
    """The paragraphs in a table `width` cells wide; long lines go on in the next row."""
    found: dict[Hashable, tuple[Cell, Cell]] = {}
    for head, lines in paragraphs:
        wrapped = [part for line in lines for part in textwrap.wrap(line, max(10, width - HEAD - 1)) or [""]]
        for number, line in enumerate(wrapped):
            found[len(found)] = (Cell(head if number == 0 else "", "accent"), Cell(line))
    return ListRows(found)


def as_text(title: str, paragraphs: Sequence[Paragraph]) -> str:
    """The paragraphs as plain text, for the clipboard and files."""
    lines = [title]
    for head, body in paragraphs:
        lines += [f"{head if number == 0 else '':<{HEAD + 1}}{line}".rstrip() for number, line in enumerate(body)]
    return "\n".join(lines) + "\n"
