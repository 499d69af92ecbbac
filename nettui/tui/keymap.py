"""The names of actions that keys can be bound to in the config."""

from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

from nettui.model.text import clean
from nettui.tui.app import NettuiApp
from nettui.tui.pane import FilterInput, Pane
from nettui.tui.screens.kill import KillSheet
from nettui.tui.screens.main import MainScreen
from nettui.tui.screens.sheets import Prompt, Sheet
from nettui.tui.screens.views import VIEWS
from nettui.tui.view import View
from nettui.tui.widgets.filter_line import SocketFilterLine
from nettui.tui.widgets.live_table import LiveTable


def actions() -> dict[str, Binding]:
    """Every binding that has a name, by that name."""
    found: dict[str, Binding] = {}
    for node in _nodes():
        for binding in Binding.make_bindings(node.__dict__.get("BINDINGS", [])):
            if binding.id:
                found.setdefault(binding.id, binding)
    return found


def wrong_action(keys: Mapping[str, str]) -> str | None:
    """What is wrong with the first of `[keys]` that names no action; None where all do."""
    known = actions()
    for name in keys:
        if name not in known:
            return f"{clean(name, 60)}: expected the name of an action, one of {', '.join(sorted(known))}"
    return None


def _nodes() -> Iterator[type]:
    for place in VIEWS.values():
        place.load()
    for root in (
        NettuiApp, MainScreen, FilterInput, SocketFilterLine, Pane, View, Sheet, Prompt, KillSheet, LiveTable,
    ):
        yield from (kind for kind in root.__mro__ if kind.__module__.startswith("nettui."))
        yield from _below(root)


def _below(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
