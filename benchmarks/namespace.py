"""A network namespace of one's own, in which nobody else's sockets, routes and interfaces come and go."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.figures import Unmeasured

HOME = Path(__file__).parent.parent
"""Where the code that is measured lies."""
UNSHARE = (["unshare", "-n"], ["unshare", "-Urn"])
"""As root, and as anybody else."""
QUIET_NETWORK = (
    "ip link set lo up && ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up"
    " && ip addr add 192.0.2.2/24 dev eth0 && ip route add default via 192.0.2.1"
)
"""An interface with an address and a gateway, from which nothing ever comes."""


GRACE = 30.0
"""Seconds to clean up in, after an interruption."""


def run_module(module: str, task: dict[str, Any], timeout: float, aloud: bool = False) -> Any:
    """Run `python -m MODULE --here TASK` in a namespace of its own and return the JSON that it prints.

    Where no namespace can be had it runs in this one. Raises Unmeasured with the last thing it said where it fails.
    `aloud`: what it says on its way is heard at once.
    """
    command = [sys.executable, "-m", module, "--here", json.dumps(task)]
    for unshare in UNSHARE:
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            command = [*unshare, "sh", "-c", f'{QUIET_NETWORK}; exec "$@"', "sh", *command]
            break
    # In a session of its own it does not hear ctrl+c but is told by us, once, and can clean up undisturbed.
    with subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=None if aloud else subprocess.PIPE, text=True,
        start_new_session=True,
    ) as running:
        try:
            said, complaint = running.communicate(timeout=timeout)
        except BaseException as error:
            _end(running)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Unmeasured(f"{module} took more than {timeout:.0f} s") from error
            raise
    if running.returncode:
        raise Unmeasured((complaint or "").strip().rpartition("\n")[2] or f"{module} ended with {running.returncode}")
    return json.loads(said)


def end_in_order() -> None:
    """Make SIGTERM end this process the way an error does: every context on the way out ends what it has started."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def _end(running: "subprocess.Popen[str]") -> None:
    running.terminate()
    try:
        running.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        running.kill()
