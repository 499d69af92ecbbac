"""Who counts TCP states when the backend cannot."""

import socket
from collections.abc import Iterator

import pytest

from nettui.collectors.tcp import TcpReader
from nettui.model.tcp import TcpCounts, TcpState
from nettui.portable import tcp as portable


class Backend:
    """Answers, or fails, as told."""

    def __init__(self, name: str, answer: TcpCounts | Exception) -> None:
        self.name = name
        self.answer = answer

    async def tcp(self) -> TcpCounts:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


COUNTS = TcpCounts.of({TcpState.LISTEN: 3}, "sock_diag+proc")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


async def test_the_backend_is_asked_first_each_time(listener: socket.socket) -> None:
    backend = Backend("linux", OSError("TCP sockets cannot be counted: no netlink; no /proc"))
    reader = TcpReader(backend)
    found = await reader.counts()
    assert (found.source, found.note) == ("psutil", "TCP sockets cannot be counted: no netlink; no /proc")
    assert found[TcpState.LISTEN] >= 1
    backend.answer = COUNTS
    assert await reader.counts() is COUNTS


@pytest.mark.parametrize("error", [OSError("no"), ValueError("odd")])
async def test_the_portable_backend_has_nobody_behind_it(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        await TcpReader(Backend("portable", error)).counts()
    assert raised.value is error


async def test_when_nobody_can_tell_both_reasons_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    async def counts() -> TcpCounts:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(portable, "counts", counts)
    with pytest.raises(OSError, match=r"^no netlink; .*Permission denied"):
        await TcpReader(Backend("linux", OSError("no netlink"))).counts()
