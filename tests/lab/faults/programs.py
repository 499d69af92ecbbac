"""Faults of programs and of the host's own limits."""

import json
import time

from tests.lab.faults.scenario import Scenario, Stage


def _many_files(stage: Stage) -> None:
    stage.kept["program"] = stage.host.actor("open_files", limit=200, count=185, name="java")


def _opens(stage: Stage) -> float:
    stage.kept["program"].go_on()
    return time.time()


def _drowning(stage: Stage) -> None:
    stage.kept["server"] = stage.host.actor("drown", port=5140, rate=2000, name="syslogd")


def _rains(stage: Stage) -> float:
    stage.kept["server"].go_on()
    return time.time()


GAUGE = """
[gauges.orders]
url = "http://127.0.0.1:8081/actuator/metrics/hikaricp.connections.active"
value = "measurements.0.value"
maximum_url = "http://127.0.0.1:8081/actuator/metrics/hikaricp.connections.max"
maximum = "measurements.0.value"
"""


def _actuator(value: float) -> str:
    return json.dumps({"name": "hikaricp", "measurements": [{"statistic": "VALUE", "value": value}]})


def _gauge(stage: Stage) -> float:
    stage.host.actor("tell", port=8081, name="java", documents={
        "/actuator/metrics/hikaricp.connections.active": _actuator(10.0),
        "/actuator/metrics/hikaricp.connections.max": _actuator(10.0),
    })
    return time.time()


SCENARIOS = (
    Scenario(
        "a program comes near its descriptor limit", (("process.descriptors", r"java\[\d+\]"),), setting=_many_files,
        fault=_opens, tick=2.0,
    ),
    Scenario(
        "a UDP server does not read fast enough", (("udp.buffer-errors", ":5140"),), setting=_drowning, fault=_rains,
        lasting=10,
    ),
    Scenario(
        "an HTTP gauge tells that the pool is used up", (("pool.exhausted", "orders"),), fault=_gauge, lasting=30,
        seconds=25, tick=10.0, config=GAUGE,
    ),
)
