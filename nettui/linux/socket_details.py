"""All there is to know of a few sockets, wherever it has to be looked for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from nettui.linux.inet_diag import FOUND_BY_ADDRESS, InetDiag
from nettui.linux.inet_message import EVERYTHING, decode_inet
from nettui.linux.socket_payloads import COOKIE, Splitter
from nettui.linux.tcp_states import EVERY_STATE
from nettui.model.socket import Socket, SocketKey, Transport

_LISTENING = 1 << 10


class ChosenSockets:
    """A sink for a dump, that makes records of some of its sockets."""

    def __init__(self, transport: Transport, cookies: Iterable[int]) -> None:
        self._transport = transport
        self._wanted = {(cookie & 0xFFFFFFFF, cookie >> 32) for cookie in cookies}
        self._splitter = Splitter(whole=True)
        self.found: dict[SocketKey, Socket] = {}

    def feed(self, chunk: bytes) -> None:
        """Take one datagram. Raises NetlinkDecodeError."""
        for payload in self._splitter.split(chunk):
            if COOKIE.unpack_from(payload) in self._wanted:
                socket = decode_inet(self._transport, payload, 0, len(payload))
                self.found[socket.key] = socket


async def details(diag: InetDiag, sockets: Sequence[Socket]) -> dict[SocketKey, Socket]:
    """The same sockets, with all there is to know now; those that are gone are missing. Raises as `InetDiag` does.

    Connections are found by their addresses. For those without a peer that are not found so, all of their kind are
    read. Of sockets that are known from /proc, and so have no cookie, no more is to be had than was read there.
    """
    found: dict[SocketKey, Socket] = {socket.key: socket for socket in sockets if not isinstance(socket.key, int)}
    wanted = [socket for socket in sockets if isinstance(socket.key, int)]
    found |= await diag.find([socket for socket in wanted if socket.transport in FOUND_BY_ADDRESS])
    hidden: defaultdict[Transport, list[int]] = defaultdict(list)
    for socket in wanted:
        if isinstance(socket.key, int) and socket.key not in found and _may_be_hidden(socket):
            hidden[socket.transport].append(socket.key)
    for transport, cookies in hidden.items():
        found |= await (_unix(cookies) if transport is Transport.UNIX else _among_all(diag, transport, cookies))
    return found


def _may_be_hidden(socket: Socket) -> bool:
    """Whether a socket that is not found by its addresses may yet be there."""
    return socket.transport not in FOUND_BY_ADDRESS or socket.peer == "*"


async def _among_all(diag: InetDiag, transport: Transport, cookies: Iterable[int]) -> dict[SocketKey, Socket]:
    """TCP sockets without a peer are listeners, which are in a small table of their own."""
    states = _LISTENING if transport is Transport.TCP else EVERY_STATE
    sinks = await diag.dump(transport, lambda: ChosenSockets(transport, cookies), states, extensions=EVERYTHING)
    return {key: socket for sink in sinks for key, socket in sink.found.items()}


async def _unix(cookies: Iterable[int]) -> dict[SocketKey, Socket]:
    from nettui.linux.unix_diag import unix_sockets

    wanted = frozenset(cookies)
    return {socket.key: socket for socket in await unix_sockets() if socket.key in wanted}
