"""Webhooks against a real server: what arrives, what is tried again and when, TLS, secrets, and restarts."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme

from nettui.model.finding import Severity
from nettui.notify.courier import Courier, Pace
from nettui.notify.message import Message
from nettui.notify.notifier import Undelivered
from nettui.notify.secret import Secret
from nettui.notify.waiting import OnDisk
from nettui.notify.webhook import LONGEST_WAIT, Alertmanager, Webhook
from tests.notify.making import event, eventually, finding, message
from tests.notify.receivers import Server, serving

FAST = Pace(first=0.02, most=0.1)


def failure(webhook: Webhook) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        webhook.deliver(message())
    return caught.value


def test_json_is_posted_with_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_AUTHORIZATION", "Bearer abc\n")
    with serving(204) as server:
        url = Secret(server.url + "?room=1")
        Webhook(url, Secret(variable="HOOK_AUTHORIZATION")).deliver(message())
        (request,) = server.requests
    assert request.path == "/hook/s3cret-path?room=1"
    assert (request.headers["Authorization"], request.headers["Content-Type"]) == ("Bearer abc", "application/json")
    said = json.loads(request.body)
    assert said["events"][0]["finding"]["id"] == "tcp.close-wait-leak" and said["host"] == "web1"


def test_slack_gets_one_text_that_can_call_nobody() -> None:
    with serving() as server:
        webhook = Webhook(Secret(server.url), template="slack")
        webhook.deliver(message(event(title="<!channel> & ```x", severity=Severity.CRITICAL)))
        webhook.deliver(message(*[event(subject=str(n), title="<!here>") for n in range(500)]))
        one, many = (json.loads(request.body) for request in server.requests)
    assert set(one) == set(many) == {"text"}
    assert "&lt;!channel&gt; &amp;" in one["text"] and one["text"].count("```") == 3
    assert "<" not in one["text"] + many["text"] and len(many["text"]) < 4_000


@pytest.mark.parametrize(
    ("answer", "said", "again", "after"),
    [
        (500, "answered 500 Internal Server Error", True, None),
        (404, "answered 404 Not Found", False, None),
        (302, "answered 302 Found", False, None),
        ((429, {"Retry-After": "7"}), "answered 429 Too Many Requests", True, 7.0),
        ((503, {"Retry-After": "9" * 500}), "answered 503 Service Unavailable", True, LONGEST_WAIT),
        ((503, {"Retry-After": "soon"}), "answered 503 Service Unavailable", True, None),
        ((503, {"Retry-After": formatdate(0)}), "answered 503 Service Unavailable", True, 0.0),
        ("close", "cannot be reached: the connection was closed", True, None),
        ("garbage", "does not speak HTTP, or the URL is not one", True, None),
    ],
)
def test_what_a_server_says_is_understood(answer: object, said: str, again: bool, after: float | None) -> None:
    with serving(answer) as server:
        error = failure(Webhook(Secret(server.url)))
    assert (str(error), error.again, error.after) == (f"http://127.0.0.1 {said}", again, after)


def test_retry_after_may_be_a_date() -> None:
    with serving((503, {"Retry-After": formatdate(time.time() + 600, usegmt=True)})) as server:
        after = failure(Webhook(Secret(server.url))).after
    assert after is not None and 500 < after <= 600


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_server_that_takes_for_ever_is_left(how: str) -> None:
    with serving(how) as server:
        assert str(failure(Webhook(Secret(server.url), timeout=0.5))) == "http://127.0.0.1 did not answer within 0.5 s"


def test_nobody_there_is_said() -> None:
    with serving() as server:
        url = server.url
    assert str(failure(Webhook(Secret(url)))) == "http://127.0.0.1 cannot be reached: connection refused"


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_is_verified(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(authority=authority) as server:
        url = Secret(f"https://127.0.0.1:{server.port}/")
        Webhook(url, ca_file=str(tmp_path / "ca.pem")).deliver(message())
        untrusted = str(failure(Webhook(url)))
        assert untrusted.startswith("the certificate of https://127.0.0.1 cannot be trusted: unable to get local")
        assert len(server.requests) == 1, "nothing was sent to the one that is not trusted"
        assert "no such file" in str(failure(Webhook(url, ca_file=str(tmp_path / "none.pem"))))
    with serving(authority=authority, name="other.example") as server:
        other = str(failure(Webhook(Secret(f"https://127.0.0.1:{server.port}/"), ca_file=str(tmp_path / "ca.pem"))))
    assert "cannot be trusted: IP address mismatch" in other


def test_tls_with_a_server_that_has_none_is_said() -> None:
    with serving() as server:
        said = str(failure(Webhook(Secret(f"https://127.0.0.1:{server.port}/"), timeout=2)))
    assert said.startswith("no TLS with https://127.0.0.1: ")


# Secrets


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", "Bearer hunter2-token")
    said = []
    with serving(500, 404, "garbage") as server:
        (tmp_path / "url").write_text(server.url.replace("http://", "http://user:hunter2@") + "\n")
        webhook = Webhook(Secret(file=str(tmp_path / "url")), Secret(variable="TOKEN"))
        said = [str(failure(webhook)) for _ in range(3)]
        assert server.requests[0].headers["Authorization"] == "Bearer hunter2-token"
    (tmp_path / "url").write_text("ftp://hunter2/s3cret")
    said += [str(failure(webhook)), repr(webhook), repr(vars(webhook)), repr(Secret("hunter2"))]
    (tmp_path / "url").write_text("http://127.0.0.1:1/s3cret hunter2 \x7f")
    said.append(str(failure(webhook)))
    assert not [text for text in said if "hunter2" in text or "s3cret" in text]


def test_a_secret_that_is_not_there_says_where_it_should_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NO_SUCH_URL", raising=False)
    assert str(failure(Webhook(Secret(variable="NO_SUCH_URL")))) == "the environment variable NO_SUCH_URL is empty"
    missing = str(tmp_path / "url")
    assert str(failure(Webhook(Secret(file=missing)))).endswith("cannot be read: no such file or directory")


# Again, and after a restart


def bodies(server: Server) -> list[str]:
    return [json.loads(request.body)["events"][0]["finding"]["subject"] for request in server.requests]


def test_one_that_fails_twice_is_told_in_the_end_and_in_order() -> None:
    with serving(500, 503, 200) as server:
        courier = Courier("hook", Webhook(Secret(server.url)), pace=FAST)
        for name in "ab":
            courier.send(message(event(subject=name)))
        eventually(lambda: not len(courier))
        assert bodies(server) == ["a", "a", "a", "b"]
        assert courier.problem() is None
        courier.stop()
        courier.join(5)


def test_a_refusal_for_good_loses_the_message_and_says_so() -> None:
    with serving(404) as server:
        courier = Courier("hook", Webhook(Secret(server.url)), pace=FAST)
        courier.send(message())
        eventually(lambda: not len(courier))
        problem = courier.problem()
        assert problem is not None and problem.startswith("notifier hook fails since ")
        assert problem.endswith(": http://127.0.0.1 answered 404 Not Found (1 lost)")
        assert len(server.requests) == 1


def test_retry_after_is_honoured() -> None:
    with serving((429, {"Retry-After": "1"}), 200) as server:
        courier = Courier("hook", Webhook(Secret(server.url)), pace=FAST)
        began = time.monotonic()
        courier.send(message())
        eventually(lambda: not len(courier))
        assert time.monotonic() - began >= 1, "it did not wait as it was asked to"
        assert len(server.requests) == 2


def test_what_is_a_day_old_is_not_told_any_more() -> None:
    with serving(500) as server:
        courier = Courier("hook", Webhook(Secret(server.url)), pace=FAST)
        courier.send(Message(host="web1", at=time.time() - 90_000, events=(event(),)))
        eventually(lambda: not len(courier))
        assert len(server.requests) == 1


@pytest.fixture
def restarted(tmp_path: Path) -> Callable[[Webhook], tuple[Courier, OnDisk]]:
    """A courier with the queue of this test's folder, as after a restart."""

    def start(webhook: Webhook) -> tuple[Courier, OnDisk]:
        queue = OnDisk(tmp_path / "queue")
        return Courier("hook", webhook, queue, FAST), queue

    return start


