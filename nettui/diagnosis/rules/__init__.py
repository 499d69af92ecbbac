"""The rules, one function each. To add one: the function here, its limits in `thresholds`, its text in `knowledge`."""

from nettui.diagnosis.condition import Rule
from nettui.diagnosis.rules import links, routes, tcp

_TCP = ("tcp",)

RULES: tuple[Rule, ...] = (
    Rule(id="link.down", find=links.down, needs=("links",)),
    Rule(id="route.no-default", find=routes.no_default, needs=("links", "addresses", "routes")),
    Rule(id="route.gateway-unreachable", find=routes.gateway_unreachable, needs=("links", "routes", "neighbours")),
    Rule(id="tcp.close-wait-leak", find=tcp.close_wait_leak, needs=_TCP, at=tcp.read_at),
    Rule(id="tcp.close-wait", find=tcp.close_wait, needs=_TCP, at=tcp.read_at),
    Rule(id="tcp.time-wait", find=tcp.time_wait, needs=_TCP, at=tcp.read_at),
)
