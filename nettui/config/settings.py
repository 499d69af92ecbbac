"""Every setting: its type, its default and what it means, written once.

The loader, the options of the command line, `nettui config --print` and the test of the documentation all read the
annotations here, so none of them can drift from the others.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nettui.config.convert import Doc


def is_server(text: str) -> bool:
    """Whether `text` is an IP address with, perhaps, a `#port` after it: `192.0.2.53`, `fd00::53#5353`."""
    from ipaddress import ip_address

    address, mark, port = text.partition("#")
    try:
        ip_address(address)
    except ValueError:
        return False
    return text.isascii() and text.isprintable() and (not mark or _is_port(port))


def is_host_name(text: str) -> bool:
    """Whether `text` can be asked for as a host's name: `api.example.com`. An address is none."""
    parts = text.removesuffix(".").split(".")
    plain = all(0 < len(part) <= 63 and part.replace("-", "a").replace("_", "a").isalnum() for part in parts)
    return plain and len(text) <= 253 and text.isascii() and not parts[-1].isdigit()


def are_few(names: tuple[str, ...]) -> bool:
    """Whether so many names may be asked for."""
    return len(names) <= 16


def is_url(text: str) -> bool:
    """Whether `text` is an http or https URL without a user, a password or a fragment in it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    whole = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    return whole and parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and not (
        "@" in parts.netloc or "#" in text
    )


def is_selector(text: object) -> bool:
    """Whether it is a path into JSON, a metric of the Prometheus text format, or a positive number."""
    from nettui.model.selector import parse_selector

    if not isinstance(text, str):
        return isinstance(text, (int, float)) and 0 < text < 1e15
    try:
        return bool(parse_selector(text))
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _is_word(text: str) -> bool:
    return text != "" and text.isprintable()


Server = Annotated[str, Doc("an address such as 192.0.2.53 or fd00::53#5353", check=is_server)]
HostName = Annotated[str, Doc("a host's name such as api.example.com", check=is_host_name)]
_A_URL = Doc("a URL that begins with http:// or https://, without a password in it", check=is_url)
_A_FIGURE = Doc(
    'a path into JSON such as "measurements.0.value" or a metric such as "hikaricp_connections_active"',
    check=is_selector,
)
Threshold = Annotated[float, Meta(ge=0, le=1e15), Doc("a number, zero or more")]
Seconds = Annotated[float, Meta(ge=0, le=1e9), Doc("a number of seconds, zero or more")]


class SubjectSettings(Struct, frozen=True, kw_only=True):
    """What the user changed of one rule for one subject; None leaves what holds for the rule."""

    enabled: Annotated[bool | None, Doc("true or false")] = None
    notice: Annotated[Threshold | None, Doc("a number, zero or more")] = None
    warning: Annotated[Threshold | None, Doc("a number, zero or more")] = None
    """In the unit of the rule: sockets, per cent, ..."""
    critical: Annotated[Threshold | None, Doc("a number, zero or more")] = None
    lasting: Annotated[Seconds | None, Doc("a number of seconds, zero or more")] = None
    """Seconds for which the condition must hold before it is told."""


class RuleSettings(SubjectSettings, frozen=True, kw_only=True):
    """What the user changed of one rule of the diagnosis, and of it for single subjects, by their names."""

    process: dict[str, SubjectSettings] = {}
    port: dict[str, SubjectSettings] = {}
    peer: dict[str, SubjectSettings] = {}
    interface: dict[str, SubjectSettings] = {}
    server: dict[str, SubjectSettings] = {}
    name: dict[str, SubjectSettings] = {}
    gauge: dict[str, SubjectSettings] = {}


class DnsSettings(Struct, frozen=True, kw_only=True):
    """The DNS pane and `nettui dns`."""

    servers: Annotated[
        tuple[Server, ...],
        Doc(
            'an array of addresses such as ["192.0.2.53", "fd00::53#5353"]',
            "Servers offered in the DNS pane besides the system's own, each an address and, after #, a port.",
        ),
    ] = ()
    timeout: Annotated[
        float,
        Meta(ge=0.1, le=60),
        Doc("a number of seconds from 0.1 to 60", "Seconds to wait for one server's answer."),
    ] = 2.0
    check: Annotated[
        tuple[HostName, ...],
        Doc(
            'an array of at most 16 names such as ["api.example.com"]',
            "Names asked of each of the system's servers every 10 seconds. Nothing is asked unless it is listed here.",
            check=are_few,
        ),
    ] = ()


class GaugeSettings(Struct, frozen=True, kw_only=True):
    """A figure and its maximum that a program tells over HTTP."""

    url: Annotated[str, _A_URL]
    value: Annotated[str, _A_FIGURE]
    maximum: Annotated[
        float | str, Doc("a number above zero, a path into JSON or a metric, as value takes it", check=is_selector)
    ]
    maximum_url: Annotated[str | None, _A_URL] = None
    """Where the maximum is told, if not in the answer that holds the value."""
    waiting: Annotated[str | None, _A_FIGURE] = None
    waiting_url: Annotated[str | None, _A_URL] = None
    authorization_env: Annotated[str | None, Doc("the name of an environment variable", check=_is_word)] = None
    """It holds what is sent as the Authorization header."""
    authorization_file: Annotated[str | None, Doc("the path of a file", check=_is_word)] = None


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set."""

    theme: Annotated[
        str,
        Doc(
            "the name of a theme",
            "The colours: a theme that comes with nettui, or one of your own in the folder themes beside this file."
            " auto takes dusk, or sixteen on a terminal of 16 colours.",
            env="NETTUI_THEME",
            option="--theme NAME",
        ),
    ] = "auto"
    interval: Annotated[
        float,
        Meta(ge=0.2, le=60),
        Doc(
            "a number of seconds from 0.2 to 60",
            "Seconds between two readings of what the system does not announce by itself: counters and TCP states.",
            env="NETTUI_INTERVAL",
            option="--interval SECONDS",
        ),
    ] = 1.0
    mouse: Annotated[
        bool,
        Doc(
            "true or false",
            "Whether clicks and the wheel are taken; with false the terminal selects text as it always does.",
            env="NETTUI_MOUSE",
            option="--no-mouse",
        ),
    ] = True
    ascii: Annotated[
        bool | Literal["auto"],
        Doc(
            'true, false or "auto"',
            "Draw with ASCII only. auto does so on a Linux console and in a locale that is not UTF-8.",
            env="NETTUI_ASCII",
            option="--ascii",
        ),
    ] = "auto"
    backend: Annotated[
        Literal["auto", "linux", "portable"],
        Doc(
            '"auto", "linux" or "portable"',
            "How the system is asked: netlink and procfs, or psutil and netifaces. auto takes the best there is.",
            env="NETTUI_BACKEND",
            option="--backend NAME",
        ),
    ] = "auto"
    units: Annotated[
        Literal["bits", "bytes"],
        Doc('"bits" or "bytes"', "The unit of rates, per second.", env="NETTUI_UNITS", option="--units UNIT"),
    ] = "bits"
    read_only: Annotated[
        bool,
        Doc(
            "true or false",
            "Nothing on this host can be changed from nettui: the key that closes sockets is gone.",
            env="NETTUI_READ_ONLY",
            option="--read-only",
        ),
    ] = False
    dns: DnsSettings = DnsSettings()
    filters: Annotated[
        dict[str, Annotated[str, Doc('a filter such as "state:close-wait and idle>1h"', check=_is_word)]],
        Doc(
            "a table",
            "Filters of the Sockets screen by a name of yours; @name stands for one wherever a filter is typed.",
        ),
    ] = {}
    gauges: Annotated[
        dict[str, GaugeSettings],
        Doc(
            "a table",
            "Figures that programs tell over HTTP, such as the connections in use of a pool, by a name of yours:"
            " url, value and maximum. Nothing is asked unless it is listed here.",
        ),
    ] = {}
    rules: Annotated[
        dict[str, RuleSettings],
        Doc(
            "a table",
            "Rules of the diagnosis, by id: enabled, warning and critical (thresholds in the rule's own unit),"
            " lasting (seconds for which it must hold). What is not given stays as it is.",
        ),
    ] = {}
    keys: Annotated[
        dict[str, Annotated[str, Doc('keys with commas between them, such as "j,down"', check=_is_word)]],
        Doc("a table", "Keys by the name of their action: one key, or several with commas between them."),
    ] = {}
    notify: Annotated[
        dict[str, Any],
        Doc(
            "a table",
            "Where news of findings goes, by a name of yours: a type (log, syslog, journal, command, webhook, mail,"
            " bell), what is wanted (severity, closed, remind_every, reminders, rules), and what the type needs.",
        ),
    ] = {}
