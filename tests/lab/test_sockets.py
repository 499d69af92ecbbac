"""`nettui sockets` on a town of real sockets: field by field and filter by filter what `ss` says of them."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nettui.reports.sockets_fields import FIELDS
from tests.lab.socket_actors import until
from tests.lab.socket_shots import SCHEMA, nettui, shot
from tests.lab.socket_town import CLERK, DATABASE, QUEUE, SILENT, WEB, Town, while_still
from tests.lab.socket_truth import Told, keys_by_ss
from tests.lab_support import PATIENCE
from tests.linux.test_owners import seen_by_lsof

pytestmark = pytest.mark.lab


# --- field by field ------------------------------------------------------------------------------------------------


def from_json(place: Town) -> list[dict[str, Any]]:
    ran = nettui(place.lab, *place.kinds, "--json", "--columns", ",".join(FIELDS))
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    jsonschema.validate(document, SCHEMA)
    assert document["count"] == len(document["sockets"])
    return list(document["sockets"])


def from_csv(place: Town) -> list[dict[str, Any]]:
    """With the types that a reader of CSV has to know."""
    ran = nettui(place.lab, *place.kinds, "--csv", "--columns", ",".join(FIELDS))
    assert ran.returncode == 0, ran.stderr
    whole = {"local_port", "peer_port", "recvq", "sendq", "uid", "inode", "key", "retrans"}
    kinds: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(whole, int), **dict.fromkeys(("rtt", "idle", "timer", "age"), float),
        "process": lambda text: text.split(";"), "pid": lambda text: [int(pid) for pid in text.split(";")],
    }
    return [
        {name: kinds.get(name, str)(text) if text else None for name, text in row.items()}
        for row in csv.DictReader(io.StringIO(ran.stdout))
    ]


def differences(rows: list[dict[str, Any]], before: dict[int, Told], after: dict[int, Told]) -> list[Any]:
    ours = {row["key"]: row for row in rows}
    if len(ours) != len(rows) or ours.keys() != before.keys():
        return [("keys", sorted(ours.keys() ^ before.keys()))]
    return [
        (name, mine, theirs, before[key])
        for key, row in ours.items()
        for name, mine, theirs in _unlike(row, before[key], after[key])
    ]


def _unlike(row: dict[str, Any], told: Told, later: Told) -> Iterator[tuple[str, Any, Any]]:
    held = bool(told.inode)
    expected = {
        "proto": told.proto, "state": told.state, "local": told.local, "local_port": told.local_port,
        "peer": told.peer, "peer_port": told.peer_port, "recvq": told.recvq, "sendq": told.sendq,
        "iface": told.iface, "inode": told.inode, "uid": told.uid if held else None, "rtt": told.rtt,
        "family": told.family, "pid": told.pids or None, "unit": None, "age": None,
        "user": None if not held else "root" if told.uid == 0 else str(told.uid),
        "process": [_name(pid) for pid in told.pids] or None,
    }  # fmt: skip
    for name, theirs in expected.items():
        alike = row[name] == theirs
        if name == "rtt" and theirs is not None:
            alike = row["rtt"] is not None and abs(row["rtt"] - theirs) < 5e-7  # `ss` writes three decimals of ms
        if not alike:
            yield name, row[name], theirs
    if (row["retrans"] or 0) != told.retrans or (row["retrans"] is None) != (told.rtt is None and not told.connecting):
        yield "retrans", row["retrans"], told.retrans
    if not _between(row["timer"], later.expires, told.expires):
        yield "timer", row["timer"], (told.expires, later.expires)
    if not told.connecting and not _between(row["idle"], told.idle, later.idle):
        yield "idle", row["idle"], (told.idle, later.idle)


def _between(ours: float | None, low: float | None, high: float | None) -> bool:
    """`ss` drops the seconds of many minutes, and the milliseconds of many seconds."""
    if ours is None or low is None or high is None:
        return ours is low is high
    slack = 60 if low > 500 else 1 if low > 8 else 0.005
    return low - slack <= ours <= high + slack


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().removesuffix("\n")


@pytest.mark.parametrize("read", [from_json, from_csv])
def test_every_field_of_every_socket_is_what_ss_says(place: Town, read: Callable[[Town], list[dict[str, Any]]]) -> None:
    place.actors["webd"].go_on()
    assert while_still(place, lambda: read(place), differences, owners=True) == []
    told = place.told(owners=True).values()
    assert {"LISTEN", "UNCONN", "SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT2", "TIME_WAIT"} <= {
        each.state for each in told
    }
    assert {"tcp", "udp", "quic"} <= {each.proto for each in told}
    assert {"on", "keepalive", "timewait"} <= {each.timer for each in told}
    assert any(each.local == "fe80::99" and each.iface == "eth0" for each in told)
    assert any(each.family == "inet6" and each.local == "10.77.0.1" for each in told), "one that is mapped"
    assert any(len(each.pids) == 2 for each in told) and any(each.recvq == 777 for each in told)


def test_owners_are_those_of_lsof(place: Town) -> None:
    sharing = place.actors["worker: two)"].answer
    pids = [place.actors["webd"].pid, place.actors["postgres-like"].pid, *sharing]
    ran = nettui(place.lab, "--tcp", "--udp", "--json", "--columns", "inode,pid")
    ours = {row["inode"]: row["pid"] for row in json.loads(ran.stdout)["sockets"] if row["inode"]}
    theirs = {inode: [pid for pid, _ in held] for inode, held in seen_by_lsof(pids).items()}
    assert ours == {inode: theirs.get(inode) for inode in ours} and len(ours) > 40
    assert sorted(sharing) in ours.values()


def test_unix_sockets_are_those_of_ss_and_raw_ones_those_of_proc(place: Town) -> None:
    fields = "proto,state,local,local_port,inode,process"
    ran = nettui(place.lab, "--unix", "--raw", "--json", "--columns", fields)
    assert ran.returncode == 0
    document = json.loads(ran.stdout)
    jsonschema.validate(document, SCHEMA)
    ours = {row["inode"]: row for row in document["sockets"]}
    names = {"ESTAB": "ESTABLISHED", "LISTEN": "LISTEN", "UNCONN": "UNCONN"}
    listed = [line.split() for line in place.lab.run("ss", "-Hxan").splitlines()]
    unix = {int(number): (names[state], path) for _, state, _, _, path, number, *_ in listed}
    in_hall = [inode for inode, (_, path) in unix.items() if path == "@town-hall"]
    assert {unix[inode][0] for inode in in_hall} == {"LISTEN", "ESTABLISHED"}
    told = {inode: (row["state"], row["local"] or "*") for inode, row in ours.items() if row["proto"] == "unix"}
    both = told.keys() & unix.keys()  # nettui and ss have some of their own
    assert {inode: told[inode] for inode in both} == {inode: unix[inode] for inode in both} and both >= set(in_hall)
    (raw,) = place.lab.run("cat", "/proc/net/raw").splitlines()[1:]
    row = ours[int(raw.split()[9])]
    assert (row["proto"], row["local"], row["local_port"]) == ("raw", None, int(raw.split()[1].rpartition(":")[2], 16))
    assert row["process"] == ["worker: two)"]


# --- filter by filter ----------------------------------------------------------------------------------------------

Test = Callable[[Told], Any]
SOME = 6  # filters compared at once, while nothing stirs


def owner(part: str) -> Test:
    return lambda told: any(part in name.lower() for _, _, name in told.owners)


def port(number: int) -> Test:
    return lambda told: number in told.ports


def end(part: str) -> Test:
    return lambda told: any(part in (address or "") for address in (told.local, told.peer))


def either_port(number: int) -> str:
    return f"( sport = :{number} or dport = :{number} )"


FILTERS: list[tuple[str, str | Test]] = [
    ("state:close-wait", "state close-wait"),
    ("state:CLOSE_WAIT", "state close-wait"),
    ("state:listen", "state listening"),
    ("state:syn-sent", "state syn-sent"),
    ("state:fin-wait-2", "state fin-wait-2"),
    ("state:time-wait,close-wait", "state time-wait state close-wait"),
    ("state:connected", "state connected"),
    ("state:synchronized", "state synchronized"),
    ("-state:bucket", lambda told: told.state not in ("SYN_RECV", "TIME_WAIT")),
    ("state:unconn", lambda told: told.state == "UNCONN"),
    (f"port:{WEB}", either_port(WEB)),
    (f":{WEB}", either_port(WEB)),
    (f"sport:{WEB}", f"sport = :{WEB}"),
    (f"dport:{WEB}", f"dport = :{WEB}"),
    (f"sport:{WEB}-{WEB + 1}", f"( sport >= :{WEB} and sport <= :{WEB + 1} )"),
    (f"dport>{WEB}", f"dport > :{WEB}"),
    (f"sport<={DATABASE}", f"sport <= :{DATABASE}"),
    (f"port!={WEB}", f"not {either_port(WEB)}"),
    ("src:127.0.0.0/8", "src 127.0.0.0/8"),
    ("dst:127.0.0.0/8", "dst 127.0.0.0/8"),
    ("src:127.9.8.7", "src 127.9.8.7"),
    ("dst:10.77.0.1", "dst 10.77.0.1"),
    ("dst:10.77.0.0/24", "dst 10.77.0.0/24"),
    (f"src:10.77.0.1:{WEB + 1}", f"src 10.77.0.1:{WEB + 1}"),
    (f"dst:[::1]:{WEB}", f"dst [::1]:{WEB}"),
    ("src:::1", "src [::1]"),
    ("dst:fe80::/10", "dst [fe80::/10]"),
    ("dst:fe80::99%eth0", lambda told: told.peer == "fe80::99" and told.iface == "eth0"),
    ("addr:10.77.0.1", "( src 10.77.0.1 or dst 10.77.0.1 )"),
    ("proto:tcp", lambda told: told.proto == "tcp"),
    ("proto:udp", lambda told: told.proto in ("udp", "quic")),
    ("proto:quic", lambda told: told.proto == "quic"),
    ("-proto:quic", lambda told: told.proto != "quic"),
    ("proto:tcp6", lambda told: told.proto == "tcp" and not told.ipv4),
    ("proto:ipv4", lambda told: told.ipv4),
    (f"user:{CLERK}", lambda told: told.uid == CLERK),
    ("user:root", lambda told: told.uid == 0 and told.inode),
    ("uid:0", lambda told: told.uid == 0 and told.inode),
    ("rtt>0ms", lambda told: told.rtt),
    ("retrans>0", lambda told: told.retrans > 0),
    ("retrans=0", lambda told: told.retrans == 0 and (told.rtt or told.connecting)),
    ("recvq>0", lambda told: told.recvq > 0),
    ("recvq:777", lambda told: told.recvq == 777),
    ("recvq>=1k", lambda told: told.recvq >= 1000),
    ("sendq>0", lambda told: told.sendq > 0),
    ("sendq>128", lambda told: told.sendq > 128),
    ("iface:eth0", lambda told: told.iface == "eth0"),
    ("-iface:eth", lambda told: told.iface != "eth0"),
    ("timer>5m", lambda told: told.expires and told.expires > 300),
    ("timer<=1m", lambda told: told.expires is not None and told.expires <= 60),
    ("idle<365d", lambda told: told.idle is not None and not told.connecting),
    (f"state:close-wait and sport:{WEB}", f"state close-wait sport = :{WEB}"),
    (f"state:close-wait sport:{WEB}", f"state close-wait sport = :{WEB}"),
    ("state:listen or proto:udp", lambda told: told.state == "LISTEN" or told.proto in ("udp", "quic")),
    ("not state:established", lambda told: told.state != "ESTABLISHED"),
    ("-state:established -proto:udp", lambda t: t.state != "ESTABLISHED" and t.proto not in ("udp", "quic")),
    (f"(state:listen or state:close-wait) port:{WEB} -src:127.0.0.0/8",
     lambda t: t.state in ("LISTEN", "CLOSE_WAIT") and port(WEB)(t) and not (t.local or "").startswith("127.")),
]  # fmt: skip
"""By `ss` itself, or by hand."""

FILTERS_BY_OWNER: list[tuple[str, Test]] = [
    ("process:webd", owner("webd")),
    ("process:LIKE", owner("like")),
    ('process:"worker: two"', owner("worker: two")),
    ("-process:webd", lambda told: not owner("webd")(told)),
    ("webd close", lambda told: owner("webd")(told) and told.state == "CLOSE_WAIT"),
    ("fe80::9", end("fe80::9")),
    (f"{CLERK}", lambda told: str(CLERK) in f"{told.uid} {told.ports} {told.pids}"),
    ('"[::1]:8080"', lambda told: ("::1", WEB) in ((told.local, told.local_port), (told.peer, told.peer_port))),
    (f"not (port:{WEB} or process:postgres)", lambda t: not (port(WEB)(t) or owner("postgres")(t))),
    (f"process:webd and recvq>0 or user:{CLERK} port:{SILENT}",
     lambda t: (owner("webd")(t) and t.recvq > 0) or (t.uid == CLERK and port(SILENT)(t))),
    (f"-(src:127.0.0.0/8 and -port:{QUEUE}) process:webd",
     lambda t: owner("webd")(t) and not ((t.local or "").startswith("127.") and not port(QUEUE)(t))),
]  # fmt: skip
"""For these, everybody's descriptors have to be looked at, by `ss` too."""


