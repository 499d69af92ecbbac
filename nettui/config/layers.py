"""Settings put together: the command line beats the environment beats the file beats the default."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nettui.config.convert import ConfigError, build, unwrap, value_of, wrong
from nettui.config.files import locate, read_toml, theme_files
from nettui.config.settings import Settings
from nettui.model.text import clean

_NAME = r"[\w-]+"


def load(arguments: Mapping[str, object], environ: Mapping[str, str], path: Path | None = None) -> Settings:
    """The settings that hold.

    `arguments` are values by name of setting, as argparse leaves them (None: not given; other names do not matter).
    `path` is the config file, by default the one `locate` finds; a file named by `path` or by `NETTUI_CONFIG` has to
    be there. An environment variable that is empty is as good as not set. Raises ConfigError, one line.
    """
    must_exist = path is not None or bool(environ.get("NETTUI_CONFIG"))
    path = path or locate(environ)
    file = str(path)
    settings = build(Settings, read_toml(path, must_exist=must_exist), file)
    changes, source = _overrides(arguments, environ)
    settings = msgspec.structs.replace(settings, **changes)
    _check_theme(settings, source.get("theme", file), path.parent)
    _check_rules(settings, file)
    _check_names(settings, file)
    return _with_notifiers(settings, file)


def _overrides(arguments: Mapping[str, object], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the environment and the command line say, by setting, and which of them said it."""
    changes: dict[str, Any] = {}
    source: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        _, doc = unwrap(field.type)
        if doc is None or not doc.option:
            continue
        said = {doc.env: environ.get(doc.env) or None, doc.option.split()[0]: arguments.get(field.name)}
        for where, value in said.items():
            if value is not None:
                text = isinstance(value, str)
                changes[field.name] = value_of(field.type, value, where, (field.name,), text=text)
                source[field.name] = where
    return changes, source


def _with_notifiers(settings: Settings, where: str) -> Settings:
    """Their tables as records: loaded only where there are some."""
    if not settings.notify:
        return settings
    from nettui.config.notify_settings import notifiers

    return msgspec.structs.replace(settings, notify=notifiers(settings.notify, where))


def _check_theme(settings: Settings, where: str, config_dir: Path) -> None:
    if settings.theme == "auto":
        return
    names = theme_files(config_dir)
    if settings.theme not in names:
        expected = ", ".join(clean(name, 40) for name in ("auto", *sorted(names)))
        raise wrong(where, ("theme",), f"one of {expected}", settings.theme)


def _check_rules(settings: Settings, where: str) -> None:
    if not settings.rules:
        return
    from nettui.diagnosis.thresholds import Thresholds  # only when somebody changes a rule

    try:
        Thresholds.from_settings(settings.rules)
    except ValueError as error:
        raise ConfigError(clean(f"{where}: {error}", 2_000)) from None


def _check_names(settings: Settings, where: str) -> None:
    """A filter's has to be such as can be typed after @ (what it says is looked at when it is used), a gauge's such
    as a rule can be told of."""
    for table in ("filters", "gauges"):
        for name in getattr(settings, table):
            if not re.fullmatch(_NAME, name):
                raise wrong(where, (table, name), "a name of letters, digits, - and _", name)
    for name, gauge in settings.gauges.items():
        if gauge.authorization_env and gauge.authorization_file:
            raise ConfigError(
                f"{clean(where)}: gauges.{name}: expected authorization_env or authorization_file, got both"
            )
        if gauge.waiting_url and gauge.waiting is None:
            raise wrong(where, ("gauges", name, "waiting"), "what to find at waiting_url", None)
