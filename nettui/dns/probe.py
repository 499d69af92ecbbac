"""One name asked of one server, in both families, as a program on this host would need it."""

import asyncio

from nettui.dns.hosts import HostsFile
from nettui.dns.lookup import SYSTEM_HOSTS, lookup
from nettui.dns.question import ADDRESS_TYPES
from nettui.dns.servers import label
from nettui.model.lookup import Lookup, Outcome
from nettui.model.resolver import Resolver
from nettui.model.text import clean
from nettui.model.watched import Probe

ADDRESSES = 64
"""Addresses kept of one answer."""
_HELPFUL = (Outcome.ANSWER, Outcome.NO_DATA, Outcome.NO_SUCH_NAME, Outcome.REFERRAL)


async def probe(name: str, server: Resolver, timeout: float, hosts: tuple[str, ...], turn: asyncio.Semaphore) -> Probe:
    """Ask for A and AAAA side by side, each in its `turn`, `timeout` seconds each. Only cancellation is raised.

    The better of the two answers decides the rcode, for programs do with one family; but they wait for both, so
    `seconds` is the longer wait. `hosts` is what the hosts file gives the name.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_asked(name, kind, server, timeout, turn)) for kind in ADDRESS_TYPES]
    found = [task.result() for task in tasks]
    answered = [each for each in found if each.rcode is not None]
    best = min(answered or found, key=_rank)
    waits = [timeout if each.outcome is Outcome.TIMEOUT else each.elapsed for each in found]
    return Probe(
        name=clean(name),
        server=server.address,
        port=server.port,
        rcode=best.rcode,
        seconds=max((wait for wait in waits if wait is not None), default=None) if answered else None,
        error=None if answered else _error(best, server, timeout),
        addresses=_addresses(found),
        hosts=hosts,
    )


def listed(name: str, hosts: HostsFile | None = None) -> tuple[str, ...]:
    """The addresses that the hosts file gives a name, sorted."""
    return tuple(sorted({entry.address for entry in (hosts or SYSTEM_HOSTS).named(name)})[:ADDRESSES])


async def _asked(name: str, kind: str, server: Resolver, timeout: float, turn: asyncio.Semaphore) -> Lookup:
    async with turn:
        return await lookup(name, kind, servers=(server,), timeout=timeout)


def _rank(found: Lookup) -> int:
    return _HELPFUL.index(found.outcome) if found.outcome in _HELPFUL else len(_HELPFUL)


def _error(failed: Lookup, server: Resolver, timeout: float) -> str:
    """Without the server's name where that is easily left out: it stands beside the error."""
    if failed.outcome is Outcome.TIMEOUT:
        return f"no answer in {timeout:g} s"
    if failed.message.startswith("nothing listens at"):
        return "connection refused"
    if failed.message.endswith("this host has no way there"):
        return "no route"
    return failed.message.removeprefix(f"{label(server)} ").removeprefix("cannot be reached: ")


def _addresses(found: list[Lookup]) -> tuple[str, ...]:
    data = {r.data for each in found for r in each.records if each.outcome is Outcome.ANSWER and r.type == each.type}
    return tuple(sorted(data)[:ADDRESSES])
