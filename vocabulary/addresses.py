"""One spelling for each address, so that a page met twice is one document."""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote, urlsplit, urlunsplit

ADDRESS_LIMIT = 2000
"""Characters. PostgreSQL indexes no longer keys than 2,700 bytes, and no honest site has such addresses."""
MESSAGE = "urn:qualwatch:intake:"
"""Begins the address of a message of the public; its key follows, and a number for each of its parts."""
MEMBER = "#member="
"""Between the address of an archive and the name of a file in it, which is a document of its own."""
_MESSAGE_PART = re.compile(rf"{MESSAGE}[0-9a-f]{{64}}(:\d{{1,4}}({MEMBER}[!-~]+)?)?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(r"(?i)(utm_[a-z]+|spm|scm|gclid|fbclid|bd_vid|share_token)=")
_PLAIN = re.compile(
    r"https?://[a-z0-9]+(?:[.-]+[a-z0-9]+)*(?!:(?:80|443)/)(?::[1-9]\d{0,3}|:[1-5]\d{4})?/[A-Za-z0-9/._~-]*"
)
_ESCAPE = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_SAFE = "!$%&'()*+,-./:;=?@_~[]"


class AddressError(ValueError):
    """An address that no page can have here: not http, broken, or far too long."""


def is_plain(url: str) -> bool:
    """Whether an address without a query is written as :func:`canonical_url` writes it; most are."""
    return len(url) <= ADDRESS_LIMIT and _PLAIN.fullmatch(url) is not None


def canonical_url(url: str) -> str:
    """``url`` without fragment, credentials, default port and tracking parameters; everything else is kept.

    Only the fragment of a :data:`MEMBER` stays.

    Escapes already in the address keep their bytes (GBK sites escape in GBK), raw characters become UTF-8
    escapes. Raises ``AddressError``.
    """
    if is_plain(url):
        return url
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{url[:200]!r} is no web address") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise AddressError(f"{url[:200]!r} is no web address")
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        place = f"{place}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if not _TRACKING.match(pair))
    member = _escaped(parts.fragment) if f"#{parts.fragment}".startswith(MEMBER) else ""
    path = _escaped(parts.path or "/")
    canonical = urlunsplit((parts.scheme, _escaped(place), path, _escaped(query), member))
    if len(canonical) > ADDRESS_LIMIT:
        raise AddressError(f"the address {canonical[:100]}… has {len(canonical)} characters")
    return canonical


def document_address(url: str) -> str:
    """How a document is known: the canonical address of a page, or that of a part of a message as it is.

    Only what keeps documents may ask this: in a link of a page, a message's address leads nowhere. Raises
    ``AddressError``.
    """
    return url if _MESSAGE_PART.fullmatch(url) else canonical_url(url)


def recordable_url(url: str) -> str:
    """``url`` short enough for a key, for the list of what was asked for: any text that stood in a link."""
    if len(url.encode("utf-8", "replace")) <= ADDRESS_LIMIT:
        return url
    return f"{url[:400]}…#sha256:{sha256(url.encode('utf-8', 'replace')).hexdigest()}"


def _escaped(text: str) -> str:
    raw = text.encode("utf-8", "replace")
    return _ESCAPE.sub(lambda escape: escape.group().upper(), quote(raw, safe=_SAFE))
