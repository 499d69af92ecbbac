"""Records of every shape their types allow, for hypothesis."""

import enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from nettui.model.address import Address
from nettui.model.finding import Finding
from nettui.model.history import Frame
from nettui.model.neighbour import Neighbour
from nettui.model.route import Route
from nettui.model.snapshot import Snapshot
from nettui.model.tcp import TcpCounts
from nettui.model.text import clean

HOSTILE = ("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202egnp.exe", "[@click=app.quit]x[/]", "proc[/]", "a\nb",
           "\ud800", "한국", "x" * 300)
TEXT = (st.text(max_size=12) | st.sampled_from(HOSTILE)).map(clean)
ADDRESSES = st.sampled_from(("0.0.0.0", "192.0.2.1", "10.0.0.1", "127.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
                             "2001:db8::1", "::ffff:192.0.2.1"))
PREFIXES = st.sampled_from((0, 8, 24, 32))
MOST = {int: 2**64 - 1, float: 1e15}

SPECIAL: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (Address, "address"): ADDRESSES,
    (Address, "prefixlen"): PREFIXES,
    (Route, "destination"): ADDRESSES,
    (Route, "prefixlen"): PREFIXES,
    (Route, "table"): st.sampled_from((0, 100, 253, 254, 255)),
    (Neighbour, "address"): ADDRESSES,
    (Snapshot, "backend"): st.sampled_from(("linux", "portable")),
    (TcpCounts, "source"): st.sampled_from(("sock_diag+proc", "sock_diag", "procfs", "psutil")),
    (Finding, "since"): st.floats(0, 2e9),
}


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as msgspec understands it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _limited(arguments[0], arguments[1])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return _tuples(arguments, 0, 3)
    if origin is Union or type(kind).__name__ == "UnionType":
        return st.one_of(*(of(each) for each in sorted(arguments, key=lambda each: each is not type(None))))
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return structs(kind)
    return {str: TEXT, bool: st.booleans(), int: st.integers(0, MOST[int]), float: st.floats(0, MOST[float])}[kind]


def structs(kind: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of one type; `given` fields are drawn from what is given."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{
        name: given[name] if name in given else SPECIAL[kind, name] if (kind, name) in SPECIAL else of(hints[name])
        for name in kind.__struct_fields__  # type: ignore[attr-defined]  # every Struct has it
    })


def _limited(kind: Any, meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    if get_origin(kind) is tuple:
        return _tuples(get_args(kind), meta.min_length or 0, meta.max_length or 3)
    least = meta.ge or 0
    if kind is float:
        return st.floats(least, meta.lt or MOST[float], exclude_max=meta.lt is not None)
    return st.integers(int(least), int(meta.le or MOST[int]))


def _tuples(arguments: tuple[Any, ...], least: int, most: int) -> st.SearchStrategy[Any]:
    if arguments[-1] is Ellipsis:
        return st.lists(of(arguments[0]), min_size=least, max_size=most).map(tuple)
    return st.tuples(*(of(each) for each in arguments))


SNAPSHOTS: st.SearchStrategy[Snapshot] = structs(Snapshot)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """A Frame after two arbitrary Snapshots, with arbitrary findings."""
    from nettui.engine.keeper import Keeper

    keeper = Keeper()
    keeper.add(draw(SNAPSHOTS))
    return Frame(history=keeper.add(draw(SNAPSHOTS)), findings=tuple(draw(st.lists(structs(Finding), max_size=2))))
