"""The desk put together from the settings: what is found reaches a notifier, and what hangs there delays nobody."""

import json
import time
from pathlib import Path

import pytest

from nettui.commands.desk import open_desk
from nettui.config import load
from tests.ledger.test_desk import AT, found, past


def test_a_finding_reaches_the_configured_log_and_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, log = tmp_path / "config.toml", tmp_path / "news.jsonl"
    config.write_text(f'[notify.log]\ntype = "log"\npath = "{log}"\n')
    monkeypatch.setenv("NETTUI_STATE", str(tmp_path / "state"))
    desk = open_desk(load({}, {}, config))
    desk.receive((found(),), AT)
    past(desk)
    desk.receive((found(),), AT + 10)
    assert [each.finding.subject for each in past(desk)] == ["host"]
    desk.close()
    (line,) = log.read_text().splitlines()
    assert "host is warning" in json.dumps(json.loads(line))


def test_a_notifier_that_hangs_delays_neither_the_desk_nor_quitting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[notify.slow]\ntype = "command"\ncommand = ["sleep", "30"]\ntimeout = 20\n')
    monkeypatch.setenv("NETTUI_STATE", str(tmp_path / "state"))
    desk = open_desk(load({}, {}, config), patience=0.2)
    began = time.monotonic()
    for second in range(50):
        desk.receive((found(f"process {second % 7}"),), AT + second)
    desk.close()
    assert time.monotonic() - began < 10.0, "not the time that the command takes"
