"""A mail by SMTP: the whole finding as plain text, over a connection that is secured before a password is sent."""

import smtplib
import ssl
from base64 import b64encode
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Literal

from nettui.model.text import clean
from nettui.notify.message import Message, text
from nettui.notify.notifier import Undelivered, reason
from nettui.notify.secret import Secret

LONGEST_SUBJECT = 200
"""Characters."""


class Mail:
    """Sends to every address of `to` by one server."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: tuple[str, ...],
        *,
        tls: Literal["starttls", "tls", "none"] = "starttls",
        ca_file: str | None = None,
        user: str | None = None,
        password: Secret | None = None,
        timeout: float = 20.0,
    ) -> None:
        self._host, self._port, self._sender, self._to = host, port, sender, to
        self._tls, self._ca_file, self._user, self._password, self._timeout = tls, ca_file, user, password, timeout

    def deliver(self, message: Message) -> None:
        """Returns when the server took it for every address."""
        mail = letter(message, self._sender, self._to)
        try:
            self._send(mail)
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered(f"{self._host} refused the user or the password ({error.smtp_code})") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise Undelivered(f"{self._host} takes no mail for {', '.join(error.recipients)}", again=False) from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered(f"{self._host} does not offer what is asked for: STARTTLS or a login") from None
        except smtplib.SMTPResponseException as error:
            # The server's words are not shown: they may quote what we sent.
            again = error.smtp_code < 500
            raise Undelivered(f"{self._host} refused the mail ({error.smtp_code})", again=again) from None
        except TimeoutError:
            raise Undelivered(f"{self._host} did not answer within {self._timeout:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(f"the certificate of {self._host} cannot be trusted: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise Undelivered(f"no TLS with {self._host}: {clean(error.reason or 'the handshake failed')}") from None
        except smtplib.SMTPException as error:
            # smtplib tells every failure to read as a connection that was closed.
            silent = isinstance(error.__context__, TimeoutError)
            what = f"did not answer within {self._timeout:g} s" if silent else "ended the connection"
            raise Undelivered(f"{self._host} {what}") from None
        except OSError as error:
            raise Undelivered(f"{self._host} cannot be reached: {reason(error)}") from None

    def _send(self, mail: EmailMessage) -> None:
        password = self._password.read() if self._password is not None else None
        server = self._connect()
        try:
            if self._tls == "starttls":
                server.starttls(context=self._context())
            if self._user is not None and password is not None:
                _login(server, self._user, password)
            refused = server.send_message(mail)
            if refused:
                others = ", ".join(refused)
                raise Undelivered(f"{self._host} takes no mail for {others}, but for the others", again=False)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self._tls == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=self._context())
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)


def _login(server: smtplib.SMTP, user: str, password: str) -> None:
    """By what the server offers. smtplib speaks ASCII only; AUTH PLAIN takes UTF-8 (RFC 4616)."""
    if user.isascii() and password.isascii():
        server.login(user, password)
        return
    server.ehlo_or_helo_if_needed()
    if "PLAIN" not in server.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError
    words = b64encode(f"\0{user}\0{password}".encode()).decode()
    code, _ = server.docmd("AUTH", f"PLAIN {words}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, b"")


def letter(message: Message, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """The mail; every header is one printable line, whatever the findings hold."""
    from datetime import UTC, datetime

    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = clean(message.headline, LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at, UTC))
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    mail.set_content(text(message), cte="quoted-printable")
    return mail
