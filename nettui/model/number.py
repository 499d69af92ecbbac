"""Kinds of numbers in records. What a system says is so by itself; what a recording says is held to it when decoded."""

from typing import Annotated

from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
"""How many, or which: never negative."""

Span = Annotated[float, Meta(ge=0, lt=1e12)]
"""Seconds, less than 31,000 years."""

Port = Annotated[int, Meta(ge=1, le=65535)]

UnixTime = Annotated[float, Meta(ge=0, lt=253402300800)]
"""Seconds since 1970, UTC, up to the year 9999."""
