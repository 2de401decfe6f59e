"""Tokens that open something, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 bits, fit for addresses and cookies."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps: whoever reads it cannot open anything with it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
