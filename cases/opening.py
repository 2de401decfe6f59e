"""From findings to cases, in one transaction.

A case is one posting and one qualification, however often and wherever it is seen: a new place or version is
an event of the case, not a new mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from operator import itemgetter

from sqlalchemy import Executable, Select, bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.exceptions import find_exception, note_excepted
from cases.history import ACTOR
from cases.merging import case_in_force
from cases.mirrors import REPRINTED_WITHIN, find_mirrors
from cases.postings import Posting, case_key, page_title, same_title
from cases.rebounds import has_ended, reopen_on_rebound
from cases.search import index_case
from detection.model import Mention, ScanResult
from storage.documents import KeptVersion
from storage.rows import any_of, insert_each_once, insert_once, rows, table_of
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding, StandingException
from vocabulary.codes import CaseState, Severity, Violation
from vocabulary.presentation import passage

_Subject = tuple[str, Violation]


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


@dataclass(frozen=True, slots=True)
class _Scanned:
    """A stored version with what detection said of it."""

    kept: KeptVersion
    document: Document
    version: DocumentVersion
    posting: Posting
    result: ScanResult
    now: datetime
    mirrors: tuple[int, ...]
    """Versions of other documents that are the same notice by their text."""


def read_kept(session: Session, kept: Sequence[KeptVersion]) -> list[Document | DocumentVersion]:
    """Read documents and versions by one statement each; hold them while their cases are opened."""
    if not kept:
        return []
    documents = session.exec(_documents(), params={"keys": [each.document_id for each in kept]})
    return [*documents, *session.exec(_versions(), params={"keys": [each.version_id for each in kept]})]


@cache
def _documents() -> SelectOfScalar[Document]:
    return select(Document).where(col(Document.id).in_(any_of("keys")))


@cache
def _versions() -> SelectOfScalar[DocumentVersion]:
    return select(DocumentVersion).where(col(DocumentVersion.id).in_(any_of("keys")))


def open_cases(session: Session, kept: KeptVersion, result: ScanResult, now: datetime) -> OpenedCases:
    """Record the findings of a stored version and open their cases, in the caller's transaction.

    Doing it twice changes nothing. A finding below ``medium`` is kept without a case. Raises ``LookupError``
    where ``kept.version_id`` is not stored yet.
    """
    scanned = _read_scanned(session, kept, result, now)
    tally, findings = _Tally(), 0
    # Always in one order: workers that meet the same cases wait for each other, never in a circle.
    for (qualification, violation), mentions in sorted(
        _by_subject(result.findings).items(), key=itemgetter(0)
    ):
        alerts = [mention for mention in mentions if pushed_severity(mention).is_alert]
        case_id = None
        if alerts:
            case_id = _meet_case(session, scanned, qualification, violation, alerts, tally)
        found = [_finding(scanned, each, case_id if each in alerts else None) for each in mentions]
        findings += insert_each_once(session, found)
        if case_id is not None:
            index_case(session, case_id)
    news = CaseNews(kept.document_id, kept.version_id, tuple(tally.opened), tuple(tally.reopened))
    return OpenedCases(
        findings,
        tuple(tally.opened),
        tuple(tally.excepted),
        tuple(tally.seen),
        tuple(tally.reopened),
        news,
    )


@dataclass(slots=True)
class _Tally:
    """Cases by what became of them."""

    opened: list[int] = field(default_factory=list)
    excepted: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    reopened: list[int] = field(default_factory=list)


def _meet_case(  # noqa: PLR0917 - the scan, its subject, and where it is counted
    session: Session,
    scanned: _Scanned,
    qualification: str,
    violation: Violation,
    alerts: Sequence[Mention],
    tally: _Tally,
) -> int:
    """Open the case of a subject, or note that it was met again; its number."""
    kept, now = scanned.kept, scanned.now
    region = scanned.result.region or scanned.document.region
    standing = find_exception(session, scanned.document.publisher, region, qualification, now)
    case_id, new = _case_of(session, scanned, qualification, violation, alerts, standing)
    if _record_sighting(session, scanned, case_id, new=new) and not new:
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


def pushed_severity(mention: Mention) -> Severity:
    """The severity to alert with: a verdict that a person has to confirm is never urgent."""
    if mention.needs_review and mention.severity.rank > Severity.MEDIUM.rank:
        return Severity.MEDIUM
    return mention.severity


def _read_scanned(session: Session, kept: KeptVersion, result: ScanResult, now: datetime) -> _Scanned:
    document = session.get(Document, kept.document_id)
    version = session.get(DocumentVersion, kept.version_id)
    if document is None or version is None:
        raise LookupError(f"version {kept.version_id} of document {kept.document_id} is not stored")
    posting = Posting(
        number=result.facts.document.number or "",
        publisher=document.publisher,
        title=document.title,
        text=version.text,
    )
    has_cases = any(pushed_severity(mention).is_alert for mention in result.findings)
    mirrors = find_mirrors(session, document, version, posting.number) if has_cases else ()
    return _Scanned(kept, document, version, posting, result, now, mirrors)


def _by_subject(mentions: Sequence[Mention]) -> dict[_Subject, list[Mention]]:
    subjects: dict[_Subject, list[Mention]] = {}
    for mention in mentions:
        if mention.violation is None:
            raise ValueError(f"{mention.quote!r} breaks no rule and is no finding")
        subjects.setdefault((mention.qualification, mention.violation), []).append(mention)
    return subjects


def _case_of(  # noqa: PLR0917 - as above
    session: Session,
    scanned: _Scanned,
    qualification: str,
    violation: Violation,
    alerts: Sequence[Mention],
    standing: StandingException | None,
) -> tuple[int, bool]:
    """The case's id, and whether it is new."""
    earlier = _case_of_earlier_version(session, scanned, qualification, violation)
    earlier = earlier or _case_of_family(session, scanned, qualification, violation)
    if earlier is not None:
        return earlier, False
    worst = max(alerts, key=lambda mention: pushed_severity(mention).rank)
    identity = scanned.posting.identity(worst.start, worst.end)
    key = case_key(identity, qualification, violation)
    day = scanned.document.published_on
    if day is not None and not scanned.posting.number and _is_of_another_time(session, key, day):
        key = case_key((*identity, day.isoformat()), qualification, violation)
    mirrored = _case_of_mirror(session, scanned, key, qualification, violation)
    if mirrored is not None:
        return mirrored, False
    written = insert_once(session, _case(scanned, key, violation, worst, is_excepted=standing is not None))
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


