"""Telling a service manager how things are: sd_notify(3), one datagram to the socket named by NOTIFY_SOCKET."""

import os
import socket
from collections.abc import Mapping, MutableMapping
from contextlib import suppress


class Notifier:
    """Says nothing where nobody listens: no failure here is a reason to stop looking at the network."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Takes the variables out of `environ`, so that no child of ours speaks in our name."""
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        self.watchdog = _watchdog(environ)
        """Seconds within which WATCHDOG=1 is expected; None: not at all."""
        for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
            environ.pop(name, None)
        self._socket: socket.socket | None = None

    def tell(self, *assignments: str) -> None:
        """Send assignments such as `READY=1` in one datagram; never waits."""
        if self._address is None:
            return
        with suppress(OSError):
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)
            self._socket.sendto("\n".join(assignments).encode(), self._address)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _address(name: str) -> str | None:
    """A path, or `@` and a name in the abstract namespace (a NUL for the system). Others (vsock) are not spoken to."""
    if name.startswith("/"):
        return name
    return "\0" + name[1:] if name.startswith("@") and len(name) > 1 else None


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): microseconds, if they are meant for this process."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        return None
    return int(usec) / 1e6 if usec.isascii() and usec.isdigit() and int(usec) > 0 else None
