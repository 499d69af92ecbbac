"""Themes: everything that is written can be read on everything it is written on; files that are no themes are said."""

import colorsys
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.palette import Palette as RichPalette
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from nettui.config import ConfigError
from nettui.model.tcp import STATES
from nettui.tui.colours import ANSI, indexed
from nettui.tui.terminal import Depth
from nettui.tui.theme import Palette, Theme, adapted, available, choose, load_all, to_textual

NAMES = ("beacon", "dusk", "ember", "fog", "kelp", "paper", "plum", "sixteen")
LIGHT = {"fog", "paper"}
WORDS = ("text", "dim", "accent", "ok", "notice", "warning", "critical", "sparkline", *(f"state.{s}" for s in STATES))

# XTerm-col.ad of xterm, the values of color0 to color15.
XTERM = RichPalette(
    [
        (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
        (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
        (255, 255, 255),
    ]
)  # fmt: skip
PALETTE_256 = [
    *((r, g, b) for r in (0, 95, 135, 175, 215, 255) for g in (0, 95, 135, 175, 215, 255)
      for b in (0, 95, 135, 175, 215, 255)),
    *((8 + 10 * step,) * 3 for step in range(24)),
]  # fmt: skip
"""xterm's colours 16 to 255 (256colres.pl of xterm)."""


def rgb(color: RichColor | None, depth: Depth) -> tuple[int, int, int]:
    """What is seen of a colour on a terminal of that depth."""
    assert color is not None
    if depth is Depth.INDEXED:
        color = color.downgrade(ColorSystem.EIGHT_BIT)
    if color.number is None:
        return tuple(color.get_truecolor())
    return tuple(XTERM[color.number]) if color.number < 16 else PALETTE_256[color.number - 16]


def luminance(colour: tuple[int, int, int]) -> float:
    """WCAG 2.2, "relative luminance"."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: Style, depth: Depth) -> float:
    """WCAG 2.2, "contrast ratio", between a style's two colours."""
    one, other = luminance(rgb(style.color, depth)), luminance(rgb(style.bgcolor, depth))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def shipped(name: str, depth: Depth = Depth.TRUE) -> Theme:
    return adapted(available(None)[name].load(), depth)


def background(theme: Theme, role: str) -> Style:
    colour = theme.colours()[role]
    return Style(bgcolor=RichColor.from_ansi(ANSI.index(colour)) if colour in ANSI else RichColor.parse(colour))


# The eight


def test_there_are_eight_and_they_are_what_they_are_said_to_be() -> None:
    themes, errors = load_all(available(None))
    assert (tuple(themes), errors) == (NAMES, [])
    assert {name for name, theme in themes.items() if not theme.dark} == LIGHT
    assert {name for name, theme in themes.items() if theme.named} == {"sixteen"}
    assert len({theme.description for theme in themes.values()}) == 8
    for name, theme in themes.items():
        if name != "sixteen":
            light = luminance(rgb(background(theme, "background").bgcolor, Depth.TRUE)) > 0.5
            assert light == (name in LIGHT)
    text = (Path(__file__).parent.parent.parent / "docs" / "configuration.md").read_text()
    for name, theme in themes.items():
        assert f"| `{name}` | {theme.description} |" in text


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.INDEXED])
@pytest.mark.parametrize("name", NAMES)
def test_all_text_can_be_read_on_whatever_is_behind_it(name: str, depth: Depth) -> None:
    theme = shipped(name, depth)
    palette = Palette(theme)
    wanted = 7.0 if name == "beacon" else 4.5  # levels AAA and AA
    behind = {role: background(theme, role) for role in ("background", "surface", "panel")}
    behind |= {role: palette.style(role) for role in ("header", "footer")}
    for word, (where, base) in itertools.product(WORDS, behind.items()):
        style = base + palette.style(word)
        assert contrast(style, depth) >= wanted, (word, where)
        for row in ("cursor", "cursor-blurred"):  # as the tables lay them over their cells
            assert contrast(style + palette.style(row), depth) >= wanted, (word, where, row)
    for pair in ("header", "footer", "cursor", "selection"):
        assert contrast(behind["surface"] + palette.style("text") + palette.style(pair), depth) >= wanted, pair
    for edge, where in itertools.product(("border-focused",), ("background", "surface")):
        assert contrast(behind[where] + palette.style(edge), depth) >= 3.0  # success criterion 1.4.11
    assert rgb(palette.style("cursor").bgcolor, depth) != rgb(behind["surface"].bgcolor, depth)


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.INDEXED])
@pytest.mark.parametrize("name", NAMES)
def test_states_and_severities_have_colours_of_their_own_that_keep_their_meaning(name: str, depth: Depth) -> None:
    theme = shipped(name, depth)
    palette = Palette(theme)
    seen = {state: rgb(palette.style(f"state.{state}").color, depth) for state in STATES}
    assert len(set(seen.values())) == 11

    def hue(role: str) -> float:
        """Degrees around the circle of colours: 0 is red, 60 yellow, 120 green, 240 blue."""
        return 360 * colorsys.rgb_to_hsv(*(channel / 255 for channel in rgb(palette.style(role).color, depth)))[0]

    for alarming in ("state.CLOSE_WAIT", "critical"):
        assert hue(alarming) <= 25 or hue(alarming) >= 345
    for amber in ("state.TIME_WAIT", "warning"):
        assert 30 <= hue(amber) <= 60
    for calm in ("state.ESTABLISHED", "ok"):
        assert 80 <= hue(calm) <= 180
    assert 170 <= hue("notice") <= 250
    assert seen["LISTEN"] == rgb(palette.style("accent").color, depth)


