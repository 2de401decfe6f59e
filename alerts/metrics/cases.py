"""What Prometheus is told of findings and cases, and how long their steps take, read from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import Metric
from sqlalchemy import Subquery, func, select
from sqlmodel import Session, col

from alerts.metrics.series import (
    DayBegins,
    SecondsBetween,
    Values,
    bucketed,
    counted,
    counter,
    gauge,
    histogram,
    province,
)
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding, VisitTotal
from vocabulary.areas import province_names
from vocabulary.codes import CaseState, EventKind, Severity, Status, Usage

_HOUR, _DAY = 3600.0, 86400.0
FOUND_BUCKETS = (0.5 * _DAY, _DAY, 1.5 * _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY)
MAILED_BUCKETS = (60.0, 300.0, 900.0, _HOUR, 4 * _HOUR, 12 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY)
DECIDED_BUCKETS = (_HOUR, 4 * _HOUR, 8 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY)
DECISIONS = (CaseState.CONFIRMED, CaseState.DISMISSED)
"""The steps by which a person decides whether a case is one."""
_CHINA_BEHIND_UTC = 8 * _HOUR
"""A day begins that much earlier in China than in UTC."""


def case_families(session: Session) -> Iterator[Metric]:
    """Every series about findings and cases."""
    yield _findings(session)
    yield from _cases(session)
    yield _steps(session)
    yield _until_found(session)
    yield _until_mailed(session)
    yield _until_decided(session)


def region_names_family() -> Metric:
    """Names of the provinces for dashboards; constant, one sample for each value of ``region``."""
    names = Values({("none", "地区未识别"): 1})
    names |= dict.fromkeys(province_names().items(), 1)
    return gauge(
        "qualwatch_region_info",
        "Names of the values of the label region.",
        ("region", "name"),
        names,
    )


def _findings(session: Session) -> Metric:
    labels = (
        col(Finding.status),
        col(Finding.usage),
        col(Finding.severity),
        province(col(Document.region)),
    )
    rows = session.execute(
        select(*labels, func.count())
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .group_by(*labels)
    ).all()
    return gauge(
        "qualwatch_findings",
        "Findings that are kept, by status of the certificate, its usage, severity and province.",
        ("status", "usage", "severity", "region"),
        counted(rows, (Status, Usage, Severity)),
    )


def _cases(session: Session) -> Iterator[Metric]:
    labels = (col(Case.state), col(Case.status), col(Case.severity), province(col(Case.region)))
    rows = session.execute(select(*labels, func.count()).group_by(*labels)).all()
    yield gauge(
        "qualwatch_cases",
        "Cases by state, status of the certificate, severity and province.",
        ("state", "status", "severity", "region"),
        counted(rows, (CaseState, Status, Severity)),
    )
    yield counter(
        "qualwatch_cases_opened",
        "Cases that were ever opened, by status of the certificate, severity and province.",
        ("status", "severity", "region"),
        counted([row[1:] for row in rows], (Status, Severity)),
    )


def _steps(session: Session) -> Metric:
    labels = (col(CaseEvent.kind), col(Case.severity), province(col(Case.region)))
    rows = session.execute(
        select(*labels, func.count())
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(col(CaseEvent.kind) != CaseState.NOTIFIED)  # one for each mail: qualwatch_outbox_messages
        .group_by(*labels)
    ).all()
    return counter(
        "qualwatch_case_steps",
        "Steps of cases, by the step, severity and province; mails are counted in the outbox.",
        ("step", "severity", "region"),
        counted(rows, (EventKind, Severity)),
    )


def _until_found(session: Session) -> Metric:
    """Only what was published while its source was watched: older postings were never waited for."""
    watched = (
        select(col(VisitTotal.source), func.min(col(VisitTotal.first_started_at)).label("since"))
        .group_by(col(VisitTotal.source))
        .subquery()
    )
    midnight = DayBegins(col(Document.published_on))
    found = (
        select(
            col(Case.id),
            col(Case.severity),
            (SecondsBetween(midnight, col(Case.opened_at)) + _CHINA_BEHIND_UTC).label("seconds"),
        )
        # The finding that opened the case, not those of later versions and places.
        .join(
            Finding, (col(Finding.case_id) == col(Case.id)) & (col(Finding.found_at) == col(Case.opened_at))
        )
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .join(watched, watched.c.source == col(Document.source))
        .where(SecondsBetween(watched.c.since, midnight) >= _CHINA_BEHIND_UTC)
        .distinct()
        .subquery()
    )
    return histogram(
        "qualwatch_publication_to_finding_seconds",
        "From the beginning of the day of publication to the case, for what was published while watched.",
        ("severity",),
        FOUND_BUCKETS,
        _by_severity(session, found, FOUND_BUCKETS),
    )


def _until_mailed(session: Session) -> Metric:
    mailed = _first_event(CaseState.NOTIFIED)
    waited = (
        select(col(Case.severity), SecondsBetween(col(Case.opened_at), mailed.c.at).label("seconds"))
        .join(mailed, mailed.c.case_id == col(Case.id))
        .subquery()
    )
    return histogram(
        "qualwatch_finding_to_mail_seconds",
        "From the opening of a case until its first message was accepted.",
        ("severity",),
        MAILED_BUCKETS,
        _by_severity(session, waited, MAILED_BUCKETS),
    )


def _until_decided(session: Session) -> Metric:
    """A case that was decided before its first mail (in the console) waited for nobody."""
    mailed, decided = _first_event(CaseState.NOTIFIED), _first_event(*DECISIONS)
    waited = (
        select(col(Case.severity), SecondsBetween(mailed.c.at, decided.c.at).label("seconds"))
        .join(mailed, mailed.c.case_id == col(Case.id))
        .join(decided, decided.c.case_id == col(Case.id))
        .subquery()
    )
    return histogram(
        "qualwatch_mail_to_decision_seconds",
        "From the first message about a case until a person confirmed or dismissed it.",
        ("severity",),
        DECIDED_BUCKETS,
        _by_severity(session, waited, DECIDED_BUCKETS),
    )


def _first_event(*kinds: CaseState) -> Subquery:
    return (
        select(col(CaseEvent.case_id).label("case_id"), func.min(col(CaseEvent.at)).label("at"))
        .where(col(CaseEvent.kind).in_(kinds))
        .group_by(col(CaseEvent.case_id))
        .subquery()
    )


def _by_severity(session: Session, waited: Subquery, buckets: Sequence[float]) -> list[Sequence[Any]]:
    """Rows for ``histogram`` from ``severity`` and ``seconds``; without those that a clock set back."""
    severity, seconds = waited.c.severity, waited.c.seconds
    rows = session.execute(
        select(severity, *bucketed(seconds, buckets))
        .where(seconds >= 0)
        .group_by(severity)
        .order_by(severity)
    )
    return [row for row in rows if row[0] in set(Severity)]
