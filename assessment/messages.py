"""One message of the public: from its bytes to texts, files and links; pure, for the worker processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from itertools import islice

from assessment.message_parts import Part, parts_of
from assessment.message_writers import in_order, inner_persons, writer_of
from assessment.reading import ReadingError
from crawling.listing.addresses import absolute_url
from extraction import Extracted, ExtractionError, extract
from extraction.mime import header_text
from vocabulary.codes import Outcome

PART_LIMIT = 60
"""Texts and files read of one message."""
_SUBJECT_LIMIT = 200
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]{1,60}"
_LINK = re.compile(
    rf"(?:https?://|(?<![A-Za-z0-9_@/.-])www\.)(?:[A-Za-z0-9_.:~-]|(?<=[/.]){_HAN}(?=[./:]))+"
    rf"(?:[/?#](?:[!#$%&'()*+,./:;=?@A-Za-z0-9_~\[\]-]|(?<=[/=]){_HAN}(?!https?:)(?=[A-Za-z0-9./?&=%_-]))*)?",
    re.IGNORECASE,
)
"""An address up to where Chinese words go on without a blank; those within it stand between its marks."""
_SEVERAL = re.compile(r"[,;|](?=https?://)")
_IS_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")
_HEADER_OF_MAILS = re.compile(
    rb"(?i)(?:from|to|cc|subject|date|reply-to|sender|message-id|mime-version|content-type)[ \t]*:"
)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """What a message holds."""

    subject: str
    """Empty where it cannot be decoded."""
    address: str
    """Of who wrote it, as the message claims; empty where it says nothing."""
    name: str
    private: tuple[str, ...]
    """Every address, name and number of its writers: nothing that is shown may have them."""
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


def _mended(raw: bytes) -> bytes:
    """``raw`` without what would end its headers before their time, so that a name in them stood in the text.

    Gateways leave lines among them that are none, and mailboxes put blank ones above.
    """
    raw = raw.lstrip(b"\xef\xbb\xbf\r\n\t ")
    lines = _split(raw)[0].splitlines(keepends=True)
    known = [place for place, line in enumerate(lines) if _HEADER_OF_MAILS.match(line)]
    above = lines[: known[-1]] if len(known) > 1 else []
    kept = [
        line
        for place, line in enumerate(above)
        if _IS_HEADER.match(line) or (not place and line.startswith(b"From "))
    ]
    return raw if len(kept) == len(above) else b"".join(kept) + raw[sum(map(len, above)) :]


def open_message(raw: bytes) -> OpenedMessage:
    """Subject, writer, parts and links of a message. Raises :class:`ReadingError` where it is no message."""
    from assessment.message_signatures import named_in_subject, signed_by  # noqa: PLC0415 - start-up

    try:
        message = message_from_bytes(_mended(raw))
        if not message.keys():
            raise ReadingError(Outcome.UNDECODABLE, "it has no headers and is no mail")
        inner: list[Message] = []
        parts = tuple(islice(parts_of(message, inner), PART_LIMIT + 1))
        writer = writer_of(message)
        subject = _subject(message)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise ReadingError(
            Outcome.UNDECODABLE, f"the message is broken ({type(error).__name__}): open it by hand"
        ) from error
    texts = [text for part in parts[:PART_LIMIT] if not part.is_file and (text := _read(part))]
    said = [signed_by(text.text) for text in texts]
    signed = named_in_subject(subject).union(*said, *map(inner_persons, inner))
    return OpenedMessage(
        subject=subject,
        address=writer.address,
        name=writer.name,
        private=in_order(writer.private | signed),
        parts=tuple(part for part in parts[:PART_LIMIT] if part.body.strip()),
        links=tuple(dict.fromkeys(link for text in texts for link in _links(text))),
        is_cut=len(parts) > PART_LIMIT,
    )


def _subject(message: Message) -> str:
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == "subject"), "")
    line = header_text(raw)
    return line.text[:_SUBJECT_LIMIT] if line.is_whole else ""


def _read(part: Part) -> Extracted | None:
    try:
        return extract(part.body, media_type=part.media_type, charset=part.charset)
    except ExtractionError:
        return None


def _links(text: Extracted) -> Iterator[str]:
    """Addresses behind words and in the text itself, without the Chinese that follows them."""
    shown = (
        found
        for address in (*(link.url for link in text.links), text.text)
        for several in _LINK.findall(address)
        for found in _SEVERAL.split(several)
    )
    for address in shown:
        plain = address.rstrip(".,;:!?)'")
        if url := absolute_url(plain if plain.lower().startswith("http") else f"http://{plain}"):
            yield url
