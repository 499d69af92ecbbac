"""The tables `[notify.NAME]`: a record for each type of notifier, and what no single value of them can say."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from nettui.config.convert import Doc, value_of, wrong


def _is_line(text: str) -> bool:
    return text != "" and text.isprintable()


def _is_path(text: str) -> bool:
    return _is_line(text)


def _is_variable(text: str) -> bool:
    return text.isascii() and text.isprintable() and text != "" and not {"=", " "} & set(text)


def is_socket(text: str) -> bool:
    """Whether `text` is a socket's path or a host and a port: `/dev/log`, `192.0.2.1:514`, `[2001:db8::1]:514`."""
    if text.startswith("/"):
        return _is_line(text)
    host, mark, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    named = host != "" and " " not in host and host.isprintable() and (bracketed or ":" not in host)
    return bool(mark) and named and port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535


def is_url(text: str) -> bool:
    """Whether `text` is a http or https URL with a host, printable, without spaces."""
    from urllib.parse import urlsplit

    try:
        url = urlsplit(text)
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and _is_one_word(text)
    except ValueError:
        return False


def is_mail_address(text: str) -> bool:
    """Whether `text` is a bare address: one word, an @, something on both sides."""
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and _is_one_word(text) and text.isascii() and not set(text) & set('<>,;:()"\\')


def _is_one_word(text: str) -> bool:
    return text.isprintable() and " " not in text


_VARIABLE = Doc("the name of an environment variable", check=_is_variable)
_FILE = Doc("the path of a file", check=_is_path)
Variable = Annotated[str, _VARIABLE]
File = Annotated[str, _FILE]
Limit = Annotated[float, Meta(ge=1, le=300), Doc("a number of seconds from 1 to 300")]