# As Textual and the widgets get them


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.INDEXED, Depth.NONE])
@pytest.mark.parametrize("name", NAMES)
def test_textual_gets_every_variable_it_may_ask_for(name: str, depth: Depth) -> None:
    theme = shipped(name, depth)
    made = to_textual(theme)
    variables = made.to_color_system().generate() | made.variables  # as App.get_css_variables does
    assert set(BUILTIN_THEMES["textual-dark"].to_color_system().generate()) <= set(variables)
    for key, colour in theme.colours().items():
        variable = "nettui-" + key.lower().replace(".", "-").replace("_", "-")
        seen = Color.parse(variables[variable]).rich_color
        assert seen == Palette(theme).style(key).color or key not in WORDS
        assert variables[variable] == (f"ansi_{colour}" if theme.named else colour)
    assert made.ansi == theme.named
    assert made.dark == theme.dark


def test_an_unknown_role_is_text_and_styles_are_made_once() -> None:
    palette = Palette(shipped("dusk"))
    assert palette.style("") is palette.style("no such role") is palette.style("text")
    assert palette.style("critical") is palette.style("critical")
    assert palette.style("state.CLOSE_WAIT") != palette.style("text")


def test_words_keep_their_colours_under_the_cursor_only_where_they_can_be_read(tmp_path: Path) -> None:
    dusk, sixteen = Palette(shipped("dusk")), Palette(shipped("sixteen"))
    assert dusk.style("cursor").color is None
    assert sixteen.style("cursor").color == RichColor.from_ansi(0)
    (tmp_path / "themes").mkdir()
    text = available(None)["dusk"].path.read_text().replace("#29344a", "#dddddd").replace("#f4f7fb", "#000000")
    (tmp_path / "themes" / "dusk.toml").write_text(text)
    glaring = Palette(available(tmp_path)["dusk"].load())
    assert glaring.style("cursor") == Style(color="#000000", bgcolor="#dddddd")


def test_without_colour_attributes_tell_what_colours_told() -> None:
    theme = shipped("paper", Depth.NONE)
    palette = Palette(theme)
    assert set(theme.colours().values()) == {"default"}
    for role in ("cursor", "selection", "header", "footer"):
        assert palette.style(role).reverse
        assert to_textual(theme).variables[f"nettui-{role}-style"] == "reverse"
    for role in ("critical", "warning", "state.CLOSE_WAIT", "border-focused", "cursor-blurred"):
        assert palette.style(role).bold
    assert palette.style("dim").dim
    assert not palette.style("ok").bold
    assert to_textual(theme).variables["nettui-focus-style"] == "bold"
    assert to_textual(shipped("paper")).variables["nettui-focus-style"] == "none"


