"""A stored version, judged again: its findings and their cases are brought in line, or only compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, or_, select

from cases.history import ACTOR
from cases.opening import CaseNews, open_cases
from cases.scanned import pushed_severity
from cases.steps import take_step
from detection.model import Mention, ScanResult
from storage.documents import KeptVersion
from storage.rows import insert_once
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding
from vocabulary.codes import CaseState, Severity, Step, Violation
from vocabulary.names import name_of

_QUOTE = 200
"""Characters of a quote that a report shows."""
_Key = tuple[int, int, str]
_COMPARED = ("qualification", "status", "usage", "severity", "needs_review")
_TAKEN_OVER = ("qualification", "cue", "since", "status_document", "explanation", "advice", "needs_review")


class ChangeKind(StrEnum):
    NEW = "new"
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"
    """The same words break the same rule, more or less severely than before."""
    REOPENED = "reopened"
    """Dismissed by an earlier re-judgement, or left to a person, and a violation after all."""
    FAILED = "failed"
    """The document could not be judged; ``after`` says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that changed."""

    kind: ChangeKind
    title: str
    url: str
    quote: str
    before: str
    """Violation and severity in Chinese; empty where there was none."""
    after: str
    case_id: int | None
    """Its case; None where it has none, or where nothing was changed yet."""
    decided: bool = False
    """A person has gone further with the case: what becomes of it is left to them."""


@dataclass(slots=True)
class Judgement:
    """A version with the findings it has and those it should have, in one transaction."""

    session: Session
    now: datetime
    document: Document
    version: DocumentVersion
    result: ScanResult
    news: list[CaseNews] = field(default_factory=list)
    """What those responsible are to be told of, once it was applied."""

    def compare(self) -> list[Change]:
        """What would change, new verdicts first."""
        old, new = self._old(), self._new()
        changes = [self._change(ChangeKind.NEW, None, new[key]) for key in new if key not in old]
        for key, finding in old.items():
            mention = new.get(key)
            if mention is None:
                if not self._is_settled(finding):
                    changes.append(self._change(ChangeKind.WITHDRAWN, finding, None))
            elif _differs(finding, mention):
                changes.append(self._change(ChangeKind.CHANGED, finding, mention))
            elif self._was_withdrawn(finding, mention):
                changes.append(self._change(ChangeKind.REOPENED, finding, mention))
        return changes

    def apply(self) -> list[Change]:
        """Change it; what was changed."""
        changes = self.compare()
        if not changes:
            return []
        old, new = self._old(), self._new()
        touched: dict[int, str] = {}
        for key, finding in old.items():
            mention = new.get(key)
            if mention is None and self._is_settled(finding):
                continue
            if finding.case_id is not None and (mention is None or _differs(finding, mention)):
                touched.setdefault(finding.case_id, _verdict(mention))
            self._bring_up_to_date(finding, mention)
        self.session.flush()
        now = self.now
        kept = KeptVersion(
            _id(self.document), _id(self.version), new_document=False, changed=False, returned=False
        )
        self.news.append(open_cases(self.session, kept, self.result, now).news)
        left = {case_id for case_id, after in touched.items() if not self._review_case(case_id, after, now)}
        for case_id in sorted({change.case_id for change in changes if change.case_id is not None}):
            self._reopen(case_id, now)
        written = self._old()
        opened = [written[key].case_id if key in written else None for key in new if key not in old]
        return [
            *(replace(change, case_id=case_id) for change, case_id in zip(changes, opened, strict=False)),
            *(replace(change, decided=change.case_id in left) for change in changes[len(opened) :]),
        ]

    def _old(self) -> Mapping[_Key, Finding]:
        findings = self.session.exec(
            select(Finding).where(Finding.version_id == self.version.id).order_by(col(Finding.id))
        )
        return {(each.start, each.end, each.violation): each for each in findings}

    def _new(self) -> Mapping[_Key, Mention]:
        return {
            (each.start, each.end, each.violation.value): each
            for each in self.result.findings
            if each.violation is not None
        }

    def _bring_up_to_date(self, finding: Finding, mention: Mention | None) -> None:
        """A finding goes with its verdict, unless it is all that its case rests on."""
        if mention is None:
            if (
                finding.case_id is None
                or self._has_another(finding)
                or self._stands_elsewhere(finding.case_id)
            ):
                self.session.delete(finding)
            return
        if not _differs(finding, mention):
            return
        if finding.case_id is None and pushed_severity(mention).is_alert:
            self.session.delete(finding)  # written anew with its case
            return
        for name in _TAKEN_OVER:
            setattr(finding, name, getattr(mention, name))
        finding.status, finding.usage = mention.status.value, mention.usage.value
        finding.severity, finding.legal_basis = mention.severity.value, list(mention.legal_basis)
        finding.as_of = self.result.as_of
        self.session.add(finding)

    def _has_another(self, finding: Finding) -> bool:
        """Whether the case has a finding in this version that stands."""
        new = self._new()
        return any(
            other.case_id == finding.case_id and other.id != finding.id
            for key, other in self._old().items()
            if key in new
        )

    def _standing(self, case_id: int) -> list[Mention]:
        """The verdicts of the case in this version that somebody is told of."""
        new = self._new()
        of_case = [new[key] for key, each in self._old().items() if each.case_id == case_id and key in new]
        return [mention for mention in of_case if pushed_severity(mention).is_alert]

    def _review_case(self, case_id: int, after: str, now: datetime) -> bool:
        """Bring the case in line with its verdicts; False where that is left to a person."""
        case = self.session.get_one(Case, case_id, populate_existing=True)
        standing = self._standing(case_id)
        if standing:
            worst = max(standing, key=lambda mention: pushed_severity(mention).rank)
            before, case.severity = case.severity, pushed_severity(worst).value
            case.status, case.usage, case.needs_review = (
                worst.status.value,
                worst.usage.value,
                worst.needs_review,
            )
            case.updated_at = now
            self.session.add(case)
            said = f"{name_of(Severity(before))}→{name_of(Severity(case.severity))}"
            self._note(case_id, f"目录更新后重新判定：{said}", now)
        elif not self._stands_elsewhere(case_id):
            return self._dismiss(case_id, f"目录更新后重新判定：{after or '不再构成违规'}", now)
        return True

    def _stands_elsewhere(self, case_id: int) -> bool:
        """Whether another document shows the case; it is judged on its own."""
        other = (
            select(Finding.id)
            .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
            .where(Finding.case_id == case_id, DocumentVersion.document_id != self.document.id)
            .limit(1)
        )
        return self.session.exec(other).first() is not None

    def _dismiss(self, case_id: int, note: str, now: datetime) -> bool:
        """Dismiss the case, or note it there where a person has decided something: they decide again."""
        if self._is_decided(case_id):
            self._note(case_id, note, now, left=True)
            return False
        key = f"rejudged:{now.isoformat()}"
        take_step(self.session, case_id, Step.DISMISS, actor=ACTOR, note=note, now=now, key=key)
        return True

    def _is_decided(self, case_id: int) -> bool:
        case = self.session.get_one(Case, case_id, populate_existing=True, with_for_update=True)
        if case.state not in {CaseState.FOUND, CaseState.NOTIFIED}:
            return True
        reopened = select(CaseEvent.actor).where(CaseEvent.case_id == case_id, CaseEvent.kind == "reopened")
        last = self.session.exec(reopened.order_by(col(CaseEvent.id).desc()).limit(1)).first()
        return last is not None and last != ACTOR

    def _note(self, case_id: int, note: str, now: datetime, *, left: bool = False) -> None:
        event = CaseEvent(
            case_id=case_id,
            key=f"{'left' if left else 'rejudged'}:{self.version.id}:{now.isoformat()}",
            kind="rejudged",
            actor=ACTOR,
            note=f"{note}：{self.document.url}",
            at=now,
        )
        insert_once(self.session, event)

    def _reopen(self, case_id: int, now: datetime) -> None:
        standing = self._standing(case_id)
        if not standing:
            return
        note = f"目录更新后重新判定：{_verdict(standing[0])}"
        if not self._dismissed_by_us(case_id):
            if self._was_left(case_id):
                self._note(case_id, note, now)
            return
        take_step(
            self.session,
            case_id,
            Step.REOPEN,
            actor=ACTOR,
            note=note,
            now=now,
            key=f"rejudged:{now.isoformat()}",
        )
        occasion = f"rejudged:{now.isoformat()}"
        news = CaseNews(_id(self.document), _id(self.version), opened=(case_id,), occasion=occasion)
        self.news.append(news)

    def _is_settled(self, finding: Finding) -> bool:
        """A finding that no longer stands, and was left to its case by an earlier re-judgement."""
        if finding.case_id is None:
            return False
        if self.session.get_one(Case, finding.case_id).state is CaseState.DISMISSED:
            return True
        return self._was_left(finding.case_id)

    def _was_left(self, case_id: int) -> bool:
        """Whether what an earlier re-judgement last said of this version was left to a person."""
        keys = [f"{word}:{self.version.id}:" for word in ("left", "rejudged")]
        said = select(CaseEvent.key).where(
            CaseEvent.case_id == case_id, or_(*(col(CaseEvent.key).startswith(key) for key in keys))
        )
        last = self.session.exec(said.order_by(col(CaseEvent.id).desc()).limit(1)).first()
        return last is not None and last.startswith("left:")

    def _was_withdrawn(self, finding: Finding, mention: Mention) -> bool:
        return (
            finding.case_id is not None
            and pushed_severity(mention).is_alert
            and (self._dismissed_by_us(finding.case_id) or self._was_left(finding.case_id))
        )

    def _dismissed_by_us(self, case_id: int) -> bool:
        """What a person dismissed stays dismissed."""
        if self.session.get_one(Case, case_id, populate_existing=True).state is not CaseState.DISMISSED:
            return False
        last = self.session.exec(
            select(CaseEvent.key)
            .where(CaseEvent.case_id == case_id, CaseEvent.kind == "dismissed")
            .order_by(col(CaseEvent.id).desc())
            .limit(1)
        ).first()
        return last is not None and last.startswith("rejudged:")

    def _change(self, kind: ChangeKind, finding: Finding | None, mention: Mention | None) -> Change:
        quote = finding.quote if finding is not None else mention.quote if mention is not None else ""
        return Change(
            kind=kind,
            title=self.document.title,
            url=self.document.url,
            quote=quote[:_QUOTE],
            before=_words(finding.violation, finding.severity) if finding is not None else "",
            after=_verdict(mention),
            case_id=finding.case_id if finding is not None else None,
        )


def _differs(finding: Finding, mention: Mention) -> bool:
    return any(str(getattr(finding, name)) != str(getattr(mention, name)) for name in _COMPARED)


def _verdict(mention: Mention | None) -> str:
    return "" if mention is None or mention.violation is None else _words(mention.violation, mention.severity)


def _words(violation: str, severity: str) -> str:
    return f"{name_of(Violation(violation))}（{name_of(Severity(severity))}）"


def _id(row: Document | DocumentVersion) -> int:
    if row.id is None:
        raise ValueError("the row is not stored")
    return row.id
