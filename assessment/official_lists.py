"""An official list out of a file, a page or what is stored: its rows, and what identifies them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.annex import rows_of_text

if TYPE_CHECKING:
    from settings.model import Fetching

_FILES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class OfficialList:
    """Rows that were read, and what identifies where they came from."""

    name: str
    """Of the file, or the address of the page."""
    digest: str
    """SHA-256 of its bytes."""
    rows: Sequence[Sequence[str]]
    files: tuple[str, ...] = ()
    """Addresses of the files that a page links, where the list may rather stand."""


class UnreadableListError(Exception):
    """The file or page could not be read; the message says why."""


def read_list(source: str, fetching: Fetching) -> OfficialList:
    """Rows of a file, or of what stands at an address; ``UnreadableListError`` says why there are none."""
    from crawling.listing.addresses import absolute_url, is_attachment  # noqa: PLC0415
    from extraction import ExtractionError, extract  # noqa: PLC0415 - the other commands start without it

    if source.lower().startswith(("http://", "https://")):
        body, url, media_type, charset = _fetch(source, fetching)
    else:
        try:
            body, url, media_type, charset = Path(source).read_bytes(), "", "", ""
        except OSError as error:
            raise UnreadableListError(error.strerror or str(error)) from error
    name = source if url else Path(source).name
    try:
        extracted = extract(body, url=url, media_type=media_type, charset=charset, name=name)
    except ExtractionError as error:
        raise UnreadableListError(str(error)) from error
    linked = dict.fromkeys(absolute_url(link.url, url) for link in extracted.links) if url else {}
    files = [each for each in linked if each and is_attachment(each)]
    return OfficialList(
        name, sha256(body).hexdigest(), rows_of(extracted.text, name), tuple(files[:_FILES_SHOWN])
    )


def rows_of(text: str, name: str) -> list[list[str]]:
    """Rows of a text that was extracted from a file of this name."""
    if name.lower().endswith(".csv"):
        return [row for row in csv.reader(io.StringIO(text)) if any(row)]
    return rows_of_text(text)


def _fetch(url: str, fetching: Fetching) -> tuple[bytes, str, str, str]:
    """Body, address after redirects, media type and charset."""
    from crawling.fetching.fetcher import Fetcher  # noqa: PLC0415 - only addresses need the network
    from crawling.fetching.model import FetchError, PageKind  # noqa: PLC0415

    fetcher = Fetcher(fetching)
    try:
        page = fetcher.fetch(url, kind=PageKind.PAGE)
    except FetchError as error:
        raise UnreadableListError(str(error)) from error
    finally:
        fetcher.close()
    return page.body, page.final_url, page.media_type, page.charset