def keys(*words: str) -> set[int]:
    """The cookies of those that pass."""
    return {row["key"] for row in shot(*words, "--json", "--columns", "key").rows}


def compare(place: Town, filters: Sequence[tuple[str, str | Test]], owners: bool) -> None:
    def theirs(wanted: str | Test, told: dict[int, Told]) -> set[int]:
        if callable(wanted):
            return {key for key, each in told.items() if wanted(each)}
        words = wanted.split()
        states = 2 * sum(word == "state" for word in words)
        return keys_by_ss(place.lab, *words[:states], " ".join(words[states:]), tables=place.tables)

    def ours() -> list[set[int]]:
        return place.lab.call(lambda: [keys(*place.kinds, typed) for typed, _ in filters])

    def unlike(found: list[set[int]], before: dict[int, Told], after: dict[int, Told]) -> list[Any]:
        wrong = []
        for (typed, wanted), mine in zip(filters, found, strict=True):
            right = theirs(wanted, after)
            if mine != right or not 0 < len(right) < len(after):
                missing, extra = ([after[key] for key in some] for some in (right - mine, mine - right))
                wrong.append((typed, missing, extra, len(right)))
        return wrong

    assert while_still(place, ours, unlike, owners) == []


def test_every_filter_shows_what_ss_shows_or_what_is_picked_from_it_by_hand(place: Town) -> None:
    place.actors["webd"].go_on()
    until(lambda: any(told.retrans for told in place.told().values()))
    some = next(told.inode for told in place.told().values() if told.inode)
    least = min(round(told.rtt * 1e6) for told in place.told().values() if told.rtt)
    measured: list[tuple[str, Test]] = [
        (f"inode:{some}", lambda told: told.inode == some),
        (f"rtt<={least}us", lambda told: told.rtt and round(told.rtt * 1e6) == least),
        (f"rtt>{least}us", lambda told: told.rtt and round(told.rtt * 1e6) > least),
    ]
    compare(place, [*FILTERS, *measured], owners=False)


