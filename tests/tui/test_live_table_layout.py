"""Where a table's columns and texts come to stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nettui.reports.table import Cell, Column, ListRows, arranged
from nettui.tui.widgets.columns import GAP, fit, lay_out, padding
from nettui.tui.widgets.live_table import LiveTable
from nettui.tui.widgets.scrollbar import thumb, top_at
from tests.tui.table_support import rows, running, screen_of

COLUMNS = (
    Column("name", "NAME", 12, grow=2),
    Column("state", "STATE", 10),
    Column("mac", "MAC", 17, priority=3),
    Column("rate", "RATE", 8, priority=1, align="right"),
    Column("mtu", "MTU", 5, priority=2, align="right", grow=1),
)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (0, {}),
        (1, {"name": 1}),
        (3, {"name": 1, "state": 1}),
        (20, {"name": 10, "state": 9}),
        (22, {"name": 11, "state": 10}),
        (23, {"name": 12, "state": 10}),
        (31, {"name": 20, "state": 10}),
        (32, {"name": 12, "state": 10, "rate": 8}),
        (37, {"name": 17, "state": 10, "rate": 8}),
        (38, {"name": 12, "state": 10, "rate": 8, "mtu": 5}),
        (55, {"name": 23, "state": 10, "rate": 8, "mtu": 11}),
        (56, {"name": 12, "state": 10, "mac": 17, "rate": 8, "mtu": 5}),
        (59, {"name": 14, "state": 10, "mac": 17, "rate": 8, "mtu": 6}),
        (120, {"name": 54, "state": 10, "mac": 17, "rate": 8, "mtu": 27}),
    ],
)
def test_columns_by_width(room: int, expected: dict[str, int]) -> None:
    placed = lay_out(COLUMNS, room)
    assert {COLUMNS[column.place].key: column.width for column in placed} == expected


columns = st.lists(
    st.builds(Column, st.just("k"), st.text(max_size=3), st.integers(-2, 30), st.integers(0, 3), st.integers(0, 3)),
    max_size=8,
)


@given(columns, st.integers(0, 150), st.integers(0, 3))
def test_columns_fit_whatever_they_are(columns: list[Column], room: int, start: int) -> None:
    placed = lay_out(columns, room, start)
    assert all(column.width >= 1 for column in placed)
    ends = [start - GAP, *(column.x + column.width for column in placed)]
    assert [column.x - end for column, end in zip(placed, ends, strict=False)] == [GAP] * len(placed)
    assert not placed or ends[-1] <= start + room
    kept = {column.place for column in placed}
    needed = {i for i, column in enumerate(columns) if column.priority == 0}
    if room >= 2 * len(needed) - 1:
        assert needed <= kept
    dropped = {columns[i].priority for i in range(len(columns)) if i not in kept}
    if dropped - {0}:
        assert max((columns[i].priority for i in kept), default=0) <= min(dropped - {0})


@pytest.mark.parametrize(
    ("text", "width", "clip", "expected"),
    [
        ("eth0", 4, "end", "eth0"),
        ("enp0s31f6", 4, "end", "enp…"),
        ("enp0s31f6", 1, "end", "e"),
        ("enp0s31f6", 0, "end", ""),
        ("인터페이스", 5, "end", "인터…"),
        ("인터페이스", 6, "end", "인터…"),
        ("인터", 1, "end", " "),
        ("▁▂▃▄▅▆", 3, "start", "▄▅▆"),
        ("▁▂▃▄▅▆", 0, "start", ""),
        ("e\u0301te\u0301", 3, "end", "e\u0301te\u0301"),
        ("a\x1b[31mb", 20, "end", r"a\x1b[31mb"),
        ("two\nlines", 20, "end", r"two\x0alines"),
    ],
)
def test_texts_are_fitted_by_cells(text: str, width: int, clip: str, expected: str) -> None:
    assert fit(text, width, clip=clip) == expected  # type: ignore[arg-type]  # parametrized


@given(st.text(max_size=600), st.integers(0, 40), st.sampled_from(["end", "start"]), st.sampled_from(["…", "~", ""]))
def test_no_text_is_wider_than_its_column(text: str, width: int, clip: str, ellipsis: str) -> None:
    fitted = fit(text, width, ellipsis, clip)  # type: ignore[arg-type]  # from hypothesis
    assert cell_len(fitted) <= width
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in fitted)
    before, after = padding(fitted, width, "right")
    assert cell_len(before + fitted + after) == width
    assert after == ""


@given(st.integers(0, 50), st.integers(0, 2000), st.data())
def test_thumb_shows_where_the_view_is(height: int, total: int, data: st.DataObject) -> None:
    last = max(0, total - height)
    top = data.draw(st.integers(0, last))
    cells = thumb(height, total, top)
    if total <= height or height == 0:
        assert not cells
        return
    assert 0 <= cells.start < cells.stop <= height
    if len(cells) <= height - 2:
        assert (cells.start == 0) == (top == 0)
        assert (cells.stop == height) == (top == last)
    assert 0 <= top_at(height, total, cells.start + len(cells) // 2) <= last


def test_a_thumb_dragged_to_an_end_shows_that_end() -> None:
    assert top_at(10, 500, -3) == 0
    assert top_at(10, 500, 0) == 0
    assert top_at(10, 500, 9) == 490
    assert top_at(10, 500, 40) == 490
    assert top_at(1, 500, 0) == 0


async def test_cells_line_up_whatever_their_width() -> None:
    table = LiveTable((Column("a", "NAME", 8), Column("b", "N", 6, align="right"), Column("c", "END", 3)), cursor=False)
    async with running(table, (22, 8)) as (app, pilot):
        table.show(rows({1: ("eth0", 7, "x"), 2: ("日本語のイ", 80216, "x"), 3: ("👍up", 1234567, "x")}))
        await pilot.pause()
        # A wide character takes two cells, so the line has one character less for each.
        assert screen_of(app)[:4] == [
            " NAME          N END",
            " eth0          7 x",
            " 日本語~  80,216 x",
            " 👍up     1,234~ x",
        ]


async def test_a_long_text_runs_on_over_empty_cells_only() -> None:
    table = LiveTable((Column("a", "A", 5), Column("b", "B", 5), Column("c", "C", 5)), cursor=False, show_header=False)
    async with running(table, (20, 5)) as (app, pilot):
        table.show(
            rows(
                {
                    1: ("0123456789abcdefghij", "", ""),
                    2: ("0123456789abcdefghij", "", "c"),
                    3: ("0123456789abcdefghij", "b", ""),
                    4: ("a", "0123456789abcdefghij", ""),
                }
            )
        )
        await pilot.pause()
        assert screen_of(app)[:4] == [
            " 0123456789abcdefg~",
            " 0123456789~ c",
            " 0123~ b",
            " a     0123456789a~",
        ]


@pytest.mark.parametrize("cells", [(), (Cell("only one"),), tuple(Cell(str(n)) for n in range(20))])
async def test_rows_with_another_number_of_cells_than_columns(cells: tuple[Cell, ...]) -> None:
    table = LiveTable((Column("a", "A", 10), Column("b", "B", 10), Column("c", "C", 3, align="right")))
    async with running(table) as (app, pilot):
        table.show(ListRows({1: cells, 2: (Cell("whole"), Cell("row"), Cell("3"))}))
        for key in (None, "a", "b", "c"):
            table.sort_by(key)
            await pilot.pause()
            assert any("whole" in line for line in screen_of(app))
        assert table.export_text().count("\n") == 3


def test_sort_puts_numbers_before_text_and_the_unknown_last() -> None:
    cells = {
        "ten": Cell("10", "", 10), "text": Cell("Abc"), "none": Cell("--"), "nine": Cell("9", "", 9.5),
        "nan": Cell("?", "", float("nan")), "lower": Cell("abb"), "zero": Cell("--", "", 0),
    }  # fmt: skip
    source = ListRows({key: (cell,) for key, cell in cells.items()} | {"short": ()})
    column = [Column("k", "K", 5)]
    assert arranged(source, column, "", "k", False) == ["zero", "nine", "ten", "lower", "text", "none", "nan", "short"]
    assert arranged(source, column, "", "k", True) == ["text", "lower", "ten", "nine", "zero", "none", "nan", "short"]
    assert arranged(source, column, "", None, True) == list(source.keys)


def test_equal_rows_stay_as_they_come() -> None:
    source = ListRows({n: (Cell(str(n % 2), "", n % 2),) for n in range(6)})
    column = [Column("k", "K", 5)]
    assert arranged(source, column, "", "k", False) == [0, 2, 4, 1, 3, 5]
    assert arranged(source, column, "", "k", True) == [1, 3, 5, 0, 2, 4]


def test_filter_looks_into_cells_not_across_them() -> None:
    source = ListRows({1: (Cell("eth"), Cell("0 up")), 2: (Cell("x"), Cell("ETH0"))})
    assert arranged(source, (), "eth0", None, False) == [2]
