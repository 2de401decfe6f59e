"""An official list out of a file, a page or what is stored: its rows, and what identifies them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from hashlib import sha256
from pathlib import Path

from catalogue.annex_items import OfficialList
from catalogue.annex_lines import rows_of_text
from crawling.fetching.advice import advice
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchError
from crawling.listing.addresses import absolute_url, is_attachment
from extraction import Extracted, ExtractionError, Recognition, extract
from extraction.grids import cells_of
from settings.model import Fetching
from vocabulary.codes import PageKind
from vocabulary.reasons import reason_in_chinese

_FILES_KEPT = 20


class UnreadableListError(Exception):
    """The file or page could not be read; the message says why, in Chinese."""


def read_list(source: str, fetching: Fetching) -> OfficialList:
    """Rows of a file, or of what stands at an address; ``UnreadableListError`` says why there are none.

    Words in pictures are read where the extra ``ocr`` is installed.
    """
    if source.lower().startswith(("http://", "https://")):
        fetcher = Fetcher(fetching)
        try:
            return fetch_list(fetcher, source, attached=is_attachment(source))
        finally:
            fetcher.close()
    try:
        body = Path(source).read_bytes()
    except OSError as error:
        raise UnreadableListError(reason_in_chinese(error.strerror or str(error))) from error
    return _read(body, Path(source).name)


def fetch_list(fetcher: Fetcher, url: str, *, attached: bool = False) -> OfficialList:
    """Rows of what stands at ``url``; ``attached``: asked for as a file. Raises ``UnreadableListError``."""
    kind = PageKind.ATTACHMENT if attached or is_attachment(url) else PageKind.PAGE
    try:
        page = fetcher.fetch(url, kind=kind)
    except FetchError as error:
        raise UnreadableListError(
            f"{advice(error.outcome, error.detail)}（{reason_in_chinese(error.detail)}）"
        ) from error
    return _read(page.body, url, url=page.final_url, media_type=page.media_type, charset=page.charset)


def _read(body: bytes, name: str, *, url: str = "", media_type: str = "", charset: str = "") -> OfficialList:
    try:
        extracted = extract(
            body,
            url=url,
            media_type=media_type,
            charset=charset,
            name=name,
            recognition=Recognition(),
            grid=True,
        )
    except ExtractionError as error:
        raise UnreadableListError(reason_in_chinese(str(error))) from error
    return OfficialList(
        name,
        sha256(body).hexdigest(),
        rows_of(extracted.text, name),
        _linked_files(extracted, url),
        recognised=extracted.recognised,
    )


def _linked_files(page: Extracted, url: str) -> tuple[str, ...]:
    """Files that a page links, those first that are called lists of qualifications."""
    if not url:
        return ()
    texts: dict[str, str] = {}
    for link in page.links:
        address = absolute_url(link.url, url)
        if address and is_attachment(address):
            texts[address] = texts.get(address, "") + link.text + link.title
    likely = sorted(texts, key=lambda address: "职业资格" not in texts[address])
    return tuple(likely[:_FILES_KEPT])


def rows_of(text: str, name: str) -> list[list[str]]:
    """Rows of a text that was extracted from a file of this name."""
    if name.lower().endswith(".csv"):
        return [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(row)]
    return [cells_of(row) for row in rows_of_text(text)]


def _delimiter(text: str) -> str:
    """What parts the cells of most lines: offices write semicolons and tabs too."""
    counts = Counter(mark for line in text.splitlines() for mark in ",;\t" if mark in line)
    return max(",;\t", key=lambda mark: counts[mark])
