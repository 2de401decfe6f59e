"""From findings to cases, in one transaction.

A case is one posting and one qualification, however often and wherever it is seen: a new place or version is
an event of the case, not a new mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from sqlalchemy import Executable, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from cases.exceptions import Exceptions, note_excepted, read_exceptions
from cases.history import ACTOR
from cases.merging import case_in_force
from cases.mirrors import REPRINTED_WITHIN
from cases.postings import case_key, page_title, same_title
from cases.rebounds import has_ended, reopen_on_rebound
from cases.scanned import Scan, Scanned, Subject, apart, look_around, pushed_severity, read_scanned
from cases.search import index_cases
from detection.model import Mention, ScanResult
from storage.documents import KeptVersion
from storage.rows import Values, insert_all_once, insert_once, rows, table_of, values_of
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding, StandingException
from vocabulary.codes import CaseState, EventKind
from vocabulary.presentation import passage

_OF_VERSION = ("version_id",)


@dataclass(frozen=True, slots=True)
class CaseNews:
    """Cases that somebody has to be told of, and the stored version that shows them."""

    document_id: int
    version_id: int
    opened: tuple[int, ...] = ()
    """Cases that are new."""
    reopened: tuple[int, ...] = ()
    """Cases that had been put right and came back: a rebound."""
    occasion: str = ""
    """Tells apart news of the same cases, at most 50 characters; empty: they were opened, or seen again."""

    @property
    def case_ids(self) -> tuple[int, ...]:
        return (*self.opened, *self.reopened)


@dataclass(frozen=True, slots=True)
class OpenedCases:
    """What a scan changed; all zero and empty where it had been recorded before."""

    findings: int
    """Findings written, also those too slight for a case."""
    opened: tuple[int, ...]
    """Cases that are new."""
    excepted: tuple[int, ...]
    """Cases of which nobody is told: a standing exception holds for their publisher and certificate."""
    seen: tuple[int, ...]
    """Older cases met at a new place or in a new version."""
    reopened: tuple[int, ...]
    """Older cases that had been put right and came back: a rebound."""
    news: CaseNews
    """What those responsible are to be told of; the caller does that in the same transaction."""


def open_cases(session: Session, kept: KeptVersion, result: ScanResult, now: datetime) -> OpenedCases:
    """Record the findings of a stored version and open their cases, in the caller's transaction.

    Doing it twice changes nothing. A finding below ``medium`` is kept without a case. Raises ``LookupError``
    where ``kept.version_id`` is not stored yet.
    """
    [opened] = open_all_cases(session, [Scan(kept, result, now)])
    return opened


def open_all_cases(session: Session, scans: Sequence[Scan]) -> list[OpenedCases]:
    """:func:`open_cases` of several; those that have nothing in common by the same few statements."""
    if not scans:
        return []
    scanned = read_scanned(session, scans)
    publishers = {each.document.publisher for each in scanned if each.has_cases}
    standing = read_exceptions(session, publishers, min(each.now for each in scans))
    met, opened = set[int](), list[OpenedCases]()
    for group in apart(scanned):
        opened += _open_apart(session, look_around(session, group), standing, met)
    index_cases(session, met)
    return opened


def _open_apart(
    session: Session, group: Sequence[Scanned], standing: Exceptions, met: set[int]
) -> list[OpenedCases]:
    """Findings and cases of versions that are apart; every case that they show comes to ``met``."""
    new = _open_new(session, group, standing)
    tallies, found = [], list[Values]()
    for scanned in group:
        tally = _Tally()
        for subject in scanned.subjects:
            case_id = None
            if subject.alerts:
                case_id = _meet_case(session, scanned, subject, standing, new.pop(subject.key, None), tally)
                met.add(case_id)
            found += (
                _finding(scanned, each, case_id if pushed_severity(each).is_alert else None)
                for each in subject.mentions
            )
        tallies.append(tally)
    written = Counter(version_id for (version_id,) in insert_all_once(session, Finding, found, _OF_VERSION))
    return [
        tally.of(scanned.kept, written[scanned.kept.version_id])
        for scanned, tally in zip(group, tallies, strict=True)
    ]


def _open_new(session: Session, group: Sequence[Scanned], standing: Exceptions) -> dict[str, int]:
    """Cases that nobody knew, by their keys, of versions that may belong to nothing else."""
    wanted: dict[str, tuple[Scanned, Subject]] = {}
    for scanned in group:
        for subject in scanned.subjects if not scanned.mirrors else ():
            if subject.alerts and _case_of_kin(scanned, subject) is None:
                wanted.setdefault(subject.key, (scanned, subject))
    cases = [values_of(_case(each, key, subject, standing)) for key, (each, subject) in wanted.items()]
    opened = {key: case_id for case_id, key in insert_all_once(session, Case, cases, ("id", "key"))}
    events = [
        _sighting(each, opened[key], EventKind.FOUND) for key, (each, _) in wanted.items() if key in opened
    ]
    insert_all_once(session, CaseEvent, events, ("id",))
    return opened


@dataclass(slots=True)
class _Tally:
    """Cases by what became of them."""

    opened: list[int] = field(default_factory=list)
    excepted: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    reopened: list[int] = field(default_factory=list)

    def of(self, kept: KeptVersion, findings: int) -> OpenedCases:
        opened, reopened = tuple(self.opened), tuple(self.reopened)
        news = CaseNews(kept.document_id, kept.version_id, opened, reopened)
        return OpenedCases(findings, opened, tuple(self.excepted), tuple(self.seen), reopened, news)


def _meet_case(  # noqa: PLR0917 - the scan, its subject, and where it is counted
    session: Session,
    scanned: Scanned,
    subject: Subject,
    exceptions: Exceptions,
    opened: int | None,
    tally: _Tally,
) -> int:
    """Open the case of a subject, or note that it was met again; its number, as ``opened`` says already."""
    kept, now = scanned.kept, scanned.now
    standing = _exception(scanned, subject, exceptions)
    if opened is not None:
        case_id, new = opened, True
    else:
        case_id, new = _case_of(session, scanned, subject, exceptions)
        event = _sighting(scanned, case_id, EventKind.FOUND if new else EventKind.SEEN)
        if insert_all_once(session, CaseEvent, [event], ("id",)) and not new:
            tally.seen.append(case_id)
    if standing is not None:
        if new or has_ended(session, case_id):
            note_excepted(session, standing, case_id, kept.version_id, now)
            tally.excepted.append(case_id)
    elif new:
        tally.opened.append(case_id)
    elif reopen_on_rebound(session, kept, case_id, document=scanned.document, now=now):
        tally.reopened.append(case_id)
    return case_id


def _exception(scanned: Scanned, subject: Subject, exceptions: Exceptions) -> StandingException | None:
    return exceptions.find(scanned.document.publisher, scanned.region, subject.qualification, scanned.now)


def _case_of(
    session: Session, scanned: Scanned, subject: Subject, exceptions: Exceptions
) -> tuple[int, bool]:
    """The case of a subject that is not simply new: its id, and whether it is new all the same.

    It may be somebody's already: another page's, another time's, or another site's.
    """
    earlier = _case_of_kin(scanned, subject)
    if earlier is not None:
        return earlier, False
    key, day = subject.key, scanned.document.published_on
    if day is not None and not scanned.posting.number and _is_of_another_time(session, key, day):
        key = case_key((*subject.identity, day.isoformat()), subject.qualification, subject.violation)
    mirrored = _case_of_mirror(session, scanned, key, subject)
    if mirrored is not None:
        return mirrored, False
    written = insert_once(session, _case(scanned, key, subject, exceptions))
    if written is not None:
        return written, True
    known = session.exec(select(Case.id).where(Case.key == key)).one()
    if known is None:
        raise LookupError(f"case {key} has no id")
    return case_in_force(session, known), False


def _is_of_another_time(session: Session, key: str, day: date) -> bool:
    """Whether all that the case of ``key`` was seen in was published at another time: next year's notice."""
    known = [each for (each,) in rows(session, _days_of_case(), key=key) if each is not None]
    return bool(known) and all(abs(each - day) > REPRINTED_WITHIN for each in known)


