"""What judging again changed, told to the administrator: once for each round that changed something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, func, select

from alerts.delivery.outbox import enqueue
from alerts.notifications.letters import Letter
from alerts.recipients import ADMINISTRATOR, Recipient
from cases.reconciliation import ChangeKind
from settings.model import Settings
from storage.tables import RejudgedChange, Rejudgement
from vocabulary.presentation import displayable, safe_link

_LISTED = 20
_BATCH = 200
CHANGE_NAMES = {
    ChangeKind.NEW: "新增",
    ChangeKind.WITHDRAWN: "撤销",
    ChangeKind.CHANGED: "变更",
    ChangeKind.REOPENED: "恢复",
    ChangeKind.FAILED: "未能判定",
}


def last_order(session: Session) -> Rejudgement | None:
    """The newest round of judging again; None where there never was one."""
    return session.exec(select(Rejudgement).order_by(col(Rejudgement.id).desc()).limit(1)).first()


def changes_of(session: Session, order: Rejudgement) -> Iterator[RejudgedChange]:
    """What ``order`` changed so far, in the order in which it did; read in batches."""
    after = 0
    while True:
        batch = session.exec(
            select(RejudgedChange)
            .where(RejudgedChange.rejudgement_id == order.id, col(RejudgedChange.id) > after)
            .order_by(col(RejudgedChange.id))
            .limit(_BATCH)
        ).all()
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1].id or after


def summarise(session: Session, order: Rejudgement) -> str:
    """How far it has come and what it changed, in one line of Chinese."""
    counted = session.exec(
        select(RejudgedChange.kind, RejudgedChange.decided, func.count())
        .where(RejudgedChange.rejudgement_id == order.id)
        .group_by(col(RejudgedChange.kind), col(RejudgedChange.decided))
    ).all()
    counts = Counter({(ChangeKind(kind), decided): count for kind, decided, count in counted})
    said = "，".join(
        f"{name} {counts[kind, False] + counts[kind, True]}"
        for kind, name in CHANGE_NAMES.items()
        if kind is not ChangeKind.FAILED
    )
    left = sum(count for (_, decided), count in counts.items() if decided)
    beside = f"；待人工核定 {left}" if left else ""
    failed = f"；未能判定 {order.failed}" if order.failed else ""
    return f"重新判定 {order.documents} 篇：{said}{beside}{failed}"


def report_to_administrator(session: Session, order: Rejudgement, settings: Settings, now: datetime) -> None:
    """A letter about what ``order`` changed, in the caller's transaction; none where it changed nothing."""
    changes = session.exec(
        select(RejudgedChange)
        .where(RejudgedChange.rejudgement_id == order.id)
        # What a person has to decide comes first.
        .order_by(col(RejudgedChange.decided).desc(), col(RejudgedChange.id))
        .limit(_LISTED)
    ).all()
    if not changes:
        return
    count = session.exec(select(func.count()).where(col(RejudgedChange.rejudgement_id) == order.id)).one()
    letter = Letter(
        about=f"rejudged:{order.id}",
        template="rejudged",
        recipient=Recipient(settings.administrator, ADMINISTRATOR),
        payload={
            "subject": f"【目录更新】{summarise(session, order)}",
            "summary": summarise(session, order),
            "changes": [_told(change) for change in changes],
            "more": max(count - _LISTED, 0),
            "unsubscribe": settings.administrator,
        },
    )
    enqueue(session, letter, settings, now)


def _told(change: RejudgedChange) -> dict[str, object]:
    return {
        "kind": CHANGE_NAMES[ChangeKind(change.kind)],
        "case": change.case_id,
        "decided": change.decided,
        "title": displayable(change.title, limit=100),
        "url": displayable(change.url, limit=300),
        "link": safe_link(change.url),
        "quote": displayable(change.quote, limit=60),
        "before": change.before,
        "after": displayable(change.after, limit=200),
    }
