"""Where the config file and the themes are, and TOML read from files that may be anything."""

import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nettui.config.convert import ConfigError
from nettui.model.text import clean

LIMIT = 256 * 1024
"""Bytes; nobody writes that much TOML by hand."""


def locate(environ: Mapping[str, str]) -> Path:
    """The config file: `NETTUI_CONFIG`, else `config.toml` in the place this system keeps such things."""
    if chosen := environ.get("NETTUI_CONFIG"):
        return Path(chosen)
    if sys.platform == "linux" and "ANDROID_ROOT" not in os.environ:  # as platformdirs has it, which takes 10 ms
        home = os.environ.get("XDG_CONFIG_HOME", "")
        folder = Path(home) if home.startswith("/") else Path("~/.config").expanduser()
        return folder / "nettui" / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("nettui", appauthor=False) / "config.toml"


def theme_files(config_dir: Path | None) -> dict[str, Path]:
    """Every theme by name, which is its file's name: the shipped ones, and over them the user's own."""
    found: dict[str, Path] = {}
    own = () if config_dir is None else (config_dir / "themes",)
    for folder in (shipped_themes(), *own):
        try:
            paths = sorted(folder.glob("*.toml"))
        except OSError:  # before Python 3.13 a folder that may not be read raises
            continue
        found.update((path.stem, path) for path in paths)
    return found


def shipped_themes() -> Path:
    """The folder of nettui's own themes: inside the package once installed, beside it in a source checkout."""
    package = Path(__file__).parent.parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def read_toml(path: Path, *, must_exist: bool = True) -> dict[str, Any]:
    """The table of a TOML file; ConfigError (one line) for a file that cannot be read or understood.

    Without `must_exist` a file that is not there, or that lies where we may not look, is an empty table.
    """
    where = clean(str(path))
    raw = _read(path, where, must_exist)
    if not raw:
        return {}
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{where}: line {line}: expected text in UTF-8, got other bytes") from None
    import tomllib  # 3 ms, and most people have no config file

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{where}: expected TOML, got arrays or tables nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and int() of five thousand digits
        raise ConfigError(f"{where}: {_syntax(str(error), text)}") from None


def _read(path: Path, where: str, must_exist: bool) -> bytes:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        if not must_exist:
            return b""
        raise ConfigError(f"{where}: cannot be read: {_reason(error)}") from None
    except (OSError, ValueError) as error:  # a loop of symbolic links; a name with a NUL in it
        raise ConfigError(f"{where}: cannot be read: {_reason(error)}") from None
    if str(path) == os.devnull:
        return b""
    if not stat.S_ISREG(mode):  # a FIFO would hang us, a device never end
        raise ConfigError(f"{where}: cannot be read: {'a directory' if stat.S_ISDIR(mode) else 'not a regular file'}")
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read: {_reason(error)}") from None
    if len(raw) > LIMIT:
        raise ConfigError(f"{where}: cannot be read: larger than {LIMIT // 1024} KiB")
    return raw


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return clean(text[:1].lower() + text[1:])


_PLACE = r"(?s)(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)"


def _syntax(message: str, text: str) -> str:
    """tomllib's message with its place in front; the end of the document is the end of its last line."""
    match = re.fullmatch(_PLACE, message)
    if match is None:
        return f"expected TOML, got an error: {clean(message, 120)}"
    lines = text.splitlines() or [""]
    line = match["line"] or str(len(lines))
    column = match["column"] or str(len(lines[-1]) + 1)
    return f"line {line}, column {column}: {clean(match['what'], 120)}"
