"""Runs nettui with a fault built into it: `python -m tests.end_to_end.crashing PLACE [ARGUMENT ...]`."""

import sys
from typing import NoReturn

from nettui.cli import main
from nettui.engine.engine import Engine
from nettui.tui.app import NettuiApp
from nettui.tui.panes.tcp_states import TcpStatesPane
from nettui.tui.screens.views import InterfacesView
from nettui.tui.widgets.live_table import LiveTable


class Fault(Exception):
    """What is raised; its message is hostile, as one that quotes something from outside may be."""


def fail(*ignored: object, **more: object) -> NoReturn:
    secret = "a password in a local variable"
    raise Fault(f"the hull\x1b[31m is breached {len(secret)}")


def fail_the_third_time(*ignored: object, calls: list[int] = []) -> None:  # noqa: B006  the list is its memory
    calls.append(1)
    if len(calls) >= 3:
        fail()


async def fail_in_a_task(*ignored: object) -> NoReturn:
    fail()


PLACES = {
    "start": (Engine, "run", fail),
    "engine": (Engine, "run", fail_in_a_task),
    "data": (TcpStatesPane, "fill", fail),
    "later data": (TcpStatesPane, "fill", fail_the_third_time),
    "screen": (InterfacesView, "compose", fail),
    "painting": (LiveTable, "render_lines", fail),
    "key": (NettuiApp, "action_numeric", fail),
}
"""What fails, by a name for the test: the class, its method, and what takes its place."""

if __name__ == "__main__":
    kind, method, fault = PLACES[sys.argv[1]]
    setattr(kind, method, fault)
    sys.exit(main(sys.argv[2:]))
