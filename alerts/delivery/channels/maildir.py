"""Mails into a maildir: nothing to install, readable by every mail program."""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import timedelta
from pathlib import Path

from alerts.delivery.channels import ChannelDown, Rendered
from alerts.delivery.mails import to_email
from settings.model import Settings


class MaildirChannel:
    """Delivers into ``directory``; a message that lies there already, read or not, is not written again."""

    patience = timedelta(seconds=30)

    def __init__(self, directory: Path, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    def send(self, message: Rendered) -> None:
        """Write the message aside and move it into ``new/``, so that no reader ever meets half of it."""
        name = _file_name(message)
        body = to_email(message, self._sender).as_bytes()
        try:
            for folder in ("tmp", "new", "cur"):
                (self._directory / folder).mkdir(parents=True, exist_ok=True)
            if self._lies_there(name):
                return
            self._deliver(name, body)
        except OSError as error:
            raise ChannelDown(f"the maildir cannot be written: {error}") from error

    def _lies_there(self, name: str) -> bool:
        # Read mails are in cur/ with their flags behind the name.
        return (self._directory / "new" / name).exists() or any((self._directory / "cur").glob(f"{name}*"))

    def _deliver(self, name: str, body: bytes) -> None:
        aside = self._directory / "tmp" / f"{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            with aside.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(self._directory / "new" / name)
        finally:
            aside.unlink(missing_ok=True)


def _file_name(message: Rendered) -> str:
    digest = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
    return f"{int(message.written_at.timestamp())}.{digest}.qualwatch"


def open_channel(settings: Settings) -> MaildirChannel:
    """The maildir of ``settings.storage``; always open, so that what was written for it still leaves."""
    return MaildirChannel(settings.storage.mail_directory, settings.mail.sender)