class NotifierSettings(Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every type has: which news it wants."""

    severity: Annotated[
        Literal["notice", "warning", "critical"], Doc('"notice", "warning" or "critical"', "The mildest it is told of.")
    ] = "warning"
    closed: Annotated[bool, Doc("true or false", "Whether it is told that something is over.")] = True
    remind_every: Annotated[
        float,
        Meta(ge=60, le=1e7),
        Doc("a number of seconds from 60 to 10000000", "Seconds between two reminders of what is still open."),
    ] = 14_400.0
    reminders: Annotated[
        int, Meta(ge=0, le=1000), Doc("a whole number from 0 to 1000", "Reminders of one finding at most.")
    ] = 3
    rules: Annotated[
        tuple[Annotated[str, Doc("a rule or the beginning of rules with a dot at its end", check=_is_line)], ...],
        Doc('an array of rules, or of beginnings such as ["tcp.", "dns.failing"]', "Only these rules; none: all."),
    ] = ()


class LogSettings(NotifierSettings, frozen=True, kw_only=True, tag="log"):
    """A file of JSON lines."""

    path: Annotated[str, Doc("the path of a file", "The file.", check=_is_path)]
    max_bytes: Annotated[
        int,
        Meta(ge=1_000, le=10**12),
        Doc("a whole number of bytes from 1000", "Bytes it may have before it becomes PATH.1."),
    ] = 10_000_000
    keep: Annotated[int, Meta(ge=0, le=100), Doc("a whole number from 0 to 100", "Old files that are kept.")] = 5


class SyslogSettings(NotifierSettings, frozen=True, kw_only=True, tag="syslog"):
    """Datagrams of RFC 5424."""

    address: Annotated[
        str,
        Doc('the path of a socket, or a host and port such as "192.0.2.1:514"', "Where to send.", check=is_socket),
    ] = "/dev/log"
    facility: Annotated[
        int, Meta(ge=0, le=23), Doc("a whole number from 0 to 23", "The facility's number; 3 is daemon.")
    ] = 3


class JournalSettings(NotifierSettings, frozen=True, kw_only=True, tag="journal"):
    """The journal of systemd."""

    socket: Annotated[str, Doc("the path of a socket", "The journal's socket.", check=_is_path)] = (
        "/run/systemd/journal/socket"
    )


class CommandSettings(NotifierSettings, frozen=True, kw_only=True, tag="command"):
    """A program that is started for each message."""

    command: Annotated[
        tuple[Annotated[str, Doc("a word of the command", check=lambda word: "\0" not in word)], ...],
        Doc(
            'an array of words, a program and its arguments, such as ["/usr/local/bin/page", "ops"]',
            "The program and its arguments, which never change; the news is in its environment and on its input.",
            check=lambda words: bool(words and words[0]),
        ),
    ]
    timeout: Annotated[
        Limit, Doc("a number of seconds from 1 to 300", "Seconds after which it is killed, with all it started.")
    ] = 10.0


class WebhookSettings(NotifierSettings, frozen=True, kw_only=True, tag="webhook"):
    """A POST to a URL."""

    url: Annotated[str | None, Doc("a http or https URL", "Where to; or else url_env or url_file.",
                                   check=lambda url: url is None or is_url(url))] = None  # fmt: skip
    url_env: Annotated[Variable | None, Doc("the name of an environment variable", "The variable that holds the URL.")]\
        = None  # fmt: skip
    url_file: Annotated[File | None, Doc("the path of a file", "The file that holds the URL.")] = None
    authorization_env: Annotated[
        Variable | None,
        Doc("the name of an environment variable", 'The variable that holds the header Authorization ("Bearer ...").'),
    ] = None
    authorization_file: Annotated[
        File | None, Doc("the path of a file", "The file that holds the header Authorization.")
    ] = None
    template: Annotated[
        Literal["json", "slack", "alertmanager"],
        Doc('"json", "slack" or "alertmanager"', "The shape of what is sent."),
    ] = "json"
    ca_file: Annotated[File | None, Doc("the path of a file", "Certificates to trust instead of the system's.")] = None
    timeout: Annotated[
        Limit, Doc("a number of seconds from 1 to 300", "Seconds the server has for its whole answer.")
    ] = 10.0


class MailSettings(NotifierSettings, frozen=True, kw_only=True, tag="mail"):
    """A mail by SMTP."""

    host: Annotated[str, Doc("the name of a mail server", "The mail server.", check=_is_one_word)]
    sender: Annotated[str, Doc("a mail address", "The address it comes from.", check=is_mail_address)]
    to: Annotated[
        tuple[Annotated[str, Doc("a mail address", check=is_mail_address)], ...],
        Doc('an array of mail addresses such as ["ops@example.net"]', "Who gets it.", check=bool),
    ]
    port: Annotated[int, Meta(ge=1, le=65535), Doc("a port", "Its port.")] = 587
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Doc('"starttls", "tls" or "none"', "How the connection is secured; none for a server on this host."),
    ] = "starttls"
    ca_file: Annotated[File | None, Doc("the path of a file", "Certificates to trust instead of the system's.")] = None
    user: Annotated[str | None, Doc("a user name", "Who logs in; nobody, if not given.")] = None
    password_env: Annotated[
        Variable | None, Doc("the name of an environment variable", "The variable that holds the password.")
    ] = None
    password_file: Annotated[
        File | None, Doc("the path of a file", "The file that holds the password.")
    ] = None
    timeout: Annotated[
        Limit, Doc("a number of seconds from 1 to 300", "Seconds the server has for each of its answers.")
    ] = 20.0


class BellSettings(NotifierSettings, frozen=True, kw_only=True, tag="bell"):
    """The bell of the terminal with the dashboard."""


AnyNotifier = (
    LogSettings | SyslogSettings | JournalSettings | CommandSettings | WebhookSettings | MailSettings | BellSettings
)


class _Choice(NamedTuple):
    keys: tuple[str, ...]
    needed: bool


_CHOICES: dict[type[NotifierSettings], tuple[_Choice, ...]] = {
    WebhookSettings: (
        _Choice(("url", "url_env", "url_file"), needed=True),
        _Choice(("authorization_env", "authorization_file"), needed=False),
    ),
    MailSettings: (_Choice(("password_env", "password_file"), needed=False),),
}


def notifiers(tables: dict[str, Any], where: str) -> dict[str, AnyNotifier]:
    """The records of the tables `[notify.NAME]`; raises ConfigError, one line, for the first thing wrong."""
    from re import fullmatch

    found: dict[str, AnyNotifier] = {}
    for name, table in tables.items():
        if not fullmatch(r"[\w-]{1,64}", name):
            raise wrong(where, ("notify", name), "a name of letters, digits, - and _", name)
        found[name] = value_of(AnyNotifier, table, where, ("notify", name))
        for key, expected, value in _contradictions(found[name]):
            raise wrong(where, ("notify", name, key), expected, value)
    return found


def _contradictions(settings: AnyNotifier) -> Iterator[tuple[str, str, Any]]:
    for choice in _CHOICES.get(type(settings), ()):
        given = [key for key in choice.keys if getattr(settings, key) is not None]
        if len(given) > 1:
            yield given[1], f"only one of {', '.join(choice.keys)}", getattr(settings, given[1])
        if choice.needed and not given:
            yield choice.keys[0], f"one of {', '.join(choice.keys)}", None
    if isinstance(settings, MailSettings):
        password = settings.password_env or settings.password_file
        if bool(settings.user) != bool(password):
            key = "user" if password else "password_env"
            yield key, "a user and a password, or neither", None
        if settings.user and settings.tls == "none":
            yield "tls", '"starttls" or "tls", because a password is sent', "none"
