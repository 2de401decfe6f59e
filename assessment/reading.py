"""From the bytes of a page or file, and what is known of it, to its text and the verdicts on it.

:func:`assess` is what ``check``, visits and mail do with bytes. Everything here is pure, with plain arguments
and results, so that it runs in any process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from assessment.attachments import (
    Attachment,
    attached_files,
    content_frames,
    unopened_files,
    unread_frames,
)
from assessment.judging import Judged, Known, judge
from assessment.notices import is_index, shows_item
from catalogue.imported import NONE_IMPORTED, ImportedLists
from crawling.listing.addresses import same_site
from crawling.listing.rows import employer_of
from detection.model import ScanResult
from detection.record import to_record
from extraction import Extracted, ExtractionError, Link, NeedsRecognitionError, Recognition, extract
from extraction.readers.picture import size_of
from vocabulary.codes import Outcome
from vocabulary.page_errors import PageError

__all__ = ["Answer", "Assessment", "Known", "ReadingError", "assess"]

_ILLEGIBLE = 0.25
"""Share of characters that no encoding knows from which a text says nothing, to people neither."""
_FEW, _FEW_SHARE = 2, 0.001
"""Such characters that every other page has: the end of a summary that was cut between two bytes."""
RECOGNISED, WHOLE = "recognised", "whole"
"""Key of a version's facts where its words were read from pictures, and its value where all of them were."""
CONTRADICTED = "other_days"
"""Key of a version's facts where the page names other days than the one that counts."""
_SMALLEST_SIDE, _SMALLEST_NOTICE = 250, 150_000
"""Pixels of the shorter side, and of a whole picture, from which it may be a notice."""
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})
_PAGE_NAMES = (".html", ".htm", ".shtml", ".xhtml")
"""Names of files that are web pages: saved ones, which people attach to mails and pack into archives."""


class ReadingError(PageError):
    """The bytes cannot be read.

    ``needs_recognition``: they are pictures of words, which were not to be read.
    """

    def __init__(self, outcome: Outcome, detail: str, *, needs_recognition: bool = False) -> None:
        super().__init__(outcome, detail)
        self.needs_recognition = needs_recognition

    def __reduce__(self) -> tuple[Any, ...]:
        """It crosses from a worker process with all it says."""
        return _rebuild, (self.outcome, self.detail, self.needs_recognition)


def _rebuild(outcome: Outcome, detail: str, needs_recognition: bool) -> ReadingError:
    return ReadingError(outcome, detail, needs_recognition=needs_recognition)


@dataclass(frozen=True, slots=True)
class Answer:
    """The body that came back, and what the server says of it."""

    body: bytes
    media_type: str = ""
    charset: str = ""
    name: str = ""
    """File name that the server gives it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A document, read and judged; offsets of ``result`` count characters of ``text``."""

    text: str
    media_type: str
    charset: str
    title: str
    publisher: str
    published_on: date | None
    result: ScanResult
    facts: dict[str, Any]
    """``document`` of the check contract."""
    attachments: tuple[Attachment, ...]
    detection_seconds: float
    catalogue: str
    """Digest of the catalogue that it was judged by."""
    frames: tuple[str, ...] = ()
    """Frames of the page's own site, in which parts of it stand."""
    bears_title: bool = True
    """Whether it shows the title by which it was known; a refusal does not."""
    is_index: bool = False
    """Whether it is made of links alone, and says nothing itself."""
    pictures: tuple[Link, ...] = ()
    """Pictures of the page's own site that it shows in place of text."""
    unread: str = ""
    """What of it was not read and what to do about it; empty where all was."""
    needs_recognition: bool = False
    """Whether what was not read are pictures of words."""


def assess(
    answer: Answer,
    known: Known,
    today: date,
    recognition: Recognition | None = None,
    *,
    as_of: date | None = None,
    imported: ImportedLists = NONE_IMPORTED,
) -> Assessment:
    """Text, facts, verdicts and attachments of a page or file.

    Judged by the rules of the day that :func:`~assessment.day.day_of` gives, or of ``as_of``. ``recognition``
    has pictures of words read; what is found in them is to be reviewed. ``imported``: the official lists that
    make the catalogue, beside the shipped data. Raises :class:`ReadingError`.
    """
    if known.is_picture:
        _refuse_ornament(answer)
    is_file = known.is_attachment and not known.is_picture
    extracted = extract_answer(answer, known.url, is_file=is_file, recognition=recognition)
    title = _title(extracted, known)
    publisher = extracted.publisher or known.publisher or employer_of(extracted.links)
    judged = judge(
        extracted.text,
        replace(known, title=title, publisher=publisher),
        today,
        stated=extracted.days,
        as_of=as_of,
        recognised=extracted.recognised,
        imported=imported,
    )
    links = () if known.is_attachment else extracted.links
    parts = _parts(answer, extracted, known, links)
    unread = extracted.unread or unread_frames(extracted.frames, known.url, extracted.text)
    return Assessment(
        text=extracted.text,
        media_type=extracted.media_type,
        charset=extracted.charset,
        title=title,
        publisher=publisher or judged.result.facts.document.issuer or "",
        published_on=judged.day.published_on,
        result=judged.result,
        facts=_facts(known.url, judged, extracted),
        attachments=parts.attachments,
        frames=parts.frames,
        bears_title=known.is_attachment or _shows_item(extracted, known, links, parts),
        is_index=is_index((link.text for link in links), extracted.text),
        detection_seconds=judged.seconds,
        catalogue=judged.catalogue,
        pictures=parts.pictures,
        unread=unread or parts.unopened,
        needs_recognition=extracted.needs_recognition,
    )


