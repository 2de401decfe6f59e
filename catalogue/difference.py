"""What differs between two editions, or a list and the catalogue, in the groups that a person checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from catalogue.book import Catalogue, period_on
from catalogue.documents import Effect, OfficialDocument
from catalogue.editions import Changes, Line, kind, read_editions
from catalogue.imported import ImportedItem
from catalogue.naming import fold
from catalogue.proposal import Change, Proposed
from vocabulary.codes import Status
from vocabulary.names import name_of

_CATALOGUED = frozenset({Status.ACCESS, Status.LEVEL})


class Group(StrEnum):
    """How an item differs."""

    ADDED = "新增"
    REMOVED = "退出"
    RENAMED = "更名"
    KIND = "类别调整"
    CONFLICT = "冲突"


@dataclass(frozen=True, slots=True)
class Entry:
    """One difference, as it is shown."""

    group: Group
    name: str
    before: str = ""
    """The former name or kind; empty where only the name matters."""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a person checks before a list counts."""

    title: str
    entries: tuple[Entry, ...]
    unchanged: int = 0

    def of(self, group: Group) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.group is group)


def between_editions(changes: Changes, title: str, unchanged: int) -> Difference:
    """Two editions side by side; names of one item that came or went together are one entry."""
    return Difference(
        title,
        (
            *_grouped(changes.added, Group.ADDED),
            *_grouped(changes.removed, Group.REMOVED),
            *(Entry(Group.RENAMED, new.name, old.name, new.name) for old, new in changes.renamed),
            *(Entry(Group.KIND, new.name, kind(old), kind(new)) for old, new in changes.changed_kind),
        ),
        unchanged,
    )


def _grouped(lines: Sequence[Line], group: Group) -> Iterable[Entry]:
    items: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        items.setdefault((line.domain, line.item), []).append(line)
    for (_, item), names in items.items():
        whole = len(names) == 1
        yield Entry(group, names[0].name if whole else f"{item}（{len(names)}个名称）")


def of_proposal(proposed: Sequence[Proposed], official: OfficialDocument, catalogue: Catalogue) -> Difference:
    """What a list would change in the catalogue as it stands on the eve of its day."""
    entries = [entry for each in proposed if (entry := _entry(each, official, catalogue))]
    return Difference(official.number, tuple(entries), len(proposed) - len(entries))


def _entry(each: Proposed, official: OfficialDocument, catalogue: Catalogue) -> Entry | None:
    """How an item differs; None where the catalogue says the same."""
    item = each.item
    if each.change is Change.CONFLICT:
        return Entry(Group.CONFLICT, item.name, each.before, name_of(item.status))
    if each.change in {Change.ADD, Change.CONFIRM}:
        return Entry(Group.ADDED, item.name) if each.change is Change.ADD else None
    known = catalogue.entry(item.key)
    eve = period_on(known.periods, item.since - timedelta(days=1)).status
    group = _group(item, eve, official)
    former = _former_name(known.key) or known.name
    names = {fold(former), fold(known.name)}
    if group is None and official.effect is Effect.EDITION and fold(item.name) not in names:
        return Entry(Group.RENAMED, item.name, former, item.name)
    return Entry(group, item.name, name_of(eve), name_of(item.status)) if group else None


def _former_name(key: str) -> str:
    """What the last edition that had the entry called it; empty where none had."""
    for _, lines in sorted(read_editions().items(), reverse=True):
        for line in lines:
            if line.key == key:
                return line.name
    return ""


def _group(item: ImportedItem, eve: Status, official: OfficialDocument) -> Group | None:
    """How a known item's standing differs from that of the eve; None where it does not."""
    if official.effect is not Effect.EDITION or item.is_exit:
        # What had ended already is only proved by the list.
        return Group.REMOVED if eve in _CATALOGUED else None
    if eve not in _CATALOGUED:
        return Group.ADDED
    return Group.KIND if eve is not item.status else None
