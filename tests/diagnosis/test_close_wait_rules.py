"""CLOSE_WAIT by program: who leaks, whose limits count, and what is no leak."""

import pytest

from nettui.model.census import Program
from nettui.model.process import Unit
from tests.diagnosis.crowd import Host, descriptors, holder, program, shares

COUNT, LEAK = "tcp.close-wait", "tcp.close-wait-leak"


def growing(per_second: float, begin: int = 0):  # type: ignore[no-untyped-def]
    return lambda n: begin + int(per_second * n)


def leak(host: Host, seconds: float, whose: Program, per_second: float = 0.5, **more: object) -> None:
    size = growing(per_second, 1)
    host.crowd(seconds, states={"CLOSE_WAIT": size}, holders=lambda n: (holder(size(n), whose, **more),))


def test_a_program_that_leaks_is_named_and_nothing_else() -> None:
    host = Host()
    leak(host, 125, program())
    assert host.names == [(LEAK, "java[4711]", "critical")]
    found = host.finding(LEAK)
    assert "java[4711] leaks connections" in found.title
    assert found.relief[0] == "systemctl restart shop.service"
    assert found.target == "state:close-wait and pid:4711"
    assert "nettui sockets 'state:close-wait and pid:4711' --group-by process" in found.relief
    assert found.trend[-1] == found.value == 63


def test_it_is_told_within_its_time() -> None:
    host = Host()
    leak(host, 125, program(), per_second=0.3)
    at, rule, subject, _ = host.told[0]
    assert (rule, subject) == (LEAK, "java[4711]") and at <= 122


@pytest.mark.parametrize(
    ("more", "words"),
    [
        # Clients come from everywhere to one port of ours; a client leaks to one port of another.
        ({"local": shares(port_8080=60), "remote": shares(port_50001=1)}, "of its clients on :8080"),
        ({"local": shares(port_41000=1), "remote": shares(port_5432=60), "peers": shares(**{"10.0.9.5": 60})},
         "its own connections to 10.0.9.5:5432"),
        ({"local": shares(port_41000=1), "remote": shares(port_5432=60), "peers": shares(**{"2001:db8::5": 60})},
         "its own connections to [2001:db8::5]:5432"),
        ({"local": shares(port_41000=1), "remote": shares(port_443=60), "peers": shares(**{"10.0.9.5": 9})},
         "its own connections to port :443"),
    ],
)
def test_a_server_is_told_from_a_client(more: dict[str, object], words: str) -> None:
    host = Host()
    leak(host, 125, program(), **more)
    assert words in host.finding(LEAK).title


def test_time_left_until_its_descriptors_are_used_up() -> None:
    host = Host()
    size = growing(1.0, 1)
    host.crowd(
        130, states={"CLOSE_WAIT": size}, holders=lambda n: (holder(size(n)),),
        processes=lambda n: descriptors(500 + n),
    )
    found = host.finding(LEAK)
    # 1,024 less 629 are left at one a second.
    assert found.left == pytest.approx(395, rel=0.1)
    assert any("629 of 1,024 file descriptors" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("whose", "subject", "target"),
    [
        (Program(uid=33, unit=Unit(name="shop.service", path="/system.slice/shop.service")), "shop.service",
         "state:close-wait and unit:shop.service"),
        (Program(uid=33), "uid 33", "state:close-wait and user:33"),
        (Program(unit=Unit(name="docker 3f2a9c1b0d4e", path="/docker/3f2a", container=True)), "docker 3f2a9c1b0d4e",
         'state:close-wait and unit:"docker 3f2a9c1b0d4e"'),
    ],
)
def test_where_the_owner_cannot_be_seen_its_unit_or_user_is_named(whose: Program, subject: str, target: str) -> None:
    host = Host()
    leak(host, 125, whose)
    found = host.finding(LEAK)
    assert (found.subject, found.target) == (subject, target)
    assert any("restart" in line for line in found.relief) == (subject == "shop.service")


@pytest.mark.parametrize("holders", [None, ()], ids=["not counted", "nobody's"])
def test_without_owners_the_host_is_judged(holders: tuple[()] | None) -> None:
    host = Host()
    host.crowd(125, states={"CLOSE_WAIT": growing(0.5)}, holders=holders)
    assert host.names == [(LEAK, "host", "critical")]


def test_many_workers_that_leak_a_little_each_are_the_hosts_matter() -> None:
    host = Host()
    workers = [program("php-fpm", 100 + i) for i in range(20)]
    host.crowd(
        130, states={"CLOSE_WAIT": lambda n: 20 * (1 + n // 40)},
        holders=lambda n: tuple(holder(1 + n // 40, each) for each in workers),
    )
    assert not any("php-fpm" in subject for _, _, subject, _ in host.told)


def test_the_program_that_leaks_least_is_not_blamed() -> None:
    host = Host()
    host.crowd(
        125, states={"CLOSE_WAIT": lambda n: 31 + n},
        holders=lambda n: (holder(30, program("nginx", 80)), holder(1 + n, program("java", 90))),
    )
    assert [subject for _, subject, _ in host.names] == ["java[90]"]


def test_a_burst_that_drains_and_a_deploy_are_no_leaks() -> None:
    host = Host()
    host.crowd(60, states={"CLOSE_WAIT": growing(0.5)}, holders=lambda n: (holder(int(1 + 0.5 * n)),))
    host.crowd(60, states={"CLOSE_WAIT": lambda n: max(0, 30 - n)}, holders=lambda n: (holder(max(1, 30 - n)),))
    # Every connection is closed at once and the process replaced by another, once a minute.
    for pid in range(5):
        host.crowd(
            60, states={"CLOSE_WAIT": lambda n: 40 if n < 4 else 3},
            holders=lambda n, pid=pid: (holder(40 if n < 4 else 3, program("java", 5_000 + pid)),),
        )
    assert host.told == []


def test_a_program_with_limits_of_its_own_is_judged_by_them_alone() -> None:
    host = Host({COUNT: {"process": {"java": {"warning": 200, "critical": 300}}}})
    quiet = {"states": {"CLOSE_WAIT": 180}, "holders": (holder(150), holder(30, program("nginx", 80)))}
    host.crowd(30, **quiet)
    assert host.told == []
    host.crowd(10, states={"CLOSE_WAIT": 250}, holders=(holder(220), holder(30, program("nginx", 80))))
    found = host.finding(COUNT)
    assert (found.subject, found.severity, found.value, found.threshold) == ("java[4711]", "warning", 220, 200)
    assert "java[4711] holds 220 connections in CLOSE_WAIT, more than 200" in found.title


def test_a_program_that_nobody_wants_to_hear_of() -> None:
    settings = {rule: {"process": {"java": {"enabled": False}}} for rule in (COUNT, LEAK)}
    host = Host(settings)
    leak(host, 130, program())
    assert host.told == []


def test_the_host_finding_says_who_holds_most() -> None:
    host = Host()
    host.crowd(10, states={"CLOSE_WAIT": 80}, holders=(holder(60, unread=40), holder(20, program("nginx", 80))))
    found = host.finding(COUNT)
    assert found.subject == "host"
    assert any("java[4711] holds 60, 40 of them with bytes it never read" in line for line in found.evidence)


def test_a_part_that_is_not_counted_for_a_moment_leaves_all_as_it_is_and_for_long_closes() -> None:
    host = Host()
    leak(host, 125, program())
    host.crowd(40, states={"CLOSE_WAIT": 63}, holders=None)
    assert [subject for _, subject, _ in host.names if subject == "java[4711]"]
    host.crowd(120, states={"CLOSE_WAIT": 0}, holders=None)
    assert host.names == []
