"""The local service map as a tree of text: who listens where, and which of the local programs connects to it."""

from collections.abc import Iterator, Sequence

from nettui.reports.paragraphs import Paragraph
from nettui.sockets.service_map import Edge, Listener, Program, ServiceMap

LISTENERS_SHOWN = 6

NOTHING = "No program on this host that may be seen listens or connects to one that does."


def service_map_text(found: ServiceMap) -> str:
    """A line for each program, indented below the one that connects to it."""
    return "\n".join([*service_map_lines(found)] or [NOTHING]) + "\n"


def service_map_paragraphs(found: ServiceMap) -> list[Paragraph]:
    """The same for a sheet: what stands alone at its left edge begins a paragraph of its own."""
    trees: list[list[str]] = []
    for line in service_map_lines(found):
        if not trees or not line.startswith(" "):
            trees.append([])
        trees[-1].append(line)
    return [("", (*tree, "")) for tree in trees] or [("", (NOTHING,))]


def service_map_lines(found: ServiceMap) -> Iterator[str]:
    """`nginx[812] *:80, *:443 (web server)`, and below it `  → gunicorn[900] 127.0.0.1:8000, 24 connections`.

    What a program connects to is drawn where it comes first.
    """
    reaches = {edge.client.key for edge in found.edges}
    drawn = set()
    for depth, program, edge in found.walk():
        again = "  ..." if program.key in drawn and program.key in reaches else ""
        drawn.add(program.key)
        if edge is None:
            yield f"{_name(program)}{_listens(program.listeners)}{_role(program)}{again}"
        else:
            yield f"{'    ' * (depth - 1)}  → {_name(program)} {_reached(edge)}{_role(program)}{again}"


def _name(program: Program) -> str:
    more = f" +{len(program.pids) - 1}" if len(program.pids) > 1 else ""
    user = f" of user {program.user}" if not program.pids and program.user else ""
    return f"{program.label}{more}{user}"


def _listens(listeners: Sequence[Listener]) -> str:
    """Where it listens; UDP and unix sockets say so."""
    if not listeners:
        return ", listens nowhere"
    ends = ", ".join(_endpoint(listener) for listener in listeners[:LISTENERS_SHOWN])
    more = len(listeners) - LISTENERS_SHOWN
    return f" on {ends}{f' and {more:,} more' if more > 0 else ''}"


def _reached(edge: Edge) -> str:
    many = "connection" if edge.connections == 1 else "connections"
    return f"on {_endpoint(edge.listener)}, {edge.connections:,} {many}"


def _endpoint(listener: Listener) -> str:
    return f"{listener.endpoint}/udp" if listener.transport == "udp" else listener.endpoint


def _role(program: Program) -> str:
    """What it is for; of a product that is not called what it is, its name too."""
    role = program.role
    if role is None:
        return ""
    product = role.product
    told = product is None or product.casefold() in (program.name or "").casefold()
    return f" ({role.word})" if told else f" ({role.word}, {product})"
