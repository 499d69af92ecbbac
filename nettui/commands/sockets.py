"""`nettui sockets`: the sockets of this host, filtered, sorted, grouped, as text, CSV or JSON."""

import argparse
import gc
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from nettui.collectors.socket_backend import is_linux
from nettui.engine.socket_reader import SocketReader, needs_owners
from nettui.model.socket import Transport
from nettui.model.turns import finish
from nettui.sockets.frame import GROUPS, SORTS, SocketFrame, SocketQuery

if TYPE_CHECKING:
    from nettui.config import Settings
    from nettui.model.socket_filter import Filter

READ, UNREADABLE, USAGE = 0, 1, 2
"""Exit codes: the sockets were read, also where none passed the filter; they could not be; a wrong command."""

_KINDS, _USUAL = ("tcp", "udp", "raw", "unix", "mptcp"), ("tcp", "udp")
_SETTINGS = ("NETTUI_CONFIG", "NETTUI_BACKEND", "NETTUI_INTERVAL")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of this command."""
    parser.usage = (
        "%(prog)s [FILTER ...] [--group-by G] [--sort S] [--columns A,B,...] [--json | --csv] [--watch] ...\n"
        "       %(prog)s --map | --schema"
    )
    parser.epilog = (
        "A filter: state:close-wait, port:8080, dst:10.0.0.0/8, process:java, rtt>200ms, idle>1h, free text; with and, "
        "or, not, ( ) and - before what is to be left out; @NAME is a saved one. Who owns a socket costs a walk "
        "through /proc, so CSV and JSON tell it only with -p, or where --columns names process or pid. "
        "Exit status: 0 the sockets were read, also if none matches; 1 they could not be read; 2 wrong usage."
    )
    parser.add_argument("words", nargs="*", metavar="FILTER", help="which sockets, such as state:close-wait port:8080")
    parser.add_argument("--group-by", choices=GROUPS, metavar="G", help=f"count states by one of {', '.join(GROUPS)}")
    parser.add_argument("--sort", choices=SORTS, default="state", metavar="S", help=f"one of {', '.join(SORTS)}")
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument("--columns", metavar="A,B,...", help="what is written of each socket; 'help' lists the names")
    for kind in _KINDS:
        parser.add_argument(f"--{kind}", action="append_const", dest="kinds", const=kind, help=f"{kind} sockets")
    parser.add_argument("--all", action="store_const", dest="kinds", const=_KINDS, help="sockets of every kind "
                        "(without any of these: TCP and UDP)")  # fmt: skip
    parser.add_argument("-p", "--processes", action="store_true", help="owners in CSV and JSON too")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write JSON, as described by --schema")
    form.add_argument("--csv", action="store_true", help="write CSV, with a line of names")
    form.add_argument("--map", action="store_true", help="which process listens where, and who connects to it")
    form.add_argument("--schema", action="store_true", help="write the JSON Schema of --json and read nothing")
    parser.add_argument("--watch", action="store_true", help="again and again: on a terminal in place, "
                        "with --json a document a line")  # fmt: skip
    parser.add_argument("--interval", metavar="SECONDS", help="between two readings of --watch (default 1)")
    parser.add_argument("--limit", type=_positive, metavar="N", help="at most so many sockets or groups")
    parser.add_argument("--backend", metavar="NAME", help="how the system is asked: auto, linux or portable")
    parser.parse_known_args = partial(_in_any_order, parser)  # type: ignore[assignment,method-assign]  # one parser's own


def run(arguments: argparse.Namespace) -> int:
    """Read and write the sockets; give the exit code."""
    if arguments.schema:
        from nettui.reports.sockets import SCHEMA_FILE

        write([SCHEMA_FILE.read_bytes()])
        return READ
    if arguments.columns == "help":
        return _list_columns()
    try:
        fields = _fields(arguments)
        if arguments.watch and (arguments.csv or arguments.map):
            raise ValueError("--watch goes with text or --json")
        if arguments.map and (arguments.words or arguments.group_by):
            raise ValueError("--map is of all sockets: it takes no filter and no groups")
        settings = _settings(arguments)
        wanted = _wanted(" ".join(arguments.words).strip(), settings)
    except ValueError as error:
        return _wrong(error, " ".join(arguments.words).strip())
    query = SocketQuery(
        wanted=wanted, sort=arguments.sort, reverse=arguments.reverse, group=arguments.group_by,
        also=frozenset(fields) & frozenset(SORTS), transports=frozenset(map(Transport, arguments.kinds or _USUAL)),
    )
    if not arguments.watch:
        gc.disable()  # what is made is written, and then the process ends
    alone = is_linux(settings.backend if settings else "auto") and not (
        arguments.watch or arguments.map or owners_needed(fields) or needs_owners(query)
    )
    run_it = finish if alone else import_module("asyncio").run  # which takes longer to load than to read it all
    try:
        run_it(_answer(arguments, settings, query, fields))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        from nettui.collectors.worker import explained
        from nettui.model.text import clean

        sys.stderr.write(f"nettui sockets: {clean(explained(error))}\n")
        return UNREADABLE
    gc.freeze()  # nor is anything looked for at its end, which takes a tenth of the time
    return READ


async def _answer(
    arguments: argparse.Namespace, settings: "Settings | None", query: SocketQuery, fields: Sequence[str]
) -> None:
    from nettui.collectors.socket_backend import open_sockets
    backend = open_sockets(settings.backend if settings else "auto")
    try:
        reader = SocketReader(backend, _links)
        if arguments.map:
            await _map(reader)
        elif arguments.watch:
            from nettui.commands.sockets_watch import keep_showing
            from nettui.engine.socket_watch import SocketWatch

            watch = SocketWatch(backend, _links, settings.interval if settings else 1.0)
            await keep_showing(watch, query, fields, arguments)
        else:
            frame = await reader.read(query, owners=not query.group and owners_needed(fields))
            write(report(limited(frame, arguments.limit), fields, arguments, terminal_width()))
            _tell_notes(frame, arguments)
    finally:
        backend.close()


def report(
    frame: SocketFrame, fields: Sequence[str], arguments: argparse.Namespace, width: int | None, one_line: bool = False
) -> Iterable[bytes]:
    """A frame in the form that was asked for, in pieces. `width`: of the terminal the text is for."""
    if arguments.csv or arguments.json:
        from nettui.reports import sockets as reports

        if frame.query.group:
            return reports.groups_csv(frame) if arguments.csv else reports.groups_json(frame, one_line)
        if arguments.csv:
            return reports.sockets_csv(frame, fields)
        return reports.sockets_json(frame, fields, one_line)
    from nettui.reports.sockets_text import groups_text, sockets_text

    text = groups_text(frame, width) if frame.query.group else sockets_text(frame, fields, width)
    return encoded(text)


def limited(frame: SocketFrame, limit: int | None) -> SocketFrame:
    """The same with at most `limit` sockets or groups."""
    if limit is None:
        return frame
    from msgspec.structs import replace

    return replace(frame, groups=frame.groups[:limit], order=frame.order[:limit])


def owners_needed(fields: Collection[str]) -> bool:
    """Whether it has to be found out who has each socket open."""
    return "process" in fields or "pid" in fields


def terminal_width() -> int | None:
    """The columns of the terminal that is written to; None where it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def encoded(text: Iterable[str]) -> Iterable[bytes]:
    """Text in the encoding of the output; what that cannot say becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    return (piece.encode(encoding, "replace") for piece in text)


def write(pieces: Iterable[bytes]) -> None:
    """To the output, at once."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