def _case_of_kin(scanned: Scanned, subject: Subject) -> int | None:
    """The page's own case, else that of the page that links this attachment, or of an attachment of it.

    The wording of a page may change; another title at its address is another posting.
    """
    document, own = scanned.document, page_title(scanned.document.title)
    wanted = subject.qualification, subject.violation
    met = [each for each in scanned.kin if (each.qualification, each.violation) == wanted]
    itself = (each for each in met if each.document_id == document.id)
    found = next((each for each in itself if same_title(each.title, document.title)), None)
    if found is None:
        family = (each for each in met if each.document_id != document.id)
        found = next((each for each in family if same_title(page_title(each.title), own)), None)
    return found.case_id if found is not None else None


@cache
def _days_of_case() -> Executable:
    """When all that a case was seen in was published."""
    document, version = table_of(Document), table_of(DocumentVersion)
    finding, case = table_of(Finding), table_of(Case)
    return (
        select_columns(document.c.published_on)
        .select_from(document)
        .join(version, version.c.document_id == document.c.id)
        .join(finding, finding.c.version_id == version.c.id)
        .join(case, case.c.id == finding.c.case_id)
        .where(case.c.key == bindparam("key"))
        .distinct()
    )


def _case_of_mirror(session: Session, scanned: Scanned, key: str, subject: Subject) -> int | None:
    """The case of the same notice on another site, where no case is known by its own identity."""
    if not scanned.mirrors or session.exec(select(Case.id).where(Case.key == key)).first():
        return None
    return session.exec(
        select(Case.id)
        .join(Finding, col(Finding.case_id) == col(Case.id))
        .where(col(Finding.version_id).in_(scanned.mirrors))
        .where(Case.qualification == subject.qualification, Case.violation == subject.violation.value)
        .order_by(col(Case.id))
        .limit(1)
    ).first()


