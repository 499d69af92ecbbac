"""What is wrong with a filter, and where."""

from collections.abc import Iterable

from nettui.model.text import clean


class FilterError(ValueError):
    """The text cannot be understood as a filter. `message` is one plain sentence, safe to show."""

    def __init__(self, message: str, position: tuple[int, int], unfinished: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Start and end in the text, in characters."""
        self.unfinished = unfinished
        """Whether typing on may mend it."""


def shown(typed: str) -> str:
    """What was typed, in quotes, for a message."""
    return f"“{clean(typed, 40)}”"


def did_you_mean(typed: str, names: Iterable[str]) -> str:
    """`: did you mean proto?`, or nothing where no name is like it. The first letter is taken to be right."""
    from difflib import get_close_matches  # only a mistake needs it

    similar = [name for name in names if name[:1] == typed[:1] and abs(len(name) - len(typed)) <= 3]
    near = get_close_matches(typed, similar, 1)
    return f": did you mean {clean(near[0], 40)}?" if near else ""
