"""How grave a figure is, by the limits of its subject."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from nettui.diagnosis.condition import Case
from nettui.diagnosis.thresholds import Limits
from nettui.model.finding import Severity

HOLD = 0.8
"""A finding clears when the figure falls to this share of its threshold."""


class Grade(NamedTuple):
    """How grave a figure is, and which gravity an open finding would keep."""

    level: Severity | None = None
    held: Severity | None = None


def marks(limits: Limits) -> Mapping[Severity, float]:
    """The thresholds there are, the mildest first."""
    return _marks(limits.notice, limits.warning, limits.critical)


@cache
def _marks(*each: float | None) -> Mapping[Severity, float]:
    """A few sets of thresholds are asked for again and again."""
    found = zip(Severity, each, strict=True)
    return MappingProxyType({severity: mark for severity, mark in found if mark is not None})


def graded(value: float, limits: Limits, points: float | None = None) -> Grade:
    """The gravest of the marks that a figure is above, and of those of which it is above the share HOLD; with `points`,
    no more than so many below."""
    level = held = None
    for severity, mark in marks(limits).items():
        level = severity if value > mark else level
        held = severity if value > (HOLD * mark if points is None else mark - points) else held
    return Grade(level, held if level is None else gravest(level, held))


def least(grades: Iterable[Grade]) -> Grade:
    """The mildest of several: what all of them agree on."""
    each = tuple(grades)
    return Grade(
        level=min((grade.level for grade in each), key=rank, default=None),
        held=min((grade.held for grade in each), key=rank, default=None),
    )


def gravest(*severities: Severity | None) -> Severity | None:
    return max(severities, key=rank, default=None)


def rank(severity: Severity | None) -> int:
    return -1 if severity is None else severity.rank


def marks_said(limits: Limits) -> str:
    """`warning above 50, critical above 100`."""
    return ", ".join(f"{severity} above {mark:,.10g}" for severity, mark in marks(limits).items())


def own(case: Case, limits: Limits) -> Limits | None:
    """For `Condition.limits`: the subject's own, None where they are the rule's."""
    return None if limits is case.limits else limits


def endpoint(address: str, port: int | None) -> str:
    """`192.0.2.7:443`, `[2001:db8::7]:443`; the address alone without a port."""
    if port is None:
        return address
    return f"{bracketed(address)}:{port}"


def bracketed(address: str) -> str:
    """An IPv6 address as it stands before a port (RFC 3986 section 3.2.2), and as ss(8) takes it in a filter."""
    return f"[{address}]" if ":" in address else address


def peer_limits(case: Case, address: str, port: int | None, process: str | None = None) -> Limits:
    """Those of a peer, set by address and port, by address, or by the process that speaks to it."""
    exact = case.limits_of(peer=endpoint(address, port))
    return exact if exact is not case.limits else case.limits_of(peer=address, process=process)
