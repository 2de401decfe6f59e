"""Why a site's certificate is not trusted, and what somebody can do about it."""

from __future__ import annotations

import ssl

_OLD = (
    "UNSUPPORTED_PROTOCOL",
    "PROTOCOL_VERSION",
    "UNSAFE_LEGACY_RENEGOTIATION",
    "DH_KEY_TOO_SMALL",
    "EE_KEY_TOO_SMALL",
    "CA_KEY_TOO_SMALL",
    "CA_MD_TOO_WEAK",
    "WRONG_SIGNATURE_TYPE",
    "BAD_ECPOINT",
    "NO_CIPHERS_AVAILABLE",
    "NO_SHARED_CIPHER",
    "HANDSHAKE_FAILURE",
    "UNSUPPORTED_SSL_VERSION",
)
"""Of OpenSSL's reasons: protocols before TLS 1.2, keys and digests that are too weak by now."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL")
_AGREEMENT = "if the site must be read as it is, set verify_tls = false for its source"
_REASONS: dict[frozenset[int], str] = {
    frozenset({10}): "it has expired: tell the site to renew it, and check this machine's clock",
    frozenset({9}): "it is not valid yet: check this machine's clock, or tell the site",
    frozenset({18}): "the site signed it itself, so that anybody could: tell the site to get a real one",
    frozenset({2, 19, 20, 21}): "nobody that this machine trusts signed it: tell the site to send its whole "
    "chain, or, where you know its authority, add that to the trusted roots of this machine",
    frozenset({62, 63, 64}): "it belongs to another host: mend the address of the source, or tell the site",
    frozenset({23}): "it was revoked: tell the site",
}
"""By OpenSSL's numbers (X509_V_ERR_…)."""


def why_tls_failed(error: BaseException) -> str:
    """A sentence about a failed handshake that says what to do; ``error`` may be wrapped by libraries."""
    inner = _innermost(error)
    if not isinstance(inner, ssl.SSLCertVerificationError):
        return f"the server speaks no TLS that can be used: {_advice_on_old(str(inner))}; {inner}"
    says = inner.verify_message.rstrip(".")
    for codes, reason in _REASONS.items():
        if inner.verify_code in codes:
            return f"the certificate is not trusted ({says}): {reason}; {_AGREEMENT}"
    return f"the certificate is not trusted ({says}): tell the site; {_AGREEMENT}"


def _advice_on_old(said: str) -> str:
    """What to do where a handshake fails before any certificate is shown."""
    if any(mark in said.upper() for mark in _OLD):
        return (
            "it is so old that anybody on the way could change the page: tell the site to renew it, try its "
            "address with http, or set old_tls = true for its source"
        )
    if any(mark in said.upper() for mark in _NO_TLS):
        return "check https in the address, what answers there is no TLS: try it with http"
    return "check https in the address"


def _innermost(error: BaseException) -> BaseException:
    """The error of the ssl module under those of urllib3 and requests."""
    met = [error]
    for each in met:
        below = (getattr(each, "reason", None), each.__cause__, *each.args[:1])
        met += [inner for inner in below if isinstance(inner, BaseException) and inner not in met]
    found = (each for each in met if isinstance(each, ssl.SSLError))
    return next((each for each in found if isinstance(each, ssl.SSLCertVerificationError)), met[-1])