def _case_of_earlier_version(
    session: Session, scanned: _Scanned, qualification: str, violation: Violation
) -> int | None:
    """The page's own case: its wording may change; another title at its address is another posting."""
    cases = rows(
        session,
        _cases_of_document(),
        document=scanned.document.id,
        qualification=qualification,
        violation=violation.value,
    )
    return next((key for key, title in cases if same_title(title, scanned.document.title)), None)


def _case_of_family(
    session: Session, scanned: _Scanned, qualification: str, violation: Violation
) -> int | None:
    """The case of the page that links this attachment, or of an attachment of this page: one posting."""
    document = scanned.document
    cases = rows(
        session,
        _cases_of_kin(),
        document=document.id,
        parent=document.parent_id,
        qualification=qualification,
        violation=violation.value,
    )
    own = page_title(document.title)
    return next((key for key, title in cases if same_title(page_title(title), own)), None)


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


@cache
def _cases_of_document() -> Executable:
    version = table_of(DocumentVersion).c
    return _cases_seen().where(version.document_id == bindparam("document"))


@cache
def _cases_of_kin() -> Executable:
    """Cases of what hangs on a document, and of what it hangs on itself."""
    document, version = table_of(Document), table_of(DocumentVersion).c
    kin = or_(document.c.parent_id == bindparam("document"), document.c.id == bindparam("parent"))
    return _cases_seen().join(document, document.c.id == version.document_id).where(kin)


def _cases_seen() -> Select[tuple[int, str]]:
    """Keys and titles of the cases of a qualification and violation, the oldest first, with the versions."""
    case, finding, version = table_of(Case), table_of(Finding), table_of(DocumentVersion)
    return (
        select_columns(case.c.id, case.c.title)
        .select_from(case)
        .join(finding, finding.c.case_id == case.c.id)
        .join(version, version.c.id == finding.c.version_id)
        .where(case.c.qualification == bindparam("qualification"))
        .where(case.c.violation == bindparam("violation"))
        .order_by(case.c.id)
        .distinct()
    )


def _case_of_mirror(
    session: Session, scanned: _Scanned, key: str, qualification: str, violation: Violation
) -> int | None:
    """The case of the same notice on another site, where no case is known by its own identity."""
    if not scanned.mirrors or session.exec(select(Case.id).where(Case.key == key)).first():
        return None
    return session.exec(
        select(Case.id)
        .join(Finding, col(Finding.case_id) == col(Case.id))
        .where(col(Finding.version_id).in_(scanned.mirrors))
        .where(Case.qualification == qualification, Case.violation == violation.value)
        .order_by(col(Case.id))
        .limit(1)
    ).first()


def _case(scanned: _Scanned, key: str, violation: Violation, worst: Mention, *, is_excepted: bool) -> Case:
    return Case(
        key=key,
        state=CaseState.DISMISSED if is_excepted else CaseState.FOUND,
        qualification=worst.qualification,
        status=worst.status.value,
        usage=worst.usage.value,
        violation=violation.value,
        severity=pushed_severity(worst).value,
        publisher=scanned.document.publisher,
        publisher_kind=scanned.result.facts.publisher_kind.value,
        region=scanned.result.region or scanned.document.region,
        title=scanned.document.title,
        url=scanned.document.url,
        needs_review=worst.needs_review,
        opened_at=scanned.now,
        updated_at=scanned.now,
    )


def _finding(scanned: _Scanned, mention: Mention, case_id: int | None) -> Finding:
    return Finding(
        version_id=scanned.kept.version_id,
        case_id=case_id,
        start=mention.start,
        end=mention.end,
        quote=mention.quote,
        context=passage(scanned.posting.text, mention.start, mention.end).text,
        qualification=mention.qualification,
        status=mention.status.value,
        since=mention.since,
        status_document=mention.status_document,
        usage=mention.usage.value,
        cue=mention.cue,
        violation="" if mention.violation is None else mention.violation.value,
        severity=mention.severity.value,
        legal_basis=list(mention.legal_basis),
        explanation=mention.explanation,
        advice=mention.advice,
        needs_review=mention.needs_review,
        foreign=mention.foreign,
        as_of=scanned.result.as_of,
        found_at=scanned.now,
    )


def _record_sighting(session: Session, scanned: _Scanned, case_id: int, *, new: bool) -> bool:
    """Whether the case had not been met in this version before."""
    event = CaseEvent(
        case_id=case_id,
        key=f"seen:{scanned.kept.version_id}",
        kind="found" if new else "seen",
        actor=ACTOR,
        note=scanned.document.url,
        at=scanned.now,
    )
    return insert_once(session, event) is not None
