"""Pages of one notice end in one case, and no case holds two notices: measured on constructed sites."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

import pytest
from sqlmodel import Session, select

from assessment.reading import Answer, Assessment, Known, assess
from cases.opening import open_cases
from storage.documents import PageRecord
from storage.evidence import EvidenceRef
from storage.keeping import keep_version
from storage.tables import Finding
from storage.visits import start_visit
from tests.parts.databases import open_migrated
from tests.parts.mirrored import Page, edited, reprints, templates, yearly

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def cases(pages: Iterator[Page], folder: Path) -> dict[str, tuple[str, int]]:
    """Notice and case of each page, by its address: read, judged and kept as by a visit, in any order."""
    engine = open_migrated(f"sqlite:///{folder / 'qualwatch.sqlite3'}")
    met = sorted(pages, key=lambda page: page.url)
    random.Random(7).shuffle(met)  # noqa: S311 - an order, and the same one each time
    found = {}
    with Session(engine) as session, session.begin():
        visit = start_visit(session, "sample", NOW)
        for page in met:
            known = Known(page.url, region="350100")
            reading = assess(Answer(page.html.encode(), "text/html"), known, NOW.date())
            kept = keep_version(session, record(page, reading), visit, NOW)
            open_cases(session, kept, reading.result, NOW)
            case = session.exec(select(Finding.case_id).where(Finding.version_id == kept.version_id)).one()
            assert case is not None, page.url
            found[page.url] = (page.notice, case)
    engine.dispose()
    return found


def record(page: Page, reading: Assessment) -> PageRecord:
    facts = reading.result.facts
    return PageRecord(
        url=page.url,
        source="sample",
        text=reading.text,
        media_type="text/html",
        document_kind=facts.document_kind.value,
        publisher_kind=facts.publisher_kind.value,
        evidence=EvidenceRef("sample.warc.gz", "<urn:uuid:1>", "0" * 64),
        title=reading.title,
        publisher=reading.publisher,
        region="350100",
        published_on=reading.published_on,
        facts=reading.facts,
    )


@pytest.mark.parametrize(
    ("pages", "recall"), [(reprints, 0.98), (edited, 0.66), (templates, 0.98), (yearly, 0.98)]
)
def test_pages_of_one_notice_are_one_case_and_others_are_not(
    tmp_path: Path, pages: Callable[[], Iterator[Page]], recall: float
) -> None:
    met = cases(pages(), tmp_path).values()
    pairs = [(one[0] == other[0], one[1] == other[1]) for one, other in combinations(met, 2)]
    together = sum(same_case for _, same_case in pairs)
    rightly = sum(same_notice and same_case for same_notice, same_case in pairs)
    assert rightly == together, f"{together - rightly} pairs of different notices are one case"
    assert rightly / sum(same_notice for same_notice, _ in pairs) >= recall


def test_a_day_of_publication_is_read_where_a_site_gives_one() -> None:
    """Else nothing would tell the notices of two years apart."""
    own, board = list(yearly())[:2]
    days = [
        assess(Answer(page.html.encode(), "text/html"), Known(page.url), NOW.date()).published_on
        for page in (own, board)
    ]
    assert days == [date(2024, 4, 8), date(2024, 4, 11)]
