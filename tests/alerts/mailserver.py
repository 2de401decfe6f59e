"""A real SMTP server that keeps the mails it takes and answers as it is told."""

# ruff: noqa: ARG002, N802 - aiosmtpd names the hooks and their arguments

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession


class MailServer:
    """Keeps the mails that it takes; each hook's answer may be scripted, one per call."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []
        self.answers: dict[str, list[str]] = {"MAIL": [], "RCPT": [], "DATA": []}
        self.refused: dict[str, str] = {}
        self.drop_after_data = 0
        self.logins: list[tuple[bytes, bytes]] = []
        self.encrypted: list[bool] = []

    def _scripted(self, step: str) -> str | None:
        return self.answers[step].pop(0) if self.answers[step] else None

    async def handle_MAIL(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._scripted("MAIL")) is not None:
            return answer
        envelope.mail_from = address
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refused.get(address) or self._scripted("RCPT")
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        if (answer := self._scripted("DATA")) is not None:
            return answer
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.append((envelope.rcpt_tos[0], parsed))
        if self.drop_after_data:
            self.drop_after_data -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == b"correct horse", handled=False)


@contextmanager
def serving(server: object, **options: Any) -> Iterator[int]:
    # Named, because the server would ask DNS for its own name at each connection.
    controller = Controller(
        server,
        hostname="127.0.0.1",
        server_hostname="mail.example.com",
        port=free_port(),
        loop=_loop(),
        **options,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
        controller.loop.close()


def _loop() -> asyncio.AbstractEventLoop:
    # Ours, because the controller leaves the one that it makes itself unclosed.
    return asyncio.new_event_loop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
