"""A person compares a row of the shipped catalogue with its source: which rows wait, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from catalogue.book import Catalogue
from catalogue.documents import find_document, normalise_number
from catalogue.imported import NONE_IMPORTED
from catalogue.loading import load_catalogue
from catalogue.model import Entry, Period
from catalogue.verified import VerifiedRow, row_identity, waits
from vocabulary.codes import Status

LONGEST_SOURCE = 500
"""Characters of what says where somebody has seen a row."""


def rows_to_verify(shipped: Entry, catalogue: Catalogue) -> Iterator[tuple[int, Period]]:
    """Rows of a shipped entry that wait, with their number among its rows, from 1.

    ``catalogue``: with what was imported and verified since, which may have settled a row.
    """
    waiting = {
        row_identity(shipped.key, each) for each in catalogue.entry(shipped.key).periods if waits(each)
    }
    for number, period in enumerate(shipped.periods, 1):
        if row_identity(shipped.key, period) in waiting:
            yield number, period


def shipped_entry(key: str) -> Entry:
    """The entry as it is shipped, before anything was imported or verified; KeyError where there is none."""
    return load_catalogue(NONE_IMPORTED).entry(key)


def _to_verify(shipped: Entry, number: int, catalogue: Catalogue) -> Period:
    known = dict(rows_to_verify(shipped, catalogue))
    if number not in known:
        rows = "、".join(map(str, known)) or "无"
        raise ValueError(f"“{shipped.name}”没有待核实的第{number}行；待核实的行：{rows}。")
    return known[number]


def verify(
    shipped: Entry,
    number: int,
    catalogue: Catalogue,
    *,
    source: str,
    by: str,
    today: date,
    status: Status | None = None,
    since: date | None = None,
    document: str = "",
) -> VerifiedRow:
    """Row ``number`` of a shipped entry as its source has it; what is not given is there as it is shipped.

    The day of a document that is known need not be said. ValueError says in Chinese what is wrong.
    """
    period = _to_verify(shipped, number, catalogue)
    source = " ".join(source.split())[:LONGEST_SOURCE]
    if not source:
        raise ValueError("请写明在何处看到：网址、公报页码或档案号。")
    if period.since is None and since is not None:
        raise ValueError("此行是最初的状态，没有起始日期，不能填写日期。")
    if since is not None and since > today:
        raise ValueError("起始日期不能在今天之后。")
    number_of = normalise_number(document) or period.document
    official = find_document(number_of, shipped.region or "") if document else None
    begins = since or (official.date if official and period.since else period.since)
    others = [each for each in shipped.periods if each is not period]
    if begins is not None and any(each.since == begins for each in others):
        raise ValueError(f"“{shipped.name}”另有一行也自{begins.isoformat()}起，两行不能同日。")
    return VerifiedRow(
        key=shipped.key,
        status=period.status,
        since=period.since,
        document=period.document,
        source=source,
        found_status=status or period.status,
        found_since=begins,
        found_document=number_of,
        verified_on=today,
        verified_by=by,
    )
