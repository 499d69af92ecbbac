"""What several commands need: the engine of the live host, put together from the settings."""

import socket
from collections.abc import Collection

from nettui.collectors.backend import open_backend
from nettui.collectors.wanted import GaugeWanted, Wanted
from nettui.config import GaugeSettings, Settings
from nettui.engine.live import LiveSource
from nettui.model.selector import parse_selector


def live_source(settings: Settings, sockets: bool = False, only: Collection[str] = ()) -> LiveSource:
    """The live host as a source of Snapshots, which hold the sockets too if that is wanted, or `only` some sections."""
    backend = open_backend(settings.backend)
    return LiveSource(backend, socket.gethostname(), settings.interval, sockets, wanted(settings), only)


def wanted(settings: Settings) -> Wanted:
    """What the user listed to be watched, as the collectors take it; what it says was checked when it was read."""
    return Wanted(
        names=settings.dns.check,
        dns_timeout=settings.dns.timeout,
        gauges=tuple(_gauge(name, gauge) for name, gauge in settings.gauges.items()),
    )


def _gauge(name: str, gauge: GaugeSettings) -> GaugeWanted:
    return GaugeWanted(
        name=name,
        url=gauge.url,
        value=parse_selector(gauge.value),
        maximum=parse_selector(gauge.maximum) if isinstance(gauge.maximum, str) else float(gauge.maximum),
        maximum_url=gauge.maximum_url,
        waiting=None if gauge.waiting is None else parse_selector(gauge.waiting),
        waiting_url=gauge.waiting_url,
        authorization_env=gauge.authorization_env,
        authorization_file=gauge.authorization_file,
    )
