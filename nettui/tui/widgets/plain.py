"""A table's rows as plain text, for the clipboard and for files."""

from collections.abc import Hashable, Sequence

from rich.cells import cell_len

from nettui.model.text import clean
from nettui.reports.table import Column, Rows
from nettui.tui.widgets.columns import padding


def row_text(rows: Rows, key: Hashable) -> str:
    """One row: its cells that are not empty, two spaces between them."""
    return "  ".join(clean(cell.text) for cell in rows.cells(key) if cell.text)


def table_text(rows: Rows, keys: Sequence[Hashable], columns: Sequence[Column]) -> str:
    """Titles and rows with every column, each as wide as its widest text; a line feed ends each line."""
    lines = [[column.title for column in columns]]
    for key in keys:
        texts = [clean(cell.text) for cell in rows.cells(key)[: len(columns)]]
        lines.append(texts + [""] * (len(columns) - len(texts)))
    widths = [max(map(cell_len, texts)) for texts in zip(*lines, strict=True)]
    return "".join(
        "  ".join(
            text.join(padding(text, width, column.align))
            for text, width, column in zip(texts, widths, columns, strict=True)
        ).rstrip()
        + "\n"
        for texts in lines
    )
