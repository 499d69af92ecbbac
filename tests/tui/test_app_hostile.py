"""Text that others chose, wherever it can stand: it is shown as it is, on one line, and nothing of it is obeyed."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from nettui.engine.recording import RecordingWriter
from nettui.model.finding import Finding, Severity
from nettui.model.history import History
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.snapshot import CollectorError, Snapshot
from nettui.model.text import clean
from tests.recordings.make import web_03
from tests.replayed import replay_app
from tests.tui.app_support import press, running, screen_text, styles

SIZE = (120, 40)
HOSTILE = {
    "markup": "[/] [/b] [[ \\[b]x\\ [$accent]$text[red on blue]R[/]",
    "a link": "[@click=app.bell]x[/]",
    "controls": "\x1b[31m\x1b]0;a\x07 \x9b31m\x9d0;b\x9c \u202egnp\u2066 one\ntwo\u2028\t \udcff\udc80 \x1b[2J",
    "ten thousand letters": "x" * 10_000,
    "wide letters": "\u4e16\u754c" * 60,
    "marks": "e" + "\u0301" * 200 + "\U0001f468\u200d\U0001f469\u200d\U0001f467",
}


def poisoned(text: str, second: int) -> Snapshot:
    """The host in trouble, with this text in every field that others fill in."""
    snapshot = web_03(second)
    text = clean(text)  # as the collectors do; of what a recording says, the reader does it again
    links = snapshot.links or ()
    return replace(
        snapshot,
        host=text,
        links=(
            *(replace(link, name=text, alias=text, driver=text, kind=text, duplex=text) for link in links[:2]),
            replace(links[2], mac=text, alias=text), *links[3:],
        ),
        neighbours=tuple(replace(neighbour, mac=text) for neighbour in snapshot.neighbours or ()),
        routes=tuple(replace(route, protocol=text, scope=text) for route in snapshot.routes or ()),
        resolvers=ResolverConfig(
            resolvers=(Resolver(address="192.0.2.53", source=text),), search=(text,), warnings=(text, text)
        ),
        errors=tuple(CollectorError(collector=name, message=text, remedy=text) for name in ("rules", "tcp")),
        rules=None,
    )  # fmt: skip


class Accuser:
    """A diagnosis that finds one thing wrong."""

    def __init__(self, text: str) -> None:
        self._finding = Finding(
            id="test", severity=Severity.WARNING, subject=text, title=text, evidence=(text,), cause=text,
            consequence=text, relief=(text,), cure=text,
        )  # fmt: skip

    def update(self, history: History) -> tuple[Finding, ...]:
        return (self._finding,)

    def reset(self) -> None:
        pass


def check(app: Any) -> str:
    """The screen, once it is known to be whole and inert."""
    lines = ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
    assert len(lines) == SIZE[1]
    assert {cell_len(line) for line in lines} == {SIZE[0]}, "each line is as wide as the screen"
    text = "\n".join(lines)
    assert all(char.isprintable() for char in text if char != "\n")
    for style in styles(app):
        assert style.link is None
        assert not {key for key in style.meta if key.startswith("@")}, style.meta
    return text


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_is_shown_and_not_obeyed(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.jsonl"
    writer = RecordingWriter(path)
    for second in (1, 2):
        writer.append(poisoned(HOSTILE[name], second))
    writer.close()
    app = replay_app(path, 1)
    shown = clean(HOSTILE[name])
    app.engine._diagnosis = Accuser(shown)
    literal = shown[:30].rstrip()
    rung: list[str] = []
    app.bell = lambda: rung.append("bell")
    async with running(app, SIZE) as pilot:
        for keys in ("1", "1j", "2", "3", "5", "7"):
            await press(pilot, *keys)
            assert literal[:10] in check(app), keys
            await press(pilot, "enter")
            check(app)
            await press(pilot, "escape", "escape")
        await press(pilot, "7", "enter")
        assert screen_text(app).count(literal) >= 5, "title and paragraphs, to the letter"
        await press(pilot, "escape", "2", "slash")
        await pilot.press("left_square_bracket", "slash", "right_square_bracket")
        check(app)
        await press(pilot, "enter", "1", "question_mark")
        check(app)
        assert not rung
