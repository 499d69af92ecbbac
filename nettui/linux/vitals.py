"""The host's network in totals: from /proc/net, and from /proc/sys what the kernel holds against its limits.

What cannot be read, or makes no sense, is None. Of a network namespace of their own are the counters and conntrack; the
processors' backlogs, descriptors, orphans, TCP's memory and the neighbour tables are those of the whole system
wherever one looks, and the neighbour tables are told of in the first namespace only.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nettui.linux import per_cpu, snmp
from nettui.linux.held_files import HeldFiles
from nettui.linux.procfs import PROC_NET, ProcfsError, sockstat_number
from nettui.model.vitals import Vitals

PROC_SYS = Path("/proc/sys")

_TCP = {
    "tcp_in_segs": b"InSegs", "tcp_out_segs": b"OutSegs", "tcp_retrans_segs": b"RetransSegs",
    "tcp_active_opens": b"ActiveOpens", "tcp_passive_opens": b"PassiveOpens", "tcp_attempt_fails": b"AttemptFails",
    "tcp_estab_resets": b"EstabResets", "tcp_out_rsts": b"OutRsts",
}
"""Of the group Tcp of snmp, which holds IPv4 and IPv6 together."""
_TCP_EXT = {
    "listen_overflows": b"ListenOverflows", "listen_drops": b"ListenDrops", "syncookies_sent": b"SyncookiesSent",
    "req_q_full_do_cookies": b"TCPReqQFullDoCookies", "req_q_full_drop": b"TCPReqQFullDrop",
    "syn_retrans": b"TCPSynRetrans", "tcp_timeouts": b"TCPTimeouts", "tcp_abort_on_memory": b"TCPAbortOnMemory",
    "tcp_memory_pressures": b"TCPMemoryPressures",
}
"""Of the group TcpExt of netstat, of both families too."""
_UDP = {
    "udp_in_datagrams": b"InDatagrams", "udp_out_datagrams": b"OutDatagrams", "udp_rcvbuf_errors": b"RcvbufErrors",
    "udp_sndbuf_errors": b"SndbufErrors",
}
"""Of the group Udp of snmp, IPv4 only, and with Udp6 before it of snmp6."""
_NEIGHBOURS = {"neighbours4": "stat/arp_cache", "neighbours6": "stat/ndisc_cache"}

Found = dict[str, int | None]


class VitalsReader:
    """Reads the Vitals of the network namespace of the thread that first asks."""

    def __init__(self, net: Path = PROC_NET, sys: Path = PROC_SYS) -> None:
        self._net = HeldFiles(net)
        self._sys = HeldFiles(sys)
        self._failure: OSError | None = None

    def read(self) -> Vitals:
        """One reading. Raises OSError or ProcfsError where nothing at all can be read."""
        self._failure = None
        found: dict[str, Any] = {
            **self._counters(), **self._softnet(), **self._neighbours(), **self._held(), **self._limited(),
        }
        if all(number is None for number in found.values()):
            raise self._failure or ProcfsError("nothing in /proc makes sense")
        return Vitals(at=time.time(), **found)

    def close(self) -> None:
        """Let go of the descriptors held."""
        self._net.close()
        self._sys.close()

    def _counters(self) -> Found:
        text, text6 = self._text(self._net.read, "snmp") or b"", self._text(self._net.read, "snmp6")
        netstat = self._text(self._net.read, "netstat") or b""
        tcp = snmp.numbers(text, b"Tcp", _TCP.values())
        extension = snmp.numbers(netstat, b"TcpExt", _TCP_EXT.values())
        udp = [snmp.numbers(text, b"Udp", _UDP.values())]
        if text6 is not None:  # else IPv6 is switched off
            udp.append(snmp.numbers6(text6, b"Udp6", _UDP.values()))
        return (
            {field: tcp.get(name) for field, name in _TCP.items()}
            | {field: extension.get(name) for field, name in _TCP_EXT.items()}
            | {field: _sum([family.get(name) for family in udp]) for field, name in _UDP.items()}
        )

    def _softnet(self) -> Found:
        with suppress(ProcfsError):
            found = per_cpu.softnet(self._text(self._net.read_table, "softnet_stat") or b"")
            return {f"softnet_{name}": number for name, number in found._asdict().items()}
        return {}

    def _neighbours(self) -> Found:
        found: Found = {}
        overflows: list[int | None] = []
        for field, name in _NEIGHBOURS.items():
            text = self._text(self._net.read_table, name)
            if text is None:
                continue
            overflows.append(None)
            with suppress(ProcfsError):
                found[field], overflows[-1] = per_cpu.neighbour_table(text)
        return {**found, "neighbour_overflows": _sum(overflows) if overflows else None}

    def _held(self) -> Found:
        text = self._text(self._net.read, "sockstat") or b""
        found: Found = {}
        for field, name in (("tcp_orphans", b"orphan"), ("tcp_memory", b"mem")):
            with suppress(ProcfsError):
                found[field] = sockstat_number(text, b"TCP", name)
        return found

    def _limited(self) -> Found:
        # Allocated, allocated and unused (0 since Linux 2.6), and the maximum: proc_sys_fs(5).
        words = words_of(self._text(self._sys.read, "fs/file-nr") or b"")
        allocated, unused, most = words if len(words) == 3 else (None, None, None)
        return {
            "descriptors": None if allocated is None or unused is None else max(0, allocated - unused),
            "descriptors_max": most,
            "conntrack": self._number("net/netfilter/nf_conntrack_count"),
            "conntrack_max": self._number("net/netfilter/nf_conntrack_max"),
        }

    def _number(self, name: str) -> int | None:
        words = words_of(self._text(self._sys.read, name) or b"")
        return words[0] if len(words) == 1 else None

    def _text(self, read: Callable[[str], bytes], name: str) -> bytes | None:
        """None where there is no such file; nothing where it may not be read."""
        try:
            return read(name)
        except OSError as error:
            self._failure = self._failure or error
            return None if isinstance(error, FileNotFoundError) else b""


def words_of(text: bytes) -> tuple[int | None, ...]:
    """The numbers of a file of /proc/sys; None for what is none, or negative."""
    return tuple(int(word) if word.isdigit() and len(word) < 20 else None for word in text.split())


def _sum(numbers: list[int | None]) -> int | None:
    """None as soon as one is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
