"""How often a task was begun without ending well: what kills its workers is set aside, counted and shown.

The count is written before the work begins, so that a worker that dies of it has counted it. What fails for
want of something else (the database, the disk, a worker that is told to stop) is no try.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_
from sqlmodel import Session, col, select

from storage.database import database_now, for_reading, one_transaction
from storage.rows import insert_once
from storage.tables import TaskTrial

TRIES = 5
"""Tries in a row before a task is set aside."""
SET_ASIDE = timedelta(days=1)
"""For how long; then it is tried once more, and set aside again where that fails too."""
_WHY_LIMIT = 500


@one_transaction
def begin_trial(engine: Engine, name: str) -> bool:
    """Count a try of the task; False where it is, or is now, set aside and must not be tried."""
    with Session(engine) as session, session.begin():
        now = database_now(session)
        if insert_once(session, TaskTrial(name=name, tries=1, tried_at=now)) is not None:
            return True
        trial = session.exec(select(TaskTrial).where(TaskTrial.name == name).with_for_update()).one_or_none()
        if trial is None:  # it ended well just now
            return True
        if trial.set_aside_until is not None and trial.set_aside_until > now:
            return False
        if trial.tries >= TRIES and trial.set_aside_until is None:
            trial.set_aside_until = now + SET_ASIDE
            return False
        trial.tries, trial.tried_at, trial.set_aside_until, trial.why = trial.tries + 1, now, None, ""
        return True


@one_transaction
def end_trial(engine: Engine, name: str) -> None:
    """The task ended well: nothing is remembered."""
    with Session(engine) as session, session.begin():
        session.execute(delete(TaskTrial).where(col(TaskTrial.name) == name))


@one_transaction
def give_back(engine: Engine, name: str) -> None:
    """The task was not to blame for its end: this was no try."""
    with Session(engine) as session, session.begin():
        trial = session.exec(select(TaskTrial).where(TaskTrial.name == name).with_for_update()).one_or_none()
        if trial is None:
            return
        trial.tries -= 1
        if trial.tries <= 0:
            session.delete(trial)


@one_transaction
def fail_trial(engine: Engine, name: str, why: str) -> bool:
    """The task failed by itself; True where it is set aside now."""
    with Session(engine) as session, session.begin():
        trial = session.exec(select(TaskTrial).where(TaskTrial.name == name).with_for_update()).one_or_none()
        if trial is None:
            return False
        trial.why = why[:_WHY_LIMIT]
        if trial.tries >= TRIES:
            trial.set_aside_until = database_now(session) + SET_ASIDE
        return trial.set_aside_until is not None


def set_aside(session: Session, now: datetime | None = None) -> list[TaskTrial]:
    """The tasks that nobody tries at present, the one that waits longest first."""
    rows = session.exec(
        select(TaskTrial)
        .where(col(TaskTrial.set_aside_until) > (now or database_now(session)))
        .order_by(col(TaskTrial.set_aside_until), col(TaskTrial.name))
    )
    return list(rows)


def troubled(engine: Engine) -> list[TaskTrial]:
    """Every task that did not end well at its last tries, those that are set aside first."""
    with Session(for_reading(engine), expire_on_commit=False) as session:
        rows = session.exec(
            select(TaskTrial)
            .where(or_(col(TaskTrial.tries) > 1, col(TaskTrial.set_aside_until).is_not(None)))
            .order_by(col(TaskTrial.set_aside_until).desc(), col(TaskTrial.name))
        )
        return list(rows)


@one_transaction
def try_again(engine: Engine, name: str) -> bool:
    """Forget the tries of a task, so that it is tried at once; False where there is no such task."""
    with Session(engine) as session, session.begin():
        gone = session.execute(delete(TaskTrial).where(col(TaskTrial.name) == name))
        return bool(gone.rowcount)  # type: ignore[attr-defined]
