"""`nettui sockets --watch`: on a terminal one page that is kept up to date, in a pipe one answer after another."""

import asyncio
import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress

from nettui.commands.sockets import encoded, limited, owners_needed, report, terminal_width, write
from nettui.engine.socket_watch import SocketWatch
from nettui.reports.format import clock
from nettui.sockets.frame import SocketFrame, SocketQuery

_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_ABOVE = 2  # lines above the sockets: the headline and the titles


async def keep_showing(watch: SocketWatch, query: SocketQuery, fields: Sequence[str], arguments: Namespace) -> None:
    """Until somebody ends it. Raises OSError or ValueError where the first reading fails."""
    if sys.stdout.isatty() and not arguments.json:
        await _on_terminal(watch, query, fields, arguments)
    else:
        await _in_pipe(watch, query, fields, arguments)


async def _in_pipe(watch: SocketWatch, query: SocketQuery, fields: Sequence[str], arguments: Namespace) -> None:
    while True:
        frame = limited(await watch.read(query, owners=not query.group and owners_needed(fields)), arguments.limit)
        if not arguments.json:
            write(encoded([f"{clock(frame.taken_at)}\n"]))
        write(report(frame, fields, arguments, terminal_width(), one_line=True))
        await asyncio.sleep(watch.interval)


async def _on_terminal(watch: SocketWatch, query: SocketQuery, fields: Sequence[str], arguments: Namespace) -> None:
    changed = asyncio.Event()
    watch.query = query
    reading = asyncio.create_task(watch.run(changed.set))
    write(encoded([_HOME, _REST_OF_SCREEN]))
    try:
        while True:
            await changed.wait()
            changed.clear()
            frame = watch.frame
            if frame is None:  # not even the first reading
                raise OSError(watch.error)
            columns, lines = shutil.get_terminal_size()
            page = limited(frame, max(1, min(lines - _ABOVE - 1, arguments.limit or lines)))
            write(encoded([_page(frame, page, fields, arguments, columns, watch.error)]))
            if owners_needed(fields) and not query.group:
                keys = page.table.keys()
                watch.look_at([keys[place] for place in page.order])
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def _page(
    frame: SocketFrame, page: SocketFrame, fields: Sequence[str], arguments: Namespace, width: int, error: str
) -> str:
    """What the terminal is sent: every line over what stood there before, without clearing it first."""
    text = b"".join(report(page, fields, arguments, width)).decode(sys.stdout.encoding or "utf-8", "replace")
    total = f"{len(frame.order):,} shown" + (f" in {len(frame.groups):,} groups" if frame.query.group else "")
    notes = error or frame.table.note or frame.facts.owners_note or ""
    headline = "  ".join(part for part in (clock(frame.taken_at), total, " ".join(arguments.words), notes) if part)
    shown = "".join(char if char.isprintable() else "?" for char in headline)[: width - 1]
    lines = [shown, *(line[: width - 1] for line in text.splitlines())]
    return _HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in lines) + _REST_OF_SCREEN
