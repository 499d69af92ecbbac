"""What a scenario is, and what comes of one: which findings were told, and how soon."""

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.lab.faults.host import HOME, Host, open_host

CALM = 3.0
"""Seconds that nettui looks at the host before the fault comes."""
TICK = 1.0
"""Seconds between two readings: nettui's own interval."""

Expected = tuple[str, str]
"""A rule's id, and a regular expression that its subject has to match as a whole."""


class Stage:
    """What a scenario plays on: one host that nettui looks at, and others beside it."""

    def __init__(self, host: Host, others: contextlib.ExitStack) -> None:
        self.host = host
        self._others = others
        self.kept: dict[str, Any] = {}
        """What the setting keeps for the fault."""

    def another(self) -> Host:
        """One more host."""
        return self._others.enter_context(open_host())

    def uplink(self, address: str = "192.0.2.2/24", gateway: str = "192.0.2.1", *, route: bool = True) -> Host:
        """Join the host to a router by eth0; returns the router, whose end is called gw."""
        router = self.another()
        length = address.partition("/")[2]
        self.host.ip(f"link add eth0 type veth peer name gw netns {router.pid}")
        router.ip(f"addr add {gateway}/{length} dev gw", "link set gw up")
        router.sysctl("ipv4/ip_forward", 1)
        self.host.ip(f"addr add {address} dev eth0", "link set eth0 up")
        if route:
            self.host.ip(f"route add default via {gateway}")
        return router

    def nettui(self, *words: str, config: str = "") -> subprocess.Popen[bytes]:
        """Start nettui on the host; its output is a pipe."""
        own = self.host.folder / "config.toml"
        own.write_text(config)
        env = {
            "PATH": os.environ["PATH"], "HOME": str(self.host.folder), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(HOME),
            "NETTUI_CONFIG": str(own), "NETTUI_STATE": str(self.host.folder / "state"),
        }
        return subprocess.Popen(
            self.host.command(sys.executable, "-m", "nettui", *words), env=env, cwd=HOME, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )


Act = Callable[[Stage], float | None]


@dataclass(frozen=True)
class Scenario:
    """One fault, or one host that is well."""

    name: str
    """A sentence without a full stop: what is so."""
    expected: tuple[Expected, ...] = ()
    """What has to be named, and nothing else; empty for a host that is well."""
    meanwhile: tuple[Expected, ...] = ()
    """What is also true on the way there, and stands under what is expected in the end."""
    setting: Act = lambda stage: None
    """What is there before nettui looks."""
    fault: Act = lambda stage: None
    """What happens then. Returns the Unix time from which the fault stood, if that is not when it began."""
    lasting: float = 5.0
    """Seconds that the rule wants to see it last, by `config` or by default."""
    seconds: float = 12.0
    """How long nettui looks on, beyond `lasting`."""
    config: str = ""
    needs: tuple[str, ...] = ()
    """Commands that have to be installed."""
    tick: float = TICK
    """Seconds between two readings of what the rule looks at."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Settings that make a short test of a long rule, and why: told in the table."""

    @property
    def healthy(self) -> bool:
        return not self.expected


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario."""

    scenario: Scenario
    named: tuple[tuple[str, str, str], ...] = ()
    """Rule, subject and severity of what `nettui check` told at the end."""
    opened: tuple[tuple[float, str, str, str], ...] = ()
    """What `nettui watch` told meanwhile: Unix time, rule, subject, severity."""
    late: float | None = None
    """Seconds from the fault to the last of the expected findings, beyond what the rule wants to see it last."""
    error: str = ""
    """Why the scenario could not be played."""

    @property
    def missing(self) -> list[Expected]:
        return [each for each in self.scenario.expected if not any(_is(each, n[0], n[1]) for n in self.named)]

    @property
    def wrong(self) -> list[tuple[str, str, str]]:
        """What was told and is not so; of a host that is well, from a warning on, at any time."""
        told = dict.fromkeys([*self.named, *(event[1:] for event in self.opened)])
        if self.scenario.healthy:
            return [each for each in told if each[2] != "notice"]
        known = [*self.scenario.expected, *self.scenario.meanwhile]
        return [each for each in told if not any(_is(e, each[0], each[1]) for e in known)]

    @property
    def ok(self) -> bool:
        return not (self.error or self.missing or self.wrong)


def play(scenario: Scenario) -> Outcome:
    """Play a scenario on hosts of its own."""
    with contextlib.ExitStack() as others:
        try:
            stage = Stage(others.enter_context(open_host()), others)
            scenario.setting(stage)
            return _watched(scenario, stage)
        except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
            return Outcome(scenario, error=f"{type(error).__name__}: {error}")


def _watched(scenario: Scenario, stage: Stage) -> Outcome:
    """Both look from before the fault on: one at what happens, the other at how things are at its end."""
    span = CALM + scenario.lasting + scenario.seconds
    words = ("check", "--json", "--for", f"{span:g}")
    with (
        _running(stage.nettui("watch", "--json", config=scenario.config)) as watch,
        _running(stage.nettui(*words, config=scenario.config)) as check,
    ):
        events = Events(watch)
        events.listen(CALM)
        began = time.time()
        began = scenario.fault(stage) or began
        while check.poll() is None:
            events.listen(0.5)
            if time.time() - began > span + 60:
                raise AssertionError(f"check does not end after {span:g} s")
        assert check.stdout and check.stderr
        said, wrong = check.stdout.read(), check.stderr.read()
    if check.returncode not in (0, 1, 2):
        raise AssertionError(f"check ended with {check.returncode}: {(said + wrong).decode(errors='replace')[-500:]}")
    named = tuple((f["id"], f["subject"], f["severity"]) for f in json.loads(said)["findings"])
    times = [events.first(each) for each in scenario.expected]
    late = None if not times or None in times else max(t for t in times if t) - began - scenario.lasting
    return Outcome(scenario, named, tuple(events.opened), late)


class Events:
    """What `nettui watch --json` says, a line an event."""

    def __init__(self, watch: subprocess.Popen[bytes]) -> None:
        assert watch.stdout
        self._watch = watch
        self._stream = watch.stdout.fileno()
        self._rest = b""
        self.opened: list[tuple[float, str, str, str]] = []

    def listen(self, seconds: float) -> None:
        """For so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._stream], [], [], min(left, 0.5))[0]:
                piece = os.read(self._stream, 1 << 16)
                if not piece:
                    said = self._watch.stderr.read().decode(errors="replace") if self._watch.stderr else ""
                    raise AssertionError(f"watch ended with {self._watch.wait(5)}: {said[-500:]}")
                *lines, self._rest = (self._rest + piece).split(b"\n")
                for line in filter(None, lines):
                    self._take(json.loads(line))

    def first(self, expected: Expected) -> float | None:
        """When it was first told."""
        return next((at for at, rule, subject, _ in self.opened if _is(expected, rule, subject)), None)

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] in ("opened", "graver"):
            finding, at = event["finding"], datetime.fromisoformat(event["at"]).timestamp()
            self.opened.append((at, finding["id"], finding["subject"], finding["severity"]))


def _is(expected: Expected, rule: str, subject: str) -> bool:
    return expected[0] == rule and re.fullmatch(expected[1], subject) is not None


@contextlib.contextmanager
def _running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def missing_commands(scenario: Scenario) -> list[str]:
    """What would have to be installed."""
    folders = [*os.environ["PATH"].split(":"), "/usr/sbin", "/sbin"]
    return [name for name in scenario.needs if not any(Path(folder, name).exists() for folder in folders)]
