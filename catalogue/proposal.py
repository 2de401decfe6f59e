"""What an official list would add to the catalogue and change in it, before anybody accepts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from catalogue.annex_items import AnnexItem
from catalogue.book import Catalogue, period_on
from catalogue.documents import Effect, OfficialDocument, find_document
from catalogue.editions import read_editions
from catalogue.imported import ImportedItem
from catalogue.loading import read_approvals
from catalogue.model import Entry, Period
from catalogue.naming import fold, without_suffixes
from catalogue.wording import since_words
from vocabulary.codes import Evidence, Status
from vocabulary.names import name_of

_ENDED = frozenset({Status.CANCELLED, Status.EXITED, Status.OFF_CATALOGUE})
_CATALOGUED = frozenset({Status.ACCESS, Status.LEVEL})


class Change(StrEnum):
    ADD = "新增"
    SETTLE = "核实"
    """The same standing was already listed, without a published ground."""
    ALTER = "变更"
    CONFIRM = "已在册"
    CONFLICT = "冲突"
    """Another published document ended it already: a person has to look."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One item of the list and what it would do."""

    item: ImportedItem
    change: Change
    before: str
    """The present standing in Chinese; empty for a new entry."""


def propose(
    items: Iterable[AnnexItem],
    catalogue: Catalogue,
    *,
    official: OfficialDocument,
    evidence: Evidence = Evidence.PUBLISHED,
) -> tuple[Proposed, ...]:
    """Pairs every item with its entry; ValueError names the item that is repeated or has no category.

    What the list of a newer edition leaves out has left the catalogue: it follows the items, without number.
    """
    region, document = official.region, official.number
    approvals = {approval.name for approval in read_approvals() if not approval.ends_qualification}
    proposed: dict[str, Proposed] = {}
    for item in items:
        try:
            status = official.effect.status(item.category)
        except ValueError as error:
            raise ValueError(f"“{item.name}”：{error}") from error
        if item.name in approvals:
            raise ValueError(f"“{item.name}”是行政审批事项：审批的取消不是职业资格的取消")
        entry = find_entry(item.name, status, catalogue, region)
        if entry is not None and entry.key in proposed and entry.name != item.name:
            entry = None  # two items of one list are two qualifications, though one is the other's alias here
        key = entry.key if entry else new_key(item.name, region)
        if key in proposed:
            raise ValueError(f"“{item.name}”与“{proposed[key].item.name}”是同一项，清单重复或读错")
        imported = _imported(item, key, status, official, evidence)
        change, before = _judge(entry, imported, document)
        proposed[key] = Proposed(imported, change, before)
    if official.effect is Effect.EDITION:
        left = {entry.key: _leaving(entry, official, evidence) for entry in catalogue.entries}
        proposed |= {key: each for key, each in left.items() if each is not None and key not in proposed}
    return tuple(proposed.values())


def _imported(
    item: AnnexItem, key: str, status: Status, official: OfficialDocument, evidence: Evidence
) -> ImportedItem:
    """The row that is kept of an item of the list."""
    return ImportedItem(
        seq=item.seq,
        name=item.name,
        key=key,
        status=status,
        since=official.since(item.part),
        category=item.category,
        domain=item.domain,
        department=item.department,
        evidence=evidence,
        item=item.item,
    )


def _leaving(entry: Entry, official: OfficialDocument, evidence: Evidence) -> Proposed | None:
    """The exit of an entry that stood in an older edition on the eve of this one; None where it did not."""
    standing = period_on(entry.periods, official.date - timedelta(days=1))
    of_edition = find_document(standing.document, official.region)
    if (
        (entry.region or "") != official.region
        or standing.status not in _CATALOGUED
        or of_edition is None
        or of_edition.effect is not Effect.EDITION
        or of_edition.date >= official.date
        or not _was_line(entry, of_edition)
        or any(period.since == official.date for period in entry.periods)
    ):
        return None
    item = ImportedItem(
        seq="",
        name=entry.name,
        key=entry.key,
        status=Status.EXITED,
        since=official.date,
        category="",
        domain=entry.domain,
        department=entry.department,
        evidence=evidence,
        is_exit=True,
    )
    change, before = _judge(entry, item, official.number)
    return Proposed(item, change, before)


def _was_line(entry: Entry, edition: OfficialDocument) -> bool:
    """Whether an edition had the entry as a line of its own; parts of its items only lean on it."""
    lines = read_editions().get(str(edition.date.year), ()) if not edition.region else ()
    return not lines or any(line.key == entry.key for line in lines)


def find_entry(name: str, status: Status, catalogue: Catalogue, region: str = "") -> Entry | None:
    """The entry that an official name means; suffixes may differ, prefixes and levels may not.

    An everyday alias counts only where its entry has come to the same end or stands the same: ``网络工程师``
    on a list of cancelled items is not the computing qualification that people also call so.
    """
    for form in without_suffixes(fold(name)):
        matches = [entry for entry, _ in catalogue.listed(form) if (entry.region or "") == region]
        named = [entry for entry in matches if fold(entry.name) == form]
        alike = [entry for entry in matches if _alike(entry.periods[-1].status, status)]
        if named or len(alike) == 1:
            return (named or alike)[0]
    return None


def new_key(name: str, region: str) -> str:
    """Keys of a province's own entries begin with its code: a national entry may have the same name."""
    return f"{region}:{name}" if region else name


def _judge(entry: Entry | None, imported: ImportedItem, document: str) -> tuple[Change, str]:
    if entry is None:
        return Change.ADD, ""
    last = entry.periods[-1]
    before = f"{name_of(last.status)}，{since_words(last)}，{last.document}，{name_of(last.evidence)}"
    for period in entry.periods:
        same_day = period.since in {None, imported.since}
        if same_day and (period.status, period.document) == (imported.status, document):
            published = period.evidence is Evidence.PUBLISHED
            return (Change.CONFIRM if published else Change.SETTLE), before
    others = (period for period in entry.periods if period.document != document)
    if imported.status in _ENDED and any(map(_ends, others)):
        return Change.CONFLICT, before
    return Change.ALTER, before


def _alike(one: Status, other: Status) -> bool:
    return one is other or (one in _ENDED and other in _ENDED)


def _ends(period: Period) -> bool:
    return period.since is not None and period.status in _ENDED and period.evidence is Evidence.PUBLISHED
