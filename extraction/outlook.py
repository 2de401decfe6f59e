"""Mails that Outlook saved (``.msg``, [MS-OXMSG]) made into mails as all others are.

Each property is a stream named ``__substg1.0_`` and its number in hexadecimal; attachments are folders of
such streams, and a mail that is attached is a folder within a folder.
"""

from __future__ import annotations

import mimetypes
import struct
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from typing import TYPE_CHECKING

from extraction.cleaning import clean_line
from extraction.model import UnreadableError
from extraction.tnef import unpacked_rtf

if TYPE_CHECKING:
    from olefile import OleFileIO

_PROPERTIES = "__properties_version1.0"
_STREAM = "__substg1.0_"
_ATTACHED = "__attach_version1.0_"
_MAIL_INSIDE = f"{_STREAM}3701000D"
_SUBJECT, _BODY, _RTF, _HTML = "0037", "1000", "1009", "1013"
_WRITER, _WRITER_ADDRESSES = "0C1A", ("5D01", "0C1F")
_DATA, _LONG_NAME, _SHORT_NAME, _TYPE = "3701", "3707", "3704", "370E"
_CONTENT_ID = "3712"
_UNICODE, _BYTES_STRING, _BINARY = "001F", "001E", "0102"
_DEEPEST = 8
_MOST_ATTACHED = 200
_NO_TEXT = "the Outlook mail keeps its text in a form that is not read here: save it as .eml"

Folder = tuple[str, ...]


def mail_of(body: bytes) -> bytes:
    """The mail as RFC 5322 writes it, its attachments with it. Raises :class:`UnreadableError`."""
    import olefile  # noqa: PLC0415

    try:
        with olefile.OleFileIO(BytesIO(body)) as ole:
            return _mail(ole, (), 0).as_bytes(policy=SMTP)
    except (OSError, ValueError, TypeError, LookupError, RecursionError, struct.error) as error:
        raise UnreadableError(f"the Outlook mail is damaged ({error}); save it as .eml") from error


def _mail(ole: OleFileIO, folder: Folder, depth: int) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = _words(ole, folder, _SUBJECT)
    writer = _words(ole, folder, _WRITER)
    address = next(filter(None, (_words(ole, folder, each) for each in _WRITER_ADDRESSES)), "")
    if writer or address:
        mail["X-Sender"] = f"{writer} <{address}>".strip()
    text, markup = _text(ole, folder, _BODY), _text(ole, folder, _HTML)
    packed = _read(ole, folder, _RTF, _BINARY)
    if not (text.strip() or markup.strip() or packed):
        text = _NO_TEXT
    if text.strip():
        mail.set_content(text)
    if markup.strip() and text.strip():
        mail.add_alternative(markup, subtype="html")
    elif markup.strip():
        mail.set_content(markup, subtype="html")
    if packed and not (text.strip() or markup.strip()):
        mail.set_content("")
        mail.add_attachment(unpacked_rtf(packed), maintype="text", subtype="rtf", filename="正文.rtf")
    for attached in _folders(ole, folder)[:_MOST_ATTACHED]:
        _attach(mail, ole, attached, depth)
    return mail


def _attach(mail: EmailMessage, ole: OleFileIO, folder: Folder, depth: int) -> None:
    inside = (*folder, _MAIL_INSIDE)
    if ole.exists("/".join(inside)) and ole.get_type("/".join(inside)) == 1 and depth < _DEEPEST:
        mail.add_attachment(_mail(ole, inside, depth + 1))
        return
    data = _read(ole, folder, _DATA, _BINARY)
    if not data:
        return
    name = _words(ole, folder, _LONG_NAME) or _words(ole, folder, _SHORT_NAME) or "附件"
    said = _words(ole, folder, _TYPE) or mimetypes.guess_type(name)[0] or ""
    kind, _, below = said.partition("/")
    if kind not in {"application", "image", "text"} or not below.isascii() or kind == "text":
        kind, below = "application", "octet-stream"
    mail.add_attachment(data, maintype=kind, subtype=below, filename=name)
    if content_id := _words(ole, folder, _CONTENT_ID):
        *_, attached = mail.iter_attachments()
        if isinstance(attached, EmailMessage):
            attached["Content-ID"] = f"<{content_id}>"


def _folders(ole: OleFileIO, folder: Folder) -> list[Folder]:
    """The folders of a mail's attachments, in their order."""
    at = len(folder)
    found = {
        tuple(path[: at + 1])
        for path in ole.listdir(streams=True, storages=True)
        if tuple(path[:at]) == folder and len(path) > at and path[at].startswith(_ATTACHED)
    }
    return sorted(found)


def _words(ole: OleFileIO, folder: Folder, number: str) -> str:
    """A property in one line."""
    return clean_line(_text(ole, folder, number))[:500]


def _text(ole: OleFileIO, folder: Folder, number: str) -> str:
    """A property in whichever form it is kept; HTML is kept as bytes."""
    if raw := _read(ole, folder, number, _UNICODE):
        return raw.decode("utf-16-le", "replace").rstrip("\x00")
    raw = _read(ole, folder, number, _BYTES_STRING) or _read(ole, folder, number, _BINARY)
    if not raw:
        return ""
    from extraction.charset import decode  # noqa: PLC0415

    return decode(raw)[0].rstrip("\x00")


def _read(ole: OleFileIO, folder: Folder, number: str, kind: str) -> bytes:
    path = "/".join((*folder, f"{_STREAM}{number}{kind}"))
    return bytes(ole.openstream(path).read()) if ole.exists(path) and ole.get_type(path) == 2 else b""
