"""Hysteresis: on after its cause has lasted, off after it has stayed away."""

ENOUGH = 3
"""Readings that must agree, however far apart, before something has lasted."""


class Latch:
    """One yes or no that does not flap."""

    __slots__ = ("_away", "_pending", "_readings", "since")

    def __init__(self) -> None:
        self.since: float | None = None
        """Unix time at which the cause of being on began; None while off."""
        self._pending: float | None = None
        self._readings = 0
        self._away: float | None = None

    @property
    def idle(self) -> bool:
        """Off, and with nothing on the way."""
        return self.since is None and self._pending is None

    @property
    def fading(self) -> bool:
        """On, and its cause has gone: off soon, unless it returns."""
        return self._away is not None

    def feed(
        self, at: float, *, over: bool, held: bool, began: float | None, lasting: float, clearing: float
    ) -> None:
        """Take a reading made at Unix time `at`.

        `over`: the cause is there; since `began`, if the reading itself tells. `held`: it is at least above
        the mark at which it would be over. `lasting` and `clearing` in seconds.
        """
        if self.since is None:
            self._rise(at, over, began, lasting)
        else:
            self._fall(at, over or held, clearing)

    def interrupt(self) -> None:
        """Nothing was read for a while: what must last begins anew, what is on stays on."""
        self._pending = self._away = None
        self._readings = 0

    def _rise(self, at: float, over: bool, began: float | None, lasting: float) -> None:
        if not over:
            self._pending, self._readings = None, 0
            return
        first = at if began is None else min(at, began)
        self._pending = first if self._pending is None else min(self._pending, first)
        self._readings += 1
        known = self._readings >= ENOUGH or began is not None or lasting == 0
        if known and at - self._pending >= lasting:
            self.since, self._pending, self._readings = self._pending, None, 0

    def _fall(self, at: float, stays: bool, clearing: float) -> None:
        if stays:
            self._away = None
            return
        self._away = at if self._away is None else self._away
        if at - self._away >= clearing:
            self.since = self._away = None