def test_the_queue_survives_a_restart(restarted: Callable[[Webhook], tuple[Courier, OnDisk]], tmp_path: Path) -> None:
    with serving("hang") as server:
        courier, queue = restarted(Webhook(Secret(server.url), timeout=1))
        for name in "abc":
            courier.send(message(event(subject=name)))
        eventually(lambda: server.requests)
        courier.stop()
        courier.join(0.1)
        queue.close()
        assert len(list((tmp_path / "queue").glob("*.json"))) == 3
    (tmp_path / "queue" / "000000000002.json").write_bytes(b'{"host": "cut sho')
    with serving() as server:
        courier, queue = restarted(Webhook(Secret(server.url)))
        eventually(lambda: not len(courier))
        assert bodies(server) == ["a", "c"], "the one that was cut short is left out"
        courier.stop()
        courier.join(5)
        queue.close()
    assert [file.name for file in (tmp_path / "queue").iterdir()] == ["lock"]


KILLED = """
import sys, time
from pathlib import Path
from nettui.notify.courier import Courier
from nettui.notify.secret import Secret
from nettui.notify.waiting import OnDisk
from nettui.notify.webhook import Webhook
from tests.notify.making import event, message
courier = Courier("hook", Webhook(Secret(sys.argv[1]), timeout=60), OnDisk(Path(sys.argv[2])))
courier.send(message(event(subject="a")))
sys.stdin.readline()  # the server has it, and hangs
courier.send(message(event(subject="b")))
time.sleep(60)
"""


