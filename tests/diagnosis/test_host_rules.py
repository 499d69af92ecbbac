"""The host's own limits: descriptors, connections tracked, neighbours, the receive backlog."""

from collections.abc import Callable
from typing import Any

import pytest

from nettui.diagnosis.diagnose import diagnose_once
from nettui.diagnosis.rules import host_limits
from nettui.diagnosis.thresholds import Thresholds
from nettui.model.process import Unit
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Processes, ProcessUse
from tests.diagnosis.world import START, World, case_of, neighbour, server

CONNTRACK, NEIGHBOURS, SOFTNET = "nat.conntrack-full", "neighbour.table-full", "softnet.drops"
OF_HOST, OF_PROCESS = "host.descriptors", "process.descriptors"
SETTINGS = KernelSettings(at=START, gc_thresh3=1_024, gc_thresh3_v6=1_024, netdev_max_backlog=1_000)


def run(world: World, seconds: int, settings: KernelSettings | None = SETTINGS, **figures: Any) -> None:
    """So many seconds of a host with these Vitals; a callable is given the seconds since the start."""
    for _ in range(seconds):
        now = world.now - START
        found = {name: each(now) if callable(each) else each for name, each in figures.items()}
        world.tick(**server(vitals=Vitals(at=START, **found), settings=settings))


def rising(pace: float, begin: int = 0) -> Callable[[float], int]:
    return lambda now: begin + int(pace * now)


QUIET: dict[str, dict[str, Any]] = {
    "nothing told": {},
    "a busy firewall": {"conntrack": 190_000, "conntrack_max": 262_144},
    "a firewall without a maximum": {"conntrack": 190_000, "conntrack_max": 0},
    "many descriptors of very many": {"descriptors": 900_000, "descriptors_max": 9_223_372_036_854_775_807},
    "no maximum of descriptors": {"descriptors": 900_000},
    "a large network": {"neighbours4": 700, "neighbours6": 500, "neighbour_overflows": 7},
    "a backlog that overflowed once": {"softnet_dropped": 500_000, "softnet_processed": rising(90_000)},
    "one drop every two seconds": {"softnet_dropped": rising(0.5)},
    "squeezed is not dropped": {"softnet_dropped": 3, "softnet_squeezed": rising(500)},
}


@pytest.mark.parametrize("figures", QUIET.values(), ids=QUIET.keys())
def test_what_is_no_trouble(figures: dict[str, Any]) -> None:
    world = World()
    run(world, 120, **figures)
    assert world.told == []


def test_sections_that_were_not_read() -> None:
    world = World()
    world.stay(30, **server(vitals=None, settings=None, processes=None))
    assert world.told == []
    run(world, 30, None, neighbours4=1_020)  # in a container the limit is not to be seen
    assert world.told == []


def test_a_table_of_connections_that_fills() -> None:
    world = World()
    run(world, 100, conntrack=rising(10, 6_600), conntrack_max=10_000)
    assert world.told == [(94, CONNTRACK, "host", "warning")]
    found = world.findings[0]
    assert found.title == "7,590 of 10,000 connections tracked by the firewall: 76 %, more than 75 %"
    assert found.left == pytest.approx(241, abs=1)
    assert found.trend[-3:] == (7_570, 7_580, 7_590) and len(found.trend) == 100
    assert "sysctl -w net.netfilter.nf_conntrack_max=20000" in found.relief
    assert "+990 in 99 s; at the present pace it is full in 4 min" in found.evidence
    run(world, 300, conntrack=9_950, conntrack_max=10_000)
    assert world.names == [(CONNTRACK, "host", "critical")]


def test_it_clears_five_points_lower() -> None:
    world = World()
    run(world, 10, conntrack=7_600, conntrack_max=10_000)
    run(world, 60, conntrack=7_100, conntrack_max=10_000)
    assert world.names == [(CONNTRACK, "host", "warning")]
    run(world, 20, conntrack=7_000, conntrack_max=10_000)
    assert world.names == []


def test_a_full_table_explains_what_cannot_connect() -> None:
    full = server(vitals=Vitals(at=START, conntrack=9_990, conntrack_max=10_000))
    pressed = server(vitals=Vitals(at=START, conntrack=8_000, conntrack_max=10_000))
    limits = {"warning": 75, "critical": 90}
    assert ("tcp.syn-sent-stuck", "*") in next(iter(host_limits.conntrack_full(case_of(full, **limits)))).covers
    assert next(iter(host_limits.conntrack_full(case_of(pressed, **limits)))).covers == ()


@pytest.mark.parametrize(("figure", "family", "version"), [("neighbours4", "IPv4", "4"), ("neighbours6", "IPv6", "6")])
def test_a_neighbour_table_that_is_nearly_full(figure: str, family: str, version: str) -> None:
    world = World()
    run(world, 10, **{figure: 900})
    assert world.names == [(NEIGHBOURS, family, "warning")]
    found = world.findings[0]
    assert found.title == f"The {family} neighbour table holds 900 of 1,024 entries: 88 %, more than 80 %"
    assert f"net.ipv{version}.neigh.default.gc_thresh3=4096" in found.relief[-1]
    run(world, 30, **{figure: 600})
    assert world.names == []


def test_a_full_neighbour_table_explains_the_silent_gateway() -> None:
    world = World()
    for now in range(30):
        vitals = Vitals(at=START, neighbours4=1_024, neighbour_overflows=50 * now)
        world.tick(**server(vitals=vitals, settings=SETTINGS, neighbours=(neighbour(2, "192.0.2.1", "FAILED"),)))
    assert world.names == [(NEIGHBOURS, "IPv4", "critical")]
    assert len(world.findings[0].follows) == 1 and "192.0.2.1" in world.findings[0].follows[0]


