"""What the screens look like, as stored in tests/snapshots.

After a change that is meant: `pytest tests/tui/test_app_pictures.py --snapshot-update`, and look at the difference.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nettui.dns import lookup as dns_lookup
from nettui.model.lookup import Lookup, Outcome, Record
from nettui.model.text import clean
from nettui.tui.screens.views import VIEWS
from tests.replayed import replay_app, settled
from tests.tui.app_support import answered, press, screen_lines, screen_text, typed, until
from tests.tui.conftest import FOLDER

SMALL, USUAL, MIDDLE, LARGE, TINY = (80, 24), (100, 30), (120, 40), (200, 50), (40, 12)


def filtered(text: str) -> list[str]:
    """What is pressed for a filter on sockets."""
    return ["slash", f" {text}", "enter"]


class Picture(NamedTuple):
    """A screen: the recording 170 s on, what is pressed, and whether its colours are stored too.

    What is pressed are keys, and texts that are typed: those have a blank before them.
    """

    size: tuple[int, int]
    keys: Sequence[str] = ()
    recording: str = "web-03.jsonl.gz"
    svg: bool = False
    settings: dict[str, Any] = {}  # noqa: RUF012 - of a tuple, never changed


PICTURES = {
    "dashboard-80x24": Picture(SMALL, svg=True),
    "dashboard-120x40": Picture(MIDDLE, svg=True),
    "dashboard-200x50": Picture(LARGE, svg=True),
    "dashboard-40x12": Picture(TINY),
    "well-80x24": Picture(SMALL, recording="build-7.jsonl", svg=True),
    "well-120x40": Picture(MIDDLE, recording="build-7.jsonl"),
    "well-200x50": Picture(LARGE, recording="build-7.jsonl"),
    "interfaces-80x24": Picture(SMALL, "2"),
    "interfaces-120x40": Picture(MIDDLE, "2", svg=True),
    "routes-80x24": Picture(SMALL, "3"),
    "routes-120x40": Picture(MIDDLE, "3", svg=True),
    "dns-80x24": Picture(SMALL, "5"),
    "dns-120x40": Picture(MIDDLE, "5", svg=True),
    "findings-80x24": Picture(SMALL, "7"),
    "findings-120x40": Picture(MIDDLE, "7", svg=True),
    "sockets-40x12": Picture(TINY, "4"),
    "sockets-80x24": Picture(SMALL, "4", svg=True),
    "sockets-100x30": Picture(USUAL, ["4", *filtered("state:close-wait"), *"jjj"], svg=True),
    "sockets-120x40": Picture(MIDDLE, ["4", *filtered("port:443 or state:syn-sent"), *"jjjj"], svg=True),
    "sockets-200x50": Picture(LARGE, ["4", *"jjjjjjjjjjjjjj"], svg=True),
    "sockets-by-process": Picture(USUAL, "4w", svg=True),
    "sockets-by-port": Picture(USUAL, ["4", "p", "j", "enter"], svg=True),
    "sockets-by-port-80x24": Picture(SMALL, "4p"),
    "sockets-closed": Picture(USUAL, "4,,..c", svg=True),
    "sockets-ascii": Picture(SMALL, ["4", *filtered("process:restic")], settings={"ascii_only": True}, svg=True),
    "sockets-light": Picture(
        MIDDLE, ["4", *filtered("recvq>0 or retrans>5"), "j"], settings={"theme": "paper"}, svg=True
    ),
    "socket": Picture(MIDDLE, ["4", *filtered("process:restic"), "enter"], svg=True),
    "socket-80x24": Picture(SMALL, ["4", *filtered("state:time-wait"), "enter"]),
    "sockets-kill-one": Picture(SMALL, ["4", *filtered("process:restic"), "K"]),
    "sockets-kill-all": Picture(USUAL, ["4", *filtered("state:close-wait"), "X"], svg=True),
    "sockets-filter-error": Picture(SMALL, ["4", "slash", " state:close-wait and prot:8080"], svg=True),
    "sockets-filter-completion": Picture(SMALL, ["4", "slash", " state:", "tab"], svg=True),
    "sockets-map": Picture(USUAL, "4m"),
    "sockets-none": Picture(SMALL, "4", recording="build-7.jsonl"),
    "help": Picture(SMALL, ["question_mark"], svg=True),
    "link": Picture(SMALL, ["2", "enter"]),
    "route": Picture(SMALL, ["3", "enter"], svg=True),
    "state": Picture(SMALL, ["tab", "G", "k", "k", "enter"]),
    "finding": Picture(SMALL, ["7", "enter"], svg=True),
    "light": Picture(MIDDLE, settings={"theme": "paper"}, svg=True),
    "high-contrast": Picture(MIDDLE, settings={"theme": "beacon"}, svg=True),
    "ascii": Picture(SMALL, settings={"ascii_only": True}, svg=True),
    "bytes": Picture(SMALL, "2", settings={"units": "bytes"}),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_picture(name: str, stored: Callable[..., None]) -> None:
    picture = PICTURES[name]
    app = replay_app(picture.recording, 170, **picture.settings)
    async with app.run_test(size=picture.size) as pilot:
        await settled(pilot)
        for key in picture.keys:
            await typed(pilot, key[1:]) if key.startswith(" ") else await press(pilot, key)
            if app.view.NAME == "Sockets":
                await answered(pilot)
        if app.view.NAME == "Sockets":  # marks are there for a moment by the clock, not by the recording's
            marks = app.main.query_one("#sockets").table._view._marks
            await until(pilot, lambda: marks.due() is None)
        app.clear_notifications()
        await settled(pilot)
        stored(app, picture.svg)


async def test_picture_of_the_palette(stored: Callable[..., None]) -> None:
    app = replay_app("web-03.jsonl.gz", 170)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "colon")
        await typed(pilot, "screen ")
        await until(pilot, lambda: sum("Screen " in line for line in screen_lines(app)) == len(VIEWS))
        stored(app, svg=False)


HOSTILE = '"v=spf1 [/] [@click=app.bell]x[/] \x1b[31m red \x9b1m \u202e backwards \u4e16\u754c"'


async def answers(name: str, types: Sequence[str], **more: Any) -> list[Lookup]:
    """Answers as they come from the dns room, to a question of any types."""
    data = {"A": "203.0.113.7", "TXT": clean(HOSTILE)}
    return [
        Lookup(
            typed=name, question=name, type=kind, outcome=Outcome.ANSWER, message="1 record", asked_at=1_790_000_170.0,
            server="192.0.2.53", port=53, rcode="NOERROR", authoritative=False, elapsed=0.0142,
            chain=("edge.cdn.example.net",), records=(
                Record(name=name, type="CNAME", ttl=38, data="edge.cdn.example.net."),
                Record(name="edge.cdn.example.net", type=kind, ttl=38, data=data[kind]),
            ),
        )
        if kind in data else
        Lookup(
            typed=name, question=name, type=kind, outcome=Outcome.TIMEOUT, asked_at=1_790_000_170.0,
            message="no answer from 192.0.2.53#53 in 2 s", server="192.0.2.53", port=53,
        )
        for kind in types
    ]  # fmt: skip


ANSWERS = {"answers-80x24": SMALL, "answers-120x40": MIDDLE}


@pytest.mark.parametrize("name", ANSWERS)
async def test_picture_of_answers(name: str, stored: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookup, "lookup_all", answers)
    app = replay_app("web-03.jsonl.gz", 170)
    async with app.run_test(size=ANSWERS[name]) as pilot:
        await press(pilot, "5", "i")
        await typed(pilot, "api.example.com A TXT MX")
        await press(pilot, "enter")
        await until(pilot, lambda: "203.0.113.7" in screen_text(app))
        stored(app, svg=ANSWERS[name] is MIDDLE)


def test_every_stored_picture_is_of_a_screen_that_is_still_drawn() -> None:
    stored = {path.stem.partition("[")[2].rstrip("]") for path in (FOLDER / Path(__file__).stem).iterdir()}
    assert stored == {*PICTURES, *ANSWERS, ""}, "a file in tests/snapshots belongs to no picture any more"
