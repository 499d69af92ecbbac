"""What each TCP state means, who must act when it piles up, and what to do first (RFC 9293, tcp(7))."""

from collections.abc import Mapping

from msgspec import Struct

from nettui.model.tcp import TcpState


class StateKnowledge(Struct, frozen=True, kw_only=True):
    """One state, in plain words."""

    meaning: str
    """What a socket in this state is doing."""
    who: str
    """Whose move it is when there are many."""
    first_steps: tuple[str, ...]
    """What to look at or do first when there are many."""


def state_knowledge(state: TcpState) -> StateKnowledge:
    """What is known of one state."""
    return _STATES[state]


_STATES: Mapping[TcpState, StateKnowledge] = {
    TcpState.LISTEN: StateKnowledge(
        meaning="A program waits for connections on this port.",
        who="Nobody, while its accept queue is short; the program's developer, when it accepts too slowly.",
        first_steps=(
            "ss -ltn: Recv-Q is the accept queue, Send-Q its limit; a full one turns clients away.",
            "Raise the program's listen backlog and net.core.somaxconn, or give it more workers.",
        ),
    ),
    TcpState.SYN_SENT: StateKnowledge(
        meaning="This host asked for a connection (SYN) and has no answer yet.",
        who="The operator: the peer or a firewall on the way drops the SYN.",
        first_steps=(
            "See where they go: ss -tan state syn-sent.",
            "Check the route and the gateway, then firewalls on both sides, then whether the peer is up.",
        ),
    ),
    TcpState.SYN_RECV: StateKnowledge(
        meaning="A client's SYN was answered (SYN-ACK); its ACK has not come yet.",
        who="The operator: a SYN flood, or a lossy path back to the clients.",
        first_steps=(
            "See where from: ss -tan state syn-recv.",
            "Check net.ipv4.tcp_syncookies and net.ipv4.tcp_max_syn_backlog; check that answers find their way back.",
        ),
    ),
    TcpState.ESTABLISHED: StateKnowledge(
        meaning="The connection is open both ways. This is the normal state.",
        who="Nobody; the operator, for one that has been silent for long without keepalive: its peer may be gone.",
        first_steps=(
            "See timers and queues: ss -tano state established.",
            "Turn keepalive on in the program; without it a vanished peer is never noticed.",
        ),
    ),
    TcpState.FIN_WAIT1: StateKnowledge(
        meaning="This side has closed (FIN sent) and the peer has not acknowledged it yet.",
        who="Nobody, unless it lasts: the FIN is sent again until it is acknowledged.",
        first_steps=(
            "See retransmits: ss -tani state fin-wait-1.",
            "If they stay, the peer is gone or the path to it loses packets; net.ipv4.tcp_orphan_retries bounds them.",
        ),
    ),
    TcpState.FIN_WAIT2: StateKnowledge(
        meaning="This side has closed and the peer knows it, but the peer has not closed its side.",
        who="The peer's developer: the program there sits in CLOSE_WAIT.",
        first_steps=(
            "See the peers: ss -tan state fin-wait-2.",
            "net.ipv4.tcp_fin_timeout (60 s) ends those that no program here holds any more; not those still held.",
        ),
    ),
    TcpState.TIME_WAIT: StateKnowledge(
        meaning=(
            "This side closed first; the connection is over and its four-tuple rests, so that the last ACK can be "
            "sent again and no stray segment reaches a new connection. On Linux 60 s, fixed."
        ),
        who="The developer of the client: connections are opened and closed too often.",
        first_steps=(
            "Reuse connections: a pool, keep-alive.",
            "A wider net.ipv4.ip_local_port_range and net.ipv4.tcp_tw_reuse=1 help; tcp_tw_recycle is gone since 4.12.",
            "Count by destination: the ephemeral ports run out for one address and port, not for the host.",
        ),
    ),
    TcpState.CLOSE_WAIT: StateKnowledge(
        meaning="The peer has closed; the program here has not called close(). So it stays, until that does or ends.",
        who="The developer of the program that owns it: a bug here, the commonest and gravest.",
        first_steps=(
            "Name the program, and see whether it becomes more: ss -tanp state close-wait.",
            "Compare its open descriptors with its limit: ls /proc/PID/fd | wc -l, grep files /proc/PID/limits.",
            "Restarting it relieves; closing on every path (finally, with, try-with-resources) cures.",
        ),
    ),
    TcpState.LAST_ACK: StateKnowledge(
        meaning="Both sides have closed; this side's FIN waits for its acknowledgement.",
        who="Nobody, unless it lasts: the FIN or its ACK is being lost and is sent again.",
        first_steps=(
            "See retransmits: ss -tani state last-ack.",
            "If they stay, look at the path to the peer.",
        ),
    ),
    TcpState.CLOSING: StateKnowledge(
        meaning="Both sides closed at the same moment; each waits for the other's acknowledgement. Rare and brief.",
        who="Nobody, unless it lasts: then the path loses packets.",
        first_steps=("See retransmits: ss -tani state closing.",),
    ),
    TcpState.CLOSED: StateKnowledge(
        meaning="No connection: a socket that a program made and has not connected, or still holds after its end.",
        who="Nobody; the owning program's developer, if they become ever more.",
        first_steps=("Name the program: ss -tanp state closed.",),
    ),
}
