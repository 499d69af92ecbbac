"""The system's resolver configuration, parsed again only when the file has changed."""

from pathlib import Path

from nettui.dns.resolvers import RESOLV_CONF, read_resolvers
from nettui.model.resolver import ResolverConfig


class ResolverReader:
    """Reads resolv.conf when its time stamp, size or inode differ from the last time."""

    def __init__(self, path: Path = RESOLV_CONF) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._config: ResolverConfig | None = None

    async def read(self) -> ResolverConfig:
        stamp = self._look()
        if self._config is None or stamp != self._stamp:
            self._config, self._stamp = read_resolvers(self._path), stamp
        return self._config

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)
