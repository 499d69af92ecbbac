"""Single sockets, as Linux tells of them: sock_diag(7) where it can be had, /proc/net where it cannot.

What is no matter of the table lives in files of its own, each loaded when it is first asked for something.
"""

import errno
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from nettui.linux.inet_diag import InetDiag
from nettui.linux.inet_message import INFO
from nettui.linux.netlink import NetlinkError
from nettui.linux.reasons import PASSING, REST, in_words
from nettui.linux.socket_sink import SocketSink, states_of
from nettui.linux.socket_table import JoinedTable, PackedTable
from nettui.model.process import Owners, Process, Unit
from nettui.model.socket import Socket, SocketKey, Transport
from nettui.model.socket_table import ListedTable, SocketRequest, SocketTable

if TYPE_CHECKING:
    from nettui.linux.cgroups import Cgroups
    from nettui.linux.inet_filter import KernelFilter
    from nettui.linux.owners import OwnerFinder

_NAMES = {
    Transport.TCP: "TCP", Transport.UDP: "UDP", Transport.RAW: "raw", Transport.UNIX: "unix", Transport.MPTCP: "MPTCP",
}
_ORDER = tuple(Transport)


class LinuxSockets:
    """The sockets of the network namespace it is first used in.

    Every method raises OSError where the kernel refuses, and NetlinkDecodeError (a ValueError) for an answer that
    makes no sense; the next call begins afresh.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._diag = InetDiag()
        self._resting: dict[Transport, tuple[float, str]] = {}  # until when sock_diag is not asked again, and why
        self._owners: OwnerFinder | None = None
        self._cgroups: Cgroups | None = None
        self._states: tuple[float, Counter[int]] | None = None

    async def table(self, request: SocketRequest) -> SocketTable:
        """All sockets of some kinds. OSError only where none of the kinds can be read."""
        from nettui.linux.inet_filter import plan

        taken_at = time.time()
        parts, failures = [], []
        for transport in sorted(request.transports, key=_ORDER.index):
            asked = plan(request.wanted, transport)
            try:
                parts.append(await self._read(transport, asked, request) if asked else _Part())
            except OSError as error:
                failures.append(str(error))
                continue
            if transport is Transport.TCP and request.wanted is None and parts[-1].sinks:
                self._states = self._clock(), states_of(parts[-1].sinks)
        if failures and not parts:
            raise OSError("; ".join(failures))
        table = _joined(parts, taken_at, "; ".join([*failures, *(part.note for part in parts if part.note)]) or None)
        if request.cgroups and self._cgroups is None:
            await self._known_cgroups().learn({cgroup for cgroup in table.column("cgroup") if isinstance(cgroup, int)})
        return table

    def states(self, within: float) -> Counter[int] | None:
        """How many TCP sockets were in each state, by the kernel's number, in a table of all of them that was read in
        the last so many seconds. Each table tells it once."""
        known, self._states = self._states, None
        return known[1] if known is not None and self._clock() - known[0] <= within else None

    async def details(self, sockets: Sequence[Socket]) -> Mapping[SocketKey, Socket]:
        """The same sockets with all there is to know; those that are gone are missing."""
        from nettui.linux.socket_details import details

        return await details(self._diag, sockets)

    async def owners(self, inodes: Collection[int], thorough: bool = False) -> Owners:
        """Who has these sockets open."""
        if self._owners is None:
            from nettui.linux.owners import OwnerFinder

            self._owners = OwnerFinder()
        return await self._owners.find(inodes, thorough)

    async def process(self, pid: int) -> Process:
        """All about a process. Raises ProcessLookupError when there is none (any more)."""
        from nettui.linux.processes import process

        return await process(pid)

    def unit(self, cgroup: int) -> Unit | None:
        """What a cgroup id stands for."""
        return self._known_cgroups().unit(cgroup)

    def endings(self) -> AsyncGenerator[Sequence[Socket], None]:
        """Sockets as they end, for as long as it is iterated."""
        from nettui.linux.endings import endings

        return endings()

    async def destroy(self, socket: Socket) -> None:
        """Close a socket under its program."""
        from nettui.linux.destroy import destroy

        await destroy(socket)

    def close(self) -> None:
        """Let all descriptors go."""
        self._diag.close()

    async def _read(self, transport: Transport, asked: "KernelFilter", request: SocketRequest) -> "_Part":
        """The sockets of one kind. Raises OSError with a plain sentence where there is no way to them."""
        until, why = self._resting.get(transport, (float("-inf"), ""))
        if self._clock() >= until:
            try:
                return await self._dumped(transport, asked, request)
            except (OSError, ValueError) as error:
                why = _reason(error)
                if not isinstance(error, OSError) or error.errno not in PASSING:
                    self._resting[transport] = self._clock() + REST, why
        from nettui.linux.proc_sockets import proc_sockets

        name = _NAMES[transport]
        if transport is Transport.MPTCP:
            raise OSError(f"{name} sockets cannot be read: {why}")
        try:
            sockets = await proc_sockets(transport)
        except (OSError, ValueError) as error:
            raise OSError(f"{name} sockets cannot be read: {why}; {in_words(error)}") from error
        return _Part(sockets=sockets, note=f"{name} sockets are read from /proc/net, which tells less: {why}")

    async def _dumped(self, transport: Transport, asked: "KernelFilter", request: SocketRequest) -> "_Part":
        if transport is Transport.UNIX:
            from nettui.linux.unix_diag import unix_sockets

            return _Part(sockets=await unix_sockets())
        extensions = 1 << (INFO - 1) if request.measures and transport is Transport.TCP else 0
        return _Part(sinks=await self._diag.dump(
            transport, lambda: SocketSink(transport, request), asked.states, asked.bytecode, extensions
        ))

    def _known_cgroups(self) -> "Cgroups":
        if self._cgroups is None:
            from nettui.linux.cgroups import Cgroups

            self._cgroups = Cgroups()
        return self._cgroups


class _Part(NamedTuple):
    """What was read of one kind of sockets."""

    sinks: Sequence[SocketSink] = ()
    sockets: Sequence[Socket] = ()
    note: str | None = None


def _joined(parts: Sequence[_Part], taken_at: float, note: str | None) -> SocketTable:
    sinks = [sink for part in parts for sink in part.sinks]
    sockets = [socket for part in parts for socket in part.sockets]
    if not sockets:
        return PackedTable(sinks, taken_at, note)
    if not sinks:
        return ListedTable(sockets, taken_at, note)
    return JoinedTable([PackedTable(sinks, taken_at), ListedTable(sockets, taken_at)], taken_at, note)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, NetlinkError) and error.errno == errno.ENOENT:
        return "the kernel has no sock_diag for them"
    return in_words(error)
