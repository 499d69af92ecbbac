"""Numbers side by side are found as in a list."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettui.model.numbers import place_of

# Few bytes in many places: what is looked for often stands across two numbers too.
NUMBERS = st.lists(st.integers(0, 3), max_size=8).map(bytes).map(lambda packed: int.from_bytes(packed, "little"))


@pytest.mark.parametrize("kind", ["I", "Q"])
@given(st.lists(NUMBERS, max_size=50), NUMBERS | st.integers(-1, 1 << 70))
def test_a_number_is_found_where_a_list_has_it(kind: str, numbers: list[int], wanted: int) -> None:
    packed = array(kind, [number & 0xFFFFFFFF if kind == "I" else number for number in numbers])
    if wanted in packed:
        assert place_of(wanted, packed) == packed.index(wanted)
    else:
        with pytest.raises(ValueError):
            place_of(wanted, packed)
