"""How much of each official list is known, and how well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from catalogue.annex_items import Annex, AnnexItem
from catalogue.book import Catalogue
from catalogue.documents import Effect, OfficialDocument, official_documents
from catalogue.editions import read_editions
from catalogue.imported import ImportedList
from catalogue.model import Period
from vocabulary.codes import Evidence, Status

_WORST_FIRST = (Evidence.DOUBTFUL, Evidence.UNVERIFIED, Evidence.PUBLISHED)
_STATUS = {Effect.CANCELLED: Status.CANCELLED, Effect.EXITED: Status.EXITED}
BATCHES = "国务院七批决定"
"""What the seven decisions are called together."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """Items of one official list by how well they are known."""

    document: OfficialDocument
    known: Counter[Evidence]
    imported_on: date | None = None
    digest: str = ""
    """SHA-256 of the file that was imported; empty where none was."""

    @property
    def published(self) -> int:
        return self.known[Evidence.PUBLISHED]

    @property
    def is_complete(self) -> bool:
        return self.published >= self.document.items


def completeness(catalogue: Catalogue, imports: Iterable[ImportedList]) -> tuple[Completeness, ...]:
    """Every official list whose total is known, in the order of ``documents.csv``."""
    imported = {(each.document, each.region): each for each in imports}
    measured = []
    for document in official_documents():
        if document.effect in {Effect.APPROVALS, Effect.DEPARTMENTS}:
            continue
        brought = imported.get((document.number, document.region))
        if brought is None:
            measured.append(Completeness(document, _known(document, catalogue)))
            continue
        known = _imported(brought)
        known[Evidence.DOUBTFUL] += sum(
            period.evidence is Evidence.DOUBTFUL for period in _periods(document, catalogue)
        )
        measured.append(Completeness(document, known, brought.imported_on, brought.digest))
    return tuple(measured)


def say_incomplete(measured: Sequence[Completeness]) -> str:
    """One line for whoever starts the program: what is missing, how to bring it; empty if nothing is."""
    lacking = [each for each in measured if not each.is_complete]
    if not lacking:
        return ""
    batches = [each for each in measured if _is_batch(each.document)]
    said = []
    if any(not each.is_complete for each in batches):
        published, items = sum(each.published for each in batches), sum(e.document.items for e in batches)
        said.append(f"{BATCHES}{published}/{items}")
    said += [
        f"{each.document.number}{each.published}/{each.document.items}"
        for each in lacking
        if not _is_batch(each.document)
    ]
    return f"清单尚不完整（已公布/应有）：{'，'.join(said)}；补全：qualwatch catalogue complete"


def _is_batch(document: OfficialDocument) -> bool:
    return document.effect is Effect.CANCELLED and not document.region


def _imported(brought: ImportedList) -> Counter[Evidence]:
    """Items of an imported list; one with several names is known as well as the worst of them."""
    listed = [item for item in brought.items if not item.is_exit]
    evidence = {(item.seq, item.name): item.evidence for item in listed}
    annex = Annex(tuple(AnnexItem(item.seq, item.name, item.item, domain=item.domain) for item in listed))
    return Counter(_worst(evidence[item.seq, item.name] for item in group) for group in annex.groups)


def _known(document: OfficialDocument, catalogue: Catalogue) -> Counter[Evidence]:
    """What the catalogue knows of a list that was not imported."""
    if document.effect is Effect.EDITION:
        lines = read_editions().get(str(document.date.year), ()) if not document.region else ()
        items: dict[tuple[str, str], list[Evidence]] = {}
        for line in lines:
            items.setdefault((line.domain, line.item), []).append(line.evidence)
        return Counter(map(_worst, items.values()))
    if document.effect is Effect.EXITED:
        return _exited(document, catalogue)
    return Counter(period.evidence for period in _periods(document, catalogue))


def _exited(document: OfficialDocument, catalogue: Catalogue) -> Counter[Evidence]:
    """The items of the edition before whose lines left by this document."""
    before = max(year for year in read_editions() if int(year) < document.date.year)
    items: dict[str, list[Evidence]] = {}
    for line in read_editions()[before]:
        for period in catalogue.entry(line.key).periods:
            if (period.document, period.status) == (document.number, Status.EXITED):
                items.setdefault(line.item, []).append(period.evidence)
    return Counter(map(_worst, items.values()))


def _periods(document: OfficialDocument, catalogue: Catalogue) -> Iterator[Period]:
    """Standings that the catalogue puts down to a list of ends."""
    for entry in catalogue.entries:
        if (entry.region or "") == document.region:
            for period in entry.periods:
                if (period.document, period.status) == (document.number, _STATUS.get(document.effect)):
                    yield period


def _worst(evidence: Iterable[Evidence]) -> Evidence:
    return min(evidence, key=_WORST_FIRST.index)