def test_what_waits_survives_a_kill(restarted: Callable[[Webhook], tuple[Courier, OnDisk]], tmp_path: Path) -> None:
    with serving("hang") as server:
        words = [sys.executable, "-c", KILLED, server.url, str(tmp_path / "queue")]
        with subprocess.Popen(words, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE) as child:
            try:
                eventually(lambda: server.requests)
                assert child.stdin is not None
                child.stdin.write(b"\n")
                child.stdin.flush()
                eventually(lambda: len(list((tmp_path / "queue").glob("*.json"))) == 2)
            finally:
                child.kill()
    with serving() as server:
        courier, queue = restarted(Webhook(Secret(server.url)))
        eventually(lambda: not len(courier))
        assert bodies(server) == ["a", "b"]
        courier.stop()
        courier.join(5)
        queue.close()


def test_the_queue_is_bounded_and_of_one_process(tmp_path: Path) -> None:
    queue = OnDisk(tmp_path / "queue", most=3)
    assert [queue.put(message(event(subject=str(n)))) for n in range(5)] == [0, 0, 0, 1, 1]
    first = queue.first()
    assert first is not None and first.message.events[0].finding.subject == "0", "it may be on its way"
    queue.done(first)
    first = queue.first()
    assert first is not None and first.message.events[0].finding.subject == "3"
    with pytest.raises(BlockingIOError):
        OnDisk(tmp_path / "queue")
    queue.close()
    again = OnDisk(tmp_path / "queue")
    assert len(again) == 2 and again.put(message()) == 0
    again.close()


def test_what_the_disk_refuses_is_told_all_the_same(
    restarted: Callable[[Webhook], tuple[Courier, OnDisk]], tmp_path: Path
) -> None:
    with serving(500, 200) as server:
        courier, queue = restarted(Webhook(Secret(server.url)))
        shutil.rmtree(tmp_path / "queue")
        for name in "ab":
            courier.send(message(event(subject=name)))
        eventually(lambda: not len(courier))
        assert bodies(server) == ["a", "a", "b"]
        problem = courier.problem()
        assert problem == "notifier hook works, but what waits cannot be kept on disk: no such file or directory"
        courier.stop()
        courier.join(5)
        queue.close()


# Alertmanager


def alerts(server: Server, number: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(server.requests[number].body)
    assert server.requests[number].path == "/am/api/v2/alerts"
    return found


def test_alerts_have_labels_and_end_when_the_finding_does() -> None:
    with serving() as server:
        manager = Alertmanager(Secret(f"http://127.0.0.1:{server.port}/am/"))
        manager.deliver(message(event()))
        manager.deliver(message(event("graver", severity=Severity.CRITICAL, at=1_500.0)))
        manager.deliver(message(event("closed", severity=Severity.CRITICAL, at=2_000.0)))
        opened, graver, closed = (alerts(server, number) for number in range(3))
    labels = {"alertname": "tcp.close-wait-leak", "severity": "warning", "instance": "web1", "subject": "java"}
    title = "java leaves 60 sockets in CLOSE_WAIT"
    assert opened == [
        {"labels": labels, "startsAt": "1970-01-01T00:16:40.000000Z",
         "annotations": {"summary": title, "description": "60 sockets; limit 50; the program does not close"}}
    ]  # fmt: skip
    assert [(each["labels"]["severity"], each.get("endsAt")) for each in graver] == [  # type: ignore[index]
        ("warning", "1970-01-01T00:25:00.000000Z"), ("critical", None),
    ]  # fmt: skip
    assert [each["endsAt"] for each in closed] == ["1970-01-01T00:33:20.000000Z"]


def test_alerts_are_sent_again_while_they_are_open() -> None:
    with serving() as server:
        manager = Alertmanager(Secret(f"http://127.0.0.1:{server.port}/am"))
        manager.refresh_every = 0.1
        courier = Courier("am", manager, pace=FAST)
        courier.note_open("web1", (finding(), finding("nginx")))
        eventually(lambda: len(server.requests) >= 3)
        courier.stop()
        courier.join(5)
        assert all([a["labels"]["subject"] for a in alerts(server, n)] == ["java", "nginx"] for n in range(3))  # type: ignore[index]
