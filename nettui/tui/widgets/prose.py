"""A table of paragraphs: its lines go on in the next row, so no key may sort them, and none opens one."""

from typing import ClassVar

from nettui.reports.paragraphs import COLUMNS
from nettui.tui.widgets.live_table import LiveTable


class Prose(LiveTable):
    """Headed paragraphs, as `nettui.reports.paragraphs` makes them."""

    _NO_USE: ClassVar[tuple[str, ...]] = ("next_sort", "turn_sort", "open")

    def __init__(self) -> None:
        super().__init__(COLUMNS, show_header=False, mark_changes=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in self._NO_USE
