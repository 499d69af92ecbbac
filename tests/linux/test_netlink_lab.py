"""The namespaces the tests stand on, and what the room costs before it is used."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import lab_support
from tests.lab_support import Lab, Unavailable, required_lab


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_where_no_namespace_can_be_had_a_test_is_skipped_or_on_ci_failed(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    def refuse(beside: Lab | None) -> Lab:
        raise Unavailable("unshare: Operation not permitted")

    monkeypatch.setattr(lab_support, "_make", refuse)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="Operation not permitted"), required_lab():
        pass


@pytest.mark.lab
def test_what_fails_inside_fails_outside_and_the_namespace_goes(lab: Lab) -> None:
    ours = Path("/proc/self/ns/net")
    assert lab.call(ours.readlink) != ours.readlink()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.call(lambda: 1 // 0)
    with pytest.raises(AssertionError, match=r"no answer in 0\.2 s"):
        lab.call(lambda: time.sleep(60), timeout=0.2)
    with pytest.raises(AssertionError, match="the child died"):
        lab.call(lambda: os._exit(1))
    place = Path(f"/proc/{lab.pid}")
    assert place.exists()
    lab.close()
    assert not place.exists()


def test_the_room_brings_nothing_heavy_with_it() -> None:
    heavy = "{'ctypes', 'ipaddress', 'pyroute2', 'psutil', 'nettui.linux.tcp'}"
    program = (  # pathlib brings ipaddress itself, on Python 3.11
        "import sys, pathlib; before = set(sys.modules); import nettui.linux.host;"
        f"sys.exit(', '.join({heavy} & set(sys.modules) - before) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
