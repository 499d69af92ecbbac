"""The order of rows while they come and go, without a screen."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettui.reports.table import Cell, Column, ListRows
from nettui.tui.widgets.marks import MOST_ROWS, SHOWN_FOR
from nettui.tui.widgets.order import HOLD, MOST_PATCHED, RowOrder
from nettui.tui.widgets.view import View
from tests.tui.table_support import Clock, numbered, rows

COLUMNS = (Column("n", "N", 5),)

contents = st.dictionaries(st.integers(0, 12), st.integers(0, 5), max_size=12)


class SlowClock(Clock):
    """Each look at it takes a tenth of a second."""

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def source(values: dict[int, int]) -> ListRows:
    return ListRows({key: (Cell(str(value), "", value),) for key, value in values.items()})


def test_a_sort_that_takes_long_is_not_done_each_time() -> None:
    clock = SlowClock()
    order = RowOrder(COLUMNS, clock)
    order.sort = "n"
    order.update(source({1: 1, 2: 2}))
    order.update(source({1: 3, 2: 2}))
    assert list(order.keys) == [1, 2]
    assert order.due() is not None
    clock.now += 2
    order.update(source({1: 3, 2: 2}))
    assert list(order.keys) == [2, 1]


def test_an_order_held_becomes_right_without_new_rows() -> None:
    clock = Clock()
    order = RowOrder(COLUMNS, clock)
    order.sort = "n"
    order.update(source({1: 1, 2: 2}))
    order.hold()
    assert order.due() == clock.now + HOLD
    changed = source({1: 3, 2: 2})
    order.update(changed)
    clock.now += HOLD
    assert order.due() is None
    order.update(changed)
    assert list(order.keys) == [2, 1]


@pytest.mark.parametrize("count", [MOST_PATCHED, MOST_PATCHED + 1])
def test_natural_order_is_held_unless_the_table_is_huge(count: int) -> None:
    order = RowOrder(COLUMNS, Clock())
    order.update(source({n: n for n in range(count)}))
    order.hold()
    order.update(source({n: n for n in range(count - 1, -1, -1)}))
    assert (order.keys[0] == 0) == (count <= MOST_PATCHED)


@settings(deadline=None)
@given(st.lists(st.tuples(contents, st.sampled_from(["", "hold", "move", "wait"]), st.integers(-3, 14)), max_size=12))
def test_whatever_comes_and_goes_every_row_is_there_once(steps: list[tuple[dict[int, int], str, int]]) -> None:
    clock = Clock()
    view = View(COLUMNS, clock, cursor=True, marks=True)
    view.order.sort = "n"
    view.resize(4)
    for values, act, at in steps:
        shown = [view.row(i) for i in range(view.top, min(view.top + view.page, len(view.keys)))]
        was = view.key
        view.show(source(values), {row.key: row.cells for row in shown})
        seen = [view.row(i) for i in range(len(view.keys))]
        assert sorted(row.key for row in seen if row.state != "gone") == sorted(values)  # type: ignore[type-var]
        assert len({row.key for row in seen}) == len(seen)
        assert {row.key for row in seen if row.state == "gone"}.isdisjoint(values)
        assert view.key == (view.keys[view.at] if view.keys else None)
        assert 0 <= view.top <= max(0, len(view.keys) - view.page)
        if view.anchored and was in view.keys:
            assert view.key == was
        if act == "move":
            view.go(at)
            assert not view.keys or view.top <= view.at < view.top + view.page
        elif act == "hold":
            view.order.hold()
        elif act == "wait":
            clock.now += 1.5


def test_a_row_that_comes_back_is_no_ghost() -> None:
    view = View(COLUMNS, Clock(), cursor=True, marks=True)
    view.resize(9)
    here: dict[Hashable, tuple[Cell, ...]] = {key: (Cell(str(key)),) for key in (1, 2, 3)}
    for keys in ((1, 2, 3), (1, 3), (1, 2, 3)):
        on_screen = {row.key: row.cells for row in map(view.row, range(len(view.keys)))}
        view.show(ListRows({key: here[key] for key in keys}), on_screen)
    assert [(row.key, row.state) for row in map(view.row, range(3))] == [(1, ""), (2, "new"), (3, "")]
    assert len(view.keys) == 3


def test_nothing_is_marked_in_a_huge_table() -> None:
    view = View(COLUMNS, Clock(), cursor=True, marks=True)
    view.show(rows(numbered(MOST_ROWS + 1)), {})
    view.show(rows(numbered(MOST_ROWS + 2)), {})
    assert view.row(MOST_ROWS + 1).state == ""
    assert view.due() is None


# Rows whose order and changes others know


class Told(NamedTuple):
    """What came and went, as the maker of the rows knows it."""

    new: frozenset[Hashable] = frozenset()
    gone: frozenset[Hashable] = frozenset()


def seen(view: View) -> dict[Hashable, Sequence[Cell]]:
    rows = [view.row(at) for at in range(view.top, min(view.top + view.page, len(view.keys)))]
    return {row.key: row.cells for row in rows}


def test_rows_that_come_in_order_keep_it_whatever_is_wished() -> None:
    view = View(COLUMNS, Clock(), cursor=True, marks=False, given=True)
    view.show(source({3: 1, 1: 9, 2: 5}), {})
    view.order.sort, view.order.needle = "n", "nothing has this"
    view.rearrange()
    assert list(view.keys) == [3, 1, 2]
    view.go(1)
    view.show(source({2: 5, 3: 1, 1: 9}), {})
    assert list(view.keys) == [2, 3, 1], "the hold is the maker's business too"
    assert (view.key, view.at) == (1, 2)


def test_changes_that_are_told_are_marked_and_no_others() -> None:
    clock = Clock()
    view = View(COLUMNS, clock, cursor=True, marks=True, given=True)
    view.resize(9)
    view.show(source({1: 1, 2: 2}), {}, Told())
    view.show(source({2: 2, 3: 3, 4: 4}), seen(view), Told(new=frozenset({4}), gone=frozenset({1})))
    assert [(row.key, row.state) for row in map(view.row, range(4))] == [(1, "gone"), (2, ""), (3, ""), (4, "new")]
    clock.now += SHOWN_FOR + 0.1
    view.show(source({2: 2, 3: 3, 4: 4}), seen(view), Told())
    assert [(row.key, row.state) for row in map(view.row, range(3))] == [(2, ""), (3, ""), (4, "")]


def test_the_same_changes_shown_again_are_marked_once() -> None:
    clock = Clock()
    view = View(COLUMNS, clock, cursor=True, marks=True, given=True)
    view.resize(9)
    told = Told(new=frozenset({2}))
    view.show(source({1: 1, 2: 2}), {}, told)
    clock.now += SHOWN_FOR + 0.1
    view.show(source({1: 10, 2: 20}), seen(view), told)
    assert [row.state for row in map(view.row, range(2))] == ["", ""]


def test_what_is_gone_without_having_been_seen_leaves_nothing() -> None:
    view = View(COLUMNS, Clock(), cursor=True, marks=True, given=True)
    view.resize(2)
    view.show(source({1: 1, 2: 2, 3: 3}), {}, Told())
    view.show(source({1: 1, 2: 2}), seen(view), Told(gone=frozenset({3})))
    assert list(view.keys) == [1, 2]
