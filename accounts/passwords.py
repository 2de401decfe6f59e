"""Passwords: what is taken for one, and how it is kept (Argon2id)."""

from __future__ import annotations

import itertools
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.errors import AccountError

LONGEST = 128
"""Characters: hashing more would only take time."""
_DIFFERENT = 5
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 19 MiB and a core: a flood of attempts must not take the daemon's."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The least that OWASP's cheat sheet on storing passwords names for Argon2id."""
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$e6MX0XCRFSqYd2/ZUFvP6Q$l/yE/9c+uZreUt4ZwyvwonZ/UvwpA96j3GL3GYR6qUE"
"""Compared with where there is no account, so that the time of an answer tells nobody which there are."""


def check_password(password: str, email: str, shortest: int) -> None:
    """Raise :class:`AccountError` for a password that is too easily guessed."""
    said = _normal(password)
    if len(said) < shortest:
        raise AccountError("密码至少{count}个字符", count=shortest)
    if len(said) > LONGEST:
        raise AccountError("密码至多{count}个字符", count=LONGEST)
    if len(set(said.casefold())) < _DIFFERENT:
        raise AccountError("密码过于简单：至少使用{count}种不同的字符", count=_DIFFERENT)
    if _is_row(said.casefold()):
        raise AccountError("密码过于简单：请不要使用连续的数字或字母")
    if (mailbox := email.partition("@")[0].casefold()) and mailbox in said.casefold() and len(mailbox) > 2:
        raise AccountError("密码中请不要包含邮箱名")


def hash_password(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def is_password(kept: str, password: str) -> bool:
    """Whether ``password`` is the one whose hash is ``kept``; takes as long where none is kept."""
    with _AT_ONCE:
        try:
            is_right = _HASHER.verify(kept or _NOBODYS, _normal(password[: 4 * LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
    return is_right and bool(kept)


def _normal(password: str) -> str:
    """The same characters, however a keyboard writes them."""
    return unicodedata.normalize("NFKC", password)


def _is_row(said: str) -> bool:
    """Whether most characters follow the one before: ``1234567890``, ``abcdefgh``."""
    steps = [ord(after) - ord(before) for before, after in itertools.pairwise(said)]
    return sum(step in {-1, 0, 1} for step in steps) >= 0.7 * len(steps)
