"""A web server with all its troubles: sockets made by hand, and a frame of them."""

from nettui.model.process import Owner, Unit
from nettui.model.socket import ClosedSocket, Mptcp, Socket, SocketMemory, Timer, Transport
from nettui.model.socket_table import ListedTable
from nettui.model.tcp_info import TcpInfo
from nettui.sockets.facts import Facts
from nettui.sockets.frame import GROUP_STATES, Group, SocketFrame, SocketQuery

NOW = 1_700_000_000.25
JAVA = Owner(pid=4711, name="java", fd=812)
NGINX = tuple(Owner(pid=pid, name="nginx", fd=6) for pid in (80, 81, 82))
HIDDEN = "owners of other users' sockets need root or CAP_SYS_PTRACE"

LISTENER = Socket(
    key=1, transport=Transport.TCP, family="inet6", state="LISTEN", local="*", local_port=443, recv_q=129, send_q=128,
    uid=0, inode=100,
)  # fmt: skip
LEAK = Socket(
    key=2, transport=Transport.TCP, family="inet", state="CLOSE_WAIT", local="192.0.2.2", local_port=8080,
    peer="10.0.3.18", peer_port=40120, recv_q=412, send_q=0, uid=1000, inode=200, cgroup=7, congestion="cubic",
    info=TcpInfo(
        rtt=0.001, rttvar=0.0002, min_rtt=0.0009, rto=0.204, cwnd=10, snd_mss=1448, rcv_mss=536, advmss=1448,
        pmtu=1500, bytes_sent=22_400, bytes_acked=22_400, bytes_received=9_100, segs_out=30, data_segs_out=18,
        segs_in=31, data_segs_in=9, total_retrans=0, unacked=0, last_data_sent=792.0, last_data_recv=820.0,
        last_ack_recv=792.0, delivery_rate=1_250_000, app_limited=True, busy_time=0.8, rwnd_limited=0.2,
        sndbuf_limited=0.0, ca_state="Open", options=("timestamps", "sack", "wscale"), snd_wscale=7, rcv_wscale=7,
        reordering=3, snd_wnd=64_256, rcv_wnd=65_536,
    ),
)  # fmt: skip
LOSSY = Socket(
    key=3, transport=Transport.TCP, family="inet6", state="ESTABLISHED", local="2001:db8::2", local_port=50_000,
    peer="2001:db8:85a3::8a2e:370:7334", peer_port=443, recv_q=0, send_q=84_100, uid=1000, inode=300, ifindex=2,
    timer=Timer(kind="retransmit", expires=0.204, retries=3),
    info=TcpInfo(rtt=0.25, total_retrans=1_204, retransmits=3, retrans=5, lost=4, bytes_retrans=50, bytes_sent=1_000,
                 last_data_sent=3.0, last_data_recv=7_300.0),
    memory=SocketMemory(received=0, receive_limit=131_072, sent=87_040, send_limit=87_040, forward=0, queued=84_100,
                        options=0, backlog=0, drops=2),
    tos=0xB8, mark=0x10, shutdown=2, mptcp=Mptcp(token=0xBEEF, flags=("join",), subflows=2),
)  # fmt: skip
RESTING = Socket(
    key=4, transport=Transport.TCP, family="inet", state="TIME_WAIT", local="192.0.2.2", local_port=8080,
    peer="10.0.3.19", peer_port=40121, timer=Timer(kind="time-wait", expires=42.0), recv_q=0, send_q=0,
)  # fmt: skip
QUIC = Socket(
    key=5, transport=Transport.UDP, family="inet", state="UNCONN", local="*", local_port=443, recv_q=0, send_q=0,
    uid=33, inode=500,
)  # fmt: skip
UNIX = Socket(
    key=6, transport=Transport.UNIX, family="unix", state="LISTEN", local='/run/a,"b".sock', peer="", inode=600,
    recv_q=0, send_q=128,
)  # fmt: skip
ALL = (LISTENER, LEAK, LOSSY, RESTING, QUIC, UNIX)

FACTS = Facts(
    owners={100: NGINX, 200: (JAVA,), 300: (), 500: ()}, owners_note=HIDDEN,
    units={7: Unit(name="shop.service", path="/system.slice/shop.service")},
    users={0: "root", 1000: "app"}, services={("tcp", 443): "https", ("udp", 443): "https", ("tcp", 8080): "http-alt"},
    links={2: "eth0"}, born={2: NOW - 820.0}, watching_since=NOW - 7_300.0,
)  # fmt: skip


def frame(*sockets: Socket, order: tuple[int, ...] | None = None, **more: object) -> SocketFrame:
    """A frame of these sockets (by default of all), by default in the order they come."""
    table = ListedTable(sockets or ALL, NOW, more.pop("note", None))  # type: ignore[arg-type]  # a text or None
    return SocketFrame(
        table=table, order=range(len(table)) if order is None else order,
        **{"query": SocketQuery(), "facts": FACTS, **more},  # type: ignore[arg-type]  # fields by name
    )  # fmt: skip


def group(name: str, places: tuple[int, ...], **states: int) -> Group:
    """A group known by its name."""
    return Group(name, name, tuple(states.get(str(state), 0) for state in GROUP_STATES), places)


CLOSED = (
    ClosedSocket(socket=LEAK, closed_at=NOW, told=True, lived=820.0),
    ClosedSocket(socket=LOSSY, closed_at=NOW - 1, told=False),
    ClosedSocket(socket=RESTING, closed_at=NOW - 2, told=True, lived_at_most=0.9),
)
