"""The config file that `nettui config --print` writes: every key with its default and what it means."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from nettui.config.convert import Doc, unwrap
from nettui.config.settings import Settings

_HEAD = """\
Settings of nettui. Every line may be left out; each shows its default.
The command line beats the environment, the environment beats this file.
"""

_NOTIFIERS = """\
[notify.log]
type = "log"
path = "/var/log/nettui.jsonl"
severity = "notice"

[notify.chat]
type = "webhook"
template = "slack"
url_env = "SLACK_WEBHOOK_URL"
"""


_GAUGE = """\
[gauges.orders]
url = "http://127.0.0.1:8080/actuator/metrics/hikaricp.connections.active"
value = "measurements.0.value"
maximum_url = "http://127.0.0.1:8080/actuator/metrics/hikaricp.connections.max"
maximum = "measurements.0.value"
"""


class Setting(NamedTuple):
    """One key of the file."""

    table: str
    """The table it stands in; empty for the top of the file."""
    name: str
    default: Any
    doc: Doc

    @property
    def key(self) -> str:
        """The dotted key."""
        return f"{self.table}.{self.name}" if self.table else self.name


def settings(kind: type[Struct] = Settings, table: str = "") -> Iterator[Setting]:
    """Every setting in the order of the file; those of the top come before the tables."""
    for field in msgspec.structs.fields(kind):
        hint, doc = unwrap(field.type)
        if doc is None:
            yield from settings(hint, field.name)
        else:
            default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
            yield Setting(table, field.name, default, doc)


def template() -> str:
    """A whole config file in ASCII that says what would hold without it."""
    parts = [_comment(_HEAD)]
    table = ""
    for setting in settings():
        if setting.table and setting.table != table:
            table = setting.table
            parts.append(f"[{table}]\n")
        parts.append(_comment(_explanation(setting)) + _assignment(setting))
    return "\n".join(parts)


def toml_value(value: Any) -> str:
    """A default as TOML: its strings, numbers, switches and arrays are written as JSON writes them."""
    return json.dumps(value)


def _explanation(setting: Setting) -> str:
    doc = setting.doc
    ways = [f"environment {doc.env}"] * bool(doc.env) + [f"option {doc.option}"] * bool(doc.option)
    lines = [*textwrap.wrap(doc.help, 98), f"Takes {doc.expected}."]
    if ways:
        lines.append(f"Also: {', '.join(ways)}.")
    return "\n".join(lines)


def _assignment(setting: Setting) -> str:
    """The default; for a table whose keys are names, what could stand there, commented out."""
    match setting.name:
        case "rules":
            return "\n".join(_comment(lines, mark="#") for lines in _rules())
        case "filters":
            return _comment('[filters]\nleaks = "state:close-wait and idle>1h"', mark="#")
        case "gauges":
            return _comment(_GAUGE, mark="#")
        case "notify":
            return _comment(_NOTIFIERS, mark="#")
        case "keys":
            return _comment('[keys]\npause = "space,p"', mark="#")
        case _:
            return f"{setting.name} = {toml_value(setting.default)}\n"


def _rules() -> Iterator[str]:
    """Every rule as a table with its limits."""
    from nettui.diagnosis.thresholds import DEFAULTS

    for rule, limits in DEFAULTS.items():
        said = {key: getattr(limits, key) for key in ("enabled", "notice", "warning", "critical", "lasting")}
        figures = [f"{key} = {toml_value(value)}" for key, value in said.items() if value is not None]
        yield "\n".join([f"[rules.{toml_value(rule)}]", *figures])


def _comment(text: str, mark: str = "# ") -> str:
    return "".join(f"{mark}{line}".rstrip() + "\n" for line in text.splitlines())
