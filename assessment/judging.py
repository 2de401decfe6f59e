"""From a text, and what is known of it, to the verdicts: the way that every door takes.

Files, pages and messages come here through :func:`~assessment.reading.assess`; records of ``check`` and
stored texts, which are extracted already, directly. Pure and light: nothing here reads bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter

from assessment.day import Day, day_of
from catalogue.imported import NONE_IMPORTED, ImportedLists
from catalogue.loading import catalogue_digest, load_catalogue
from detection.detector import Asked, detector_of
from detection.model import DocumentFacts, ScanResult
from detection.recognised import doubt_recognised
from extraction.model import StatedDays
from extraction.stated import stated_days
from vocabulary.codes import DaySource, PublisherKind


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a document before it is read, from its list page, its source or its parent."""

    url: str = ""
    title: str = ""
    publisher: str = ""
    published_on: date | None = None
    day_from: DaySource = DaySource.LIST
    """Where ``published_on`` stands: a day that only the list's order or an address suggests counts less."""
    publisher_kind: PublisherKind | None = None
    region: str | None = None
    is_attachment: bool = False
    is_picture: bool = False
    """Whether it is a picture that a page shows in place of text."""
    is_guess: bool = False
    """Whether only the words of a link say that it is a file: a page in its place is no failure."""
    is_frame: bool = False
    """Whether it is a part of another page, shown in a frame."""
    parent_title: str = ""
    """Title of the page that links an attachment."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on a text."""

    result: ScanResult
    day: Day
    seconds: float
    """What detection took."""
    catalogue: str
    """Digest of the catalogue that it was judged by."""


def judge(
    text: str,
    known: Known,
    today: date,
    *,
    stated: StatedDays | None = None,
    as_of: date | None = None,
    recognised: bool = False,
    imported: ImportedLists = NONE_IMPORTED,
) -> Judged:
    """The verdicts on ``text`` by the rules of its day.

    Args:
        text: the visible text; offsets of the result count its characters.
        known: what is known from outside; ``published_on`` is the day that the list or the record gives.
        today: when the document is met, in the configured time zone.
        stated: the days that the page names; None: those that stand in the text and the address.
        as_of: wins over every day that is known.
        recognised: whether its words were read from pictures, so that a person is to compare them.
        imported: the official lists that make the catalogue, beside the shipped data.
    """
    began = perf_counter()
    asked, day = _ask(text, known, today, stated=stated, as_of=as_of)
    [result] = detector_of(load_catalogue(imported)).scan_all([asked])
    if recognised:
        result = doubt_recognised(result)
    return Judged(result, day, perf_counter() - began, catalogue_digest(imported))


def judge_all(
    texts: Sequence[tuple[str, Known]],
    today: date,
    *,
    as_of: date | None = None,
    imported: ImportedLists = NONE_IMPORTED,
) -> list[ScanResult]:
    """What :func:`judge` says of each text, sooner than one after the other; one that fails fails all."""
    asked = [_ask(text, known, today, as_of=as_of)[0] for text, known in texts]
    return detector_of(load_catalogue(imported)).scan_all(asked)


def _ask(
    text: str, known: Known, today: date, *, stated: StatedDays | None = None, as_of: date | None
) -> tuple[Asked, Day]:
    """What detection is asked, and the day by which it answers, with where that day comes from."""
    asked = Asked(
        text,
        as_of or today,
        title=known.title,
        publisher=known.publisher,
        url=known.url,
        publisher_kind=known.publisher_kind,
        region=known.region,
    )
    day = Day(as_of, as_of) if as_of else _day(text, known, today, stated, asked.read_facts())
    asked.as_of = day.as_of
    return asked, day


def _day(text: str, known: Known, today: date, stated: StatedDays | None, facts: DocumentFacts) -> Day:
    if stated is None:
        stated = stated_days({}, text, known.url, known.title)
    return day_of(
        today, given=known.published_on, given_by=known.day_from, stated=stated, own=facts.document.date
    )
