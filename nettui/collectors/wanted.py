"""What the user asked to be watched beside the system's own tables. Nothing of it is asked unless it is named here."""

from msgspec import Struct

from nettui.model.selector import Selector


class GaugeWanted(Struct, frozen=True, kw_only=True):
    """Where one gauge's figures are found."""

    name: str
    url: str
    value: Selector
    maximum: Selector | float
    maximum_url: str | None = None
    """None: in the same answer as the value."""
    waiting: Selector | None = None
    waiting_url: str | None = None
    authorization_env: str | None = None
    """The environment variable that holds the Authorization header's value (RFC 9110 section 11.6.2)."""
    authorization_file: str | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Names to look up at the system's servers, and gauges to read."""

    names: tuple[str, ...] = ()
    dns_timeout: float = 2.0
    """Seconds to wait for one server's answer."""
    gauges: tuple[GaugeWanted, ...] = ()
