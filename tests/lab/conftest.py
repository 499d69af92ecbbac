"""Fixtures of the lab: real faults in network namespaces, and a town of sockets."""

import os
from collections.abc import Iterator

import pytest

from tests.lab.socket_town import Town, town
from tests.lab_support import lab, required_lab

__all__ = ["lab", "place"]


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    if os.geteuid() != 0:
        pytest.skip("a town has programs of several users, which only root can start")
    with required_lab() as lab, town(lab) as actors:
        multipath = "mptcp" in lab.run("ss", "-HMtan")
        yield Town(lab, actors, ("--tcp", "--udp", "--mptcp")[: 2 + multipath], "-tuM"[: 3 + multipath])
