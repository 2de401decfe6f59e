"""How imported official lists change what the catalogue says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from catalogue.book import Name
from catalogue.imported import ImportedItem, ImportedList
from catalogue.model import Entry, Period
from vocabulary.codes import Evidence, Status

_ENDED = frozenset({Status.CANCELLED, Status.EXITED, Status.OFF_CATALOGUE})
_UNREVIEWED = "由图片识别得到，尚未逐条核对"
_ABSENT = "导入的{document}附件中没有此项"


def merge(entries: dict[str, Entry], imported: ImportedList) -> list[Name]:
    """Adds ``imported`` to ``entries`` by key, and returns the names that came with new entries.

    An official list wins over what was only believed: a dated end that rests on no published document goes,
    and an end that was put down to this very list without standing on it is called doubtful.
    """
    names = []
    _doubt_absent(entries, imported)
    for item in imported.items:
        period = _period(imported, item)
        known = entries.get(item.key)
        if known is None:
            names.append(Name(item.name, item.key))
            entries[item.key] = Entry(
                key=item.key,
                name=item.name,
                aliases=(),
                periods=with_period((_before(period, item.category),), period),
                department=item.department,
                domain=item.domain,
                region=imported.region or None,
            )
        else:
            entries[item.key] = replace(
                known,
                periods=with_period(known.periods, period),
                department=known.department or item.department,
                domain=known.domain or item.domain,
            )
    return names


def _doubt_absent(entries: dict[str, Entry], imported: ImportedList) -> None:
    """Mark the cancellations that the catalogue puts down to this list, which does not have them."""
    if any(item.status is not Status.CANCELLED for item in imported.items):
        return  # An edition's absent lines may be parts of its items; only a list of ends speaks for itself.
    said = _ABSENT.format(document=imported.document)
    listed = {item.key for item in imported.items}
    for key, entry in entries.items():
        if key not in listed and (entry.region or "") == imported.region:
            periods = tuple(
                replace(period, evidence=Evidence.DOUBTFUL, contested=said)
                if (period.document, period.status) == (imported.document, Status.CANCELLED)
                else period
                for period in entry.periods
            )
            if periods != entry.periods:
                entries[key] = replace(entry, periods=periods)


def with_period(periods: tuple[Period, ...], imported: Period) -> tuple[Period, ...]:
    """``periods`` with an imported one added, without the unpublished ends that it settles.

    One that was read from a picture and not compared yet settles nothing that is published.
    """
    if imported.evidence is not Evidence.PUBLISHED and any(
        period.since == imported.since and period.evidence is Evidence.PUBLISHED for period in periods
    ):
        return periods
    first, *later = periods
    if first.status in _ENDED and first.evidence is not Evidence.PUBLISHED:
        first = _before(imported, imported.category)
    kept = [
        period
        for period in later
        if period.since != imported.since
        and (period.document, period.status) != (imported.document, imported.status)
        and (period.status not in _ENDED or period.evidence is Evidence.PUBLISHED)
    ]
    return (first, *sorted([*kept, imported], key=lambda period: period.since or date.min))


def _period(imported: ImportedList, item: ImportedItem) -> Period:
    return Period(
        status=item.status,
        since=item.since,
        document=imported.document,
        evidence=item.evidence,
        source=imported.source,
        category=item.category,
        note="" if item.evidence is Evidence.PUBLISHED else _UNREVIEWED,
    )


def _before(period: Period, category: str) -> Period:
    """What an item was before the list that names it: lawful, in the category that the list gives."""
    status = Status.ACCESS if category == "准入类" else Status.LEVEL
    evidence = Evidence.PUBLISHED if category else Evidence.UNVERIFIED
    note = "" if category else "此前的类别未核"
    return Period(status, None, period.document, evidence, period.source, category, note)
