"""The notifiers that the settings ask for. Where there are none, nothing of their room is imported."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nettui.config import Settings
from nettui.config import notify_settings as config

if TYPE_CHECKING:
    from nettui.notify.notifier import Notifier
    from nettui.notify.notifiers import Notifiers, Post
    from nettui.notify.waiting import Waiting


def open_notifiers(settings: Settings, host: str, ring: Callable[[], None] | None = None) -> "Notifiers | None":
    """The notifiers of this process, `None` where nothing is configured.

    `host` is what this host is called in messages. `ring` rings the terminal's bell; it is called in the thread that
    tells; None where there is no screen.
    """
    if not settings.notify:
        return None
    from nettui.notify.notifiers import Notifiers

    return Notifiers(host, posts(settings, ring))


def posts(settings: Settings, ring: Callable[[], None] | None = None) -> "list[Post]":
    """The notifiers as they are set up, in the order of the settings."""
    from nettui.model.finding import Severity
    from nettui.notify.notifiers import Post
    from nettui.notify.policy import Wishes

    found = []
    for name, said in settings.notify.items():
        wishes = Wishes(
            severity=Severity(said.severity), closed=said.closed, remind_every=said.remind_every,
            reminders=said.reminders, rules=said.rules,
        )  # fmt: skip
        waiting = _queue(name) if isinstance(said, config.WebhookSettings) else None
        found.append(Post(name, _notifier(said, ring), wishes, waiting))
    return found


def _notifier(said: config.AnyNotifier, ring: Callable[[], None] | None) -> "Notifier":
    """Only the module of this type is imported."""
    match said:
        case config.LogSettings():
            from nettui.notify.log import Log

            return Log(_path(said.path), said.max_bytes, said.keep)
        case config.SyslogSettings():
            from nettui.notify.syslog import Syslog

            return Syslog(said.address, said.facility)
        case config.JournalSettings():
            from nettui.notify.journal import Journal

            return Journal(said.socket)
        case config.CommandSettings():
            from nettui.notify.command import Command

            return Command(said.command, said.timeout)
        case config.WebhookSettings():
            from nettui.notify.secret import Secret
            from nettui.notify.webhook import Alertmanager, Webhook

            url = Secret(said.url, said.url_env, said.url_file)
            ca_file = _optional_path(said.ca_file)
            authorization = Secret.maybe(said.authorization_env, said.authorization_file)
            if said.template == "alertmanager":
                return Alertmanager(url, authorization, ca_file, said.timeout)
            return Webhook(url, authorization, said.template, ca_file, said.timeout)
        case config.MailSettings():
            from nettui.notify.mail import Mail
            from nettui.notify.secret import Secret

            password = Secret.maybe(said.password_env, said.password_file)
            return Mail(
                said.host, said.port, said.sender, said.to, tls=said.tls, user=said.user,
                ca_file=_optional_path(said.ca_file), password=password, timeout=said.timeout,
            )  # fmt: skip
        case config.BellSettings():
            from nettui.notify.bell import Bell

            return Bell(ring)


def _queue(name: str) -> "Callable[[], Waiting]":
    def open_queue() -> "Waiting":
        from nettui.commands.state import state_folder
        from nettui.notify.waiting import OnDisk

        return OnDisk(state_folder() / "notify" / name)

    return open_queue


def _path(text: str) -> Path:
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises where there is no such user


def _optional_path(text: str | None) -> str | None:
    return None if text is None else str(_path(text))
