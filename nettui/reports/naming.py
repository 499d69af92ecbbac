"""Short words for what the tables show, in one place so that every screen and report says the same."""

from nettui.model.link import Link, OperState
from nettui.model.neighbour import Health
from nettui.reports.table import Cell

HEALTH_WORDS = {Health.OK: "ok", Health.IDLE: "idle", Health.SILENT: "fail", Health.UNKNOWN: "--"}
HEALTH_ROLES = {Health.OK: "ok", Health.IDLE: "ok", Health.SILENT: "critical", Health.UNKNOWN: "dim"}
MARKS = {"ok": "●", "notice": "●", "warning": "▲", "critical": "✖", "dim": "·"}
"""The sign that goes with a role, so that no meaning hangs on a colour alone."""


def health_cell(health: Health) -> Cell:
    """A gateway's health as sign and word."""
    role = HEALTH_ROLES[health]
    word = HEALTH_WORDS[health]
    return Cell(f"{MARKS[role]} {word}" if health is not Health.UNKNOWN else word, role)


def link_role(link: Link) -> str:
    """ok: packets can pass. dim: nobody wants it up. warning: wanted and not working."""
    if link.usable:
        return "ok"
    if not link.admin_up or link.state is OperState.NOTPRESENT:
        return "dim"
    return "warning"


def link_word(link: Link) -> str:
    """The state of a link in a word or two."""
    if not link.admin_up:
        return "off"
    if link.carrier is False:
        return "no carrier"
    if link.state is OperState.UNKNOWN:
        return "up"
    return str(link.state)


def speed_word(mbits: int | None) -> str:
    """10 Mb/s, 1 Gb/s, 2.5 Gb/s."""
    if mbits is None:
        return "--"
    return f"{mbits / 1000:g} Gb/s" if mbits >= 1000 else f"{mbits} Mb/s"
