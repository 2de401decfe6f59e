"""What the worker processes do: from the bytes of a page or attachment to its text and the verdicts on it.

Everything here is pure, with plain arguments and results, so that it runs in any process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from time import perf_counter
from typing import Any

from catalogue.loading import loaded_catalogue
from crawling.listing.addresses import absolute_url, is_attachment, same_site
from crawling.listing.forms import PAGE, read_data_list, recognise
from crawling.listing.model import ListError, ListPage
from crawling.listing.reading import read_list_page
from detection import scan
from detection.documents import read_facts
from detection.model import ScanResult
from detection.recognised import doubt_recognised
from detection.record import to_record
from extraction import Extracted, ExtractionError, Link, NeedsRecognitionError, Recognition, extract
from extraction.readers.picture import size_of
from settings.model import Listing, Selectors
from vocabulary.codes import Outcome, PublisherKind

_ILLEGIBLE = 0.25
"""Share of characters that no encoding knows from which a text says nothing, to people neither."""
_FEW, _FEW_SHARE = 2, 0.001
"""Such characters that every other page has: the end of a summary that was cut between two bytes."""
RECOGNISED, WHOLE = "recognised", "whole"
"""Key of a version's facts where its words were read from pictures, and its value where all of them were."""
_SMALLEST_SIDE, _SMALLEST_NOTICE = 250, 150_000
"""Pixels of the shorter side, and of a whole picture, from which it may be a notice."""
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})
_FILE_NAME_ENDS = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".wps", ".et", ".rtf", ".ofd"),
    *(".zip", ".rar", ".7z", ".tgz", ".tar.gz", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"),
)


class ReadingError(Exception):
    """The bytes cannot be read; ``outcome`` says how, the message why and what to do.

    ``needs_recognition``: they are pictures of words, which were not to be read.
    """

    def __init__(self, outcome: Outcome, detail: str, *, needs_recognition: bool = False) -> None:
        super().__init__(outcome, detail)
        self.outcome = outcome
        self.detail = detail
        self.needs_recognition = needs_recognition

    def __reduce__(self) -> tuple[Any, ...]:
        """It crosses from a worker process with all it says."""
        return _rebuild, (self.outcome, self.detail, self.needs_recognition)

    def __str__(self) -> str:
        return self.detail


def _rebuild(outcome: Outcome, detail: str, needs_recognition: bool) -> ReadingError:
    return ReadingError(outcome, detail, needs_recognition=needs_recognition)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a document before it is read, from its list page, its source or its parent."""

    url: str
    title: str = ""
    publisher: str = ""
    published_on: date | None = None
    publisher_kind: PublisherKind | None = None
    region: str | None = None
    is_attachment: bool = False
    is_picture: bool = False
    """Whether it is a picture that a page shows in place of text."""
    parent_title: str = ""
    """Title of the page that links an attachment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body that came back, and what the server says of it."""

    body: bytes
    media_type: str = ""
    charset: str = ""
    name: str = ""
    """File name that the server gives it."""


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """A document, read and judged."""

    text: str
    media_type: str
    charset: str
    title: str
    publisher: str
    published_on: date | None
    result: ScanResult
    facts: dict[str, Any]
    """``document`` of the check contract."""
    attachments: tuple[Link, ...]
    detection_seconds: float
    catalogue: str
    """Digest of the catalogue that it was judged by."""
    pictures: tuple[Link, ...] = ()
    """Pictures of the page's own site that it shows in place of text."""
    unread: str = ""
    """What of it was not read and what to do about it; empty where all was."""
    needs_recognition: bool = False
    """Whether what was not read are pictures of words."""


def read_list(
    answer: Answer,
    url: str,
    selectors: Selectors,
    listing: Listing | None = None,
    today: date | None = None,
) -> ListPage:
    """Items and next pages of a list of any form. Raises :class:`ReadingError`.

    ``today`` tells the year of days that a list gives without one.
    """
    form = recognise(answer.body, listing)
    try:
        if form != PAGE:
            return read_data_list(answer.body, url, form, listing, charset=answer.charset, today=today)
        extracted = _extract(answer, url, is_file=False)
        return read_list_page(answer.body, url, extracted, selectors, listing, today=today)
    except ListError as error:
        raise ReadingError(Outcome.ERROR, str(error)) from error


