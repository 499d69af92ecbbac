"""Pictures of the app, stored as SVG and as plain text; and surroundings that are the same on every machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.lab_support import lab
from tests.replayed import NAMES, prepare
from tests.tui.app_support import screen_text

__all__ = ["lab"]

prepare()  # before any test module imports Textual, which reads the environment then


@pytest.fixture(autouse=True)
def quick_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot waits 20 ms at a time for the app to be idle; the tests of the app have thousands of waits."""
    from textual import _wait

    if request.path.name.startswith(("test_app_", "test_filter_", "test_kill_")):
        monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 0.002)
        monkeypatch.setattr(_wait, "SLEEP_IDLE", 0.0005)


@pytest.fixture(autouse=True)
def names_of_web_03(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports and users are called the same on every machine."""
    from nettui.engine import socket_facts

    for name, found in NAMES.items():
        monkeypatch.setattr(socket_facts, name, found)


FOLDER = Path(__file__).parents[1] / "snapshots"


class InFolder:
    """One file a picture, in a folder for each test module."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        return str(FOLDER / test_location.basename)


class SvgPicture(InFolder, SVGImageSnapshotExtension):
    """For people to look at: the colours too."""


class TextPicture(InFolder, SingleFileSnapshotExtension):
    """For people to read in a diff."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT

    def serialize(self, data: Any, **more: Any) -> str:
        return str(data)


@pytest.fixture
def stored(snapshot: SnapshotAssertion) -> Callable[..., None]:
    """Asserts that the app looks as it is stored; `pytest --snapshot-update` stores how it looks now."""

    def stored(app: Any, svg: bool = True) -> None:
        assert screen_text(app) == snapshot.use_extension(TextPicture)
        if svg:
            assert app.export_screenshot(title="nettui") == snapshot.use_extension(SvgPicture)

    return stored
