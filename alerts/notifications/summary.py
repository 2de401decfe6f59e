"""Monday's summary: the week's cases by region, what is overdue, and how the last weeks went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Select, and_, case, func, select
from sqlmodel import Session, col

from alerts.delivery.outbox import enqueue
from alerts.languages import language
from alerts.notifications.digest import digest_block
from alerts.notifications.letters import Letter, case_links_of
from alerts.notifications.unread import of_supervisors, unread_block, waiting_documents
from alerts.recipients import ADMINISTRATOR, Recipient, answers_for
from alerts.working_time import next_work, summary_moment
from cases.case_filter import OPEN
from cases.departments import FollowUp, follow_ups
from settings.model import Settings
from settings.people import Supervisor
from storage.database import for_reading, one_transaction
from storage.tables import Case, CaseEvent, OutboxMessage
from storage.unread import Unread
from vocabulary.areas import prefecture_code, province_code, region_name
from vocabulary.codes import CaseState, Severity
from vocabulary.regions import known_regions, present_code

WEEKS = 8
REGIONS_SHOWN = 20
CASES_SHOWN = 10
"""Of those longest overdue, and of those longest undecided."""
_LATE = timedelta(days=2)
"""A summary that could not be written for longer than this is left out: the next one says more."""
_WEEK = timedelta(days=7)
_UNDECIDED = (CaseState.FOUND, CaseState.NOTIFIED)

_Subject = tuple[str | None, str, str]
"""Region, severity and qualification of a case: what decides whose it is."""


class _Reader(NamedTuple):
    recipient: Recipient
    is_theirs: Callable[[_Subject], bool]
    waiting: tuple[Unread, ...]
    """Documents of their sources that they must open themselves."""


@dataclass(slots=True)
class _Region:
    new: int = 0
    rectified: int = 0
    undecided: int = 0
    overdue: int = 0
    open: int = 0


@dataclass(slots=True)
class _Counts:
    """What the database says, by subject: one pass for all recipients."""

    moment: datetime
    """The local time up to which they count."""
    states: Counter[tuple[_Subject, CaseState]] = field(default_factory=Counter)
    weeks: list[dict[str, Counter[_Subject]]] = field(default_factory=list)
    """Oldest first; ``new`` and ``rectified`` of each."""
    departments: dict[_Subject, FollowUp] = field(default_factory=dict)
    overdue: list[tuple[int, _Subject]] = field(default_factory=list)
    """Cases with their subjects, longest overdue first."""
    undecided: list[tuple[int, _Subject]] = field(default_factory=list)
    """The same of those that nobody decided on, longest waiting first."""


@one_transaction
def send_due_summaries(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write Monday's summaries, all in one transaction; how many messages were written.

    Whose fields saw no case in the week, who has none open and nothing to open by hand, gets none. Written
    once for each Monday; later than two days after it, no more. It leaves when its recipient is at work.
    """
    moment = summary_moment(settings, now).astimezone(ZoneInfo(settings.time_zone))
    if now - moment > _LATE:
        return 0
    about = f"summary:{moment:%G-W%V}"
    with Session(for_reading(engine)) as session, session.begin():
        if _is_written(session, about):
            return 0
        counts = _count(session, moment)
        letters = [
            _compose(session, counts, reader, about, settings, now=now)
            for reader in _readers(settings, counts, waiting_documents(session, moment - _WEEK))
        ]
    with Session(engine) as session, session.begin():
        return sum(
            enqueue(
                session, letter, settings, now, not_before=next_work(settings, letter.recipient.email, now)
            )
            for letter in letters
            if letter is not None
        )


def _is_written(session: Session, about: str) -> bool:
    key = col(OutboxMessage.key)
    written = select(key).where(key >= f"{about}:", key < f"{about};").limit(1)
    return session.scalars(written).first() is not None


def _readers(settings: Settings, counts: _Counts, waiting: tuple[Unread, ...]) -> Iterator[_Reader]:
    by_address: dict[str, list[Supervisor]] = {}
    for supervisor in settings.supervisors:
        by_address.setdefault(supervisor.email.casefold(), []).append(supervisor)
    for same in by_address.values():
        chats = tuple(dict.fromkeys(chat for supervisor in same for chat in supervisor.chats))
        yield _Reader(
            Recipient(same[0].email, same[0].name, chats=chats, language=same[0].language),
            _whose(same, counts),
            of_supervisors(waiting, same, settings),
        )
    somebodys = _whose(settings.supervisors, counts)
    reason = "以下统计为没有对应监管人员的案件"
    yield _Reader(
        Recipient(settings.administrator, ADMINISTRATOR, reason),
        lambda subject: not somebodys(subject),
        waiting,
    )


def _whose(supervisors: Sequence[Supervisor], counts: _Counts) -> Callable[[_Subject], bool]:
    @cache
    def is_theirs(subject: _Subject) -> bool:
        region, severity, _ = subject
        return any(
            answers_for(
                supervisor,
                region=region,
                severity=Severity(severity),
                follow_up=counts.departments[subject],
            )
            for supervisor in supervisors
        )

    return is_theirs


