"""What the DNS panes share: the type and server chosen, the lookup under way, the answers on show, the history."""

import asyncio
import time
from collections.abc import Callable, Sequence

from nettui.dns.history import LookupHistory
from nettui.dns.request import parse_request
from nettui.dns.servers import PUBLIC_RESOLVERS, label, parse_server
from nettui.model.lookup import RECORD_TYPES, Lookup, Outcome
from nettui.model.resolver import Resolver, ResolverConfig
from nettui.model.text import clean

TYPE_CHOICES: tuple[tuple[str, ...], ...] = (("A", "AAAA"), *((name,) for name in RECORD_TYPES))
SYSTEM: tuple[str, tuple[Resolver, ...] | None] = ("system", None)


class DnsSession:
    """One for the whole app, so that the dashboard and the DNS screen show the same."""

    def __init__(self, servers: Sequence[str] = (), timeout: float = 2.0) -> None:
        """`servers` are the user's own, `address` or `address#port`, offered after the system's."""
        own = [(server, (parse_server(server),)) for server in servers]
        public = [(f"{resolver.source} {label(resolver)}", (resolver,)) for resolver in PUBLIC_RESOLVERS]
        self.choices: list[tuple[str, tuple[Resolver, ...] | None]] = [SYSTEM, *own, *public]
        self.history = LookupHistory()
        self.answers: tuple[Lookup, ...] = ()
        """The answers on show."""
        self.asking = ""
        """What is being asked now; empty when nothing is."""
        self.listeners: list[Callable[[], None]] = []
        self._timeout = timeout
        self._type = self._server = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def types(self) -> tuple[str, ...]:
        return TYPE_CHOICES[self._type]

    @property
    def server(self) -> str:
        return self.choices[self._server][0]

    def next_type(self, by: int = 1) -> None:
        self._type = (self._type + by) % len(TYPE_CHOICES)
        self._tell()

    def next_server(self, by: int = 1) -> None:
        self._server = (self._server + by) % len(self.choices)
        self._tell()

    def ask(self, typed: str, config: ResolverConfig | None) -> None:
        """Ask `NAME [TYPE...] [@SERVER[#PORT]]`; what is not typed is as chosen. A lookup under way is given up."""
        self.cancel()
        try:
            request = parse_request(typed.split())
        except ValueError as error:
            self._show((_refused(typed, str(error)),))
            return
        self.asking = clean(typed)
        types, servers = request.types or self.types, request.servers or self.choices[self._server][1]
        self._task = asyncio.create_task(self._ask(request.name, types, servers, config), name="lookup")
        self._tell()

    def cancel(self) -> bool:
        """Give up the lookup under way; whether there was one."""
        if self._task is None or self._task.done():
            return False
        self._task.cancel()
        self.asking = ""
        self._tell()
        return True

    def show(self, number: int) -> None:
        """Show a lookup of the history again."""
        self._show((self.history.lookups[number],))

    async def _ask(
        self, name: str, types: Sequence[str], servers: Sequence[Resolver] | None, config: ResolverConfig | None
    ) -> None:
        from nettui.dns.lookup import lookup_all  # dnspython is loaded with the first question, not before

        lookups = await lookup_all(name, types, servers=servers, timeout=self._timeout, config=config)
        self.asking = ""
        self.history.add(lookups)
        self._show(tuple(lookups))

    def _show(self, lookups: tuple[Lookup, ...]) -> None:
        self.answers = lookups
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()


def _refused(typed: str, why: str) -> Lookup:
    """What was typed cannot be asked: an answer of our own that says so."""
    shown = clean(typed)
    return Lookup(
        typed=shown, question=shown, type="--", outcome=Outcome.BAD_NAME, message=clean(why), asked_at=time.time()
    )
