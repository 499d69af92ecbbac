"""Turns with and without an event loop."""

import asyncio
import time

import pytest

from nettui.model.turns import MOST_TURNS, UNUSED, Turn, breathe, finish


async def worked(turn: Turn, log: list[str], name: str) -> str:
    async with turn:
        log.append(f"{name} begins")
        await breathe()
        log.append(f"{name} ends")
    return name


def test_without_an_event_loop_a_coroutine_has_all_the_turns() -> None:
    log: list[str] = []
    assert finish(worked(Turn(), log, "one")) == "one"
    assert log == ["one begins", "one ends"]


def test_what_waits_for_something_needs_an_event_loop() -> None:
    class Waiting:
        def __await__(self):  # type: ignore[no-untyped-def]  # a future in all but name
            yield self

    async def wait() -> None:
        await Waiting()

    with pytest.raises(RuntimeError, match="event loop"):
        finish(wait())


async def test_one_at_a_time_in_the_order_they_came() -> None:
    turn, log = Turn(), list[str]()
    await asyncio.gather(*(worked(turn, log, name) for name in "abc"))
    assert log == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert await asyncio.wait_for(worked(turn, log, "d"), 5) == "d"


async def test_others_go_on_while_one_breathes() -> None:
    turns: list[int] = []

    async def count() -> None:
        for number in range(3):
            turns.append(number)
            await breathe()

    await asyncio.gather(count(), count())
    assert turns == [0, 0, 1, 1, 2, 2]


async def test_what_goes_through_several_hands_is_done_in_one_breath() -> None:
    """Each of them works for a moment, and then hands it on to the next; who breathes waits for the last."""
    hands: list[int] = []

    def take(number: int) -> None:
        time.sleep(2 * UNUSED)
        hands.append(number)
        if number + 1 < MOST_TURNS:
            asyncio.get_running_loop().call_soon(take, number + 1)

    asyncio.get_running_loop().call_soon(take, 0)
    await breathe()
    assert hands == [*range(MOST_TURNS)]


async def test_a_breath_ends_also_beside_one_who_never_stops() -> None:
    async def work() -> None:
        while True:
            time.sleep(2 * UNUSED)
            await asyncio.sleep(0)

    busy = asyncio.create_task(work())
    await asyncio.wait_for(asyncio.ensure_future(breathed()), 5)
    busy.cancel()


async def breathed() -> None:
    await breathe()


@pytest.mark.parametrize("late", [False, True], ids=["while it waits", "just as it is called"])
async def test_a_turn_that_is_given_up_goes_to_the_next(late: bool) -> None:
    turn, log = Turn(), list[str]()
    async with turn:
        given_up, after = (asyncio.create_task(worked(turn, log, name)) for name in ("given up", "after"))
        await asyncio.sleep(0)
        if not late:
            given_up.cancel()
            await asyncio.sleep(0)
    if late:
        given_up.cancel()  # it has been called, and has not begun
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await asyncio.wait_for(after, 5) == "after"
    assert log == ["after begins", "after ends"]
    assert await asyncio.wait_for(worked(turn, log, "last"), 5) == "last"


async def test_an_error_lets_go() -> None:
    turn = Turn()
    with pytest.raises(ValueError):
        async with turn:
            raise ValueError
    assert await asyncio.wait_for(worked(turn, [], "next"), 5) == "next"
