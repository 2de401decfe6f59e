"""Where messages of the public arrive: a maildir, or a mailbox on an IMAP server."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from imapclient import FLAGGED, SEEN, IMAPClient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]

from crawling.trust import trusting
from settings.model import Imap

MESSAGES_AT_ONCE = 200
"""Read in one go; the rest waits for the next."""


class MailboxError(Exception):
    """The mailbox cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that was not read yet."""

    name: str
    size: int
    """Bytes, as the mailbox says."""


class Mailbox(Protocol):
    """Messages are left where they are and marked: as seen, and flagged where something was not read."""

    def waiting(self) -> list[Waiting]: ...

    def read(self, message: Waiting) -> bytes: ...

    def mark(self, message: Waiting, *, flagged: bool) -> None: ...


class MaildirBox:
    """A maildir: a message waits in ``new`` and moves to ``cur`` with its flags."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            for folder in ("tmp", "new", "cur"):
                (directory / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MailboxError(
                f"{directory} is no maildir and cannot become one ({error.strerror}): mend intake.directory"
            ) from error

    def waiting(self) -> list[Waiting]:
        try:
            found = [
                Waiting(entry.name, entry.stat(follow_symlinks=False).st_size)
                for entry in os.scandir(self._directory / "new")
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
            ]
        except OSError as error:
            raise MailboxError(f"{self._directory} cannot be read ({error.strerror})") from error
        return sorted(found, key=lambda message: message.name)[:MESSAGES_AT_ONCE]

    def read(self, message: Waiting) -> bytes:
        try:
            return (self._directory / "new" / message.name).read_bytes()
        except OSError as error:
            raise MailboxError(f"{message.name} cannot be read ({error.strerror})") from error

    def mark(self, message: Waiting, *, flagged: bool) -> None:
        name = f"{message.name.partition(':2,')[0]}:2,{'FS' if flagged else 'S'}"
        try:
            (self._directory / "new" / message.name).rename(self._directory / "cur" / name)
        except OSError as error:
            raise MailboxError(f"{message.name} cannot be moved to cur ({error.strerror})") from error


class ImapBox:
    """A folder on a server; a message waits until it is marked as seen."""

    def __init__(self, client: IMAPClient, folder: str) -> None:
        self._client = client
        client.select_folder(folder)

    def waiting(self) -> list[Waiting]:
        with _told():
            numbers = self._client.search("UNSEEN")[:MESSAGES_AT_ONCE]
            sizes = self._client.fetch(numbers, ["RFC822.SIZE"]) if numbers else {}
        return [
            Waiting(str(number), int(sizes[number][b"RFC822.SIZE"])) for number in numbers if number in sizes
        ]

    def read(self, message: Waiting) -> bytes:
        number = int(message.name)
        with _told():
            answer = self._client.fetch([number], ["BODY.PEEK[]"])
        raw = answer.get(number, {}).get(b"BODY[]")
        if not isinstance(raw, bytes):
            raise MailboxError(f"message {number} is gone from the server")
        return raw

    def mark(self, message: Waiting, *, flagged: bool) -> None:
        with _told():
            self._client.add_flags([int(message.name)], [SEEN, FLAGGED] if flagged else [SEEN])


@contextmanager
def open_imap(imap: Imap) -> Iterator[ImapBox]:
    """The folder of ``imap``, logged in; raises :class:`MailboxError`."""
    context = _trust(imap)
    with _told(imap.host):
        client = IMAPClient(
            imap.host,
            port=imap.port,
            ssl=imap.security == "tls",
            ssl_context=context if imap.security == "tls" else None,
            timeout=imap.timeout_seconds,
        )
    try:
        with _told(imap.host):
            if imap.security == "starttls":
                client.starttls(context)
            client.login(imap.username, imap.password.get_secret_value())
            box = ImapBox(client, imap.folder)
        yield box
    finally:
        try:
            client.logout()
        except (IMAPClientError, OSError):
            with suppress(OSError):  # A failed handshake has closed the socket.
                client.shutdown()


def _trust(imap: Imap) -> ssl.SSLContext:
    """Whose signatures count, and that the certificate has the host's name."""
    try:
        return trusting(imap.ca_file)
    except OSError as error:
        raise MailboxError(
            f"{imap.ca_file} holds no certificate that can be read ({error.strerror or error}): "
            "mend intake.imap.ca_file"
        ) from error


@contextmanager
def _told(host: str = "") -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailboxError(
            f"{host}: nobody can tell whether this is the mail server, and no password was sent "
            f"({error.verify_message}): write the name that its certificate has into intake.imap.host, or "
            "the file of the authority that signed it into intake.imap.ca_file"
        ) from error
    except ssl.SSLError as error:
        raise MailboxError(
            f"{host}: TLS fails ({error.reason or error}): check intake.imap.port and security: "
            '"tls" is usual at port 993, "starttls" at 143'
        ) from error
    except (IMAPClientError, OSError) as error:
        where = f"{host}: " if host else ""
        raise MailboxError(
            f"{where}the mail server does not do it ({str(error)[:200]}): mend [intake.imap]"
        ) from error
