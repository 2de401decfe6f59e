"""Word to one person of what another did with a case: handed it over, asked for time, decided, answered.

Written in the transaction of what is told, as a letter to each whom it concerns; it leaves when they are at
work. Nobody is told of what they did themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from accounts.leave import substitutes
from accounts.people import find
from alerts.delivery.outbox import enqueue
from alerts.languages import language
from alerts.notifications.alert import recipients_of
from alerts.notifications.digest import digest_block
from alerts.notifications.letters import Letter, case_links_of, shown
from alerts.recipients import Recipient, addressee, with_substitutes
from alerts.working_time import next_work
from cases.departments import follow_ups
from cases.handling import who_asked_for_time
from settings.model import Settings
from storage.tables import Case, CaseEvent
from vocabulary.codes import EventKind

_SUBJECTS = {
    EventKind.ASSIGNED: "【转办】案件{case}转给您办理：{qualification}｜{publisher}",
    EventKind.EXTENSION_ASKED: "【延期申请】案件{case}待答复：{qualification}｜{publisher}",
    EventKind.EXTENDED: "【同意延期】案件{case}：{qualification}｜{publisher}",
    EventKind.EXTENSION_REFUSED: "【不同意延期】案件{case}：{qualification}｜{publisher}",
    EventKind.ANSWERED: "【整改反馈】案件{case}待审核：{qualification}｜{publisher}",
}
_NOTE = 600


def tell_others(session: Session, case_id: int, settings: Settings, now: datetime) -> int:
    """Write to those whom the event of ``now`` concerns; how many messages, 0 where it is nobody.

    To be called in the transaction that wrote the event, with the time that it has: whatever a visit notes of
    the case meanwhile is another one. A second call writes nothing more.
    """
    written = select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.at == now)
    told = written.where(col(CaseEvent.kind).in_(_SUBJECTS)).order_by(col(CaseEvent.id).desc())
    event = session.exec(told.limit(1)).first()
    if event is None:
        return 0
    case, kind = session.get_one(Case, case_id), EventKind(event.kind)
    acting = substitutes(session, now.astimezone(ZoneInfo(settings.time_zone)).date())
    concerned = with_substitutes(_concerned(session, case, kind, settings), acting)
    others = [each for each in concerned if each.email.casefold() != event.actor.casefold()]
    if not others and kind is EventKind.EXTENSION_ASKED:
        others = [_person(session, settings, settings.administrator)]  # nobody grants their own
    return sum(
        enqueue(
            session,
            _compose(session, event, each, settings, now),
            settings,
            now,
            not_before=next_work(settings, each.email, now),
        )
        for each in others
    )


def _concerned(session: Session, case: Case, kind: EventKind, settings: Settings) -> Iterable[Recipient]:
    """Whoever the case was given to; who asked, where that was decided; else those who answer for it.

    An application for more time goes to those who answer for the case and not to whoever has it in hand: most
    often it is theirs.
    """
    if kind in {EventKind.EXTENDED, EventKind.EXTENSION_REFUSED}:
        asked = who_asked_for_time(session, _id(case))
        return [_person(session, settings, asked)] if asked else ()
    if case.assignee and kind is not EventKind.EXTENSION_ASKED:
        return [_person(session, settings, case.assignee)]
    if kind is EventKind.ASSIGNED:
        return ()  # given back, to nobody in particular
    following = follow_ups(session)(case.qualification, case.region)
    return [replace(each, chats=()) for each in recipients_of(case, following, settings)]


def _person(session: Session, settings: Settings, email: str) -> Recipient:
    known = addressee(settings, email)
    if known is not None:
        return replace(known, chats=())
    account = find(session, email)
    return Recipient(email, account.name, language=account.language) if account else Recipient(email, "")


def _compose(session: Session, event: CaseEvent, to: Recipient, settings: Settings, now: datetime) -> Letter:
    case, speech = session.get_one(Case, event.case_id), language(to.language)
    block = digest_block(session, case, settings, speech)
    kind = EventKind(event.kind)
    named = {"qualification": block["qualification"], "publisher": block["publisher"]}
    payload = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say(_SUBJECTS[kind], case=_id(case), **named),
        "what": speech.name(kind),
        "actor": shown(event.actor, 120),
        "note": shown(event.note, _NOTE),
        "at": speech.moment(event.at.astimezone(ZoneInfo(settings.time_zone))),
        "reason": to.reason,
        "cases": [block],
        "links": case_links_of([case], to, settings, now),
        "unsubscribe": settings.administrator,
    }
    return Letter(f"case:{_id(case)}:event:{event.id}", "handed", to, payload, _id(case))


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
