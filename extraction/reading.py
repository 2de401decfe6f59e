"""The one way in: what kind of bytes are these, and which reader knows them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import Protocol, cast

from extraction.archives import ARCHIVES
from extraction.limits import MAX_BODY_BYTES
from extraction.model import PROTECTED, Extracted, UnreadableError, UnsupportedFormatError
from extraction.recognition import Recognition, is_installed
from extraction.sniffing import (
    DOC,
    DOCX,
    ENCRYPTED_OFFICE,
    HTML,
    OFD,
    OFFICE_XML,
    OLE,
    OPEN_DOCUMENT,
    OUTLOOK,
    PDF,
    PICTURES,
    PLAIN,
    RTF,
    UNKNOWN,
    WEB_ARCHIVE,
    XLS,
    XLSX,
    sniff,
    without_lead,
)

READERS: dict[str, str] = {
    HTML: "html",
    PLAIN: "plain",
    PDF: "pdf",
    DOC: "doc",
    DOCX: "docx",
    XLS: "sheet",
    XLSX: "sheet",
    RTF: "rtf",
    OFD: "ofd",
    WEB_ARCHIVE: "mht",
    OFFICE_XML: "office_xml",
    OPEN_DOCUMENT: "open_document",
    **dict.fromkeys(PICTURES, "picture"),
}
"""Media type → module of ``extraction.readers``: a new format is one module and one row."""

_FEWEST_BYTES = 4
"""Servers answer ``dir`` or ``ok`` where a page should be; one word in Chinese has more bytes."""

ADVICE: dict[str, str] = {
    **dict.fromkeys(ARCHIVES, "it is an archive: expand it and read its members one by one"),
    "application/xml": "it is a feed or data: make it a source's feed, or save it as DOCX",
    OUTLOOK: "it is a mail of Outlook: read here where it comes by mail; save it as .eml or DOCX",
    OLE: "it is damaged or older than Word 97: fetch it again, or save it as DOCX in WPS",
    UNKNOWN: "its content is of no known kind; look at it by hand",
}
"""Media type → what to do with a file that nothing here reads."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the server or the file system says of the bytes; every field may be empty or wrong."""

    url: str = ""
    media_type: str = ""
    charset: str = ""
    name: str = ""
    recognition: Recognition | None = None
    """Whether words in pictures are read; None: not."""
    depth: int = 0
    """Documents that this one is embedded in."""
    grid: bool = False
    """Whether tables keep every cell in its column, as ``extraction.grids`` writes them."""


class Reader(Protocol):
    """A module of ``extraction.readers``."""

    def read(self, body: bytes, declared: Declared) -> Extracted: ...


def extract(
    body: bytes,
    *,
    url: str = "",
    media_type: str = "",
    charset: str = "",
    name: str = "",
    recognition: Recognition | None = None,
    grid: bool = False,
) -> Extracted:
    """Visible text, links and facts of a page or file; content decides over what is declared of it.

    ``url`` makes links absolute, ``charset`` is the one of the HTTP header, ``name`` the file's name.
    ``recognition`` has words in pictures read, which takes seconds and much memory and needs the extra
    ``ocr``. ``grid`` writes tables with every cell in its column (``extraction.grids``) instead of beside its
    heading.
    Raises UnsupportedFormatError or UnreadableError; their messages say why and what to do.
    """
    if len(body.strip(b"\x00 \t\r\n")) < _FEWEST_BYTES:
        raise UnreadableError("no text: the file is empty; fetch it again or look at it by hand")
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableError(
            f"the file has {len(body) // 2**20} MB, more than the {MAX_BODY_BYTES // 2**20} MB read here; "
            "split it or look at it by hand"
        )
    if recognition is not None and not is_installed():
        recognition = None
    extracted = read_as(body, Declared(url, media_type, charset, name, recognition, grid=grid))
    if not extracted.text:
        raise UnreadableError("no text: the file holds no visible words; look at it by hand")
    return extracted


def read_as(body: bytes, declared: Declared) -> Extracted:
    """What the reader for the bytes makes of them. Raises what :func:`extract` raises."""
    body = without_lead(body)
    found = sniff(body, declared.media_type, declared.name)
    if found == ENCRYPTED_OFFICE:
        raise UnreadableError(PROTECTED)
    if found not in READERS:
        advice = ADVICE.get(found, "convert it to PDF, DOCX or XLSX")
        raise UnsupportedFormatError(f"no reader for {found}: {advice}")
    reader = cast("Reader", importlib.import_module(f"extraction.readers.{READERS[found]}"))
    return reader.read(body, replace(declared, media_type=found))
