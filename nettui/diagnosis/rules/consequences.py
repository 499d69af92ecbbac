"""What follows when packets cannot get out: findings that need not be told beside their cause."""

from nettui.diagnosis.condition import ANY, HOST, Case, Key
from nettui.diagnosis.ways import FAMILY_NAMES
from nettui.model.address import Family

CUT_OFF: tuple[Key, ...] = (
    ("dns.unreachable", ANY),
    ("dns.failing", ANY),
    ("dns.slow", ANY),
    ("tcp.syn-sent-stuck", ANY),
    ("tcp.zombie", ANY),
    ("tcp.retransmit", ANY),
)
"""Of a host that has no way out."""

NO_DEFAULT: tuple[Key, ...] = tuple(("route.no-default", subject) for subject in (HOST, *FAMILY_NAMES.values()))


def lost_ways(case: Case, ifindex: int) -> list[Family]:
    """Families whose last default route led through this link, and that have none now."""
    former = case.memory.former
    return [f for f in FAMILY_NAMES if f in former and former[f].ifindex == ifindex and f not in case.ways.families]
