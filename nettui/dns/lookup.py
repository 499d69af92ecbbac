"""Lookups: one question of one type, asked as this host's programs would ask it, or of servers of one's choice.

dnspython is imported with the first lookup, not before: it costs some 40 ms.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Sequence
from importlib import import_module

from msgspec.structs import replace

from nettui.dns.answer import read_answer
from nettui.dns.exchange import Unreadable, ask
from nettui.dns.hosts import BLOCKED, HostsFile
from nettui.dns.question import BadName, Question, candidates, parse_question, parse_type, types_for
from nettui.dns.resolvers import read_resolvers
from nettui.dns.servers import label
from nettui.model.lookup import HostsEntry, Lookup, Outcome
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.text import clean

TIMEOUT = 2.0
"""Seconds to wait for one server."""
SYSTEM_HOSTS = HostsFile()

_ABSENT = frozenset({Outcome.NO_DATA, Outcome.NO_SUCH_NAME, Outcome.REFERRAL})
_FINAL = _ABSENT | {Outcome.ANSWER}
"""Outcomes after which the next server is not asked: it would have to say the same."""
_ANSWERED = (Outcome.REFUSED, Outcome.SERVER_FAILURE, Outcome.OTHER_RCODE, Outcome.MALFORMED)
"""Of several failures, an answer tells more than silence."""
_SEARCH_GOES_ON = _ABSENT | {Outcome.SERVER_FAILURE}


def load() -> None:
    """Import dnspython now: for a thread, where the first lookup must not hold anybody up."""
    import_module("dns.message")


async def lookup(
    typed: str,
    rdtype: str,
    *,
    servers: Sequence[Resolver] | None = None,
    timeout: float = TIMEOUT,
    hosts: HostsFile | None = None,
    config: ResolverConfig | None = None,
) -> Lookup:
    """Look one name up, in one type; an address is reversed, whatever the type.

    `servers` are asked in order, each `timeout` seconds, the name as typed. Without them the system's own are, with
    its search list: `config`, or /etc/resolv.conf read now. `hosts` is the hosts file, if not the system's. Every
    failure is an outcome with a message; only cancellation is raised.
    """
    asked_at = time.time()
    try:
        question = parse_question(typed)
        kind = "PTR" if question.address else parse_type(rdtype)
    except ValueError as error:
        outcome = Outcome.BAD_NAME
        kind, name = clean(rdtype).upper(), clean(typed)
        return Lookup(typed=name, question=name, type=kind, outcome=outcome, message=str(error), asked_at=asked_at)
    entries = _hosts_entries(question, kind, hosts or SYSTEM_HOSTS)
    names: tuple[str, ...] = (question.name,)
    if servers is None:
        config = read_resolvers() if config is None else config
        servers = config.resolvers
        names = candidates(question, config)
    blank = Lookup(
        typed=question.typed, question=question.name, type=kind, outcome=Outcome.NO_RESOLVER,
        message=_no_resolver(config), asked_at=asked_at,
    )  # fmt: skip
    result = await _search(blank, names, servers, timeout) if servers else blank
    return replace(result, hosts=entries, message=result.message + _beaten_by(entries))


async def lookup_all(
    typed: str,
    types: Sequence[str],
    *,
    servers: Sequence[Resolver] | None = None,
    timeout: float = TIMEOUT,
    hosts: HostsFile | None = None,
    config: ResolverConfig | None = None,
) -> list[Lookup]:
    """Look a name up in several types at once; the answers come in the order of `types`. Otherwise as `lookup`."""
    if servers is None and config is None:
        config = read_resolvers()
    try:
        kinds = types_for(parse_question(typed), tuple(types))
    except BadName:
        kinds = tuple(types[:1])
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(lookup(typed, kind, servers=servers, timeout=timeout, hosts=hosts, config=config))
            for kind in kinds
        ]
    return [task.result() for task in tasks]


async def _search(blank: Lookup, names: Sequence[str], servers: Sequence[Resolver], timeout: float) -> Lookup:
    """The first of the names that has an answer; else what the most telling one came to."""
    results: list[Lookup] = []
    for name in names:
        result = await _ask_each(replace(blank, question=clean(name)), name, servers, timeout)
        results.append(result)
        if result.outcome not in _SEARCH_GOES_ON:
            break
    last = results[-1]
    if last.outcome in _SEARCH_GOES_ON:
        as_typed = next((r for r in results if r.question == blank.question), last)
        last = next((r for r in results if r.outcome is Outcome.NO_DATA), as_typed)
    others = [result.question for result in results if result is not last]
    if others and last.outcome is not Outcome.ANSWER:
        return replace(last, message=f"{last.message}; tried too: {_some(others)}")
    return last


async def _ask_each(blank: Lookup, name: str, servers: Sequence[Resolver], timeout: float) -> Lookup:
    """The first server that knows; else the failure that tells most, with the others' in the message."""
    failures: list[Lookup] = []
    for server in servers:
        result = await _ask_one(blank, name, server, timeout)
        if result.outcome in _FINAL:
            if failures:
                return replace(result, message="; ".join([result.message, *(f.message for f in failures)]))
            return result
        failures.append(result)
    told = next((failure for failure in failures if failure.outcome in _ANSWERED), failures[-1])
    return replace(told, message="; ".join(dict.fromkeys(failure.message for failure in failures)))


