"""`nettui notify --test`: what is sent, what is said of it, and what else the settings of notifiers come to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nettui.commands.notifiers import open_notifiers, posts
from nettui.config import ConfigError, Settings, load
from tests.notify.making import event, eventually
from tests.notify.receivers import serving

ROOT = Path(__file__).parent.parent

CONFIG = """
[notify.file]
type = "log"
path = "{folder}/findings.jsonl"

[notify.chat]
type = "webhook"
url_env = "CHAT_URL"
template = "slack"

[notify.bell]
type = "bell"
"""


def run(folder: Path, *words: str, config: str = CONFIG, **environ: str) -> "subprocess.CompletedProcess[str]":
    path = folder / "config.toml"
    path.write_text(config.replace("{folder}", str(folder)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NETTUI_CONFIG": str(path), **environ}
    return subprocess.run(
        [sys.executable, "-m", "nettui", "notify", "--test", *words], env=environment, text=True, timeout=60,
        capture_output=True,
    )  # fmt: skip


def test_each_notifier_says_what_became_of_it(tmp_path: Path) -> None:
    with serving(200, 500) as server:
        good = run(tmp_path, CHAT_URL=server.url)
        bad = run(tmp_path, CHAT_URL=server.url)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines() == ["file  sent", "chat  sent", "bell  rings only in the dashboard"]
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[1] == "chat  failed: http://127.0.0.1 answered 500 Internal Server Error"
    first, _ = (tmp_path / "findings.jsonl").read_text().splitlines()
    assert json.loads(first)["finding"]["id"] == "nettui.test"


def test_one_alone_can_be_tried(tmp_path: Path) -> None:
    ran = run(tmp_path, "file")
    assert (ran.returncode, ran.stdout) == (0, "file  sent\n")
    unknown = run(tmp_path, "x\x1b")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "nettui: no notifier is called x\\x1b, expected one of file, chat, bell\n"


def test_none_configured_is_said(tmp_path: Path) -> None:
    ran = run(tmp_path, config="")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert open_notifiers(Settings(), "web1") is None


def test_every_type_is_built_and_what_is_told_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "config.toml"
    with serving() as server:
        path.write_text(
            f'[notify.log]\ntype = "log"\npath = "{tmp_path}/log"\nseverity = "critical"\n'
            f'[notify.all]\ntype = "log"\npath = "{tmp_path}/all"\n'
            '[notify.syslog]\ntype = "syslog"\nseverity = "critical"\n'
            '[notify.journal]\ntype = "journal"\nrules = ["x"]\n'
            '[notify.command]\ntype = "command"\ncommand = ["true"]\n'
            f'[notify.hook]\ntype = "webhook"\nurl = "{server.url}"\n'
            f'[notify.alerts]\ntype = "webhook"\nurl = "{server.url}"\ntemplate = "alertmanager"\n'
            '[notify.mail]\ntype = "mail"\nhost = "localhost"\nsender = "a@b"\nto = ["c@d"]\nrules = ["x"]\n'
            '[notify.bell]\ntype = "bell"\n'
        )
        rung: list[int] = []
        settings = load({}, {}, path)
        assert [post.name for post in posts(settings)] == list(settings.notify)
        notifiers = open_notifiers(settings, "web1", ring=lambda: rung.append(1))
        assert notifiers is not None
        notifiers.tell([event()])
        eventually(lambda: len(server.requests) == 2 and (tmp_path / "all").exists())
        notifiers.close(5)
    assert {request.path for request in server.requests} == {"/hook/s3cret-path", "/hook/s3cret-path/api/v2/alerts"}
    assert rung == [1] and not (tmp_path / "log").exists()
    assert notifiers.problems() == []


TYPES = "log, syslog, journal, command, webhook, mail, bell"
MAIL = 'type = "mail"\nhost = "h"\nsender = "a@b"\nto = ["c@d"]\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('path = "x"', f"notify.n.type: expected one of {TYPES}, got nothing"),
        ('type = "pager"',
         f'notify.n.type: expected one of {TYPES}, got "pager"'),
        ("type = []", f"notify.n.type: expected one of {TYPES}, got an array"),
        ('type = "log"', "notify.n.path: expected the path of a file, got nothing"),
        ('type = "bell"\nurl = "http://x"', "notify.n.url: no such key, expected one of severity, closed, remind_every,"
         " reminders, rules"),
        ('type = "bell"\nseverity = "loud"',
         'notify.n.severity: expected "notice", "warning" or "critical", got "loud"'),
        ('type = "bell"\nremind_every = 5',
         "notify.n.remind_every: expected a number of seconds from 60 to 10000000, got 5"),
        ('type = "bell"\nrules = ["tcp.", 5]',
         "notify.n.rules.1: expected a rule or the beginning of rules with a dot at its end, got 5"),
        ('type = "syslog"\naddress = "example"',
         'notify.n.address: expected the path of a socket, or a host and port such as "192.0.2.1:514", got "example"'),
        ('type = "command"\ncommand = []', "notify.n.command: expected an array of words, a program and its arguments,"
         ' such as ["/usr/local/bin/page", "ops"], got an array'),
        ('type = "command"\ncommand = "a b"', "notify.n.command: expected an array of words, a program and its"
         ' arguments, such as ["/usr/local/bin/page", "ops"], got "a b"'),
        ('type = "webhook"', "notify.n.url: expected one of url, url_env, url_file, got nothing"),
        ('type = "webhook"\nurl = "http://x"\nurl_env = "Y"',
         'notify.n.url_env: expected only one of url, url_env, url_file, got "Y"'),
        ('type = "webhook"\nurl = "ftp://x"', 'notify.n.url: expected a http or https URL, got "ftp://x"'),
        (MAIL + 'user = "ann"', "notify.n.password_env: expected a user and a password, or neither, got nothing"),
        (MAIL + 'user = "ann"\npassword_env = "P"\ntls = "none"',
         'notify.n.tls: expected "starttls" or "tls", because a password is sent, got "none"'),
        (MAIL.replace("c@d", "c@d\\nBcc: e@f"), 'notify.n.to.0: expected a mail address, got "c@d\\x0aBcc: e@f"'),
        (MAIL.replace('"c@d"', ""), 'notify.n.to: expected an array of mail addresses such as ["ops@example.net"],'
         " got an array"),
    ],
)  # fmt: skip
def test_a_wrong_notifier_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[notify.n]\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load({}, {}, path)
    assert str(caught.value) == f"{path}: {line}"


def test_a_name_is_a_word(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[notify."../x"]\ntype = "bell"\n')
    with pytest.raises(ConfigError, match="expected a name of letters, digits, - and _"):
        load({}, {}, path)


def test_the_examples_of_the_documentation_hold_and_show_every_type_and_key(tmp_path: Path) -> None:
    import msgspec

    from nettui.config.notify_settings import AnyNotifier

    text = (ROOT / "docs" / "notifications.md").read_text()
    examples = [line[4:] for line in text.splitlines() if line.startswith("    ") and "nettui notify" not in line]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(line for line in examples if not line.startswith("journalctl")))
    found = load({}, {}, path).notify
    assert {type(said) for said in found.values()} == set(AnyNotifier.__args__)
    for kind in AnyNotifier.__args__:
        for field in msgspec.structs.fields(kind):
            ways = (f"`{field.name}`", f"\n    {field.name} = ", f"or {field.name}")
            assert any(way in text for way in ways), field.name
