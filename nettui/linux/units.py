"""What runs a process, by the path of its cgroup: a systemd unit (systemd.slice(5)) or somebody's container.

The paths follow no standard. Container engines name a cgroup after themselves and the container's id, as a scope of
systemd (`docker-<id>.scope`) or in a directory of their own (`docker/<id>`).
"""

import os
import re
from pathlib import Path

from nettui.model.process import Unit
from nettui.model.text import clean

CGROUP_FILE = "cgroup"
"""The file of /proc/PID that `unit_in` reads."""
NAME_LIMIT = 100
"""Characters of a name that are kept."""

_ENGINES = {
    "docker": "docker", "libpod": "podman", "cri-containerd": "containerd", "crio": "cri-o", "nerdctl": "nerdctl",
}
_SHORT = 12  # digits of an id by which its engine's own commands list a container

# Patterns, compiled when one is first met: a host without containers needs few.
# docker-<id>.scope, libpod-<id>, kubepods-burstable-pod<uid>.slice:cri-containerd:<id>; but no crio-conmon-<id>.scope
_ENGINE = rf"(?:.*:)?({'|'.join(_ENGINES)})[-:]([0-9a-f]{{12,64}})(?:\.scope)?"
_ID = r"[0-9a-f]{64}"
_POD = r"(?:kubepods-(?:[a-z]+-)?)?pod([0-9a-f]{8}[0-9a-f_-]{24,28})(?:\.slice)?"
_LXC = r"lxc\.payload\.(.+)"
_MACHINE = r"systemd-nspawn@(.+)\.service|machine-(?!qemu\\x2d)(.+)\.scope"
_UNIT = r".+\.(?:service|scope|socket|mount|swap)"
_USER = r"user-(\d+)\.slice"
_ESCAPE = rb"\\x([0-9a-f]{2})"


def unit_at(path: str) -> Unit | None:
    """What a cgroup belongs to; None for the root, to which all belongs. Never raises."""
    names = [name for name in path.split("/") if name]
    if not names:
        return None
    # A container may hold cgroups of its own, containers and units too: the innermost container says most.
    inward = zip(["", *names], names, strict=False)
    containers = [found for above, name in inward if (found := _container(above, name)) is not None]
    name = containers[-1] if containers else _unit(names) or path
    return Unit(name=_shown(name), path=clean(path), container=bool(containers))


def unit_in(text: bytes) -> Unit | None:
    """What runs a process, by its /proc/PID/cgroup: lines such as `0::/system.slice/nginx.service`.

    On a host with both versions of cgroups the tree of systemd may be in the old one (`1:name=systemd:`) only.
    """
    paths: dict[bytes, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(b":")
        controllers, _, path = rest.partition(b":")
        paths[controllers] = os.fsdecode(path.removesuffix(b" (deleted)"))
    return unit_at(paths.get(b"", "")) or unit_at(paths.get(b"name=systemd", ""))


def unit_of_process(pid: int, proc: Path = Path("/proc")) -> Unit | None:
    """None where nothing is known to run it, where it has gone, or may not be seen."""
    try:
        return unit_in((proc / str(pid) / CGROUP_FILE).read_bytes())
    except OSError:
        return None


def _container(above: str, name: str) -> str | None:
    """Which container a cgroup `name` within `above` is."""
    if found := re.fullmatch(_ENGINE, name):
        return f"{_ENGINES[found[1]]} {found[2][:_SHORT]}"
    if re.fullmatch(_ID, name):
        pod = "kubernetes" if re.fullmatch(_POD, above) else "container"
        return f"{_ENGINES.get(above, pod)} {name[:_SHORT]}"
    if found := re.fullmatch(_POD, name):
        return f"pod {found[1].replace('_', '-')}"
    if found := re.fullmatch(_LXC, name):
        return f"lxc {found[1]}"
    if above in ("lxc", "lxc.payload"):
        return f"lxc {name}"
    if found := re.fullmatch(_MACHINE, name):
        return f"machine {found[1] or found[2]}"
    return None


def _unit(names: list[str]) -> str | None:
    """The innermost unit of systemd; of a user's manager its service, not the scope it puts itself in."""
    units = [name for name in names if re.fullmatch(_UNIT, name)]
    if len(units) > 1 and units[-1] == "init.scope":
        units.pop()
    if units:
        return units[-1]
    slices = [name for name in names if name.endswith(".slice")]
    if not slices:
        return None
    user = re.fullmatch(_USER, slices[-1])
    return f"user {user[1]}" if user else slices[-1]


def _shown(name: str) -> str:
    """Without the escapes that systemd puts for what may not stand in a unit's name (systemd.unit(5))."""
    text = re.sub(_ESCAPE, lambda escape: bytes.fromhex(escape[1].decode()), os.fsencode(name))
    return clean(text, NAME_LIMIT)
