"""WARC files that any crawler wrote: the pages and files in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.timeutils import iso_date_to_datetime  # type: ignore[import-untyped]

from cli.archive.model import Item, Page
from cli.checking.model import Failure
from extraction.limits import MAX_BODY_BYTES

SUFFIXES = (".warc", ".warc.gz")
_ANSWERS = frozenset({"response", "resource"})
_CHINA = timedelta(hours=8)
_READABLE = ("text/", "application/")
_NEVER = frozenset(
    {
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "application/font-woff",
        "application/x-shockwave-flash",
    }
)


def read_web_archive(path: Path) -> Iterator[tuple[Item, int, int]]:
    """Each page that was answered with 200, with its size and where the file is read to.

    Styles, scripts, pictures and films are left out. Raises what warcio raises where the file breaks off.
    """
    with path.open("rb") as raw:
        for record in ArchiveIterator(raw):
            if record.rec_type not in _ANSWERS:
                continue
            item = _item(record, path)
            if item is not None:
                yield item, len(item.body) if isinstance(item, Page) else 0, raw.tell()


def _item(record: Any, path: Path) -> Page | Failure | None:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if record.http_headers is not None and record.http_headers.get_statuscode() != "200":
        return None
    declared = record.http_headers.get_header("Content-Type") if record.http_headers else record.content_type
    media_type, charset = _content_type(declared or "")
    if media_type and (not media_type.startswith(_READABLE) or media_type in _NEVER):
        return None
    try:
        body = record.content_stream().read(MAX_BODY_BYTES + 1)
    except Exception as error:  # noqa: BLE001 - whatever a damaged encoding raises is that page's own
        return Failure(url, url or str(path), f"broken off: {type(error).__name__}: {error}")
    return Page(url, body, media_type, charset, _day(record)) if body else None


def _content_type(declared: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = " ".join(declared.split())
    return (message.get_content_type() if declared else ""), message.get_content_charset() or ""


def _day(record: Any) -> date | None:
    """The day of the capture in China."""
    try:
        moment: datetime = iso_date_to_datetime(record.rec_headers.get_header("WARC-Date"), tz_aware=True)
    except (TypeError, ValueError):
        return None
    return (moment + _CHINA).date()
