"""Colours that go out are colours the terminal has: told from the environment, and seen on a real terminal."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from nettui.tui.terminal import Depth, colour_depth, prepare_environment
from nettui.tui.terminal_filter import TerminalFilter
from nettui.tui.theme import adapted, available
from tests.end_to_end.terminal import SOURCE, Terminal, environment


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "tmux-256color", "COLORTERM": "24bit"}, Depth.TRUE),
        ({"TERM": "xterm-256color"}, Depth.INDEXED),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux"}, Depth.INDEXED),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "STY": "1.pts"}, Depth.INDEXED),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color"}, Depth.INDEXED),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, Depth.SIXTEEN),
        ({"TERM": "xterm"}, Depth.SIXTEEN),
        ({"TERM": "rxvt-16color"}, Depth.SIXTEEN),
        ({"TERM": "xterm-kitty"}, Depth.TRUE),
        ({"TERM": "alacritty"}, Depth.TRUE),
        ({"TERM": "foot-extra"}, Depth.TRUE),
        ({"TERM": "xterm-direct"}, Depth.TRUE),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, Depth.NONE),
        ({"TERM": "vt220"}, Depth.NONE),
        ({}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Depth.INDEXED),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, Depth.SIXTEEN),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "nonsense"}, Depth.INDEXED),
        ({"TERM": "dumb", "TEXTUAL_COLOR_SYSTEM": "256", "NO_COLOR": "1"}, Depth.NONE),
    ],
)
def test_depth_is_told_from_the_environment(environ: dict[str, str], depth: Depth) -> None:
    assert colour_depth(environ, "linux") is depth
    changes = prepare_environment(environ, "linux")
    assert all(environ.get(name) != value for name, value in changes.items())
    after = {name: value for name, value in (environ | changes).items() if value is not None}
    assert after["TEXTUAL_COLOR_SYSTEM"] in ("standard", "256", "truecolor")
    assert ("NO_COLOR" in after) == (depth is Depth.NONE)
    assert colour_depth(after, "linux") is depth
    assert prepare_environment(after, "linux") == {}


def test_windows_has_all_colours_without_a_term() -> None:
    assert colour_depth({}, "win32") is Depth.TRUE


def sent(raw: bytes) -> Counter[str]:
    """How often each kind of SGR parameter (ECMA-48 8.3.117, ISO 8613-6 for 38 and 48) was sent."""
    found: Counter[str] = Counter()
    for match in re.finditer(rb"\x1b\[([0-9;:]*)m", raw):
        codes = [int(code or 0) for code in re.split(rb"[;:]", match[1])]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                found["rgb" if codes[0] == 2 else "indexed"] += 1
                del codes[: 4 if codes[0] == 2 else 2]
            elif 30 <= code <= 37 or 40 <= code <= 47 or 90 <= code <= 97 or 100 <= code <= 107:
                found["named"] += 1
            elif code in (39, 49):
                found["default"] += 1
            else:
                found[str(code)] += 1
    return found


COLOURS = ("rgb", "indexed", "named", "default")


@pytest.mark.terminal
@pytest.mark.parametrize(
    ("changes", "theme", "kinds"),
    [
        ({}, "auto", {"rgb"}),
        ({"COLORTERM": None}, "paper", {"indexed"}),
        ({}, "sixteen", {"named"}),
        ({"TERM": "linux", "COLORTERM": None}, "auto", {"named"}),
        ({"TERM": "linux", "COLORTERM": None}, "plum", {"named"}),
        ({"TERM": "dumb"}, "auto", set()),
        ({"NO_COLOR": "1"}, "fog", set()),
        ({"NO_COLOR": ""}, "fog", {"rgb"}),
    ],
)
def test_only_such_colours_are_sent(
    changes: dict[str, str | None], theme: str, kinds: set[str], tmp_path: Path
) -> None:
    probe = [sys.executable, "-m", "tests.tui.theme_probe", theme]
    with Terminal(probe, env=environment(tmp_path, **changes), cwd=SOURCE, size=(100, 40)) as terminal:
        for shown in ("<state.CLOSE_WAIT>", "a toast", "Search for commands", "Keys"):
            terminal.until(shown)
        terminal.type("\x11")  # ctrl+q
        assert terminal.end() == 0
        found = sent(bytes(terminal.raw))
    assert {kind for kind in COLOURS if found[kind]} == kinds
    assert found["1"] > 0  # bold
    if not kinds:
        assert found["7"] > 0  # reverse video tells the cursor


def test_a_filter_is_wanted_only_where_something_is_missing() -> None:
    dusk, sixteen = (available(None)[name].load() for name in ("dusk", "sixteen"))
    assert not TerminalFilter(dusk, Depth.TRUE).enabled
    assert not TerminalFilter(dusk, Depth.INDEXED).enabled
    assert TerminalFilter(dusk, Depth.SIXTEEN).enabled
    assert TerminalFilter(sixteen, Depth.TRUE).enabled
    assert TerminalFilter(dusk, Depth.TRUE, ascii_only=True).enabled


def strip_of(segment: Segment) -> str:
    """What goes out for a segment where there are all colours."""
    assert segment.style is not None
    return segment.style.render(segment.text, color_system=ColorSystem.TRUECOLOR)


def test_the_filter_leaves_what_can_be_shown() -> None:
    black = Color.parse("black")
    segments = [Segment("→ a", Style(color="#ff8a7d", bgcolor="default", bold=True)), Segment("é", None)]
    theme = available(None)["sixteen"].load()
    named = TerminalFilter(theme, Depth.TRUE, ascii_only=True).apply(segments, black)
    assert [text for text, _, _ in named] == ["> a", "e"]
    assert [strip_of(segment) for segment in named] == ["\x1b[1;91;40m> a\x1b[0m", "\x1b[97;40me\x1b[0m"]
    plain = TerminalFilter(adapted(theme, Depth.NONE), Depth.NONE).apply(segments, black)
    assert strip_of(plain[0]) == "\x1b[1m→ a\x1b[0m"
    every = TerminalFilter(available(None)["dusk"].load(), Depth.TRUE, ascii_only=True).apply(segments, black)
    assert every[0].style == segments[0].style
