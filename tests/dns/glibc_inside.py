"""Runs in a network and mount namespace of its own: who glibc asks for what, and who nettui asks for it.

Reads JSON from standard input: [[resolv.conf, name, rcode], ...]; writes, for each, what glibc's getaddrinfo asked
and what nettui asked, as lists of [server, name]. The servers answer everything with the response code.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from dns.message import Message

from nettui.dns.hosts import HostsFile
from nettui.dns.lookup import lookup
from tests.dns.nameserver import NameServer, reply, sent

_GETADDRINFO = """
import contextlib, socket, sys
with contextlib.suppress(socket.gaierror):
    socket.getaddrinfo(sys.argv[1], None, socket.AF_INET)
"""
SERVERS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "::1")


async def _asked(path: Path, text: str, name: str, rcode: str) -> list[list[list[str]]]:
    path.write_text(text)
    log: list[list[str]] = []

    def respond(address: str, query: Message, transport: str) -> Iterable[bytes]:
        log.append([address, query.question[0].name.to_text(omit_final_dot=True)])
        return sent(reply(query, rcode=rcode), transport)

    async with contextlib.AsyncExitStack() as stack:
        for address in SERVERS:
            await stack.enter_async_context(NameServer(partial(respond, address), address).running(port=53))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _GETADDRINFO, name)
        assert await process.wait() == 0
        theirs, log[:] = list(log), []
        await lookup(name, "A", hosts=HostsFile(Path("/nonexistent")))
        return [theirs, list(log)]


def main() -> None:
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "resolv.conf")
        path.touch()
        subprocess.run(["mount", "--bind", str(path), "/etc/resolv.conf"], check=True)
        json.dump([asyncio.run(_asked(path, *case)) for case in cases], sys.stdout)
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)


if __name__ == "__main__":
    main()
