"""Reports of the public that came by the form (监督举报): kept until the intake takes them in, then followed.

Who reported is no part of what is taken in: the contact is sealed, and the message does not have it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, true
from sqlmodel import Session, col, func, select

from cases.case_filter import EVERYTHING, CaseScope
from storage.rows import insert_once
from storage.tables import Case, Document, DocumentVersion, Finding, IntakeMessage, PublicReport
from vocabulary.addresses import MESSAGE
from vocabulary.areas import lies_within
from vocabulary.codes import CaseState, ReportState

WAITING_AT_ONCE = 300
"""Reports that may wait to be taken in: more is a flood."""
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT = re.compile(rf"[{_LETTERS}]{{16}}")


class TooManyReports(Exception):  # noqa: N818 - the field's word
    """So many wait already that no more is taken."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A report and what came of it."""

    report: PublicReport
    state: ReportState
    outcome: str
    """Why it could not be read, or which part of it; empty where it was, or was not yet."""
    cases: Sequence[Case]


def new_receipt() -> str:
    """A number that nobody guesses: ``7KQ2-XW9M-4TRB-C8ND``."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def receipt_digest(typed: str) -> str:
    """What the database keeps of a receipt, as somebody typed it; empty where it is none."""
    plain = re.sub(r"[^0-9A-Za-z]", "", typed[:60]).upper()
    return hashlib.sha256(plain.encode()).hexdigest() if _RECEIPT.fullmatch(plain) else ""


def add_report(session: Session, report: PublicReport) -> None:
    """Keep a report until the intake takes it in. Raises :class:`TooManyReports`."""
    waiting = select(func.count()).where(col(PublicReport.taken_in_at).is_(None))
    if session.exec(waiting).one() >= WAITING_AT_ONCE:
        raise TooManyReports
    insert_once(session, report)


def find_report(session: Session, typed: str) -> Followed | None:
    """The report of a receipt."""
    digest = receipt_digest(typed)
    wanted = select(PublicReport).where(PublicReport.receipt == digest)
    report = session.exec(wanted).first() if digest else None
    return follow(session, [report])[0] if report else None


def get_report(session: Session, report_id: int, scope: CaseScope = EVERYTHING) -> PublicReport | None:
    """A report by its number, within ``scope``."""
    return session.exec(select(PublicReport).where(PublicReport.id == report_id, within(scope))).first()


def list_reports(
    session: Session, *, scope: CaseScope = EVERYTHING, before: int = 0, limit: int = 50
) -> list[PublicReport]:
    """The newest first; ``before`` is the last number of the part above."""
    wanted = select(PublicReport).where(within(scope)).order_by(col(PublicReport.id).desc()).limit(limit)
    if before:
        wanted = wanted.where(col(PublicReport.id) < before)
    return list(session.exec(wanted).all())


def within(scope: CaseScope) -> ColumnElement[bool]:
    """Whether a report is of the regions of ``scope``.

    One that names no region concerns everybody, one that names a province everybody in it.
    """
    if not scope.regions:
        return true()
    region = col(PublicReport.region)
    own = or_(*(lies_within(region, each) for each in scope.regions))
    wider = region.in_(["", *(f"{each[:2]}0000" for each in scope.regions)])
    return or_(own, wider, *(within(each) for each in scope.others))


def follow(session: Session, reports: Sequence[PublicReport]) -> list[Followed]:
    """What came of each, in their order."""
    keys = [each.message_key for each in reports]
    messages = {
        each.key: each for each in session.exec(select(IntakeMessage).where(col(IntakeMessage.key).in_(keys)))
    }
    cases = _cases(session, [each for each in reports if each.message_key in messages])
    return [_followed(each, messages.get(each.message_key), cases.get(each.id or 0, ())) for each in reports]


def _followed(report: PublicReport, message: IntakeMessage | None, cases: Sequence[Case]) -> Followed:
    if message is None:
        return Followed(report, ReportState.RECEIVED, "", ())
    states = {each.state for each in cases}
    if states <= {CaseState.DISMISSED}:
        return Followed(report, ReportState.NOTHING_FOUND, message.detail, cases)
    ended = states <= {CaseState.DISMISSED, CaseState.RECTIFIED, CaseState.CLOSED}
    return Followed(report, ReportState.DONE if ended else ReportState.OPEN, message.detail, cases)


def _cases(session: Session, reports: Sequence[PublicReport]) -> dict[int, list[Case]]:
    """By the number of the report: those of the text and files of its message, and of the page it links."""
    places: dict[str, list[int]] = {}
    for report in reports:
        parts = [f"{MESSAGE}{report.message_key}:{part}" for part in range(1, report.files + 2)]
        for url in (*parts, *([report.link] if report.link else [])):
            places.setdefault(url, []).append(report.id or 0)
    found: dict[int, list[Case]] = {}
    wanted = (
        select(Document.url, Case)
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .join(Finding, col(Finding.version_id) == col(DocumentVersion.id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(col(Document.url).in_(list(places)))
        .order_by(col(Case.id))
        .distinct()
    )
    for url, case in session.exec(wanted) if places else ():
        for number in places[url]:
            if case not in found.setdefault(number, []):
                found[number].append(case)
    return found


def mark_taken_in(session: Session, report_id: int, now: datetime) -> None:
    """The intake has it; its bytes are evidence now, and are kept there alone."""
    report = session.get_one(PublicReport, report_id)
    report.message, report.taken_in_at = b"", now
    session.add(report)
