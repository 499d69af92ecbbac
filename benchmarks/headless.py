"""The app without a terminal, on this host, with its Sockets screen open: to time what happens inside it."""

import asyncio
import contextlib
import time
from asyncio import events
from collections.abc import AsyncIterator, Iterator
from typing import Any

SIZE = (120, 40)
PATIENCE = 60.0
"""Seconds that anything may take at all."""


@contextlib.asynccontextmanager
async def open_sockets() -> AsyncIterator[tuple[Any, Any]]:
    """The app and the pilot that presses its keys, when the sockets are on the screen for the first time."""
    from nettui.collectors.backend import open_backend
    from nettui.engine.live import LiveSource
    from tests.replayed import app_of, prepare

    prepare()
    app = app_of(LiveSource(open_backend("auto"), "benchmark"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4")
        await _until(lambda: app.sockets.frame is not None)
        yield app, pilot


async def sockets_on_screen(expected: int, rounds: int = 3) -> float:
    """Seconds from asking for a reading until its first page, sorted and with all its cells, has been painted.

    The fastest of a few, one after the other, as the processes it is compared with have nothing beside them.
    """
    took = []
    async with open_sockets() as (app, _):
        app.sockets.set_interval(PATIENCE)  # no other reading comes between
        for _ in range(rounds):
            await asyncio.sleep(0.5)
            before, start = app.sockets.frame.taken_at, time.perf_counter()
            app.sockets.refresh()
            await _until(lambda before=before: app.sockets.frame.taken_at > before)
            painted = app.view.panes[0].table
            painted.palette = app.palette  # every line anew, as on a screen that was empty
            painted.render_lines(painted.size.region)
            took.append(time.perf_counter() - start)
            assert len(app.sockets.frame.order) >= expected, f"only {len(app.sockets.frame.order)} sockets are shown"
    return min(took)


@contextlib.contextmanager
def longest_hold() -> Iterator[list[float]]:
    """Seconds for which each step held the event loop, gathered while this context is open."""
    held: list[float] = []
    run = events.Handle._run

    def timed(handle: events.Handle) -> None:
        start = time.perf_counter()
        run(handle)
        held.append(time.perf_counter() - start)

    events.Handle._run = timed  # type: ignore[method-assign]  # there is no other place that every step passes
    try:
        yield held
    finally:
        events.Handle._run = run  # type: ignore[method-assign]  # as it was


async def _until(holds: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)
