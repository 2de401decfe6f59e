"""What the sightings of a case's pages mean for the case: put right, still there, gone, or something else.

History is by visit: the last sighting of each page decides, whatever text it showed at which time. A page
that is gone or that shows something else proves nothing, and is an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from cases.case_filter import OPEN
from cases.history import ACTOR
from cases.opening import CaseNews
from cases.postings import same_title
from cases.steps import IllegalStep, take_step
from settings.model import Settings
from storage.rows import insert_once
from storage.tables import Case, CaseEvent, Document, DocumentVersion, Finding, LookBack, Sighting
from vocabulary.codes import CaseState, Outcome, Step
from vocabulary.dates import chinese_day
from vocabulary.reasons import reason_in_chinese

LOOKED_AT = (*OPEN, CaseState.RECTIFIED, CaseState.CLOSED)
_LEAST_LEFT = 3
"""A text that shrank to less than a third of what it was is no corrected posting."""


class Settled(StrEnum):
    """What looking back at a case came to."""

    STILL_THERE = "still_there"
    RECTIFIED = "rectified"
    REOPENED = "reopened"
    GONE = "gone"
    """No page of it is left: nobody can say that it was put right."""
    REPLACED = "replaced"
    """Its page shows something else now."""
    UNCHANGED = "unchanged"
    """It was settled before."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What looking back at a case came to, and what those responsible are to be told of."""

    settled: Settled
    news: CaseNews | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A page or attachment that showed the case, with its last sighting."""

    document: Document
    seen: Sighting
    with_it: Sighting
    """The last sighting of a version that has a finding of the case."""
    gone: LookBack | None
    """The look-back that found it gone, where that was after its last sighting."""
    zone: ZoneInfo

    @property
    def shows_it(self) -> bool:
        return self.seen.version_id == self.with_it.version_id

    @property
    def seen_on(self) -> str:
        """The day of the last sighting, as people read it."""
        return self._day(self.seen)

    @property
    def with_it_on(self) -> str:
        """The day of the last sighting with a finding of the case."""
        return self._day(self.with_it)

    def _day(self, sighting: Sighting) -> str:
        return chinese_day(sighting.seen_at.astimezone(self.zone).date())


def settle_case(session: Session, case_id: int, settings: Settings, now: datetime) -> Settlement:
    """Bring the case in line with what was last seen of its pages, in the caller's transaction.

    A requirement that vanished from every page that is left makes the case ``rectified``; the event names
    the version with it and the version without. One that stands where a case was said to be rectified
    reopens it. Doing it twice changes nothing.
    """
    case = session.get_one(Case, case_id, populate_existing=True)
    places = _places(session, case_id, ZoneInfo(settings.time_zone))
    left = [place for place in places if place.gone is None]
    for place in places:
        if place.gone is not None:
            _note_gone(session, case, place, place.gone)
    if not left:
        return Settlement(Settled.GONE if places else Settled.UNCHANGED)
    showing = [place for place in left if place.shows_it]
    if showing:
        return _still_there(session, case, showing[0], settings, now)
    if case.state not in OPEN:
        return Settlement(Settled.UNCHANGED)
    same = [place for place in left if _is_same_posting(session, case, place)]
    if not same:
        for place in left:
            _note_replaced(session, case, place, now)
        return Settlement(Settled.REPLACED)
    return Settlement(_rectify(session, case, same[0], now))


def _places(session: Session, case_id: int, zone: ZoneInfo) -> Sequence[_Place]:
    documents = session.exec(
        select(Document)
        .join(DocumentVersion, col(DocumentVersion.document_id) == col(Document.id))
        .join(Finding, col(Finding.version_id) == col(DocumentVersion.id))
        .where(Finding.case_id == case_id)
        .distinct()
        .order_by(col(Document.id))
    ).all()
    places = []
    for document in documents:
        seen_at_all = (
            select(Sighting)
            .where(Sighting.document_id == document.id)
            .order_by(col(Sighting.id).desc())
            .limit(1)
        )
        has_it = select(Finding.version_id).where(Finding.case_id == case_id)
        seen = session.exec(seen_at_all).first()
        with_it = session.exec(seen_at_all.where(col(Sighting.version_id).in_(has_it))).first()
        if seen is None or with_it is None:
            continue
        looked = session.get(LookBack, document.id, populate_existing=True)
        is_gone = looked is not None and looked.outcome is Outcome.GONE and looked.looked_at > seen.seen_at
        places.append(_Place(document, seen, with_it, looked if is_gone else None, zone))
    return places


def _is_same_posting(session: Session, case: Case, place: _Place) -> bool:
    """Whether what the page shows now is still the case's posting, corrected."""
    if place.document.url == case.url and not same_title(case.title, place.document.title):
        return False
    length = dict(
        session.exec(
            select(DocumentVersion.id, func.length(DocumentVersion.text)).where(
                col(DocumentVersion.id).in_((place.seen.version_id, place.with_it.version_id))
            )
        ).all()
    )
    return bool(length[place.seen.version_id] * _LEAST_LEFT >= length[place.with_it.version_id])


