"""Files and pages, read and judged, each failing alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cli.checking.model import Document, Failure, Judgement, Rules
from extraction.limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    from assessment.reading import Answer, Assessment
    from settings.model import Fetching


def read_file(path: str, rules: Rules, *, in_folder: bool) -> Judgement | Failure:
    """A file of any kind that extraction knows."""
    try:
        with Path(path).open("rb") as file:
            body = read_bounded(file)
    except OSError as error:
        return Failure(path, path, error.strerror or str(error))
    return read_body(body, path, rules, in_folder=in_folder)


def read_bounded(stream: BinaryIO) -> bytes:
    """One byte more than extraction takes at most: enough to be refused, however much there is."""
    return stream.read(MAX_BODY_BYTES + 1)


def read_body(body: bytes, name: str, rules: Rules, *, in_folder: bool = False) -> Judgement | Failure:
    """Bytes whose kind is found from their content; ``name`` is the file's path, or ``stdin``."""
    from assessment.reading import Answer
    from extraction import UnsupportedFormatError, sniff
    from extraction.sniffing import PICTURES
    from vocabulary.page_errors import PageError

    try:
        return _assess(Answer(body, name=name), name, rules)
    except PageError as error:
        # Folders are full of pictures without words: logos, and photographs of meetings.
        is_skipped = isinstance(error.__cause__, UnsupportedFormatError) or sniff(body, name=name) in PICTURES
        return Failure(name, name, str(error.__cause__ or error), skipped=in_folder and is_skipped)
    except Exception as error:  # noqa: BLE001 - a text that breaks a rule must not take the others with it
        return Failure(name, name, f"not judged: {type(error).__name__}: {error}")


def read_page(url: str, rules: Rules, limits: Fetching | None = None) -> Judgement | Failure:
    """A page or file at a public address, asked for as politely as the daemon asks.

    ``limits`` are the daemon's defaults where none are given: no private address, robots.txt obeyed.
    """
    from assessment.reading import Answer
    from crawling.fetching.fetcher import Fetcher
    from settings.model import Fetching
    from vocabulary.codes import Outcome, PageKind
    from vocabulary.page_errors import PageError

    fetcher = Fetcher(limits or Fetching())
    try:
        page = fetcher.fetch(url, kind=PageKind.PAGE)
        return _assess(Answer(page.body, page.media_type, page.charset), url, rules, page.final_url)
    except PageError as error:
        if error.outcome is Outcome.REFUSED_ADDRESS:
            # No setting allows more here: this command reads no configuration.
            reason = error.detail.partition(": if it is yours")[0]
            return Failure(url, url, f"{reason}: save the page and check the file instead")
        return Failure(url, url, str(error))
    finally:
        fetcher.close()


def assess_answer(body: bytes, media_type: str, charset: str, url: str, rules: Rules) -> Judgement:
    """What somebody else fetched from ``url``, judged like a page. Raises :class:`PageError`."""
    from assessment.reading import Answer

    return _assess(Answer(body, media_type, charset), url, rules, url)


def _assess(answer: Answer, name: str, rules: Rules, url: str = "") -> Judgement:
    """Raises :class:`PageError`."""
    from assessment.reading import Known, assess
    from extraction import Recognition

    known = Known(url, publisher=rules.publisher, region=rules.region)
    assessment = assess(answer, known, rules.today, Recognition(), as_of=rules.as_of, imported=rules.imported)
    return Judgement(_document(answer, assessment, name, url), assessment.result)


def _document(answer: Answer, assessment: Assessment, name: str, url: str) -> Document:
    source = None
    if assessment.media_type == "text/plain" and not url:
        source = answer.body.decode(assessment.charset or "utf-8", "replace")
    return Document(
        identity=name,
        name=name,
        text=assessment.text,
        title=assessment.title,
        publisher=assessment.publisher,
        url=url,
        published_on=assessment.published_on,
        source=source,
        unread=assessment.unread,
    )
