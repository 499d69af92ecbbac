"""Figures that programs tell over HTTP: the connections in use of a pool and their maximum, and the like.

Each gauge is asked in a daemon thread of its own, because names are resolved and TLS is spoken in ways that block; what
does not end in time is given up, and neither the event loop nor quitting waits for it.
"""

import asyncio
import os
import threading
import time
from pathlib import Path

from nettui.collectors.figures import NoFigure, figure
from nettui.collectors.http_get import Failed, Getter, Reply
from nettui.collectors.wanted import GaugeWanted
from nettui.dns.files import open_regular
from nettui.model.selector import Selector
from nettui.model.watched import Gauge, Gauges

INTERVAL = 10.0
"""Seconds between rounds."""
LIMIT = 5.0
"""Seconds that all questions of one gauge may take together."""
_SECRET = 8192
"""Bytes of a file with an authorization."""


class GaugeReader:
    """One round each time it is asked."""

    def __init__(self, wanted: tuple[GaugeWanted, ...], limit: float = LIMIT) -> None:
        self._askers = tuple(_Asker(gauge, limit) for gauge in wanted)

    async def read(self) -> Gauges:
        """Every gauge; one that fails says so in its `error`."""
        gauges = await asyncio.gather(*(asker.ask() for asker in self._askers))
        return Gauges(at=time.time(), gauges=tuple(gauges))


class _Asker:
    """Asks one gauge, never twice at once."""

    def __init__(self, wanted: GaugeWanted, limit: float) -> None:
        self._wanted = wanted
        self._limit = limit
        self._thread: threading.Thread | None = None

    async def ask(self) -> Gauge:
        late = Gauge(name=self._wanted.name, error=f"no answer in {self._limit:g} s")
        if self._thread is not None and self._thread.is_alive():
            return late  # it hangs in a lookup of its host's name, which nobody can end
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Gauge] = loop.create_future()
        getter = Getter(self._limit)

        def tell(gauge: Gauge) -> None:
            if not answer.done():
                answer.set_result(gauge)

        def errand() -> None:
            gauge = read_gauge(self._wanted, getter)
            if not loop.is_closed():
                try:
                    loop.call_soon_threadsafe(tell, gauge)
                except RuntimeError:  # closed between the two lines: nettui ends, and nobody wants to know
                    return

        self._thread = threading.Thread(target=errand, name=f"gauge {self._wanted.name}", daemon=True)
        self._thread.start()
        try:
            async with asyncio.timeout(self._limit + 0.1):
                return await answer
        except TimeoutError:
            return late
        finally:
            getter.abort()


def read_gauge(wanted: GaugeWanted, getter: Getter) -> Gauge:
    """Ask for all figures of one gauge, each URL once. Never raises."""
    replies: dict[str, Reply] = {}

    def told(selector: Selector, url: str) -> float:
        if url not in replies:
            replies[url] = getter.get(url, authorization)
        return figure(*replies[url], selector)

    try:
        authorization = _authorization(wanted)
        value = told(wanted.value, wanted.url)
        maximum = wanted.maximum
        if isinstance(maximum, Selector):
            maximum = told(maximum, wanted.maximum_url or wanted.url)
        waiting = told(wanted.waiting, wanted.waiting_url or wanted.url) if wanted.waiting else None
    except (Failed, NoFigure) as error:
        return Gauge(name=wanted.name, error=str(error))
    except Exception as error:  # a fault of ours in one gauge must not leave its round without an answer
        return Gauge(name=wanted.name, error=f"internal error in nettui: {type(error).__name__}")
    return Gauge(name=wanted.name, value=value, maximum=maximum, waiting=waiting)


def _authorization(wanted: GaugeWanted) -> str | None:
    """The secret, read anew each time: files with tokens are replaced. Its words never leave this module."""
    if wanted.authorization_env:
        secret = os.environ.get(wanted.authorization_env)
        if not secret:
            raise Failed(f"the environment variable {wanted.authorization_env} is not set")
        return secret.strip()
    if wanted.authorization_file:
        try:
            with open_regular(Path(wanted.authorization_file).expanduser()) as file:
                return file.read(_SECRET).decode("ascii").strip()
        except UnicodeDecodeError:
            raise Failed(f"{wanted.authorization_file} does not hold plain text") from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "cannot be used"
            raise Failed(f"{wanted.authorization_file}: {reason}") from None
    return None
