"""Whose signatures under certificates count: those of the authorities that this machine trusts."""

from __future__ import annotations

import ssl


def trusting(ca_file: str = "") -> ssl.SSLContext:
    """Trusts the authorities of this machine, or of ``ca_file`` alone; ``OSError`` where there is none."""
    return tolerant(ssl.create_default_context(cafile=ca_file or None))


def tolerant(context: ssl.SSLContext) -> ssl.SSLContext:
    """``context``, which asks of a certificate that it is signed, in force and the host's, and no more.

    From Python 3.13 on it would refuse an authority whose own certificate does not keep to the letter of RFC
    5280 (no key usage, no identifier of its key): many that offices made for themselves, and that Python 3.11
    takes.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
