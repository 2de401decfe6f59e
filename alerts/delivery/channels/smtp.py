"""Mails through an SMTP server, with STARTTLS or TLS and a login where configured."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from functools import cache

from alerts.delivery.channels import ChannelDown, PermanentFailure, Rendered
from alerts.delivery.mails import envelope_address, to_email
from alerts.delivery.smtp_answers import as_said, is_about_size, refusal
from crawling.trust import trusting
from settings.model import Settings, Smtp

_DIALOGUE_STEPS = 12
"""Answers waited for at most: connection, greeting twice, TLS, login, sender, recipient, data, end."""


@cache
def _own_name() -> str:
    """What the greeting calls this machine, asked for once: without DNS each question takes seconds."""
    return socket.getfqdn()


class SmtpChannel:
    """One connection per message, so that no message can spoil the next one's."""

    def __init__(self, smtp: Smtp, sender: str, trust: ssl.SSLContext | None = None) -> None:
        """``trust`` None verifies the server's certificate against the system's authorities."""
        self._smtp = smtp
        self._sender = sender
        # To read the system's authorities takes long, and a relay on this machine shows no certificate.
        self._trust = trust or (None if smtp.security == "none" else trusting())
        self.patience = timedelta(seconds=smtp.timeout_seconds * _DIALOGUE_STEPS)

    def send(self, message: Rendered) -> None:
        """Hand the mail over; returns once the server has answered that it takes it.

        A server that cannot be reached, or refuses the login or the sender, is ``ChannelDown``, since that is
        no message's fault. What answers mean, ``alerts.delivery.smtp_answers`` says.
        """
        mail = to_email(message, self._sender)
        connection = self._connect()
        try:
            self._log_in(connection)
            self._transfer(connection, message, mail)
        finally:
            _leave(connection)

    def log_in(self) -> None:
        """Connect and log in as for a mail, and leave without one. Raises ``ChannelDown``."""
        connection = self._connect()
        try:
            self._log_in(connection)
        finally:
            _leave(connection)

    def _connect(self) -> smtplib.SMTP:
        smtp = self._smtp
        try:
            if smtp.security == "tls":
                return smtplib.SMTP_SSL(
                    smtp.host,
                    smtp.port,
                    local_hostname=_own_name(),
                    timeout=smtp.timeout_seconds,
                    context=self._trust,
                )
            return smtplib.SMTP(
                smtp.host, smtp.port, local_hostname=_own_name(), timeout=smtp.timeout_seconds
            )
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDown(f"{smtp.host}:{smtp.port} cannot be reached: {error}") from error

    def _log_in(self, connection: smtplib.SMTP) -> None:
        try:
            if self._smtp.security == "starttls":
                connection.starttls(context=self._trust)
            if self._smtp.username:
                connection.login(self._smtp.username, self._smtp.password.get_secret_value())
            connection.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDown(f"{self._smtp.host}:{self._smtp.port} refuses us: {error}") from error

    def _transfer(self, connection: smtplib.SMTP, message: Rendered, mail: EmailMessage) -> None:
        sender, recipient = (
            envelope_address(each) for each in (parseaddr(self._sender)[1], message.recipient)
        )
        options: tuple[str, ...] = ()
        policy = SMTP
        if not f"{sender}{recipient}".isascii() and connection.has_extn("smtputf8"):
            options, policy = ("SMTPUTF8", "BODY=8BITMIME"), SMTPUTF8
        try:
            connection.sendmail(sender, [recipient], mail.as_bytes(policy=policy), options)
        except smtplib.SMTPSenderRefused as error:
            if is_about_size(error.smtp_code, error.smtp_error):
                raise refusal(error.smtp_code, error.smtp_error) from error
            said = as_said(error.smtp_code, error.smtp_error)
            raise ChannelDown(f"the server refuses the sender {error.sender}: {said}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise refusal(*error.recipients[recipient]) from error
        except smtplib.SMTPResponseException as error:
            raise refusal(error.smtp_code, error.smtp_error, saw_content=True) from error
        except UnicodeError as error:
            raise PermanentFailure(f"the server takes no address like {message.recipient!r}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDown(f"the connection broke off: {error}", saw_message=True) from error


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; whether the server still hears it changes nothing, the message is settled by now."""
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()


def open_channel(settings: Settings) -> SmtpChannel | None:
    """The server of ``mail.smtp``; None where none is named."""
    if not settings.mail.smtp.host:
        return None
    return SmtpChannel(settings.mail.smtp, settings.mail.sender)
