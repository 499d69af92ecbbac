"""Names of the addresses on the screen, looked up while it goes on being drawn: what `n` shows in place of numbers.

Nothing is asked before `ask` is called. What was asked last comes first, because that is what is on the screen now;
and a resolver that does not answer is left alone for a while.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nettui.dns.servers import parse_address
from nettui.model.lookup import Lookup, Outcome
from nettui.model.resolver import ResolverConfig

PARALLEL = 8
"""Lookups under way at once."""
KEPT = 5000
"""Addresses remembered; those that were not looked at for longest go first."""
WAITING = 256
"""Addresses that wait for their turn: more than any screen has rows."""
NAMED_FOR, NAMELESS_FOR = 600.0, 300.0
"""Seconds until an address with a name, and one without, may be asked for again."""
FAILURES = 8
"""Lookups in a row without any answer, after which there is a pause."""
PAUSE = 30.0
"""Seconds of it; an address that failed is not asked for again sooner either."""
GATHERED = 0.1
"""Seconds in which names that come are told of together."""

_FAILED = frozenset({Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.NO_RESOLVER, Outcome.REFUSED, Outcome.MALFORMED})
"""What says something of the resolver, and nothing of the address."""
_NOBODY = frozenset({"", "*", "0.0.0.0", "::"})


class _Known(NamedTuple):
    name: str | None
    until: float
    """By the clock, in seconds: then it may be asked for again. What is known is shown until there is better."""


class HostNames:
    """One for the whole app. Belongs to the event loop that it is first asked in."""

    def __init__(
        self, timeout: float = 2.0, *, hosts: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`timeout` is in seconds, for each server; `hosts` is the hosts file, if not the system's."""
        self.listeners: list[Callable[[], None]] = []
        """Called some time after names have come, once for many."""
        self._timeout, self._hosts, self._clock = timeout, hosts, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._waiting: dict[str, None] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._config: ResolverConfig | None = None
        self._failures = 0
        self._pause: asyncio.TimerHandle | None = None
        self._telling: asyncio.TimerHandle | None = None

    def name(self, address: str) -> str | None:
        """What the address is called, as far as that is known by now. Asks nobody."""
        known = self._known.get(address)
        if known is None:
            return None
        self._known.move_to_end(address)
        return known.name

    def ask(self, addresses: Iterable[str], config: ResolverConfig | None = None) -> None:
        """Have those looked up that are not known (any more), the first of them first. What is no address is left out.

        The resolvers of `config` are asked, or those that the system is configured with at that time.
        """
        now = self._clock()
        self._config = config
        for address in reversed(list(addresses)):
            known = self._known.get(address)
            if address in self._asking or (known is not None and known.until > now):
                continue
            if address not in _NOBODY and parse_address(address) is not None:
                self._waiting.pop(address, None)
                self._waiting[address] = None
        while len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._go_on()

    def stop(self) -> None:
        """Give up all that is under way or waits. What is known stays; `ask` begins anew."""
        self._waiting.clear()
        for task in self._asking.values():
            task.cancel()
        for timer in (self._pause, self._telling):
            if timer is not None:
                timer.cancel()
        self._pause = self._telling = None
        self._failures = 0

    def _go_on(self) -> None:
        """Ask for as many as may be; for one alone as long as it is not sure that the resolver works again."""
        most = PARALLEL if self._failures < FAILURES else 1
        while self._waiting and self._pause is None and len(self._asking) < most:
            address, _ = self._waiting.popitem()
            task = asyncio.create_task(self._look_up(address), name=f"name of {address}")
            self._asking[address] = task
            task.add_done_callback(partial(self._done, address))

    def _done(self, address: str, task: asyncio.Task[None]) -> None:
        del self._asking[address]
        self._go_on()

    async def _look_up(self, address: str) -> None:
        name = await asyncio.to_thread(_in_hosts_file, address, self._hosts)
        if name is not None:
            self._learn(address, name, NAMED_FOR)
            return
        lookup = await _reversed(address, self._timeout, self._config)
        if lookup.outcome in _FAILED:
            self._learn(address, self.name(address), PAUSE)
            self._failed()
            return
        self._resume()
        name = next((record.data.rstrip(".") for record in lookup.records if record.type == "PTR"), None)
        self._learn(address, name or None, NAMED_FOR if name else NAMELESS_FOR)

    def _learn(self, address: str, name: str | None, seconds: float) -> None:
        before = self.name(address)
        self._known[address] = _Known(name, self._clock() + seconds)
        self._known.move_to_end(address)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        if name != before and self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(GATHERED, self._tell)

    def _tell(self) -> None:
        self._telling = None
        for listener in self.listeners:
            listener()

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES and self._pause is None:
            self._pause = asyncio.get_running_loop().call_later(PAUSE, self._try_again)

    def _try_again(self) -> None:
        self._pause = None
        self._go_on()

    def _resume(self) -> None:
        """An answer has come: the resolver works."""
        self._failures = 0
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None


def _in_hosts_file(address: str, path: Path | None) -> str | None:
    """What the hosts file calls an address. For a thread: it may be megabytes, and the first call loads dnspython."""
    from nettui.dns.hosts import HOSTS, HostsFile
    from nettui.dns.lookup import load

    load()
    entries = HostsFile(path or HOSTS).at(address)
    return entries[0].names[0] if entries else None


async def _reversed(address: str, timeout: float, config: ResolverConfig | None) -> Lookup:
    from nettui.dns.hosts import HostsFile
    from nettui.dns.lookup import lookup_all

    looked_at_before = HostsFile(Path(os.devnull))
    (lookup,) = await lookup_all(address, ("PTR",), timeout=timeout, hosts=looked_at_before, config=config)
    return lookup
