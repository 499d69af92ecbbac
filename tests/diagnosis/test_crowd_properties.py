"""Whatever a census, the vitals and the settings hold or lack: no exception, and each subject once."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nettui.diagnosis.diagnose import Diagnosis, diagnose_once
from nettui.model import census as c
from nettui.model.process import Owner, Unit
from nettui.model.vitals import KernelSettings, Vitals
from nettui.model.watched import Gauge, Gauges, Processes, ProcessUse
from nettui.sockets.language import parse
from tests.diagnosis.world import World, counts, server

COUNT = st.sampled_from([0, 1, 2, 5, 20, 300, 30_000])
SOME = st.integers(1, 3_000)
ADDRESS = st.sampled_from(["192.0.2.1", "10.0.9.5", "2001:db8::1", "fe80::1"])
PORT = st.sampled_from([1, 22, 443, 5432, 6379, 50_000])
MAYBE_PORT = st.none() | PORT
PROGRAM = st.builds(
    c.Program,
    owner=st.none() | st.builds(Owner, pid=st.integers(1, 3), name=st.sampled_from(["java", "a b", "{0}", ""])),
    uid=st.none() | COUNT,
    unit=st.none() | st.builds(
        Unit, name=st.sampled_from(["a.service", 'x "y"\\', "docker 3f"]), path=st.just("/x"), container=st.booleans()
    ),
)
SHARES = st.lists(st.builds(c.Share, name=st.sampled_from([":80", "192.0.2.1"]), count=SOME), max_size=2).map(tuple)


def groups(record: Any, **parts: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(st.builds(record, **parts), max_size=3).map(tuple)


CENSUS = st.fixed_dictionaries({
    "holders": groups(c.Holder, program=PROGRAM, count=SOME, local=SHARES, peers=SHARES, remote=SHARES, unread=COUNT),
    "destinations": groups(
        c.Destination, source=ADDRESS, address=ADDRESS, port=PORT, live=COUNT, time_wait=COUNT, program=PROGRAM
    ),
    "listeners": groups(
        c.Listener, address=ADDRESS, port=PORT, waiting=COUNT, backlog=COUNT, drops=st.none() | COUNT, program=PROGRAM
    ),
    "attempts": groups(
        c.Attempt, address=ADDRESS, port=PORT, count=SOME, retried=COUNT, retries=COUNT, program=PROGRAM
    ),
    "half_open": groups(
        c.HalfOpen, port=PORT, count=SOME, retried=COUNT, peers=COUNT, most=SHARES, backlog=st.none() | COUNT
    ),
    "unanswered": groups(
        c.Unanswered, state=st.sampled_from(["ESTABLISHED", "LAST_ACK"]), address=ADDRESS, port=MAYBE_PORT,
        local_port=MAYBE_PORT, count=SOME, retries=COUNT, kind=st.sampled_from(["retransmit", "keepalive", "probe"]),
        program=PROGRAM,
    ),
    "silent": groups(
        c.Silent, program=PROGRAM, local_port=MAYBE_PORT, port=MAYBE_PORT, count=SOME, longest=st.floats(0, 1e6)
    ),
    "pools": groups(
        c.Pool, program=PROGRAM, address=ADDRESS, port=PORT, role=st.sampled_from(["", "Redis"]), established=SOME,
        waiting=COUNT, longest=st.none() | st.floats(0, 1e6),
    ),
    "closing": groups(
        c.Closing, state=st.sampled_from(["LAST_ACK", "FIN_WAIT2"]), address=ADDRESS, port=MAYBE_PORT,
        local_port=MAYBE_PORT, count=SOME, retried=COUNT, orphans=COUNT, program=PROGRAM,
    ),
})


def read(kind: Any, **more: Any) -> st.SearchStrategy[Any]:
    """A record of counts, each of which may be unknown."""
    names = [name for name in kind.__struct_fields__ if name not in ("at", "ports_reserved", *more)]
    return st.none() | st.builds(kind, at=st.just(0), **{name: st.none() | COUNT for name in names}, **more)


READING = st.fixed_dictionaries({
    "census": st.none() | CENSUS.map(lambda parts: c.Census(at=0, sockets=1, **parts)),
    "vitals": read(Vitals),
    "settings": read(KernelSettings, tcp_mem=st.sampled_from([(), (1, 2, 3), (0, 0, 0)])),
    "tcp": st.none() | st.builds(lambda n, m: counts(CLOSE_WAIT=n, TIME_WAIT=m), COUNT, COUNT),
    "gauges": st.none() | st.lists(st.builds(
        Gauge, name=st.sampled_from(["a", "{b}"]), value=st.none() | st.floats(0, 9),
        maximum=st.none() | st.floats(0, 9), waiting=st.none() | st.floats(0, 9), error=st.none() | st.just("refused"),
    ), max_size=1).map(lambda found: Gauges(at=0, gauges=tuple(found))),
    "processes": st.none() | st.builds(lambda n: Processes(at=0, used=(
        ProcessUse(pid=1, name="java", descriptors=n, limit=n),
    )), COUNT),
})


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(READING, st.integers(1, 12)), max_size=8))
def test_no_crowd_is_too_odd(stays: list[tuple[dict[str, Any], int]]) -> None:
    world, diagnosis = World(interval=4.0), Diagnosis()
    for sections, ticks in stays:
        for _ in range(ticks):
            history = world.history(server(**sections))
            world.now += world.interval
            for findings in (diagnosis.update(history), diagnose_once(history)):
                assert len({found.key for found in findings}) == len(findings)
                for found in findings:
                    assert found.title and found.evidence
                    if found.target:
                        parse(found.target)