class _Parts(NamedTuple):
    """What hangs on a page, and what of it nobody can open."""

    attachments: tuple[Attachment, ...]
    frames: tuple[str, ...]
    pictures: tuple[Link, ...]
    unopened: str


def _parts(answer: Answer, extracted: Extracted, known: Known, links: tuple[Link, ...]) -> _Parts:
    markup = _markup(answer, extracted)
    return _Parts(
        attached_files(links, known.url, markup),
        () if known.is_attachment else content_frames(extracted.frames, known.url),
        tuple(link for link in extracted.pictures if same_site(link.url, known.url)),
        unopened_files(links, markup),
    )


def _shows_item(extracted: Extracted, known: Known, links: tuple[Link, ...], parts: _Parts) -> bool:
    return shows_item(
        known.title,
        extracted.title,
        extracted.text,
        [link.text for link in links],
        has_files=bool(parts.attachments or parts.frames),
        has_pictures=bool(parts.pictures),
    )


def _facts(url: str, judged: Judged, extracted: Extracted) -> dict[str, Any]:
    """What is kept beside the text: facts, days that contradict each other, words out of pictures."""
    facts = document_facts(url, judged)
    if judged.day.contradicted_by:
        facts |= {CONTRADICTED: {source.value: str(day) for source, day in judged.day.contradicted_by}}
    if extracted.recognised:
        facts |= {RECOGNISED: "in part" if extracted.unread else WHOLE}
    return facts


def _markup(answer: Answer, extracted: Extracted) -> str:
    """The source of a page, where some of its links are calls of a script."""
    if not any(link.action for link in extracted.links):
        return ""
    return answer.body.decode(extracted.charset or "utf-8", "replace")


def document_facts(identity: str, judged: Judged) -> dict[str, Any]:
    """``document`` of the check contract."""
    said: dict[str, Any] = to_record(identity, judged.result, every_mention=False)["document"]
    return said


def _refuse_ornament(answer: Answer) -> None:
    """Raises ReadingError where a picture on a page is too small to be a notice."""
    try:
        width, height = size_of(answer.body)
    except ExtractionError as error:
        raise ReadingError(Outcome.UNREADABLE_ATTACHMENT, str(error)) from error
    if min(width, height) < _SMALLEST_SIDE or width * height < _SMALLEST_NOTICE:
        raise ReadingError(Outcome.EMPTY, f"{width} by {height} pixels are too few for a notice")


def extract_answer(
    answer: Answer, url: str, *, is_file: bool, recognition: Recognition | None = None
) -> Extracted:
    """The text of an answer. Raises :class:`ReadingError`, with what extraction says as its cause."""
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
    if is_file and extracted.media_type in _MARKUP and not answer.name.lower().endswith(_PAGE_NAMES):
        raise ReadingError(unreadable, "the server sends a web page in place of the file: open it by hand")
    broken = extracted.text.count("\ufffd")
    said = f"{broken} of {len(extracted.text)} characters cannot be decoded: compare with the page itself"
    if broken > len(extracted.text) * _ILLEGIBLE:
        raise ReadingError(Outcome.UNDECODABLE, said)
    if broken > max(_FEW, len(extracted.text) * _FEW_SHARE):
        return replace(extracted, unread="; ".join(each for each in (extracted.unread, said) if each))
    return extracted


def _title(extracted: Extracted, known: Known) -> str:
    """A file says less of itself than the page that links it; saved pages have titles of their own."""
    if known.is_attachment and not (extracted.title and extracted.media_type in _MARKUP):
        own = known.title or extracted.title
        labelled = own if own.lstrip().startswith("附件") else f"附件：{own}"
        return f"{known.parent_title}（{labelled}）" if known.parent_title else own
    if known.title and extracted.title.startswith(known.title):
        return known.title  # what follows is the name of the site
    return extracted.title or known.title
