"""Standing exceptions (例外): a publisher and a certificate that raise no alarm until a day.

Nothing is hidden: findings are kept, and the case of a new posting is opened as dismissed, with an event that
names the exception. What had ended and comes back is noted, and not opened again.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date, datetime, time, timedelta
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.case_filter import EVERYTHING, CaseScope
from cases.history import ACTOR, note_decision
from cases.steps import IllegalStep, IncompleteStep, UnknownCase, last_deadline
from storage.rows import any_of, insert_once
from storage.tables import Case, CaseEvent, StandingException
from vocabulary.codes import EventKind
from vocabulary.dates import chinese_day


def set_exception(
    session: Session, case_id: int, until: date, *, actor: str, reason: str, now: datetime
) -> int:
    """Raise no more alarms of this case's publisher and certificate up to ``until``; the exception's number.

    Where one stands already, it is made longer. Days are those of ``now``'s time zone. Raises
    ``UnknownCase``, and ``IncompleteStep`` where something is missing, such as the publisher.
    """
    case = session.exec(select(Case).where(col(Case.id) == case_id).with_for_update()).one_or_none()
    if case is None:
        raise UnknownCase(f"没有案件{case_id}")
    _require_complete(case, until, actor, reason, now.date())
    ends_at = datetime.combine(until + timedelta(days=1), time(), now.tzinfo)
    standing = find_exception(session, case.publisher, case.region, case.qualification, now)
    if standing is None:
        standing = StandingException(
            case_id=case_id,
            publisher=case.publisher,
            region=case.region or "",
            qualification=case.qualification,
            until=until,
            reason=reason.strip(),
            actor=actor.strip(),
            set_at=now,
            ends_at=ends_at,
        )
    elif standing.until < until:
        standing.until, standing.ends_at = until, ends_at
        standing.actor, standing.reason = actor.strip(), reason.strip()
    session.add(standing)
    session.flush()
    said = f"例外{standing.id}，至{chinese_day(until)}；{reason.strip()}"
    _write(session, case_id, EventKind.EXCEPTION_SET, actor=actor.strip(), note=said, now=now)
    return standing.id or 0


class Exceptions:
    """Those that hold for some publishers, read once for many cases."""

    def __init__(self, standing: Sequence[StandingException]) -> None:
        """``standing``: the newest first."""
        self._standing = standing

    def find(
        self, publisher: str, region: str | None, qualification: str, now: datetime
    ) -> StandingException | None:
        """The exception that holds for them at ``now``."""
        wanted = publisher, region or "", qualification
        for each in self._standing:
            if (each.publisher, each.region, each.qualification) == wanted and each.ends_at > now:
                return each
        return None


def read_exceptions(session: Session, publishers: Set[str], now: datetime) -> Exceptions:
    """What holds for ``publishers`` at ``now`` or after it."""
    if not publishers:
        return Exceptions(())
    return Exceptions(session.exec(_holding(), params={"now": now, "publishers": list(publishers)}).all())


def find_exception(
    session: Session, publisher: str, region: str | None, qualification: str, now: datetime
) -> StandingException | None:
    """:meth:`Exceptions.find` for one case."""
    return read_exceptions(session, {publisher}, now).find(publisher, region, qualification, now)


@cache
def _holding() -> SelectOfScalar[StandingException]:
    return (
        select(StandingException)
        .where(col(StandingException.ends_at) > bindparam("now"))
        .where(col(StandingException.publisher).in_(any_of("publishers")))
        .order_by(col(StandingException.id).desc())
    )


def note_excepted(
    session: Session, standing: StandingException, case_id: int, version_id: int, now: datetime
) -> None:
    """Write down that ``standing`` kept a case from raising an alarm, once for each version."""
    event = CaseEvent(
        case_id=case_id,
        key=f"excepted:{version_id}",
        kind=EventKind.EXCEPTED,
        actor=ACTOR,
        note=f"例外{standing.id}（{standing.actor}，至{chinese_day(standing.until)}）：{standing.reason}",
        at=now,
    )
    if insert_once(session, event) is not None:
        standing.met, standing.met_at = standing.met + 1, now
        session.add(standing)


def end_exception(
    session: Session, exception_id: int, *, actor: str, now: datetime, scope: CaseScope = EVERYTHING
) -> None:
    """Let alarms be raised again.

    Raises ``UnknownCase`` for an exception outside ``scope``, ``IllegalStep`` for one that has ended.
    """
    wanted = select(StandingException).join(Case, col(Case.id) == col(StandingException.case_id))
    wanted = wanted.where(col(StandingException.id) == exception_id, scope.holds(session))
    standing = session.exec(wanted).one_or_none()
    if standing is None:
        raise UnknownCase(f"没有例外{exception_id}")
    if standing.ends_at <= now:
        raise IllegalStep(f"例外{exception_id}已经结束")
    standing.ends_at, standing.ended_by = now, actor.strip()
    session.add(standing)
    note = f"例外{exception_id}"
    _write(session, standing.case_id, EventKind.EXCEPTION_ENDED, actor=actor.strip(), note=note, now=now)


def list_exceptions(
    session: Session,
    *,
    now: datetime,
    scope: CaseScope = EVERYTHING,
    ended: bool = False,
    before: int = 0,
    limit: int = 50,
) -> Sequence[StandingException]:
    """The newest first: those that hold, with ``ended`` all.

    ``before`` is the last number of the part above.
    """
    wanted = select(StandingException).join(Case, col(Case.id) == col(StandingException.case_id))
    wanted = wanted.where(scope.holds(session))
    if not ended:
        wanted = wanted.where(col(StandingException.ends_at) > now)
    if before:
        wanted = wanted.where(col(StandingException.id) < before)
    return session.exec(wanted.order_by(col(StandingException.id).desc()).limit(limit)).all()


def _require_complete(case: Case, until: date, actor: str, reason: str, today: date) -> None:
    if not case.publisher.strip():
        raise IncompleteStep(f"案件{case.id}的发布单位未识别，不能设例外")
    if not actor.strip() or not reason.strip():
        raise IncompleteStep("设例外须写明理由和经办人")
    if until < today:
        raise IncompleteStep(f"例外的截止日期{chinese_day(until)}已经过去")
    if until > last_deadline(today):
        raise IncompleteStep(f"例外的截止日期{chinese_day(until)}过远，请检查年份")


def _write(session: Session, case_id: int, kind: EventKind, *, actor: str, note: str, now: datetime) -> None:
    count = session.exec(select(func.count()).where(CaseEvent.case_id == case_id)).one()
    event = CaseEvent(case_id=case_id, key=f"{kind}:{count}", kind=kind, actor=actor, note=note, at=now)
    insert_once(session, event)
    note_decision(session, event)
