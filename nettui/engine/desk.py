"""Where findings go after diagnosis: what the engine needs of whoever keeps them and knows what people said of them."""

from typing import NamedTuple, Protocol

from nettui.model.finding import Finding


class Received(NamedTuple):
    """The findings of one Snapshot, as they are to be shown."""

    findings: tuple[Finding, ...]
    """The gravest first; those that somebody acknowledged say so."""
    silenced: tuple[Finding, ...] = ()
    """What nobody wants to hear of now."""
    problems: tuple[str, ...] = ()
    """What is wrong with keeping or telling them: one sentence each."""


class Desk(Protocol):
    """Receives the findings of every Snapshot, in order; never waits for a disk or a network."""

    def receive(self, findings: tuple[Finding, ...], at: float) -> Received:
        """`at`: the Snapshot's Unix time."""
        ...
