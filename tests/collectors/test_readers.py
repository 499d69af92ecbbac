"""What the workers read: every subject once, resolv.conf only when it changed, services(5) whatever is in it."""

import gc
import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from nettui.collectors import resolvers
from nettui.collectors.backend import Backend, open_backend
from nettui.collectors.resolvers import ResolverReader
from nettui.collectors.services import READ_LIMIT, services, tcp_services
from nettui.collectors.subjects import workers
from nettui.model.change import Subject
from nettui.model.snapshot import Snapshot
from tests.collectors.fake import FakeHost


async def test_the_workers_fill_every_section_once() -> None:
    found = workers(FakeHost())
    for worker in found:
        await worker.refresh()
        assert worker.error is None, worker.name
    fields = [name for worker in found for name in worker.part]
    only_when_wanted = {"sockets", "sockets_total", "probes", "gauges"}
    assert sorted(fields) == sorted(
        set(Snapshot.__struct_fields__) - {"taken_at", "host", "backend", "errors"} - only_when_wanted
    )
    assert {str(subject) for subject in Subject} < {worker.name for worker in found}
    assert {worker.name for worker in found if not worker.every} == {"census", "counters", "tcp", "vitals"}


async def test_what_a_backend_cannot_know_is_no_error() -> None:
    host = FakeHost()
    host.lacks = frozenset({"leases", "settings"})
    names = {str(worker.name) for worker in workers(host)}
    assert names == {str(worker.name) for worker in workers(FakeHost())} - host.lacks
    with closing(open_backend("portable")) as portable:
        assert {"vitals", "settings", "leases"}.isdisjoint(worker.name for worker in workers(portable))
        for lacking in (portable.vitals, portable.settings, portable.leases):
            with pytest.raises(OSError, match="psutil"):
                await lacking()


@pytest.mark.parametrize("name", ["linux", "portable"])
async def test_this_host_fills_what_it_can_and_lets_go_of_it(name: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with closing(open_backend(name)) as backend:
        wanted = {"vitals", "settings", "processes", "leases"} - backend.lacks
        found = [worker for worker in workers(backend) if worker.name in wanted]
        assert {worker.name for worker in found} == wanted
        for worker in found:
            await worker.refresh()
            assert worker.error is None and worker.part[str(worker.name)].at > 0, worker.error
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(("name", "opened"), [("linux", "linux"), ("portable", "portable"), ("auto", "linux")])
def test_the_backend_that_was_asked_for(name: str, opened: str) -> None:
    backend: Backend = open_backend(name)
    assert backend.name == opened
    backend.close()


def test_auto_elsewhere_is_portable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert open_backend().name == "portable"


async def test_resolv_conf_is_parsed_again_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resolv.conf"
    parsed = []
    real = resolvers.read_resolvers
    monkeypatch.setattr(resolvers, "read_resolvers", lambda p: parsed.append(p) or real(p))
    reader = ResolverReader(path)
    missing = await reader.read()
    assert (await reader.read()) is missing and len(parsed) == 1
    path.write_text("nameserver 192.0.2.1\n")
    first = await reader.read()
    assert [r.address for r in first.resolvers] == ["192.0.2.1"]
    assert await reader.read() is first
    (tmp_path / "new").write_text("nameserver 192.0.2.2\n")
    os.utime(tmp_path / "new", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    (tmp_path / "new").rename(path)  # as resolvconf does: same size, same time, another file
    assert [r.address for r in (await reader.read()).resolvers] == ["192.0.2.2"]
    path.unlink()
    assert await reader.read() == missing


async def test_a_failed_reading_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1\n")
    reader = ResolverReader(path)
    real = resolvers.read_resolvers

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(resolvers, "read_resolvers", refused)
    with pytest.raises(PermissionError):
        await reader.read()
    monkeypatch.setattr(resolvers, "read_resolvers", real)
    assert len((await reader.read()).resolvers) == 1


def test_services_of_this_host() -> None:
    found = tcp_services()
    assert {22: "ssh", 80: "http", 443: "https"}.items() <= found.items()
    assert 67 not in found, "bootps is UDP"
    every = services()
    assert {("udp", 67): "bootps", ("udp", 53): "domain", ("tcp", 53): "domain"}.items() <= every.items()
    whole = {key: name for key, name in every.items() if not name.endswith("…")}
    assert whole == {(transport, port): socket.getservbyport(port, transport) for transport, port in whole}


def test_odd_services_files_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "services"
    path.write_bytes(
        b"\xff\x1b[2J 1/tcp\n# all 2/tcp\nlate 3/tcp # comment\nsecond 3/tcp\nno-port\nx y/tcp\nudp 4/udp\n"
        b"huge 99999999999/tcp\nneg -5/tcp\n" + b"n" * 300 + b" 6/tcp\n\0\0\n" + b"#" * READ_LIMIT + b"\nunread 7/tcp\n"
    )
    found = tcp_services(path)
    assert found[1] == "\\xff\\x1b[2J" and found[3] == "late" and len(found[6]) == 20
    assert found.keys() == {1, 3, 6}
    assert services(path).keys() == {("tcp", 1), ("tcp", 3), ("tcp", 6), ("udp", 4)}
    assert tcp_services(tmp_path / "none") == tcp_services(tmp_path) == services(tmp_path) == {}
