"""Groups that are counted in slices, and added up: the sum is what would have been counted in one."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

KEPT = 512
"""Groups of each kind kept of a slice: a crawler has thousands of destinations, and no pool to any of them."""

G = TypeVar("G")


def kept(groups: Mapping[Hashable, G], size: Callable[[G], Any], most: int = KEPT) -> dict[Hashable, G]:
    """The largest groups, by what they are known by."""
    if len(groups) <= most:
        return dict(groups)
    return dict(sorted(groups.items(), key=lambda pair: size(pair[1]), reverse=True)[:most])


def merged(slices: Iterable[Mapping[Hashable, G]], add: Callable[[G, G], G]) -> list[G]:
    """What is known by the same key in several slices added up, in the order in which it came."""
    found: dict[Hashable, G] = {}
    for groups in slices:
        for key, group in groups.items():
            found[key] = add(found[key], group) if key in found else group
    return list(found.values())
