"""Texts and files of a message, however its mailer packed them: alternatives, mails in mails, pictures."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from itertools import islice
from quopri import decodestring

from assessment.reading import ReadingError
from assessment.transfer import unpacked_body
from extraction import ExtractionError, sniff, tnef
from extraction.mime import file_name_of
from extraction.outlook import mail_of
from extraction.readers.picture import size_of
from extraction.sniffing import OUTLOOK
from extraction.tnef import SIGNATURE
from vocabulary.codes import Outcome

_DEEPEST = 20
"""Levels of parts within parts; real mail has three or four."""
_FORMS_OF_TEXT = frozenset({"text/html", "text/plain", "text/enriched", "text/richtext"})
_FOR_PROGRAMS = frozenset(
    {"text/calendar", "text/x-amp-html", "text/watch-html", "text/x-watch-html", "text/x-vcard", "text/vcard"}
)
"""Alternatives that no reader of the letter sees as text."""
_TAG = re.compile(
    r"(?s)<(script|style|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>|&[a-z]{2,8};|&#\d{1,6};", re.IGNORECASE
)
_LETTERS = re.compile(r"[^\W_]")
_HEADER_LINE = re.compile(rb"(?:[\w-]{1,60}:[^\r\n]*|[ \t]+[^\r\n]*)\r?\n")
_OF_MAILS = frozenset(
    b"from to subject date received message-id mime-version return-path content-type delivered-to cc".split()
)
_PICTURE_WITHIN = re.compile(
    rb"""<img\b[^<>]{0,300}?\bsrc\s*=\s*["']?data:image/(png|jpe?g|gif|bmp|webp);base64,([A-Za-z0-9+/=\s]{2000,})""",
    re.IGNORECASE,
)
_MOST_PASTED = 10
_BOUNDARY = re.compile(rb"(?m)^--([^\r\n]{1,70}?)[ \t]*\r?$")
_ORNAMENT_SIDE, _ORNAMENT_AREA = 150, 40_000
"""Pixels up to which a picture within the text is a logo, a line or a counter."""


@dataclass(frozen=True, slots=True)
class Part:
    """A text or file of a message."""

    body: bytes
    media_type: str
    charset: str
    name: str
    is_file: bool


def parts_of(message: Message, inner: list[Message], depth: int = 0) -> Iterator[Part]:
    """Texts and files in their order; of alternatives those that say something of their own.

    Mails that are met within are added to ``inner``. Raises :class:`ReadingError` where parts are
    nested too deep.
    """
    if depth > _DEEPEST:
        raise ReadingError(Outcome.UNDECODABLE, f"its parts are nested deeper than {_DEEPEST} levels")
    if message.is_multipart():
        below = _below(message)
        if message.get_content_maintype() == "message":
            inner += below
        for each in below:
            yield from parts_of(each, inner, depth + 1)
        return
    part = _part(message)
    yield from _pasted(part)
    if (found := _mail_inside(part, message)) is not None:
        inner.append(found)
        yield from parts_of(found, inner, depth + 1)
    elif not _is_ornament(message, part):
        yield part


def _below(message: Message) -> Sequence[Message]:
    below = [part for part in message.get_payload() if isinstance(part, Message)]
    if message.get_content_type() == "multipart/alternative":
        return _chosen(below)
    if message.get_content_maintype() == "message" and len(below) == 1:
        return [_unpacked(message, below[0])]
    return below


def _chosen(alternatives: list[Message]) -> list[Message]:
    """The richest of the texts, those that say much more than it, and whatever is no text."""
    lengths = {id(part): _letters(part) for part in alternatives}
    texts = [part for part in alternatives if lengths[id(part)]]
    if not texts:
        return alternatives
    most = max(lengths.values())
    last = next(part for part in reversed(texts) if lengths[id(part)] * 2 >= most)
    return [
        part
        for part in alternatives
        if part is last
        or lengths[id(part)] > 2 * lengths[id(last)]
        or not (lengths[id(part)] or part.get_content_type() in _FORMS_OF_TEXT | _FOR_PROGRAMS)
    ]