def read_document(
    answer: Answer, known: Known, today: date, recognition: Recognition | None = None
) -> DocumentReading:
    """Text, facts, verdicts and attachments of a page or file.

    Judged as of the day of publication, else the date that the document gives itself, else ``today``; a day
    in the future is a mistake of the page. ``recognition`` has pictures of words read; what is found in them
    is to be reviewed. Raises :class:`ReadingError`.
    """
    catalogue = loaded_catalogue()
    if known.is_picture:
        _refuse_ornament(answer)
    is_file = known.is_attachment and not known.is_picture
    extracted = _extract(answer, known.url, is_file=is_file, recognition=recognition)
    title, publisher = _title(extracted, known), extracted.publisher or known.publisher
    published_on = _day_of_publication(extracted, known, today)
    began = perf_counter()
    result = _judge(
        extracted.text, replace(known, title=title, publisher=publisher, published_on=published_on), today
    )
    detection_seconds = perf_counter() - began
    facts_said = to_record(known.url, result, every_mention=False)["document"]
    if extracted.recognised:
        result = doubt_recognised(result)
        facts_said |= {RECOGNISED: "in part" if extracted.unread else WHOLE}
    return DocumentReading(
        text=extracted.text,
        media_type=extracted.media_type,
        charset=extracted.charset,
        title=title,
        publisher=publisher or result.facts.document.issuer or "",
        published_on=published_on,
        result=result,
        facts=facts_said,
        attachments=() if known.is_attachment else _attachments(extracted.links, known.url),
        detection_seconds=detection_seconds,
        catalogue=catalogue,
        pictures=tuple(link for link in extracted.pictures if same_site(link.url, known.url)),
        unread=extracted.unread,
        needs_recognition=extracted.needs_recognition,
    )


def _judge(text: str, known: Known, today: date) -> ScanResult:
    """The verdicts as of the day that :func:`read_document` names."""
    as_of = known.published_on
    if as_of is None:
        facts = read_facts(text, title=known.title, publisher=known.publisher, url=known.url)
        as_of = _past(facts.document.date, today) or today
    return scan(
        text,
        as_of=as_of,
        title=known.title,
        publisher=known.publisher,
        url=known.url,
        publisher_kind=known.publisher_kind,
        region=known.region,
    )


def _refuse_ornament(answer: Answer) -> None:
    """Raises ReadingError where a picture on a page is too small to be a notice."""
    try:
        width, height = size_of(answer.body)
    except ExtractionError as error:
        raise ReadingError(Outcome.UNREADABLE_ATTACHMENT, str(error)) from error
    if min(width, height) < _SMALLEST_SIDE or width * height < _SMALLEST_NOTICE:
        raise ReadingError(Outcome.EMPTY, f"{width} by {height} pixels are too few for a notice")


def _extract(answer: Answer, url: str, *, is_file: bool, recognition: Recognition | None = None) -> Extracted:
    unreadable = Outcome.UNREADABLE_ATTACHMENT if is_file else Outcome.UNDECODABLE
    try:
        extracted = extract(
            answer.body,
            url=url,
            media_type=answer.media_type,
            charset=answer.charset,
            name=answer.name,
            recognition=recognition,
        )
    except NeedsRecognitionError as error:
        raise ReadingError(
            Outcome.UNREADABLE_ATTACHMENT, str(error).removeprefix("no text: "), needs_recognition=True
        ) from error
    except ExtractionError as error:
        nothing_there = not is_file and str(error).startswith("no text")
        raise ReadingError(Outcome.EMPTY if nothing_there else unreadable, str(error)) from error
    if is_file and extracted.media_type in _MARKUP:
        raise ReadingError(unreadable, "the server sends a web page in place of the file: open it by hand")
    broken = extracted.text.count("\ufffd")
    said = f"{broken} of {len(extracted.text)} characters cannot be decoded: compare with the page itself"
    if broken > len(extracted.text) * _ILLEGIBLE:
        raise ReadingError(Outcome.UNDECODABLE, said)
    if broken > max(_FEW, len(extracted.text) * _FEW_SHARE):
        return replace(extracted, unread="; ".join(each for each in (extracted.unread, said) if each))
    return extracted


def _title(extracted: Extracted, known: Known) -> str:
    """A file's own title is often its template's: the page that links it knows better."""
    if known.is_attachment:
        own = known.title or extracted.title
        labelled = own if own.lstrip().startswith("附件") else f"附件：{own}"
        return f"{known.parent_title}（{labelled}）" if known.parent_title else own
    return extracted.title or known.title


def _day_of_publication(extracted: Extracted, known: Known, today: date) -> date | None:
    own, given = _past(extracted.published_on, today), _past(known.published_on, today)
    return given or own if known.is_attachment else own or given


def _past(day: date | None, today: date) -> date | None:
    """``day`` unless it lies in the future; a day's difference may be the time zone's."""
    return day if day is not None and day <= today + timedelta(days=1) else None


def _attachments(links: tuple[Link, ...], page_url: str) -> tuple[Link, ...]:
    """Links to files, each once, known by their address or by the file name that they show."""
    found: dict[str, Link] = {}
    for link in links:
        url = absolute_url(link.url, page_url)
        if url and url not in found and (is_attachment(url) or _names_a_file(link.text)):
            found[url] = Link(url, link.text or link.title, link.title)
    return tuple(found.values())


def _names_a_file(text: str) -> bool:
    return text.rstrip(" .。）)]】").lower().endswith(_FILE_NAME_ENDS)
