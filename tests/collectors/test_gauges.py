"""Gauges: figures of real HTTP servers, and of those that hang, lie, redirect, or are not to be trusted."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from nettui.collectors.gauges import GaugeReader
from nettui.collectors.http_get import BODY_LIMIT
from nettui.collectors.wanted import GaugeWanted
from nettui.model.selector import parse_selector
from nettui.model.watched import Gauge
from tests.collectors.http_server import moved, page, serving

ACTIVE = '{"name":"hikaricp.connections.active","measurements":[{"statistic":"VALUE","value":9.0}]}'
MAXIMUM = '{"name":"hikaricp.connections.max","measurements":[{"statistic":"VALUE","value":10.0}]}'
METRICS = """\
# HELP hikaricp_connections_active Active connections
# TYPE hikaricp_connections_active gauge
hikaricp_connections_active{pool="main",} 9.0
hikaricp_connections_active{pool="batch",} 1.0
hikaricp_connections_max{pool="main",} 10.0
hikaricp_connections_pending{pool="main",} 3.0
"""
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def gauge(url: str, value: str = "measurements.0.value", maximum: str | float = 10.0, **more: str) -> GaugeWanted:
    waiting = more.pop("waiting", None)
    return GaugeWanted(
        name="orders",
        url=url,
        value=parse_selector(value),
        maximum=parse_selector(maximum) if isinstance(maximum, str) else maximum,
        waiting=parse_selector(waiting) if waiting else None,
        **more,
    )


async def read(wanted: GaugeWanted, limit: float = 30) -> Gauge:
    (found,) = (await GaugeReader((wanted,), limit).read()).gauges
    return found


async def test_an_actuator_tells_value_and_maximum_at_two_urls() -> None:
    with serving({"/active": page(ACTIVE, "application/vnd.spring-boot.actuator.v3+json"), "/max": page(MAXIMUM)}) as s:
        wanted = gauge(f"{s.url}/active", maximum="measurements.0.value", maximum_url=f"{s.url}/max")
        assert await read(wanted) == Gauge(name="orders", value=9, maximum=10)


async def test_prometheus_metrics_of_one_answer_are_asked_for_once() -> None:
    with serving({"/metrics": page(METRICS, TEXT)}) as s:
        found = await read(gauge(
            f"{s.url}/metrics", 'hikaricp_connections_active{pool="main"}', 'hikaricp_connections_max{pool="main"}',
            waiting="hikaricp_connections_pending",
        ))
        assert found == Gauge(name="orders", value=9, maximum=10, waiting=3)
        assert s.asked == [("/metrics", None)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page("no", status=401), "it answers 401 Unauthorized"),
        (page("no", status=500), "it answers 500 Internal Server Error"),
        (page('{"measurements": []}'), "measurements.0.value is not in the answer: there is no 0"),
        (page('{"measurements": [{"value": "9"}]}'), "measurements.0.value is no number in the answer"),
        (page('{"measurements": [{"value": true}]}'), "measurements.0.value is no number in the answer"),
        (page('{"measurements": [{"value": NaN}]}'), "measurements.0.value is nan: it has no value now"),
        (page("[" * 200_000), "the answer is no JSON that can be read"),
        (page("{"), "the answer is no JSON that can be read"),
        (page("<html>", "text/html"), "the answer is no JSON, and measurements.0.value is a path into JSON"),
        (page(ACTIVE, Content_Encoding="gzip"), "it answers in the encoding gzip, which was not asked for"),
        (page(b" " * (BODY_LIMIT + 1)), "it answers more than 1 MiB"),
        (page(ACTIVE, Content_Length="999"), "its answer ends too early"),
        (moved("/gauge"), "it redirects more than 3 times"),
        (moved("file:///etc/passwd"), "it redirects to something that is no plain http or https URL"),
        (moved("http://user:word@127.0.0.1/"), "it redirects to something that is no plain http or https URL"),
        (lambda handler: handler.wfile.write(b"\x00\xff" * 99), "it sends something that is no HTTP answer"),
        (lambda handler: None, "it sends something that is no HTTP answer"),
    ],
)
async def test_what_is_no_figure_is_said_in_one_sentence(answer: object, error: str) -> None:
    assert callable(answer)
    with serving({"/gauge": answer}) as s:
        assert await read(gauge(f"{s.url}/gauge")) == Gauge(name="orders", error=error)


async def test_one_that_hangs_or_drips_is_given_up_and_its_thread_ends() -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b" ")

    try:
        with serving({"/hang": lambda handler: over.wait(60) and None, "/drip": drip}) as s:
            for path in ("/hang", "/drip"):
                assert (await read(gauge(s.url + path), limit=0.3)).error == "no answer in 0.3 s"
            for _ in range(500):
                if not any(thread.name.startswith("gauge ") for thread in threading.enumerate()):
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("a thread still waits for what was given up")
    finally:
        over.set()


async def test_nothing_listens() -> None:
    with serving({}) as s:
        url = s.url
    assert (await read(gauge(url))).error == "nothing listens there (connection refused)"


async def test_a_redirect_is_followed_and_the_secret_stays_with_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUGE_SECRET", "Bearer hush")
    (tmp_path / "secret").write_text("Basic aHVzaA==\n")
    with serving({"/gauge": page(ACTIVE)}) as other, serving(
        {"/out": moved(f"{other.url}/gauge"), "/in": moved("/gauge"), "/gauge": page(ACTIVE)}
    ) as s:
        assert (await read(gauge(f"{s.url}/out", authorization_env="GAUGE_SECRET"))).value == 9
        assert (await read(gauge(f"{s.url}/in", authorization_file=str(tmp_path / "secret")))).value == 9
        assert s.asked == [("/out", "Bearer hush"), ("/in", "Basic aHVzaA=="), ("/gauge", "Basic aHVzaA==")]
        assert other.asked == [("/gauge", None)]


async def test_no_secret_is_ever_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGE_SECRET", "Bearer hush\r\nX: y")
    with serving({}) as s:
        wanted = gauge(s.url, authorization_env="GAUGE_SECRET")
        found = await read(wanted)
        assert found.error == "its authorization is empty or holds characters that no header may have"
        assert "hush" not in repr(wanted) + repr(found) + repr(GaugeReader((wanted,)))
        monkeypatch.delenv("GAUGE_SECRET")
        assert (await read(wanted)).error == "the environment variable GAUGE_SECRET is not set"
        missing = tmp_path / "missing"
        assert (await read(gauge(s.url, authorization_file=str(missing)))).error == (
            f"{missing}: No such file or directory"
        )
        assert s.asked == []


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({}) as proxy, serving({"/gauge": page(ACTIVE)}) as s:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await read(gauge(f"{s.url}/gauge"))).value == 9
        assert proxy.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving({"/gauge": page(ACTIVE)}, context) as s:
        error = (await read(gauge(f"{s.url}/gauge"))).error
        assert error is not None and error.startswith("its certificate is not to be trusted: self")
        assert s.asked == []
