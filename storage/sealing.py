"""Words that nobody reads who has the database alone: sealed by a key that is kept beside it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path

from storage.kept_key import kept_key

_KEY_FILE = "contact.key"
"""Named after what it sealed first: how those who report can be reached."""


class SealError(Exception):
    """The words cannot be read: another key sealed them, or the key is none."""


class Seal:
    """Seals words and reads them again (Fernet: AES-128-CBC with HMAC-SHA-256).

    ``key``: as ``Fernet.generate_key`` makes it; empty: the one of ``directory``, which the first use makes
    and which only its user reads. Raises :class:`SealError` where it is none.
    """

    def __init__(self, directory: Path, key: str = "") -> None:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - most programs seal nothing

        try:
            self._fernet = Fernet(key or kept_key(directory, _KEY_FILE, _new_key))
        except ValueError as error:
            raise SealError("the key is none: write 32 random bytes in URL-safe base64") from error

    def seal(self, words: str) -> str:
        """Empty stays empty."""
        return self._fernet.encrypt(words.encode("utf-8", "replace")).decode("ascii") if words else ""

    def read(self, sealed: str) -> str:
        """What was sealed. Raises :class:`SealError`."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - likewise

        try:
            return self._fernet.decrypt(sealed.encode("ascii", "replace")).decode() if sealed else ""
        except InvalidToken as error:
            raise SealError("it was sealed by another key") from error


OpenSeal = Callable[[], Seal]
"""Opens the one of a house, for whoever may not need it. Raises :class:`SealError` and ``OSError``."""


def _new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
