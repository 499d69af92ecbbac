"""Where findings go after diagnosis: what the engine needs of whoever keeps them and knows what people said of them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from nettui.model.event import PastFinding, Silence
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


@runtime_checkable
class Keeping(Desk, Protocol):
    """A desk that remembers what people say of findings, and what was before."""

    def acknowledge(self, finding: Finding, at: float) -> None:
        """Somebody knows of it: it is told no more, unless it becomes graver."""
        ...

    def unacknowledge(self, finding: Finding) -> None: ...

    def silence(self, rule: str, subject: str | None, seconds: float | None, at: float) -> Silence:
        """Nothing is told of a rule's subject (None: of any) for so long (None: until it is taken back)."""
        ...

    def unsilence(self, silence: Silence) -> None: ...

    def silences(self) -> Sequence[Silence]: ...

    async def past(self, limit: int) -> Sequence[PastFinding]:
        """What was found, the newest first."""
        ...