def test_entries_find_no_room_and_the_limit_is_not_to_be_seen() -> None:
    world = World()
    run(world, 20, None, neighbour_overflows=40)
    assert world.names == []
    run(world, 20, None, neighbours4=800, neighbour_overflows=rising(5, 40))
    assert world.names == [(NEIGHBOURS, "host", "critical")]
    assert world.findings[0].title == "The neighbour table is full: 50 entries found no room in the last seconds"
    run(world, 40, None, neighbours4=800, neighbour_overflows=1_000)
    assert world.names == []


def test_packets_thrown_away_by_a_full_backlog() -> None:
    world = World()
    run(world, 30, softnet_dropped=rising(7), softnet_processed=rising(90_000), softnet_squeezed=rising(20))
    assert world.names == [(SOFTNET, "host", "warning")]
    found = world.findings[0]
    assert found.title == (
        "The kernel drops 7 received packets a second, more than 1: a processor's backlog is full"
    )
    assert "net.core.netdev_max_backlog = 1,000" in found.evidence
    assert "packets processed: 90,000 a second" in found.evidence
    assert "sysctl -w net.core.netdev_max_backlog=2000" in found.relief
    run(world, 60, softnet_dropped=300)
    assert world.names == []


def test_counters_that_begin_anew() -> None:
    world = World()
    run(world, 5, softnet_dropped=rising(0, 4_000_000_000))
    run(world, 60, softnet_dropped=rising(0, 3))
    assert world.told == []


def test_the_whole_host_runs_out_of_descriptors() -> None:
    world = World()
    run(world, 40, descriptors=rising(10, 8_000), descriptors_max=10_000)
    assert world.names == [(OF_HOST, "host", "warning")]
    assert world.findings[0].left == pytest.approx(161, abs=1)
    assert "sysctl -w fs.file-max=20000" in world.findings[0].relief


def used(*uses: ProcessUse) -> dict[str, Any]:
    return server(processes=Processes(at=START, used=uses, seen=200))


def java(descriptors: int, pid: int = 4711, limit: int = 1_024, **more: Any) -> ProcessUse:
    return ProcessUse(pid=pid, name="java", descriptors=descriptors, limit=limit, **more)


def test_a_process_that_leaks_descriptors() -> None:
    unit = Unit(name="app.service", path="/system.slice/app.service")
    world = World()
    for count in range(780, 880):
        world.tick(**used(java(count, unit=unit), ProcessUse(pid=1, name="systemd", descriptors=200, limit=1_048_576)))
    assert world.told == [(45, OF_PROCESS, "java[4711]", "warning")]
    found = world.findings[0]
    assert found.title == "java[4711] has 879 of 1,024 file descriptors open: 86 %, more than 80 %"
    assert found.left == pytest.approx(145, abs=1) and found.trend[-1] == 879
    assert found.target == "pid:4711" and "it runs in app.service" in found.evidence
    assert found.relief == (
        "ls -l /proc/4711/fd", "grep files /proc/4711/limits", "prlimit --pid 4711 --nofile=2048:"
    )
    world.stay(40, **used(java(120, pid=4800, unit=unit)))
    assert world.names == []


PROCESSES: dict[str, tuple[ProcessUse, ...]] = {
    "well below": (java(700),),
    "a sandbox with no room": (ProcessUse(pid=7, name="dhcpcd", descriptors=12, limit=12),),
    "a sandbox with less than it holds": (ProcessUse(pid=7, name="sshd", descriptors=500, limit=100),),
    "no limit at all": (ProcessUse(pid=7, name="sshd", descriptors=5, limit=0),),
}


@pytest.mark.parametrize("uses", PROCESSES.values(), ids=PROCESSES.keys())
def test_processes_that_are_well(uses: tuple[ProcessUse, ...]) -> None:
    world = World()
    world.stay(30, **used(*uses))
    assert world.told == []


def test_a_number_that_another_process_had_before() -> None:
    """Its past is not the past of this one."""
    world = World()
    for count in range(100, 200, 5):
        world.tick(**used(java(count, started_at=1.0)))
    world.stay(10, **used(java(990, started_at=2.0)))
    assert world.names == [(OF_PROCESS, "java[4711]", "critical")]
    assert world.findings[0].left is None and set(world.findings[0].trend) == {990}


def test_a_process_may_have_limits_of_its_own() -> None:
    world = World(Thresholds.from_settings({OF_PROCESS: {"process": {
        "java": {"warning": 50, "critical": 99}, "nginx": {"enabled": False}
    }}}))
    nginx = ProcessUse(pid=9, name="nginx", descriptors=1_000, limit=1_024)
    world.stay(10, **used(java(1_000), nginx, java(600, pid=4712)))
    assert world.names == [(OF_PROCESS, "java[4711]", "warning"), (OF_PROCESS, "java[4712]", "warning")]
    assert world.findings[0].threshold == 50


def test_a_name_made_for_a_shell() -> None:
    evil = ProcessUse(pid=9, name="a;reboot{0}", descriptors=1_024, limit=1_024)
    world = World()
    world.stay(10, **used(evil))
    assert world.findings[0].subject == "a;reboot{0}[9]"


def test_once() -> None:
    sections = server(
        vitals=Vitals(at=START, conntrack=9_900, conntrack_max=10_000, softnet_dropped=9), settings=SETTINGS,
        processes=Processes(at=START, used=(java(1_000),)),
    )
    found = {(each.id, each.subject) for each in diagnose_once(World().history(sections))}
    assert found == {(CONNTRACK, "host"), (OF_PROCESS, "java[4711]")}