def _count(session: Session, moment: datetime) -> _Counts:
    counts = _Counts(moment)
    subject = (col(Case.region), col(Case.severity), col(Case.qualification))
    for *found, state, number in session.execute(
        select(*subject, col(Case.state), func.count()).group_by(*subject, col(Case.state))
    ):
        counts.states[tuple(found), state] = number
    new = _by_week(subject, col(Case.opened_at), moment)
    rectified = (
        _by_week(subject, col(CaseEvent.at), moment)
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .where(col(CaseEvent.kind) == "rectified")
    )
    counts.weeks = [{"new": Counter(), "rectified": Counter()} for _ in range(WEEKS)]
    for name, weekly in (("new", new), ("rectified", rectified)):
        for region, severity, qualification, *numbers in session.execute(weekly):
            for week, number in zip(counts.weeks, numbers, strict=True):
                week[name][region, severity, qualification] = number
    followed_up = follow_ups(session)
    for known, _ in counts.states:
        counts.departments[known] = followed_up(known[2], known[0])
    late = select(col(Case.id), *subject).where(col(Case.state) == CaseState.OVERDUE)
    for case_id, *found in session.execute(late.order_by(col(Case.deadline), col(Case.id))):
        counts.overdue.append((case_id, tuple(found)))
    waiting = select(col(Case.id), *subject).where(col(Case.state).in_(_UNDECIDED))
    for case_id, *found in session.execute(waiting.order_by(col(Case.opened_at), col(Case.id))):
        counts.undecided.append((case_id, tuple(found)))
    return counts


def _by_week(subject: Sequence[Any], at: Any, moment: datetime) -> Select[Any]:
    """How many rows of each subject have their time ``at`` in each week, oldest first: in one pass."""
    begins = [moment - number * _WEEK for number in range(WEEKS, 0, -1)]
    weekly = [func.sum(case((and_(at >= begin, at < begin + _WEEK), 1), else_=0)) for begin in begins]
    return select(*subject, *weekly).where(at >= begins[0], at < moment).group_by(*subject)


def _compose(
    session: Session, counts: _Counts, reader: _Reader, about: str, settings: Settings, *, now: datetime
) -> Letter | None:
    """None where there is nothing to say."""
    regions, total = _by_region(counts, reader)
    if not (total.open or total.new or total.rectified or reader.waiting):
        return None
    speech = language(reader.recipient.language)
    overdue = _first(session, counts.overdue, reader)
    undecided = _first(session, counts.undecided, reader)
    first = speech.day((counts.moment - _WEEK).date())
    last = speech.day((counts.moment - timedelta(days=1)).date())
    payload = {
        "language": speech.code,
        "case_ids": [],
        "subject": speech.say(
            "【每周汇总】{first}至{last}：新增{new}项，已整改{rectified}项，逾期{overdue}项",
            first=first,
            last=last,
            new=total.new,
            rectified=total.rectified,
            overdue=total.overdue,
        ),
        "first": first,
        "last": last,
        "reason": reader.recipient.reason,
        "total": _row(speech.say("合计"), total),
        "regions": [
            _row(name or speech.say("地区未识别"), region) for name, region in regions[:REGIONS_SHOWN]
        ],
        "more_regions": max(0, len(regions) - REGIONS_SHOWN),
        "overdue": [digest_block(session, case, settings, speech) for case in overdue],
        "undecided": [digest_block(session, case, settings, speech) for case in undecided],
        "unread": unread_block(reader.waiting, settings, speech),
        "weeks": _weeks(counts, reader),
        "links": case_links_of([*overdue, *undecided], reader.recipient, settings, now),
        "unsubscribe": settings.administrator,
    }
    return Letter(about, "summary", reader.recipient, payload)


def _weeks(counts: _Counts, reader: _Reader) -> list[dict[str, Any]]:
    """What the chart shows."""
    return [
        {
            "label": f"{counts.moment - (WEEKS - number) * _WEEK:%m-%d}",
            **{
                name: sum(count for subject, count in found.items() if reader.is_theirs(subject))
                for name, found in week.items()
            },
        }
        for number, week in enumerate(counts.weeks)
    ]


def _by_region(counts: _Counts, reader: _Reader) -> tuple[list[tuple[str, _Region]], _Region]:
    """Regions, the one with most open cases first, and all of them together."""
    area = _areas(counts, reader)
    regions: dict[str, _Region] = {}
    total = _Region()
    for (subject, state), number in counts.states.items():
        if reader.is_theirs(subject):
            for row in (total, regions.setdefault(area(subject[0]), _Region())):
                row.open += number * (state in OPEN)
                row.undecided += number * (state in _UNDECIDED)
                row.overdue += number * (state is CaseState.OVERDUE)
    for name, found in counts.weeks[-1].items():
        for subject, number in found.items():
            if reader.is_theirs(subject):
                for row in (total, regions[area(subject[0])]):
                    setattr(row, name, getattr(row, name) + number)
    telling = {
        region_name(code): row for code, row in regions.items() if row.open or row.new or row.rectified
    }
    return sorted(telling.items(), key=lambda each: (-each[1].open, -each[1].new, each[0])), total


def _areas(counts: _Counts, reader: _Reader) -> Callable[[str | None], str]:
    """To which row a region belongs: that of its county, or of a larger area where those are too many."""
    own = {subject[0] or "" for subject, _ in counts.states if reader.is_theirs(subject)}
    for level in (present_code, prefecture_code, province_code):
        areas = {code: level(present_code(code)) if code in known_regions() else "" for code in own}
        if len(set(areas.values())) <= REGIONS_SHOWN:
            break
    return lambda code: areas[code or ""]


def _row(name: str, region: _Region) -> dict[str, Any]:
    return {
        "region": name,
        "new": region.new,
        "rectified": region.rectified,
        "undecided": region.undecided,
        "overdue": region.overdue,
        "open": region.open,
    }


def _first(session: Session, cases: Sequence[tuple[int, _Subject]], reader: _Reader) -> list[Case]:
    theirs = (case_id for case_id, subject in cases if reader.is_theirs(subject))
    return [session.get_one(Case, case_id) for case_id in islice(theirs, CASES_SHOWN)]
