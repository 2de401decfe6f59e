"""Words that nobody reads who has the database alone: sealed by a key that is kept beside it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

_KEY_FILE = "contact.key"


class SealError(Exception):
    """The words cannot be read: another key sealed them, or the key is none."""


class Seal:
    """Seals words and reads them again (Fernet: AES-128-CBC with HMAC-SHA-256).

    ``key``: as ``Fernet.generate_key`` makes it; empty: the one of ``directory``, which the first use makes
    and which only its user reads. Raises :class:`SealError` where it is none.
    """

    def __init__(self, directory: Path, key: str = "") -> None:
        try:
            self._fernet = Fernet(key or _kept_key(directory))
        except ValueError as error:
            raise SealError("the key is none: write 32 random bytes in URL-safe base64") from error

    def seal(self, words: str) -> str:
        """Empty stays empty."""
        return self._fernet.encrypt(words.encode("utf-8", "replace")).decode("ascii") if words else ""

    def read(self, sealed: str) -> str:
        """What was sealed. Raises :class:`SealError`."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii", "replace")).decode() if sealed else ""
        except InvalidToken as error:
            raise SealError("it was sealed by another key") from error


def _kept_key(directory: Path) -> bytes:
    file = directory / _KEY_FILE
    if not file.exists():
        aside = directory / f"{_KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(Fernet.generate_key())
            new.flush()
            os.fsync(new.fileno())
        try:
            # Unlike a rename, a link leaves the key alone that another process has made meanwhile.
            os.link(aside, file)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return file.read_bytes().strip()