def test_every_filter_by_owners_shows_what_is_picked_by_hand(place: Town) -> None:
    pid = place.actors["postgres-like"].pid
    filters = [*FILTERS_BY_OWNER, (f"pid:{pid}", lambda told: pid in told.pids)]
    for start in range(0, len(filters), SOME):
        compare(place, filters[start : start + SOME], owners=True)


def test_idle_is_the_time_since_data_went_either_way(place: Town) -> None:
    def quiet(told: dict[int, Told], span: float = 0.0) -> set[int]:
        known = {key: each.idle for key, each in told.items() if not each.connecting}
        return {key for key, idle in known.items() if idle is not None and idle >= span}

    def unlike() -> Any:
        """The one connection that spoke just now has been quiet for less than half as long as all others."""
        place.actors["postgres-like"].go_on()
        before = place.told()
        half = max(told.idle or 0 for told in before.values() if not told.connecting) / 2
        filters = (f"idle<{half * 1000:.0f}ms", f"idle>={half * 1000:.0f}ms")
        busy, idle = place.lab.call(lambda: [keys("proto:tcp", "-state:syn-sent", typed) for typed in filters])
        rest = quiet(before, half)
        spoke = quiet(before) - quiet(place.told(), half)
        return (busy, spoke, idle, rest) if (busy, idle) != (spoke, rest) or len(spoke) != 2 or not rest else None

    deadline = time.monotonic() + PATIENCE / 2
    while (different := unlike()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert different is None


def test_saved_filters_come_from_the_configuration_by_name(place: Town, tmp_path: Path) -> None:
    (tmp_path / "nettui").mkdir()
    (tmp_path / "nettui" / "config.toml").write_text(
        f'[filters]\nweb = "port:{WEB}"\nleak = "@web state:close-wait"\n', encoding="utf-8"
    )
    ran = nettui(place.lab, "@leak", "-dport:1", "--csv", "--columns", "key", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert ran.returncode == 0, ran.stderr
    expected = keys_by_ss(place.lab, "state", "close-wait", either_port(WEB))
    assert {int(line) for line in ran.stdout.splitlines()[1:]} == expected and expected