def _letters(part: Message) -> int:
    """Letters that a reader of this alternative would see; 0 for what is no text."""
    if part.is_multipart():
        return sum(_letters(below) for below in part.get_payload() if isinstance(below, Message))
    if part.get_content_type() not in _FORMS_OF_TEXT:
        return 0
    body = part.get_payload(decode=True)
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return len(_LETTERS.findall(_TAG.sub("", text) if part.get_content_subtype() == "html" else text))


def _unpacked(message: Message, inner: Message) -> Message:
    """A mail in a mail whose mailer has encoded it, although RFC 2046 forbids that."""
    form = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if form not in {"base64", "quoted-printable"}:
        return inner
    raw = inner.as_bytes()
    try:
        plain = b64decode(raw) if form == "base64" else decodestring(raw)
    except (Base64Error, ValueError):
        return inner
    return message_from_bytes(plain) if _looks_like_mail(plain) else inner


def _part(leaf: Message) -> Part:
    body = unpacked_body(leaf)
    found = file_name_of(leaf)
    name = found.text if found.is_whole else f"附件{_ending(found.text)}"
    media_type = leaf.get_content_type()
    is_text = media_type in {"text/plain", "text/html"} and not name
    return Part(
        body=body,
        media_type=media_type if is_text else "",  # Of files the bytes know better.
        charset=_charset(leaf),
        name=name,
        is_file=not is_text,
    )


def _pasted(part: Part) -> Iterator[Part]:
    """Pictures that a mailer writes into the markup of a letter; those too small to say anything left out."""
    if part.media_type != "text/html":
        return
    for found in islice(_PICTURE_WITHIN.finditer(part.body), _MOST_PASTED):
        try:
            body = b64decode(found[2])
            if not _is_small(body):
                yield Part(body, "", "", f"图片.{found[1].decode()}", is_file=True)
        except (Base64Error, ValueError):
            continue


def _is_small(picture: bytes) -> bool:
    """Whether a picture is a logo, a line or a counter, or none at all."""
    try:
        width, height = size_of(picture)
    except ExtractionError:
        return True
    return min(width, height) < _ORNAMENT_SIDE or width * height < _ORNAMENT_AREA


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2]
    return (
        f".{ending}" if ending != name and ending.isascii() and ending.isalnum() and len(ending) < 6 else ""
    )


def _charset(leaf: Message) -> str:
    try:
        charset = leaf.get_content_charset()
    except (LookupError, ValueError):
        return ""
    return charset if isinstance(charset, str) and charset.isascii() else ""


def _mail_inside(part: Part, leaf: Message) -> Message | None:
    """The mail that a file is, whatever its type says; None where it is none."""
    if leaf.get_content_maintype() == "multipart" and (found := _BOUNDARY.search(part.body)):
        # Its boundary is missing or another: the first line that looks like one is taken for it.
        head = b'Content-Type: multipart/mixed; boundary="' + found[1].replace(b'"', b"") + b'"\r\n\r\n'
        again = message_from_bytes(head + part.body)
        return again if again.is_multipart() else None
    if part.is_file and _looks_like_mail(part.body):
        return message_from_bytes(part.body.lstrip())
    if part.is_file:
        is_packed = part.body.startswith(SIGNATURE)
        try:
            if is_packed or sniff(part.body, name=part.name) == OUTLOOK:
                return message_from_bytes(tnef.mail_of(part.body) if is_packed else mail_of(part.body))
        except ExtractionError:
            return None  # it is listed as a file that nobody could read
    return None


def _looks_like_mail(body: bytes) -> bool:
    """Whether bytes begin with at least two header lines that mails have."""
    head = body[:8_192].lstrip(b"\xef\xbb\xbf\r\n\t ")
    met: set[bytes] = set()
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    at = 0
    while line := _HEADER_LINE.match(head, at):
        met.add(line[0].partition(b":")[0].lower())
        at = line.end()
    return len(met & _OF_MAILS) >= 2


def _is_ornament(leaf: Message, part: Part) -> bool:
    """Whether a picture belongs to the text and is too small to say anything; others are read as files."""
    if leaf.get_content_maintype() != "image" or leaf.get_content_disposition() == "attachment":
        return False
    if not leaf.get("Content-ID") and leaf.get_content_disposition() != "inline":
        return False
    try:
        size_of(part.body)
    except ExtractionError:
        return False
    return _is_small(part.body)
