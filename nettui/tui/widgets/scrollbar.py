"""Where the thumb of a vertical scrollbar stands, in whole cells."""


def thumb(height: int, total: int, top: int) -> range:
    """The cells of a bar of `height` cells that stand for `height` of `total` rows, from row `top` on.

    Empty when all rows fit. The thumb touches an end of the bar only when the view has reached that end.
    """
    if total <= height or height <= 0:
        return range(0)
    size = max(1, height * height // total)
    room, last = height - size, total - height
    start = round(room * top / last)
    if room > 1 and 0 < top < last:
        start = min(max(start, 1), room - 1)
    return range(start, start + size)


def top_at(height: int, total: int, cell: int) -> int:
    """The first row to show when the thumb's middle is put at `cell` of the bar: the inverse of `thumb`."""
    size = len(thumb(height, total, 0))
    if not size or height == size:
        return 0
    share = (cell - size // 2) / (height - size)
    return round(min(max(share, 0.0), 1.0) * (total - height))
