"""What `ip` says of this host: the truth that is looked for on the screen."""

import json
import subprocess
from typing import Any


def ip(line: str) -> list[dict[str, Any]]:
    """What `ip -j` says."""
    said = subprocess.run(["ip", "-j", *line.split()], capture_output=True, check=True).stdout
    found: list[dict[str, Any]] = json.loads(said or b"[]")
    return found


def main_interface() -> str:
    """The one that the default route leaves by; on a host without a network, loopback."""
    routes = ip("-4 route show default")
    return str(min(routes, key=lambda route: route.get("metric", 0))["dev"]) if routes else "lo"


def facts() -> list[str]:
    """What `ip` says of the main interface and of where it leads: all of it has to be on the first picture."""
    name = main_interface()
    (link,) = ip(f"addr show dev {name}")
    ipv4 = [f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["family"] == "inet"]
    mac = [str(link["address"])] if link["link_type"] == "ether" else []
    return [name, *ipv4[:1], *mac]


def gateways() -> list[str]:
    """The default gateway of IPv4, if there is one."""
    return [str(route["gateway"]) for route in ip("-4 route show default") if "gateway" in route][:1]