async def _map(reader: SocketReader) -> None:
    from nettui.reports.service_map import service_map_text
    from nettui.sockets.service_map import service_map_of

    frame = await reader.everything()
    write(encoded([service_map_text(await service_map_of(frame.table, frame.facts))]))


def _tell_notes(frame: SocketFrame, arguments: argparse.Namespace) -> None:
    """What is missing, beside the output; JSON says it itself."""
    if arguments.json:
        return
    for note in (frame.table.note, frame.facts.owners_note if _is_hidden(frame) else None):
        if note:
            sys.stderr.write(f"nettui sockets: {note}\n")


def _is_hidden(frame: SocketFrame) -> bool:
    """Whether an owner may not be seen: of the sockets shown, or of any where owners decide which are shown."""
    if frame.facts.owners_note is None:
        return False
    inodes, owners = frame.table.column("inode"), frame.facts.owners
    places = range(len(frame.table)) if needs_owners(frame.query) else frame.order
    return any(isinstance(inode := inodes[place], int) and owners.get(inode) == () for place in places)


def _links() -> dict[int, str]:
    import socket

    from nettui.model.text import clean

    return {index: clean(name) for index, name in socket.if_nameindex()}


def _fields(arguments: argparse.Namespace) -> Sequence[str]:
    """What is written of each socket. Raises ValueError with a plain sentence."""
    from nettui.reports.sockets_fields import FIELDS, default_fields

    if arguments.columns is None:
        form = "csv" if arguments.csv else "json" if arguments.json else "text"
        return default_fields(form, arguments.processes)
    names = [name.strip().lower() for name in arguments.columns.split(",")]
    for name in names:
        if name not in FIELDS:
            from nettui.model.text import clean

            raise ValueError(f"--columns: there is no {clean(name, 40)!r}, only {', '.join(FIELDS)}")
    return list(dict.fromkeys([*names, *(("process", "pid") if arguments.processes else ())]))


