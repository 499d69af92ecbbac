"""Processes, as far as they matter to sockets: who owns one, and what is known of a process that does."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from nettui.model.number import Count


class Owner(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One process that has a socket open."""

    pid: int
    name: str
    """Its own (comm), made safe: a process may call itself anything."""
    fd: int | None = None
    """By which descriptor it holds the socket."""
    elsewhere: bool = False
    """Whether the process itself is in another network namespace than nettui."""

    @property
    def label(self) -> str:
        """`java[4711]`."""
        return f"{self.name}[{self.pid}]"


class Owners(NamedTuple):
    """Who has sockets open."""

    by_inode: Mapping[int, tuple[Owner, ...]]
    """An inode that was looked for and is not here belongs to no process that may be seen."""
    hidden: str | None = None
    """Why some processes could not be looked into, and what would help; None where all could."""


class Unit(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What runs a process, by its cgroup: a systemd unit or a container."""

    name: str
    """`nginx.service`, `docker 3f2a9c1b0d4e`, `user 1000`, or the path where it is neither."""
    path: str
    """In the cgroup tree, from its root."""
    container: bool = False


class Process(Struct, frozen=True, kw_only=True):
    """All that is asked of a process. None: this user may not know it, or it has gone meanwhile."""

    pid: int
    name: str
    command: str | None = None
    """Its arguments, made safe, spaces between them."""
    executable: str | None = None
    uid: Count | None = None
    user: str | None = None
    started_at: float | None = None
    """Unix time in seconds."""
    descriptors: Count | None = None
    """How many it has open."""
    descriptor_limit: Count | None = None
    """RLIMIT_NOFILE, the soft limit; None also where there is none."""
    unit: Unit | None = None
    elsewhere: bool = False
    """In another network namespace than nettui."""