def test_a_terminal_of_sixteen_colours_gets_its_own_theme_unless_one_is_named() -> None:
    assert choose("auto", Depth.TRUE) == choose("auto", Depth.INDEXED) == choose("auto", Depth.NONE) == "dusk"
    assert choose("auto", Depth.SIXTEEN) == "sixteen"
    assert choose("paper", Depth.SIXTEEN) == "paper"


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(weight * (a - b) ** 2 for weight, a, b in zip((2, 4, 3), one, other, strict=True))


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_of_256_colours_rich_is_made_to_take_the_nearest(colour: tuple[int, int, int]) -> None:
    text = "#{:02x}{:02x}{:02x}".format(*colour)
    seen = rgb(RichColor.parse(indexed(text)), Depth.INDEXED)
    # The cube's four greys between black and white cannot be had through Rich; the ramp has others close by.
    choice = [c for c in PALETTE_256[:216] if len(set(c)) > 1 or c[0] in (0, 255)] + PALETTE_256[216:]
    assert distance(seen, colour) == min(distance(c, colour) for c in choice)


# Files of users


def own(config_dir: Path, name: str, text: str) -> Path:
    path = config_dir / "themes" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_users_theme_is_found_and_replaces_one_of_its_name(tmp_path: Path) -> None:
    text = available(None)["kelp"].path.read_text()
    own(tmp_path, "mine", text.replace("Dark green-blue", "Mine"))
    own(tmp_path, "dusk", text)
    (tmp_path / "themes" / "notes.txt").touch()
    files = available(tmp_path)
    assert set(files) == {*NAMES, "mine"}
    assert files["mine"].load().description.startswith("Mine")
    assert files["dusk"].load().roles == files["kelp"].load().roles
    assert available(tmp_path / "nowhere").keys() == set(NAMES)


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("bad", 'text           = "#dfe5ee"', 'text = "grey"',
         'roles.text: expected a colour: "#rrggbb", "default", or a name such as "red" or "bright_red", got "grey"'),
        ("bad", '"#14181f"', '"#14181f80"',
         'roles.background: expected a colour: "#rrggbb", "default", or a name such as "red" or "bright_red", '
         'got "#14181f80"'),
        ("bad", "cursor         = {", "cursor = { colour = 1,",
         "roles.cursor.colour: no such key, expected one of text, background"),
        ("bad", 'border-focused = "#7cb7ea"', "",
         'roles.border-focused: expected a colour: "#rrggbb", "default", or a name such as "red" or "bright_red", '
         "got nothing"),
        ("bad", 'CLOSED      = "#a0abbb"', "CLOSED = 7",
         'states.CLOSED: expected a colour: "#rrggbb", "default", or a name such as "red" or "bright_red", got 7'),
        ("bad", "[states]", "[[states]]", "states: expected a table, got an array"),
        ("bad", "dark = true", 'dark = true\nname = "x"',
         "name: no such key, expected one of description, dark, roles, states"),
        ("bad", ': the default."', '\\n\\u001b[1m"', r'description: expected one line, got "'),
        ("bad", "dark = true", 'dark = "yes"', 'dark: expected true or false, got "yes"'),
        ("bad", "dark = true", "dark true", "line 2, column 6: "),
        ("bad", '"#14181f"', '"black"', 'expected all colours as "#rrggbb" or all by name, got some of each'),
        ("b a d", "", "", "expected a name of letters, digits, - and _ before .toml"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_theme_is_one_sentence_and_the_others_load(
    tmp_path: Path, name: str, old: str, new: str, line: str
) -> None:
    text = available(None)["dusk"].path.read_text()
    assert old in text
    path = own(tmp_path, name, text.replace(old, new))
    themes, errors = load_all(available(tmp_path))
    assert tuple(themes) == NAMES
    (error,) = errors
    assert error.startswith(f"{path}: {line}")
    assert error.isprintable()
    with pytest.raises(ConfigError):
        available(tmp_path)[name].load()
