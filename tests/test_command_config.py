"""`nettui config`: what it writes can be used as it is."""

import os
from argparse import ArgumentParser
from pathlib import Path

import pytest

from nettui.commands import config
from nettui.config import Settings, load


def run(*line: str) -> int:
    parser = ArgumentParser()
    config.configure(parser)
    return config.run(parser.parse_args(line))


def test_print_writes_a_file_that_changes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("--print") == 0
    path = tmp_path / "config.toml"
    path.write_text(capfd.readouterr().out)
    assert "interval = 1.0" in path.read_text().splitlines()
    assert load({}, {}, path) == Settings()


def test_path_is_written_byte_for_byte(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = b"/tmp/caf\xe9 \xed\x9d\xbc/config.toml"
    monkeypatch.setenv("NETTUI_CONFIG", os.fsdecode(name))
    assert run("--path") == 0
    assert capfdbinary.readouterr().out == name + b"\n"


@pytest.mark.parametrize("line", [(), ("--print", "--path")])
def test_one_of_the_two_is_wanted(line: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*line)
    assert caught.value.code == 2
    assert "--print" in capsys.readouterr().err
