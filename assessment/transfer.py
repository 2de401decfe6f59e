"""The body of a part of a mail as it was before it was encoded for its way, whatever its header says of that.

Gateways rewrite headers and not bodies, and programs that send mail forget to say how they have encoded.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from copy import copy
from email.message import Message
from quopri import decodestring

_FORM = "Content-Transfer-Encoding"
_ONLY_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]{40,100}\r?\n)*[A-Za-z0-9+/]{4,100}={0,2}\s*")
_FEWEST_BASE64 = 60
_QUOTED = re.compile(rb"(?:=[89A-Fa-f][0-9A-Fa-f](?:=[ \t]*\r?\n)?){6,}")
"""Two characters of Chinese in quoted-printable; no address and no formula looks so."""
_PADDED = re.compile(rb"=[ \t]+(?=\r?\n)")
_FLOWED = re.compile(rb"(?<!^--)(?<!\n--) \r?\n(?:>+ ?)?")
_HIGH = 0x80


def unpacked_body(leaf: Message) -> bytes:
    """The bytes of a part that has none below it."""
    form = str(leaf.get(_FORM, "")).strip().lower()
    raw = _raw(leaf)
    if form == "quoted-printable":
        body = decodestring(_PADDED.sub(b"=", raw))
    elif (form == "base64" and raw.isascii()) or form in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        body = _decoded(leaf)
    else:
        body = _encoded_all_the_same(raw)
    return _unfolded(body) if _is_flowed(leaf) else body


def _raw(leaf: Message) -> bytes:
    bare = copy(leaf)
    del bare[_FORM]  # which leaves the headers of ``leaf`` as they are
    return _decoded(bare)


def _decoded(leaf: Message) -> bytes:
    payload = leaf.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _encoded_all_the_same(body: bytes) -> bytes:
    """A body that does not say that it is encoded."""
    if body.isascii() and len(body.strip()) >= _FEWEST_BASE64 and _ONLY_BASE64.fullmatch(body):
        try:
            return b64decode(body)
        except (Base64Error, ValueError):
            return body
    if body.isascii() and _QUOTED.search(body):
        return decodestring(_PADDED.sub(b"=", body))
    return body


def _is_flowed(leaf: Message) -> bool:
    try:
        return str(leaf.get_param("format", "")).lower() == "flowed"
    except (ValueError, LookupError):
        return False


def _unfolded(body: bytes) -> bytes:
    """RFC 3676: a line that ends in a blank goes on in the next; Chinese characters take none between."""

    def joined(end: re.Match[bytes]) -> bytes:
        before, behind = body[end.start() - 1 : end.start()], body[end.end() : end.end() + 1]
        return b"" if before and behind and min(before[0], behind[0]) >= _HIGH else b" "

    return _FLOWED.sub(joined, body)
