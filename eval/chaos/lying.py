"""A mail server that takes mails and says otherwise, and a path to a database that can be cut."""

# ruff: noqa: ARG002, N802 - aiosmtpd names the hooks and their arguments

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import io
import random
import socket
import threading
from collections import Counter
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from openpyxl import load_workbook

from eval.chaos.notices import NUMBER

_SUMMARY = "每周汇总"
_TAKEN, _TAKEN_AND_CUT, _REFUSED_FOR_NOW, _CUT, _SLOW = range(5)
_CHANCES = {_TAKEN: 55, _TAKEN_AND_CUT: 15, _REFUSED_FOR_NOW: 12, _CUT: 8, _SLOW: 10}


class LyingMailServer:
    """Keeps what it takes by Message-ID; while it lies, it often takes a mail and does not say so."""

    def __init__(self, seed: int) -> None:
        self.lies = True
        self.taken: Counter[str] = Counter()
        """How often each Message-ID was taken."""
        self.told: dict[str, set[int]] = {}
        """The numbers of the postings that each mail tells of."""
        self.said: Counter[int] = Counter()
        self._chance = random.Random(seed)  # noqa: S311 - the same lies in every run

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        (says,) = self._chance.choices(list(_CHANCES), list(_CHANCES.values())) if self.lies else (_TAKEN,)
        self.said[says] += 1
        if says == _REFUSED_FOR_NOW:
            return "451 4.3.0 try again later"
        if says == _CUT:
            _cut(server)
            return "250 OK"
        if says == _SLOW:
            await asyncio.sleep(self._chance.random() * 2)
        self.keep(envelope)
        if says == _TAKEN_AND_CUT:
            _cut(server)
        return "250 OK"

    def keep(self, envelope: Envelope) -> None:
        """Take a mail and remember what it tells of."""
        assert isinstance(envelope.content, bytes)  # noqa: S101 - decode_data is off
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        key = f"{mail['Message-ID']} {' '.join(envelope.rcpt_tos)}"
        self.taken[key] += 1
        # A summary of the week tells of what was told when it was found.
        is_news = _SUMMARY not in str(mail["Subject"])
        self.told.setdefault(key, set()).update(_numbers_in(mail) if is_news else ())

    @property
    def repeats(self) -> int:
        """Mails that came again, with the Message-ID that they had."""
        return sum(count - 1 for count in self.taken.values())


def _cut(server: SMTP) -> None:
    transport = server.transport
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def _numbers_in(mail: EmailMessage) -> set[int]:
    """Numbers of the postings that a mail names, in its words or in a table attached to it."""
    texts = [str(mail["Subject"])]
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            texts.append(str(part.get_content()))
        elif part.get_filename("").endswith(".xlsx"):
            sheets = load_workbook(io.BytesIO(part.get_content()), read_only=True)
            texts += [
                str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row
            ]
    return {int(number) for text in texts for number in NUMBER.findall(text)}


class Path:
    """A way to ``port`` of this machine that can be cut and mended: a server restarted, or away."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listening = self._listen(0)
        self.port: int = self._listening.getsockname()[1]

    def cut(self) -> None:
        """Nothing gets through, and nobody answers."""
        self._listening.shutdown(socket.SHUT_RDWR)  # what waits in accept would hold it open
        self._listening.close()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def mend(self) -> None:
        self._listening = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listening = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
        return listening

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                here, _ = listening.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._target))
            except OSError:  # what is behind is away itself
                here.close()
                continue
            with self._lock:
                self._pairs.append((here, there))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
