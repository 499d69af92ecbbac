"""What an answer says, and how to say it: from a DNS message to outcome, alias chain, records and one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from nettui.dns.exchange import Unreadable
from nettui.model.lookup import Outcome, Record
from nettui.model.text import clean

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

DATA_LIMIT = 4096
"""Characters kept of one record: a DKIM key whole, but not 64 kB of something else."""


class Answer(Struct, frozen=True, kw_only=True):
    """The part of a Lookup that the server's message decides."""

    outcome: Outcome
    message: str
    rcode: str
    authoritative: bool
    chain: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()


def read_answer(message: Message, name: str, rdtype: str, server: str) -> Answer:
    """What `message`, the answer of `server`, says about the records of `name`. Names are shown without final dot.

    Raises Unreadable where a record's data has no presentation form.
    """
    import dns.flags
    import dns.name
    import dns.rcode

    try:
        chain, goes_round = _chain(message, dns.name.from_text(name), rdtype)
        aliases = tuple(_shown(alias) for alias in chain[1:])
        records = tuple(_records(message))
        end = chain[-1]
        found = sum(1 for rrset in message.answer if rrset.name == end and _type(rrset) == rdtype)
    except Exception as error:  # dnspython writes what it read from others' bytes: any failure is theirs
        raise Unreadable("sent records that cannot be read") from error
    rcode = dns.rcode.to_text(message.rcode())
    told = [clean(name), *aliases]
    if goes_round:
        outcome, words = Outcome.NO_DATA, f"the aliases go round in a circle: {_listed(told)}"
    else:
        outcome, words = _verdict(message, rcode, told, rdtype, found, server)
    return Answer(
        outcome=outcome,
        message=words,
        rcode=rcode,
        authoritative=bool(message.flags & dns.flags.AA),
        chain=aliases,
        records=records,
    )


def _verdict(
    message: Message, rcode: str, told: list[str], rdtype: str, found: int, server: str
) -> tuple[Outcome, str]:
    import dns.flags

    end = told[-1]
    alias = f"{told[0]} is an alias of {end}" if len(told) > 1 else ""
    if rcode == "NXDOMAIN":
        return Outcome.NO_SUCH_NAME, f"{alias}, and there is no such name" if alias else f"no such name: {end}"
    if rcode == "REFUSED":
        return Outcome.REFUSED, f"{server} refused to answer (REFUSED)"
    if rcode == "SERVFAIL":
        return Outcome.SERVER_FAILURE, f"{server} failed to find the answer (server failure, SERVFAIL)"
    if rcode != "NOERROR":
        return Outcome.OTHER_RCODE, f"{server} answered {rcode} instead of records"
    if found:
        records = f"has {found:,} {rdtype} record{'' if found == 1 else 's'}"
        return Outcome.ANSWER, f"{alias}, which {records}" if alias else f"{end} {records}"
    negative_ttl = _negative_ttl(message)
    if negative_ttl is None and not message.flags & dns.flags.RA:
        if alias:
            return Outcome.ANSWER, f"{alias}; {server} leaves it to others to follow it"
        zone = next((_shown(rrset.name) for rrset in message.authority if _type(rrset) == "NS"), None)
        if zone is not None:
            return Outcome.REFERRAL, f"{server} does not know {end}: it points to the name servers of {zone}"
    kept = "" if negative_ttl is None else f" (may be remembered for {negative_ttl:,} s)"
    nothing = f"has no {rdtype} record{kept}"
    return Outcome.NO_DATA, f"{alias}, which {nothing}" if alias else f"{end} exists but {nothing}"


def _chain(message: Message, name: Name, rdtype: str) -> tuple[list[Name], bool]:
    """The names passed through, the question first, and whether the aliases led back to one of them."""
    targets = {rrset.name: rrset[0].target for rrset in message.answer if _type(rrset) == "CNAME" and len(rrset)}
    chain = [name]
    while rdtype != "CNAME" and (target := targets.get(chain[-1])) is not None:
        if target in chain:
            return [*chain, target], True
        chain.append(target)
    return chain, False


def _records(message: Message) -> list[Record]:
    return [
        Record(name=_shown(rrset.name), type=_type(rrset), ttl=rrset.ttl, data=clean(rdata.to_text(), DATA_LIMIT))
        for rrset in message.answer
        for rdata in rrset
    ]


def _negative_ttl(message: Message) -> int | None:
    """Seconds for which the absence may be cached (RFC 2308 section 5); None where the zone does not say."""
    for rrset in message.authority:
        if _type(rrset) == "SOA" and len(rrset):
            return int(min(rrset.ttl, rrset[0].minimum))
    return None


def _type(rrset: Any) -> str:
    import dns.rdatatype

    return dns.rdatatype.to_text(rrset.rdtype)


def _shown(name: Name) -> str:
    return clean(name.to_text(omit_final_dot=True))


def _listed(names: list[str]) -> str:
    return " → ".join(names[:8]) + (" → …" if len(names) > 8 else "")
