"""Files and pages as documents, each failing alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cli.checking.model import Document, Failure
from extraction.limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    from settings.model import Fetching


def read_file(path: str, *, in_folder: bool) -> Document | Failure:
    """A file of any kind that extraction knows."""
    try:
        with Path(path).open("rb") as file:
            body = read_bounded(file)
    except OSError as error:
        return Failure(path, path, error.strerror or str(error))
    return read_body(body, path, in_folder=in_folder)


def read_bounded(stream: BinaryIO) -> bytes:
    """One byte more than extraction takes at most: enough to be refused, however much there is."""
    return stream.read(MAX_BODY_BYTES + 1)


def read_body(body: bytes, name: str, *, in_folder: bool = False) -> Document | Failure:
    """Bytes whose kind is found from their content; ``name`` is the file's path, or ``stdin``."""
    from extraction import (  # noqa: PLC0415 - start-up
        ExtractionError,
        Recognition,
        UnsupportedFormatError,
        extract,
        sniff,
    )
    from extraction.sniffing import PICTURES  # noqa: PLC0415 - start-up

    try:
        extracted = extract(body, name=name, recognition=Recognition())
    except ExtractionError as error:
        # Folders are full of pictures without words: logos, and photographs of meetings.
        is_skipped = isinstance(error, UnsupportedFormatError) or sniff(body, name=name) in PICTURES
        return Failure(name, name, str(error), skipped=in_folder and is_skipped)
    source = None
    if extracted.media_type == "text/plain":
        source = body.decode(extracted.charset or "utf-8", "replace")
    return Document(
        identity=name,
        name=name,
        text=extracted.text,
        title=extracted.title,
        publisher=extracted.publisher,
        published_on=extracted.published_on,
        source=source,
        recognised=extracted.recognised,
        unread=extracted.unread,
    )


def read_page(url: str, limits: Fetching | None = None) -> Document | Failure:
    """A page or file at a public address, asked for as politely as the daemon asks.

    ``limits`` are the daemon's defaults where none are given: no private address, robots.txt obeyed.
    """
    from crawling.fetching.fetcher import Fetcher  # noqa: PLC0415 - start-up
    from crawling.fetching.model import FetchError, PageKind  # noqa: PLC0415 - start-up
    from extraction import ExtractionError, Recognition, extract  # noqa: PLC0415 - start-up
    from settings.model import Fetching  # noqa: PLC0415 - start-up
    from vocabulary.codes import Outcome  # noqa: PLC0415 - start-up

    fetcher = Fetcher(limits or Fetching())
    try:
        page = fetcher.fetch(url, kind=PageKind.PAGE)
        extracted = extract(
            page.body,
            url=page.final_url,
            media_type=page.media_type,
            charset=page.charset,
            recognition=Recognition(),
        )
    except (FetchError, ExtractionError) as error:
        if isinstance(error, FetchError) and error.outcome is Outcome.REFUSED_ADDRESS:
            # No setting allows more here: this command reads no configuration.
            reason = error.detail.partition(": if it is yours")[0]
            return Failure(url, url, f"{reason}: save the page and check the file instead")
        return Failure(url, url, str(error))
    finally:
        fetcher.close()
    return Document(
        identity=url,
        name=url,
        text=extracted.text,
        title=extracted.title,
        publisher=extracted.publisher,
        url=page.final_url,
        published_on=extracted.published_on,
        recognised=extracted.recognised,
        unread=extracted.unread,
    )
