"""An official list out of a file, a page or what is stored: its rows, and what identifies them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from catalogue.annex_items import OfficialList
from catalogue.annex_lines import rows_of_text
from crawling.fetching.advice import meaning
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchError
from crawling.listing.addresses import absolute_url, is_attachment
from extraction import Extracted, ExtractionError, Recognition, expand_archive, extract, is_archive
from extraction.grids import cells_of
from settings.model import Fetching
from vocabulary.codes import PageKind
from vocabulary.reasons import reason_in_chinese

_FILES_KEPT = 20
_LEADING = re.compile(
    r"^附件|职业资格.{0,12}(?:目录|清单)|^(?:新地址|新网址|新页面|请?点击(?:这里|此处|跳转|进入)?|这里|此处)$"
)


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
        raise UnreadableListError(f"{meaning(error.outcome)}（{reason_in_chinese(error.detail)}）") from error
    return _read(page.body, url, url=page.final_url, media_type=page.media_type, charset=page.charset)


def _read(body: bytes, name: str, *, url: str = "", media_type: str = "", charset: str = "") -> OfficialList:
    """Rows of a file; of an archive those of all its files that can be read, one after the other."""
    if not is_archive(body, media_type, name):
        return _read_file(body, name, url=url, media_type=media_type, charset=charset)
    read, why = [], ""
    try:
        for inner, data in expand_archive(body):
            try:
                read.append(_read_file(data, inner))
            except UnreadableListError as error:
                why = why or f"{inner}：{error}"
    except ExtractionError as error:
        raise UnreadableListError(reason_in_chinese(str(error))) from error
    if not read:
        raise UnreadableListError(why or "压缩包中没有文件")
    rows = [row for each in read for row in each.rows]
    return OfficialList(name, sha256(body).hexdigest(), rows, recognised=any(e.recognised for e in read))


def _read_file(
    body: bytes, name: str, *, url: str = "", media_type: str = "", charset: str = ""
) -> OfficialList:
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
    """Files that a page links, and pages of the same site that may hold its annex or be where it went.

    Those first that are called lists of qualifications.
    """
    if not url:
        return ()
    texts: dict[str, str] = {}
    for link in page.links:
        address = absolute_url(link.url, url)
        if address and (is_attachment(address) or _leads_on(link.text + link.title, address, url)):
            texts[address] = texts.get(address, "") + link.text + link.title
    likely = sorted(texts, key=lambda address: "职业资格" not in texts[address])
    return tuple(likely[:_FILES_KEPT])


def _leads_on(words: str, address: str, url: str) -> bool:
    """Whether a link leads to an annex on a page of its own, or to where the page has moved."""
    there = urlsplit(address)
    is_elsewhere = there.netloc == urlsplit(url).netloc and address.partition("#")[0] != url.partition("#")[0]
    return is_elsewhere and _LEADING.search("".join(words.split())) is not None


def rows_of(text: str, name: str) -> list[list[str]]:
    """Rows of a text that was extracted from a file of this name."""
    if name.lower().endswith(".csv"):
        return [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(row)]
    return [cells_of(row) for row in rows_of_text(text)]


def _delimiter(text: str) -> str:
    """What parts the cells of most lines: offices write semicolons and tabs too."""
    counts = Counter(mark for line in text.splitlines() for mark in ",;\t" if mark in line)
    return max(",;\t", key=lambda mark: counts[mark])