async def _ask_one(blank: Lookup, name: str, server: Resolver, timeout: float) -> Lookup:
    asked = replace(blank, server=server.address, port=server.port)
    try:
        reply = await ask(name, blank.type, server, timeout)
        answer = read_answer(reply.message, name, blank.type, label(server))
        if reply.truncated and answer.outcome in _ABSENT:
            raise Unreadable("has an answer too long for UDP, which TCP did not bring")
    except TimeoutError:
        return replace(asked, outcome=Outcome.TIMEOUT, message=f"no answer from {label(server)} in {timeout:g} s")
    except Unreadable as error:
        return replace(asked, outcome=Outcome.MALFORMED, message=f"{label(server)} {error}")
    except (OSError, ValueError, OverflowError) as error:
        return replace(asked, outcome=Outcome.UNREACHABLE, message=_unreachable(server, error))
    return replace(
        asked,
        outcome=answer.outcome,
        message=answer.message + (" (cut short: TCP did not bring the rest)" if reply.truncated else ""),
        transport=reply.transport,
        rcode=answer.rcode,
        authoritative=answer.authoritative,
        truncated=reply.truncated,
        elapsed=reply.elapsed,
        chain=answer.chain,
        records=answer.records,
    )


def _some(names: Sequence[str], shown: int = 3) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def _hosts_entries(question: Question, rdtype: str, hosts: HostsFile) -> tuple[HostsEntry, ...]:
    """What the hosts file says to a question that it can answer."""
    if question.address:
        return hosts.at(question.address)
    if rdtype not in ("A", "AAAA"):
        return ()
    return tuple(entry for entry in hosts.named(question.name) if (":" in entry.address) == (rdtype == "AAAA"))


def _beaten_by(entries: Sequence[HostsEntry]) -> str:
    if not entries:
        return ""
    first = entries[0]
    where = f"{first.source} line {first.line}"
    if first.address in BLOCKED:
        return f"; but {where} blocks it on this host ({first.address})"
    return f"; but {where} comes first on this host"


def _no_resolver(config: ResolverConfig | None) -> str:
    reason = f": {config.warnings[-1]}" if config is not None and config.warnings else ""
    return f"no resolver configured{reason}"


def _unreachable(server: Resolver, error: Exception) -> str:
    address = clean(label(server))
    if isinstance(error, socket.gaierror):
        reason = "this host has no such interface" if "%" in server.address else "that is not an address"
        return f"{address} cannot be reached: {reason}"
    match getattr(error, "errno", None):
        case errno.ECONNREFUSED:
            return f"nothing listens at {server.address} port {server.port}"
        case errno.ENETUNREACH | errno.EHOSTUNREACH | errno.EADDRNOTAVAIL:
            return f"{address} cannot be reached: this host has no way there"
        case errno.EACCES | errno.EPERM:
            return f"{address} cannot be reached: a rule of this host forbids it"
        case errno.EAFNOSUPPORT:
            return f"{address} cannot be reached: this host has no IPv6"
        case errno.EINVAL if server.address.lower().startswith("fe80:") and "%" not in server.address:
            return f"{address} needs its interface, as in {server.address}%eth0"
        case errno.EMFILE | errno.ENFILE:
            return f"{address} was not asked: too many files are open"
    return f"{address} was not asked: {clean(str(error), 120)}"
