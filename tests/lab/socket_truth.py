"""What `ss` says of the sockets in a lab, in the words of `nettui sockets`: `ss -tuanpoeiHO`, line by line."""

import re
from typing import NamedTuple

from tests.lab_support import Lab

_STATES = {
    "ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "SYN-RECV": "SYN_RECV", "FIN-WAIT-1": "FIN_WAIT1",
    "FIN-WAIT-2": "FIN_WAIT2", "TIME-WAIT": "TIME_WAIT", "CLOSE-WAIT": "CLOSE_WAIT", "LAST-ACK": "LAST_ACK",
}
_OWNER = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d+),fd=(\d+)\)')
_TIMER = re.compile(r"timer:\((\w+),([^,]*),(\d+)\)")
_EVERY_STATE = [word for state in (
    "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "closed", "close-wait", "last-ack",
    "listening", "closing",
) for word in ("state", state)]  # fmt: skip
"""Not `-a`, which since iproute2 6.8 adds TCP sockets that are only bound."""


class Told(NamedTuple):
    """One socket. None, or (): nothing is said."""

    proto: str
    state: str
    local: str | None
    local_port: int | None
    peer: str | None
    peer_port: int | None
    recvq: int
    sendq: int
    iface: str | None
    family: str
    """inet6 also where IPv4 is spoken through an IPv6 socket."""
    ipv4: bool
    """Whether it speaks IPv4, also through an IPv6 socket."""
    uid: int
    inode: int
    key: int
    owners: tuple[tuple[int, int, str], ...]
    """PID, descriptor and name, by PID and descriptor."""
    timer: str | None
    retries: int
    rtt: float | None
    retrans: int
    expires: float | None
    """Seconds, like all spans."""
    idle: float | None

    @property
    def still(self) -> "Told":
        """Without what time alone changes."""
        return self._replace(expires=None, idle=None)

    @property
    def pids(self) -> list[int]:
        return sorted({pid for pid, _, _ in self.owners})

    @property
    def connecting(self) -> bool:
        """A connection to be: the kernel's measures are there, but mean nothing yet."""
        return self.state == "SYN_SENT"

    @property
    def ports(self) -> tuple[int | None, int | None]:
        return self.local_port, self.peer_port


def told_by_ss(lab: Lab, tables: str = "-tu", owners: bool = True) -> dict[int, Told]:
    """The sockets of at least two tables (of one, `ss` does not write the name) by cookie.

    Without `owners` it is quick on a host with many descriptors too.
    """
    listed = lab.run("ss", tables, "-noeiHOp" if owners else "-noeiHO", *_EVERY_STATE)
    return {told.key: told for told in map(_read, listed.splitlines())}


def keys_by_ss(lab: Lab, *expression: str, tables: str = "-tu") -> set[int]:
    """The cookies of the sockets that an expression lets through; without a state in it, of any."""
    states = () if expression[:1] == ("state",) else _EVERY_STATE
    return {int(key, 16) for key in re.findall(r" sk:(\S+)", lab.run("ss", tables, "-neHO", *states, *expression))}


def _read(line: str) -> Told:
    proto, state, recvq, sendq, local, peer, more = f"{line} ".split(None, 6)
    if proto == "udp" and {"443"} & {end.rpartition(":")[2] for end in (local, peer)}:
        proto = "quic"
    here, device, ipv4 = _address(local)
    there, _, ipv4_there = _address(peer)
    timer = _TIMER.search(more)
    silent = [span for name in ("lastsnd", "lastrcv") if (span := _milliseconds(_word(name, more))) is not None]
    return Told(
        proto=proto, state=_STATES.get(state, state), local=here, local_port=_port(local), peer=there,
        peer_port=_port(peer), recvq=int(recvq), sendq=int(sendq), iface=device, ipv4=ipv4 or ipv4_there,
        family="inet6" if local.startswith(("[", "*")) else "inet",
        uid=int(_word("uid", more) or 0), inode=int(_word("ino", more) or 0), key=int(_word("sk", more) or "", 16),
        owners=tuple(sorted((int(pid), int(fd), name) for name, pid, fd in _OWNER.findall(more))),
        timer=timer[1] if timer else None, retries=int(timer[3]) if timer else 0,
        rtt=_milliseconds((_word("rtt", more) or "").partition("/")[0]),
        retrans=int((_word("retrans", more) or "0").rpartition("/")[2]),
        expires=_span(timer[2]) if timer else None, idle=min(silent) if silent else None,
    )


def _address(end: str) -> tuple[str | None, str | None, bool]:
    """An address as we write it (None is any), the interface, and whether it is IPv4: 127.0.0.1%lo, [fe80::1]%eth0."""
    address, _, device = end.rpartition(":")[0].partition("%")
    plain = address.strip("[]").removeprefix("::ffff:")
    return (None if address.strip("[]") in ("*", "0.0.0.0", "::") else plain), device.strip("]") or None, "." in plain


def _port(end: str) -> int | None:
    port = end.rpartition(":")[2]
    return None if port in ("*", "0") else int(port)


def _word(name: str, text: str) -> str | None:
    found = re.search(rf"(?<!\S){name}:(\S+)", text)
    return found[1] if found else None


def _milliseconds(text: str | None) -> float | None:
    return float(text) / 1000 if text else None


def _span(text: str) -> float:
    """`119min`, `1min4sec`, `59sec`, `204ms`, and `4.972ms` for what are seconds; the finer parts may be left out."""
    found = re.fullmatch(r"(?:(\d+)min)?(?:(\d+)(?:sec|\.))?(?:(\d+)ms)?", text)
    assert found, text
    minutes, seconds, milliseconds = (int(number or 0) for number in found.groups())
    return minutes * 60 + seconds + milliseconds / 1000
