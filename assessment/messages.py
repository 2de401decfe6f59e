"""One message of the public: from its bytes to texts, files and links; pure, for the worker processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from hashlib import sha256
from itertools import islice

from assessment.reading import ReadingError
from crawling.listing.addresses import absolute_url
from extraction import ExtractionError, extract
from vocabulary.codes import Outcome

PART_LIMIT = 60
"""Texts and files read of one message."""
_DEEPEST = 20
"""Levels of parts within parts; real mail has three or four."""
_WRITERS = ("From", "Reply-To", "Sender", "Return-Path", "Disposition-Notification-To")
_SUBJECT_LIMIT = 200
_LINK = re.compile(r"https?://[^\s<>\"'，。；、！？（）《》【】“”\u3000]+", re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """A text or file of a message."""

    body: bytes
    media_type: str
    charset: str
    name: str
    is_file: bool


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """What a message holds."""

    subject: str
    address: str
    """Of who wrote it, as the message claims; empty where it says nothing."""
    name: str
    private: tuple[str, ...]
    """Every address and name of its writers: nothing that is shown may have them."""
    parts: tuple[Part, ...]
    links: tuple[str, ...]
    """Addresses that it links, each once."""
    is_cut: bool
    """Whether it has more parts than are read."""


def message_key(raw: bytes) -> str:
    """SHA-256, in hex, of what a message is, whichever way it came.

    Every server adds lines above, so only the Message-ID counts of the headers; with it counts the content,
    lest a forged Message-ID hide another message.
    """
    headers, content = _split(raw)
    found = re.search(rb"(?im)^message-id:\s*(\S+)", headers)
    return sha256((found[1] if found else headers) + b"\n" + content).hexdigest()


def _split(raw: bytes) -> tuple[bytes, bytes]:
    end = _HEADERS_END.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def open_message(raw: bytes) -> OpenedMessage:
    """Subject, writer, parts and links of a message. Raises :class:`ReadingError` where it is no message.

    Of alternatives only the richest is read; pictures within the text are left out.
    """
    try:
        message = message_from_bytes(raw)
        if not message.keys():
            raise ReadingError(Outcome.UNDECODABLE, "it has no headers and is no mail")
        leaves = list(islice(_leaves(message), PART_LIMIT + 1))
        parts = tuple(_part(leaf) for leaf in leaves[:PART_LIMIT])
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise ReadingError(
            Outcome.UNDECODABLE, f"the message is broken ({type(error).__name__}): open it by hand"
        ) from error
    writers = [pair for header in _WRITERS for pair in _people(message, header)]
    private = {text for pair in writers for text in pair if len(text) > 1}
    name, address = next(iter(_people(message, "From")), ("", ""))
    return OpenedMessage(
        subject=_decoded(message.get("Subject", ""))[:_SUBJECT_LIMIT],
        address=address,
        name=name,
        private=tuple(sorted(private, key=len, reverse=True)),
        parts=tuple(part for part in parts if part.body.strip()),
        links=tuple(dict.fromkeys(link for part in parts if not part.is_file for link in _links(part))),
        is_cut=len(leaves) > PART_LIMIT,
    )


def _leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    if depth > _DEEPEST:
        raise ReadingError(Outcome.UNDECODABLE, f"its parts are nested deeper than {_DEEPEST} levels")
    if not message.is_multipart():
        if not (message.get_content_maintype() == "image" and message.get("Content-ID")):
            yield message
        return
    below = [part for part in message.get_payload() if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        below = below[-1:] if below[-1:] and below[-1].get_content_maintype() != "image" else below
    for part in below:
        yield from _leaves(part, depth + 1)


def _part(leaf: Message) -> Part:
    body = leaf.get_payload(decode=True)
    name = _decoded(leaf.get_filename() or "")
    media_type = leaf.get_content_type()
    is_text = media_type in {"text/plain", "text/html"} and not name
    return Part(
        body=body if isinstance(body, bytes) else b"",
        media_type=media_type if is_text else "",  # Of files the bytes know better.
        charset=_charset(leaf),
        name=name,
        is_file=not is_text,
    )


def _charset(leaf: Message) -> str:
    charset = leaf.get_content_charset()
    return charset if isinstance(charset, str) and charset.isascii() else ""


def _people(message: Message, header: str) -> list[tuple[str, str]]:
    """Names and addresses of one header."""
    values = [_decoded(value) for value in message.get_all(header, [])]
    return [(name.strip(), address.strip()) for name, address in getaddresses(values) if address or name]


def _decoded(value: object) -> str:
    """A header's text; what cannot be decoded stays as it is."""
    try:
        return " ".join(str(make_header(decode_header(str(value)))).split())
    except (HeaderParseError, LookupError, ValueError):
        return " ".join(str(value).split())


def _links(part: Part) -> Iterator[str]:
    try:
        extracted = extract(part.body, media_type=part.media_type, charset=part.charset)
    except ExtractionError:
        return
    found = (link.url for link in extracted.links)
    for address in (*found, *_LINK.findall(extracted.text)):
        url = absolute_url(address.rstrip(".,;:!?)"))
        if url:
            yield url
