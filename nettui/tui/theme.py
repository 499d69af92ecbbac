"""Themes as they are drawn: Textual's theme with our roles as variables, and styles by role for our own widgets."""

from rich.style import Style
from textual.theme import Theme as TextualTheme

from nettui.model.tcp import STATES
from nettui.tui.colours import contrast, to_css, to_rich
from nettui.tui.theme_file import Pair, Theme, ThemeFile, adapted, available, choose, load_all

__all__ = ["Palette", "Theme", "ThemeFile", "adapted", "available", "choose", "load_all", "to_textual"]

READABLE = 4.5
"""Contrast ratio that WCAG 2.2 asks of text at level AA (success criterion 1.4.3)."""

WORDS = ("text", "dim", "accent", "ok", "notice", "warning", "critical", "sparkline", *(f"state.{s}" for s in STATES))
"""Roles that text is written in, on any background but the selection's."""

_BOLD = ("critical", "warning", "border-focused", "state.CLOSE_WAIT")
"""What must be told from plain text even where there is no colour."""


class Palette:
    """Rich styles by role.

    Those of text have no background, so that they can be laid over any. `cursor` is laid over a row of them, and
    leaves them their colours if all of them can be read on it; else the row takes the cursor's own.
    """

    def __init__(self, theme: Theme) -> None:
        colours, roles = theme.colours(), theme.roles
        self._styles = {role: Style(color=to_rich(colours[role])) for role in (*WORDS, "border", "border-focused")}
        self._styles["critical"] += Style(bold=True)
        if not theme.coloured:
            self._styles |= {role: self._styles[role] + Style(bold=True) for role in _BOLD}
            self._styles["dim"] += Style(dim=True)
        for name in ("cursor", "selection", "header", "footer"):
            self._styles[name] = _pair_style(getattr(roles, name))
        if all(contrast(colours[role], roles.cursor.background) >= READABLE for role in WORDS):
            self._styles["cursor"] = Style(bgcolor=to_rich(roles.cursor.background))
        self._styles["cursor-blurred"] = Style(bgcolor=to_rich(roles.panel), bold=True)

    def style(self, role: str) -> Style:
        """The style of `role`, as it is called in a theme's file, or `cursor-blurred`: the cursor of another pane.

        TCP states are `state.LISTEN` and so on. A role that there is not is plain text.
        """
        return self._styles.get(role, self._styles["text"])


def _pair_style(pair: Pair) -> Style:
    return Style(color=to_rich(pair.text), bgcolor=to_rich(pair.background), reverse=_is_bare(pair) or None)


def _is_bare(pair: Pair) -> bool:
    """Whether both colours are one, the terminal's default: then it takes reverse video to see it."""
    return pair.text == pair.background


def to_textual(theme: Theme) -> TextualTheme:
    """The theme for Textual, with every colour of ours as a variable of its style sheets.

    `border-focused` is `$nettui-border-focused`, `cursor.background` is `$nettui-cursor-background`,
    `state.CLOSE_WAIT` is `$nettui-state-close-wait`. `$nettui-cursor-style` (selection, header, footer likewise) and
    `$nettui-focus-style` are text styles: what tells them where there is no colour.
    """
    css = {key: to_css(colour) for key, colour in theme.colours().items()}
    return TextualTheme(
        name=theme.name,
        dark=theme.dark,
        ansi=theme.named,
        primary=css["accent"],
        secondary=css["notice"],
        accent=css["accent"],
        success=css["ok"],
        warning=css["warning"],
        error=css["critical"],
        foreground=css["text"],
        background=css["background"],
        surface=css["surface"],
        panel=css["panel"],
        variables=_own(theme, css) | _textuals(theme, css),
    )


def _own(theme: Theme, css: dict[str, str]) -> dict[str, str]:
    names = {"nettui-" + key.lower().replace(".", "-").replace("_", "-"): colour for key, colour in css.items()}
    styles = {f"nettui-{name}-style": _text_style(theme, name) for name in ("cursor", "selection", "header", "footer")}
    return names | styles | {"nettui-focus-style": "none" if theme.coloured else "bold"}


def _text_style(theme: Theme, name: str) -> str:
    return "reverse" if _is_bare(getattr(theme.roles, name)) else "none"


def _textuals(theme: Theme, css: dict[str, str]) -> dict[str, str]:
    """What Textual's own widgets use: left to itself it blends colours that nobody has checked.

    Of a theme of named colours it makes fewer variables than its style sheets ask for; the rest is here too.
    """
    cursor = _text_style(theme, "cursor")
    return {
        "text": css["text"],
        "text-muted": css["dim"],
        "text-disabled": css["dim"],
        "foreground-muted": css["dim"],
        "foreground-disabled": css["dim"],
        "text-primary": css["accent"],
        "text-secondary": css["notice"],
        "text-accent": css["accent"],
        "text-success": css["ok"],
        "text-warning": css["warning"],
        "text-error": css["critical"],
        **dict.fromkeys(_RAISED, css["panel"]),
        "surface": css["surface"],
        "ansi-background": css["background"],
        "ansi-foreground": css["text"],
        "border": css["border-focused"],
        "border-blurred": css["border"],
        "block-cursor-foreground": css["cursor.text"],
        "block-cursor-background": css["cursor.background"],
        "block-cursor-text-style": cursor,
        "block-cursor-blurred-foreground": css["text"],
        "block-cursor-blurred-text-style": "bold",
        "button-foreground": css["text"],
        "button-color-foreground": css["background"],
        "footer-foreground": css["footer.text"],
        "footer-background": css["footer.background"],
        "footer-key-foreground": css["accent"],
        "footer-description-foreground": css["footer.text"],
        "input-cursor-foreground": css["background"],
        "input-cursor-background": css["text"],
        "input-cursor-text-style": cursor,
        "input-selection-foreground": css["selection.text"],
        "input-selection-background": css["selection.background"],
        "screen-selection-foreground": css["selection.text"],
        "screen-selection-background": css["selection.background"],
        "link-color": css["accent"],
        "link-color-hover": css["text"],
        "scrollbar": css["border"],
        "scrollbar-hover": css["border-focused"],
        "scrollbar-active": css["border-focused"],
        **dict.fromkeys(_TROUGHS, css["surface"]),
    }


_RAISED = (
    "panel", "boost", "surface-active", "block-cursor-blurred-background", "block-hover-background",
    "link-background-hover", "primary-muted", "secondary-muted", "accent-muted", "success-muted", "warning-muted",
    "error-muted",
)  # fmt: skip
_TROUGHS = tuple(f"scrollbar-{it}" for it in ("background", "background-hover", "background-active", "corner-color"))
