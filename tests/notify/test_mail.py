"""Mail against a real SMTP server (aiosmtpd) with STARTTLS and a login: what arrives, and what is refused."""

import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from nettui.model.finding import Severity
from nettui.notify.mail import Mail
from nettui.notify.notifier import Undelivered
from nettui.notify.secret import Secret
from tests.notify.making import HOSTILE, event, message

PASSWORD = "hunter2 päss"


class Post:
    """Keeps what arrives; refuses one recipient, and everything where it is full."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.envelopes: list[Envelope] = []
        self.secured: list[bool] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.full:
            return f"452 full, {session.login_data}"
        self.envelopes.append(envelope)
        self.secured.append(session.ssl is not None)
        return "250 OK"

    def mail(self) -> Any:
        """The only one, parsed."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        return email.message_from_bytes(envelope.content, policy=email.policy.default)


class AnyPort(Controller):
    """Of port 0 it learns which one it became before it connects to itself."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = data.login == b"ann" and data.password in (PASSWORD.encode(), b"hunter2")
    return AuthResult(success=good, handled=False, message=None if good else f"535 not {data.password!r}")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@contextmanager
def serving(authority: trustme.CA | None, full: bool = False, secret: bool = False) -> Iterator[tuple[Post, int]]:
    """A server on loopback; with an authority it offers STARTTLS, with `secret` it wants a login after it."""
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    post = Post(full)
    controller = AnyPort(
        post, hostname="127.0.0.1", port=0, tls_context=context, require_starttls=context is not None,
        authenticator=login if secret else None, auth_required=secret,
    )  # fmt: skip
    controller.start()
    try:
        yield post, controller.port
    finally:
        controller.stop()


def mailer(port: int, *to: str, **more: Any) -> Mail:
    return Mail("127.0.0.1", port, "nettui@example.net", to or ("ops@example.net",), **{"timeout": 10, **more})


def failure(mail: Mail) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        mail.deliver(message())
    assert "hunter2" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("secret", [PASSWORD, "hunter2"])
def test_the_whole_finding_arrives_secured_and_after_a_login(
    authority: trustme.CA, ca_file: str, tmp_path: Path, secret: str
) -> None:
    (tmp_path / "password").write_text(secret + "\n", encoding="utf-8")
    with serving(authority, secret=True) as (post, port):
        password = Secret(file=str(tmp_path / "password"))
        mail = mailer(port, "ops@example.net", "ann@example.net", ca_file=ca_file, user="ann", password=password)
        mail.deliver(message(event(severity=Severity.CRITICAL)))
        assert "hunter2" not in repr(mail) + repr(vars(mail))
        assert post.secured == [True] and post.envelopes[0].rcpt_tos == ["ops@example.net", "ann@example.net"]
    assert post.mail()["Subject"] == "web1: critical (new): java leaves 60 sockets in CLOSE_WAIT"
    assert (post.mail()["From"], post.mail()["Auto-Submitted"]) == ("nettui@example.net", "auto-generated")
    body = post.mail().get_content()
    for said in ("60 sockets", "limit 50", "the program does not close", "restart it", "close it", "java"):
        assert f"  {said}\n" in body or said in body
    assert post.mail().get_content_type() == "text/plain"


def test_many_at_once_are_one_mail(authority: trustme.CA, ca_file: str) -> None:
    with serving(authority) as (post, port):
        mailer(port, ca_file=ca_file).deliver(message(*[event(subject=f"n{n}") for n in range(30)]))
    assert post.mail()["Subject"] == "web1: 30 at once: 30 warning"
    assert all(f"n{n} leaves" in post.mail().get_content() for n in range(30))


def test_no_finding_can_write_a_header(authority: trustme.CA, ca_file: str) -> None:
    plain = HOSTILE.replace("\udcff", "")
    with serving(authority) as (post, port):
        mailer(port, ca_file=ca_file).deliver(message(event(title=plain, subject=plain, cause=plain, id=plain)))
    ours = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"}
    of_mime = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    of_the_server = {"X-Peer", "X-MailFrom", "X-RcptTo"}
    assert set(post.mail().keys()) - of_the_server == ours | of_mime
    assert "Bcc" not in post.mail() and len(post.mail()["Subject"]) <= 200
    assert post.envelopes[0].rcpt_tos == ["ops@example.net"]


def test_a_certificate_that_cannot_be_trusted_ends_it_before_the_password(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with serving(authority, secret=True) as (post, port):
        error = failure(mailer(port, user="ann", password=Secret(variable="MAIL_PASSWORD")))
        assert str(error).startswith("the certificate of 127.0.0.1 cannot be trusted: unable to get local issuer")
        assert not post.envelopes


def test_a_server_without_starttls_gets_nothing(ca_file: str) -> None:
    with serving(None) as (post, port):
        assert "does not offer what is asked for" in str(failure(mailer(port, ca_file=ca_file)))
        assert not post.envelopes
        mailer(port, tls="none").deliver(message())
        assert post.secured == [False]


def test_a_wrong_password_is_said_without_it(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(authority, secret=True) as (_, port):
        for wrong in ("hunter2 wrong", "hunter2 wröng"):
            monkeypatch.setenv("MAIL_PASSWORD", wrong)
            error = failure(mailer(port, ca_file=ca_file, user="ann", password=Secret(variable="MAIL_PASSWORD")))
            assert str(error) == "127.0.0.1 refused the user or the password (535)"


def test_what_is_refused_is_told_apart(authority: trustme.CA, ca_file: str) -> None:
    with serving(authority) as (post, port):
        none = failure(mailer(port, "nobody@example.net", ca_file=ca_file))
        assert (str(none), none.again) == ("127.0.0.1 takes no mail for nobody@example.net", False)
        some = failure(mailer(port, "ops@example.net", "nobody@example.net", ca_file=ca_file))
        assert "but for the others" in str(some) and not some.again and len(post.envelopes) == 1
    with serving(authority, full=True) as (_, port):
        full = failure(mailer(port, ca_file=ca_file))
        assert (str(full), full.again) == ("127.0.0.1 refused the mail (452)", True)
    assert str(failure(mailer(port))) == "127.0.0.1 cannot be reached: connection refused"


def test_a_server_that_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = failure(mailer(server.getsockname()[1], timeout=0.3))
    assert str(error) == "127.0.0.1 did not answer within 0.3 s" and error.again


def test_a_server_that_hangs_up_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hanging_up = threading.Thread(target=lambda: server.accept()[0].close(), daemon=True)
        hanging_up.start()
        assert str(failure(mailer(server.getsockname()[1]))) == "127.0.0.1 ended the connection"
        hanging_up.join(10)