def _list_columns() -> int:
    from nettui.reports.sockets_fields import FIELDS

    write(encoded(f"{name:<12}{field.help}\n" for name, field in FIELDS.items()))
    return READ


def _settings(arguments: argparse.Namespace) -> "Settings | None":
    """The settings, where anything here hangs on them: reading them takes as long as a thousand sockets."""
    given = arguments.backend or arguments.interval or arguments.watch or any(map(os.environ.get, _SETTINGS))
    if not given and not any("@" in word for word in arguments.words):
        return None
    from nettui.config import load

    return load(vars(arguments), os.environ)


def _wanted(text: str, settings: "Settings | None") -> "Filter | None":
    """The filter that was typed. Raises FilterError, a ValueError."""
    if not text:
        return None
    from nettui.sockets.filter_error import FilterError
    from nettui.sockets.language import parse

    saved = settings.filters if settings else {}
    try:
        return parse(text, saved)
    except FilterError:
        from nettui.collectors.services import services

        return parse(text, saved, {name.lower(): port for (_, port), name in services().items()})


def _wrong(error: ValueError, text: str) -> int:
    """What is wrong, in a line, with the filter above it and a mark below the place."""
    head = "nettui sockets: "
    from nettui.sockets.filter_error import FilterError

    if not isinstance(error, FilterError):
        sys.stderr.write(f"{head}{error}\n")
        return USAGE
    start, end = error.position
    typed = "".join(char if char.isprintable() else "?" for char in text)
    mark = " " * (len(head) + start) + "^" * max(1, end - start)
    sys.stderr.write(f"{head}{typed}\n{mark} {error.message}\n")
    return USAGE


def _in_any_order(
    parser: argparse.ArgumentParser, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
) -> tuple[argparse.Namespace, list[str]]:
    """Options may stand between the words of a filter, and `-port:80` is one of these words."""
    given = [f" {word}" if _is_exclusion(word) else word for word in (sys.argv[1:] if args is None else args)]
    known, rest = argparse.ArgumentParser.parse_known_args(parser, given, namespace)
    words = [*known.words, *(word for word in rest if not word.startswith("-"))]
    known.words = [word.removeprefix(" ") for word in words]
    return known, [word for word in rest if word.startswith("-")]


def _is_exclusion(word: str) -> bool:
    """`-port:80`, `-java`; not an option: `-p`, `-h`, and what begins with two."""
    return word.startswith("-") and not word.startswith("--") and len(word) > 2


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("expected a number, 1 or more")
    return int(text)
