"""A network namespace of one's own, in which nobody else's sockets, routes and interfaces come and go."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent.parent
"""Where the code that is measured lies."""
UNSHARE = (["unshare", "-n"], ["unshare", "-Urn"])
"""As root, and as anybody else."""
QUIET_NETWORK = (
    "ip link set lo up && ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up"
    " && ip addr add 192.0.2.2/24 dev eth0 && ip route add default via 192.0.2.1"
)
"""An interface with an address and a gateway, from which nothing ever comes."""


def run_module(module: str, task: dict[str, Any], timeout: float) -> Any:
    """Run `python -m MODULE --here TASK` in a namespace of its own and return the JSON that it prints.

    Where no namespace can be had it runs in this one. Raises CalledProcessError and TimeoutExpired.
    """
    command = [sys.executable, "-m", module, "--here", json.dumps(task)]
    for unshare in UNSHARE:
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            command = [*unshare, "sh", "-c", f'{QUIET_NETWORK}; exec "$@"', "sh", *command]
            break
    ran = subprocess.run(command, cwd=HOME, stdout=subprocess.PIPE, text=True, check=True, timeout=timeout)
    return json.loads(ran.stdout)
