"""The local service map as a tree of text."""

from msgspec.structs import replace

from nettui.model.process import Owner
from nettui.model.socket import Socket, Transport
from nettui.reports.service_map import NOTHING, service_map_paragraphs, service_map_text
from nettui.sockets.facts import Facts
from nettui.sockets.service_map import ServiceMap, service_map

NGINX, GUNICORN = Owner(pid=80, name="nginx"), Owner(pid=900, name="gunicorn")
POSTGRES, CRON = Owner(pid=700, name="postgres"), Owner(pid=12, name="backup")


def _listener(owner: Owner, port: int, transport: Transport = Transport.TCP, address: str = "127.0.0.1") -> Socket:
    return Socket(
        key=f"{owner.name} {port} {transport}", transport=transport, family="inet", local=address, local_port=port,
        state="LISTEN" if transport is Transport.TCP else "UNCONN", owners=(owner,), inode=port,
    )  # fmt: skip


def _connections(client: Owner, server: Owner, port: int, *ends: int) -> list[Socket]:
    """Both ends of connections to a port."""
    found = []
    for end in ends:
        mine = Socket(
            key=f"{end}", transport=Transport.TCP, family="inet", state="ESTABLISHED", local="127.0.0.1",
            local_port=end, peer="127.0.0.1", peer_port=port, owners=(client,), inode=end,
        )  # fmt: skip
        theirs = replace(mine, key=f"{end} {port}", local_port=port, peer_port=end, owners=(server,), inode=end + 9)
        found += [mine, theirs]
    return found


SHOP = (
    _listener(NGINX, 443, address="*"), _listener(NGINX, 443, Transport.UDP, "*"), _listener(GUNICORN, 8000),
    _listener(POSTGRES, 5432), *_connections(NGINX, GUNICORN, 8000, 50_001, 50_011),
    *_connections(GUNICORN, POSTGRES, 5432, 50_021), *_connections(CRON, POSTGRES, 5432, 50_031),
)  # fmt: skip


def test_who_connects_to_whom_is_a_tree_from_the_entrance_down() -> None:
    assert service_map_text(service_map(SHOP, Facts())) == """\
nginx[80] on *:443, *:443/udp (web server)
  → gunicorn[900] on 127.0.0.1:8000, 2 connections (application server)
      → postgres[700] on 127.0.0.1:5432, 1 connection (database, PostgreSQL)
backup[12], listens nowhere
  → postgres[700] on 127.0.0.1:5432, 1 connection (database, PostgreSQL)
"""


def test_what_was_drawn_above_is_not_drawn_again() -> None:
    around = (*SHOP, *_connections(CRON, GUNICORN, 8000, 50_041))
    assert service_map_text(service_map(around, Facts())).splitlines()[-2:] == [
        "  → postgres[700] on 127.0.0.1:5432, 1 connection (database, PostgreSQL)",
        "  → gunicorn[900] on 127.0.0.1:8000, 1 connection (application server)  ...",
    ]


def test_a_program_that_listens_everywhere_names_the_first() -> None:
    many = [_listener(NGINX, port) for port in range(1, 10)]
    line = service_map_text(service_map(many, Facts())).rstrip()
    assert line.startswith("nginx[80] on 127.0.0.1:1, ") and line.endswith("127.0.0.1:6 and 3 more (web server)")


def test_each_tree_is_a_paragraph_of_a_sheet() -> None:
    paragraphs = service_map_paragraphs(service_map(SHOP, Facts()))
    assert [lines[0].partition("[")[0] for _, lines in paragraphs] == ["nginx", "backup"]
    assert [len(lines) for _, lines in paragraphs] == [4, 3]


def test_nothing_to_draw_is_said() -> None:
    assert service_map_text(ServiceMap()) == NOTHING + "\n"
    assert service_map_paragraphs(ServiceMap()) == [("", (NOTHING,))]
