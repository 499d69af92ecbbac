"""The line in which something is typed: a filter, a name, an address."""

from textual.widgets import Input

from nettui.model.text import clean

LONGEST = 20_000
"""Characters kept of what is pasted."""

_UNKNOWN = ("slash", "plus", "minus")
"""Keys with a character that Textual does not know by these names; shown as keys that work, they would be typed."""


class LineInput(Input):
    """One line, calm: no blinking, nothing selected when it is entered."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, select_on_focus=False, compact=True)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the key is typed here, so that it means nothing else."""
        return key in _UNKNOWN or super().check_consume_key(key, character)

    def validate_value(self, value: str) -> str:
        """What is pasted may hold what a terminal obeys."""
        return value if value.isprintable() and len(value) <= LONGEST else clean(value, LONGEST)
