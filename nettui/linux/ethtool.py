"""What a network card's driver knows: speed, duplex, its name, and whether it is a radio (linux/ethtool.h).

Asked by ioctl, which needs no privilege, of real hardware only: what a veth or tun says of its speed is made up.
"""

import fcntl
import socket
from array import array
from contextlib import suppress
from pathlib import Path
from struct import Struct as Layout

import msgspec

from nettui.linux.links import RawLink
from nettui.model.link import Link
from nettui.model.text import clean

_SIOCETHTOOL = 0x8946
_GDRVINFO, _GLINKSETTINGS = 0x03, 0x4C
_IFREQ = Layout("@16sP16x")  # struct ifreq: name, address of the ethtool structure
_DRVINFO = Layout("=I192x")  # struct ethtool_drvinfo: command, 32 bytes of driver name, ...
_SETTINGS = Layout("=IIB6xb")  # struct ethtool_link_settings: command, speed, duplex, ..., words in a mask
_SETTINGS_SIZE = 48
_UNKNOWN_SPEED = 0xFFFFFFFF
_DUPLEX = {0: "half", 1: "full"}
_SPEED_OF_PORTS = {"bond", "team", "vlan"}  # these pass on what real ports say

_Key = tuple[int, bytes, bool | None, int | None]


class Hardware(msgspec.Struct, frozen=True, gc=False):
    """What was found out about one link."""

    driver: str | None = None
    speed: int | None = None
    """Mbit/s."""
    duplex: str | None = None
    wireless: bool = False


class Ethtool:
    """Asks drivers, once for each change of the cable (carrier, and how often it changed)."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._known: dict[_Key, Hardware] = {}

    def complete(self, found: tuple[RawLink, ...]) -> tuple[Link, ...]:
        """The links with speed, duplex, driver and wifi filled in, as far as they are known. Never raises."""
        known: dict[_Key, Hardware] = {}
        links = []
        for raw in found:
            link = raw.link
            if raw.hardware or link.kind in _SPEED_OF_PORTS:
                key = (link.ifindex, raw.device, link.carrier, raw.carrier_changes)
                hardware = self._known.get(key) or self._ask(raw)
                if hardware is not None:
                    known[key] = hardware
                    link = _with(link, hardware)
            links.append(link)
        self._known = known
        return tuple(links)

    def close(self) -> None:
        """Let the socket go; the next question opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, raw: RawLink) -> Hardware | None:
        """None where even the socket to ask with cannot be had: then it is tried again next time."""
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        except OSError:
            return None
        speed, duplex = self._settings(raw.device) if raw.link.carrier else (None, None)
        return Hardware(
            driver=self._driver(raw.device) if raw.hardware else None,
            speed=speed,
            duplex=duplex,
            wireless=raw.hardware and _is_radio(raw),
        )

    def _driver(self, device: bytes) -> str | None:
        answer = self._ioctl(device, _DRVINFO.pack(_GDRVINFO))
        return clean(answer[4:36].partition(b"\0")[0]) or None

    def _settings(self, device: bytes) -> tuple[int | None, str | None]:
        # The first question only tells how many words the masks behind the structure have, as a negative number.
        answer = self._ioctl(device, _SETTINGS.pack(_GLINKSETTINGS, 0, 0, 0).ljust(_SETTINGS_SIZE, b"\0"))
        words = -_SETTINGS.unpack_from(answer)[3] if answer else 0
        if words <= 0:
            return None, None
        question = _SETTINGS.pack(_GLINKSETTINGS, 0, 0, words).ljust(_SETTINGS_SIZE + 12 * words, b"\0")
        answer = self._ioctl(device, question)
        if not answer:
            return None, None
        _, speed, duplex, _ = _SETTINGS.unpack_from(answer)
        return (None if speed in (0, _UNKNOWN_SPEED) else speed), _DUPLEX.get(duplex)

    def _ioctl(self, device: bytes, question: bytes) -> bytes:
        """The answer in the question's own buffer; empty where the driver has none (or the link is gone)."""
        buffer = array("B", question)
        with suppress(OSError):
            if self._socket is not None:
                fcntl.ioctl(self._socket, _SIOCETHTOOL, _IFREQ.pack(device[:15], buffer.buffer_info()[0]))
                return buffer.tobytes()
        return b""


def _with(link: Link, hardware: Hardware) -> Link:
    return msgspec.structs.replace(
        link,
        kind="wifi" if hardware.wireless else link.kind,
        driver=hardware.driver,
        speed=hardware.speed,
        duplex=hardware.duplex,
    )


def _is_radio(raw: RawLink) -> bool:
    """Whether sysfs knows it as a radio; checked by index, for sysfs may belong to another network namespace."""
    try:
        device = Path("/sys/class/net") / raw.device.decode("utf-8", "surrogateescape")
        return (device / "phy80211").exists() and int((device / "ifindex").read_bytes()) == raw.link.ifindex
    except (OSError, ValueError):
        return False
