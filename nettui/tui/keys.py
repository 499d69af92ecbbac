"""Keys as people read them: for the line at the bottom, and for the help."""

from collections.abc import Iterable, Mapping

from textual.binding import ActiveBinding, Binding

from nettui.reports.paragraphs import Paragraph
from nettui.reports.table import Cell

_NAMES = {
    "slash": "/", "question_mark": "?", "colon": ":", "plus": "+", "minus": "-", "space": "Space", "escape": "Esc",
    "enter": "Enter", "up": "Up", "down": "Down", "left": "Left", "right": "Right", "pageup": "PgUp",
    "pagedown": "PgDn", "home": "Home", "end": "End", "tab": "Tab", "shift+tab": "Shift+Tab", "comma": ",",
    "full_stop": ".", "less_than_sign": "<", "greater_than_sign": ">", "left_square_bracket": "[",
    "right_square_bracket": "]", "equals_sign": "=",
}  # fmt: skip


def shown(key: str) -> str:
    """A key by the sign or name on it: slash is /, ctrl+t is ^t."""
    return _NAMES.get(key) or (f"^{key[5:]}" if key.startswith("ctrl+") else key)


ALWAYS = ("help", "quit")
"""Actions whose keys are shown however little room there is."""


def key_cells(active: Mapping[str, ActiveBinding]) -> tuple[list[Cell], list[Cell]]:
    """The keys that work now and are worth a place, the focused pane's first; and those that are always shown."""
    cells: dict[str, Cell] = {}
    for binding in _enabled(active):
        if binding.show:
            text = f"{binding.key_display or shown(binding.key)} {binding.description}"
            cells.setdefault(binding.action, Cell(text))
    right = [cells.pop(action) for action in ALWAYS if action in cells]
    return list(cells.values()), right


def key_paragraphs(active: Mapping[str, ActiveBinding]) -> list[Paragraph]:
    """Every key that works now with what it does; keys of one action together."""
    keys: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for binding in _enabled(active):
        if binding.description:
            keys.setdefault(binding.action, []).append(binding.key_display or shown(binding.key))
            words[binding.action] = binding.description
    return [(" ".join(dict.fromkeys(names)), (words[action],)) for action, names in keys.items()]


def _enabled(active: Mapping[str, ActiveBinding]) -> Iterable[Binding]:
    """Bindings of ours: they have a name; Textual's own have none, or do what ours do."""
    return (found.binding for found in active.values() if found.enabled and "." in (found.binding.id or ""))