def _rectify(session: Session, case: Case, place: _Place, now: datetime) -> Settled:
    note = (
        f"回头看：版本{place.with_it.version_id}（{place.with_it_on}所见）有此要求，"
        f"版本{place.seen.version_id}（{place.seen_on}所见）已无：{place.document.url}"
    )
    key = f"vanished:{place.seen.id}"
    if _happened(session, case, key):
        # A person has reopened it since: the same sighting settles it only once.
        return Settled.UNCHANGED
    try:
        take_step(session, _id(case), Step.RECTIFIED, actor=ACTOR, note=note, now=now, key=key)
    except IllegalStep:
        return Settled.UNCHANGED
    return Settled.RECTIFIED


def _still_there(
    session: Session, case: Case, place: _Place, settings: Settings, now: datetime
) -> Settlement:
    """A case that was said to be rectified, and was not: its page never stopped showing the requirement."""
    if case.state is not CaseState.RECTIFIED:
        return Settlement(Settled.STILL_THERE)
    rectified_at = session.exec(
        select(func.max(CaseEvent.at)).where(CaseEvent.case_id == case.id, CaseEvent.kind == "rectified")
    ).one()
    # A correction may need some days to reach the page.
    if rectified_at is None or place.seen.seen_at < rectified_at + timedelta(
        days=settings.look_backs.open_days
    ):
        return Settlement(Settled.STILL_THERE)
    note = (
        f"回头看：登记为已整改，但版本{place.seen.version_id}（{place.seen_on}所见）仍有此要求："
        f"{place.document.url}"
    )
    key = f"reopened:{place.seen.id}"
    if _happened(session, case, key):
        return Settlement(Settled.STILL_THERE)
    try:
        take_step(session, _id(case), Step.REOPEN, actor=ACTOR, note=note, now=now, key=key)
    except IllegalStep:
        return Settlement(Settled.UNCHANGED)
    if place.document.id is None:
        raise ValueError("the document is not stored")
    news = CaseNews(place.document.id, place.seen.version_id, reopened=(_id(case),))
    return Settlement(Settled.REOPENED, news)


def _note_gone(session: Session, case: Case, place: _Place, looked: LookBack) -> None:
    """Once for each time that the page was there before."""
    event = CaseEvent(
        case_id=_id(case),
        key=f"gone:{place.seen.id}",
        kind="gone",
        actor=ACTOR,
        note=(
            f"页面已不存在，不等于已整改（最后一次见到的是版本{place.seen.version_id}，"
            f"{place.seen_on}）：{place.document.url}；{reason_in_chinese(looked.detail)}"
        ),
        at=looked.looked_at,
    )
    insert_once(session, event)


def _note_replaced(session: Session, case: Case, place: _Place, now: datetime) -> None:
    event = CaseEvent(
        case_id=_id(case),
        key=f"replaced:{place.document.id}:{place.seen.version_id}",
        kind="replaced",
        actor=ACTOR,
        note=(
            f"页面现在是别的内容，不等于已整改：版本{place.with_it.version_id}有此要求，"
            f"版本{place.seen.version_id}的标题或正文已不是该信息：{place.document.url}"
        ),
        at=now,
    )
    insert_once(session, event)


def _happened(session: Session, case: Case, key: str) -> bool:
    event = select(CaseEvent.id).where(CaseEvent.case_id == case.id, CaseEvent.key == key)
    return session.exec(event).first() is not None


def _id(case: Case) -> int:
    if case.id is None:
        raise ValueError("the case is not stored")
    return case.id