def _case(scanned: Scanned, key: str, subject: Subject, exceptions: Exceptions) -> Case:
    worst, is_excepted = subject.worst, _exception(scanned, subject, exceptions) is not None
    return Case(
        key=key,
        state=CaseState.DISMISSED if is_excepted else CaseState.FOUND,
        qualification=worst.qualification,
        status=worst.status.value,
        usage=worst.usage.value,
        violation=subject.violation.value,
        severity=pushed_severity(worst).value,
        publisher=scanned.document.publisher,
        publisher_kind=scanned.result.facts.publisher_kind.value,
        region=scanned.region,
        title=scanned.document.title,
        url=scanned.document.url,
        needs_review=worst.needs_review,
        opened_at=scanned.now,
        updated_at=scanned.now,
    )


def _finding(scanned: Scanned, mention: Mention, case_id: int | None) -> Values:
    return {
        "version_id": scanned.kept.version_id,
        "case_id": case_id,
        "merged_from": None,
        "start": mention.start,
        "end": mention.end,
        "quote": mention.quote,
        "context": passage(scanned.posting.text, mention.start, mention.end).text,
        "qualification": mention.qualification,
        "status": mention.status.value,
        "since": mention.since,
        "status_document": mention.status_document,
        "usage": mention.usage.value,
        "cue": mention.cue,
        "violation": "" if mention.violation is None else mention.violation.value,
        "severity": mention.severity.value,
        "legal_basis": list(mention.legal_basis),
        "explanation": mention.explanation,
        "advice": mention.advice,
        "needs_review": mention.needs_review,
        "foreign": mention.foreign,
        "as_of": scanned.result.as_of,
        "found_at": scanned.now,
    }


def _sighting(scanned: Scanned, case_id: int, kind: EventKind) -> Values:
    """That the case was met in this version, once for each."""
    return {
        "case_id": case_id,
        "key": f"seen:{scanned.kept.version_id}",
        "kind": kind,
        "actor": ACTOR,
        "note": scanned.document.url,
        "at": scanned.now,
    }
