"""What the system can tell us has changed."""

from enum import StrEnum


class Subject(StrEnum):
    """The part of a Snapshot that a change notification is about."""

    LINKS = "links"
    ADDRESSES = "addresses"
    ROUTES = "routes"
    RULES = "rules"
    NEIGHBOURS = "neighbours"
