"""What is usual of a source, learnt from its visits and documents, and what the operator is told of it.

Trouble is told once when it begins and once when it ends, however many visits lie between: the row of a
trouble moves by an update that names its old state, in the transaction of the visit's end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import or_, update
from sqlmodel import Session, col, func, select

from alerts.delivery.outbox import enqueue
from alerts.languages import language
from alerts.notifications.letters import Letter
from alerts.recipients import ADMINISTRATOR, Recipient
from crawling.fetching.advice import advice
from crawling.listing.addresses import ATTACHMENT_SUFFIXES, is_attachment
from settings.model import Settings
from settings.sources import Source
from storage.rows import insert_once
from storage.tables import Document, FetchRecord, SourceTrouble, Visit
from storage.visits import DIED, SUCCESSES
from vocabulary.codes import Outcome, TroubleKind, VisitPurpose
from vocabulary.names import CHINESE, name_of
from vocabulary.presentation import displayable, safe_link
from vocabulary.reasons import reason_in_chinese

VISITS_IN_A_ROW = 3
"""So many visits must go wrong before anybody is told: one night's maintenance is no trouble."""
_VISITS_REMEMBERED = 10
_ENOUGH_TO_EXPECT = 4
"""Items: lists that are shorter than this vary too much to expect anything of them."""
_ENOUGH_VISITS = 5
_TOLERATED = 0.8
"""Share of what a list always had that it may shrink to: some items are withdrawn."""
_DAYS_REMEMBERED = 31
_ENOUGH_GAPS = 5
_SILENT_GAPS = 3
_DOCUMENTS_LOOKED_AT, _ENOUGH_DOCUMENTS = 20, 8
_ENOUGH_FILES = 3
_THIN = frozenset({Outcome.EMPTY, Outcome.FEWER_THAN_EXPECTED})
_ABOUT_THE_LIST = (TroubleKind.FAILING, TroubleKind.FEWER)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often something new is published in a list."""

    usual: timedelta
    """The median time between two days with something new."""
    longest: timedelta
    """The longest such time that is remembered: holidays are no silence."""
    newest: date

    @property
    def tolerated(self) -> timedelta:
        """A silence longer than this is trouble."""
        return max(_SILENT_GAPS * self.usual, self.longest)


@dataclass(frozen=True, slots=True)
class Expected:
    """How many items a list should have; both 0 where nothing is known, or too little to expect anything."""

    usual: int = 0
    least: int = 0
    """With fewer than this something is wrong with the list, or with how it is read."""


NOTHING_EXPECTED = Expected()


def expected_items(session: Session, source: Source) -> Expected:
    """What the list of ``source`` always has: as configured, else as the last good visits met it.

    A list whose number of items varies may have half as many as usual. One that never had fewer than 20 may
    not have 12 all of a sudden, although that is more than half.
    """
    if source.expected_items:
        return Expected(source.expected_items, math.ceil(source.expected_items * _TOLERATED))
    items = session.exec(
        select(Visit.items)
        .where(Visit.source == source.name, Visit.purpose == VisitPurpose.WATCH)
        .where(col(Visit.outcome).in_(SUCCESSES), col(Visit.items) > 0)
        .order_by(col(Visit.id).desc())
        .limit(_VISITS_REMEMBERED)
    ).all()
    usual = math.floor(median(items)) if items else 0
    if usual < _ENOUGH_TO_EXPECT:
        return NOTHING_EXPECTED
    always = min(items) if len(items) >= _ENOUGH_VISITS else 0
    return Expected(usual, max(math.ceil(usual / 2), math.ceil(always * _TOLERATED)))


def find_rhythm(session: Session, source: str) -> Rhythm | None:
    """The rhythm of a source's documents by their days of publication; None while too few are known.

    Where the site names no such days, the days on which documents were first met stand for them.
    """
    pages = (Document.source == source, col(Document.parent_id).is_(None))
    days: Sequence[date] = [
        day
        for day in session.exec(
            select(col(Document.published_on))
            .where(*pages, col(Document.published_on).is_not(None))
            .distinct()
            .order_by(col(Document.published_on).desc())
            .limit(_DAYS_REMEMBERED)
        )
        if day is not None
    ]
    if len(days) <= _ENOUGH_GAPS:
        met = session.exec(
            select(Document.first_seen_at).where(*pages).order_by(col(Document.id).desc()).limit(500)
        )
        days = sorted({moment.date() for moment in met}, reverse=True)[:_DAYS_REMEMBERED]
    gaps = [later - earlier for later, earlier in pairwise(days)]
    if len(gaps) < _ENOUGH_GAPS:
        return None
    return Rhythm(timedelta(days=median(gap.days for gap in gaps)), max(gaps), days[0])


def review_source(session: Session, source: Source, settings: Settings, now: datetime) -> None:
    """Tell the operator of trouble that begins or ends with the visit that has just ended.

    In the caller's transaction, which also ends the visit.
    """
    visits = session.exec(
        select(Visit)
        .where(Visit.source == source.name, Visit.purpose == VisitPurpose.WATCH)
        .where(col(Visit.outcome).is_not(None), Visit.detail != DIED)
        .order_by(col(Visit.id).desc())
        .limit(VISITS_IN_A_ROW)
    ).all()
    if not visits or source.is_muted(now.astimezone(ZoneInfo(settings.time_zone)).date()):
        return  # what still lasts when that ends begins then
    telling = _Telling(session, source, settings, now)
    if visits[0].outcome in SUCCESSES:
        for kind in _ABOUT_THE_LIST:
            telling.end(kind)
        _review_rhythm(telling)
        _review_days(telling)
        _review_files(telling)
    elif len(visits) == VISITS_IN_A_ROW and not any(visit.outcome in SUCCESSES for visit in visits):
        thin = all(visit.outcome in _THIN for visit in visits)
        other = TroubleKind.FAILING if thin else TroubleKind.FEWER
        if not telling.lasts(other):
            telling.begin(TroubleKind.FEWER if thin else TroubleKind.FAILING, _what_failed(visits))


def open_troubles(session: Session, source: str) -> tuple[SourceTrouble, ...]:
    """What the operator was told of ``source`` and what lasts, oldest first."""
    lasting = (
        select(SourceTrouble)
        .where(SourceTrouble.source == source, col(SourceTrouble.ended_at).is_(None))
        .order_by(col(SourceTrouble.began_at))
    )
    return tuple(session.exec(lasting).all())


def _what_failed(visits: Sequence[Visit]) -> str:
    newest = visits[0]
    outcome = newest.outcome or Outcome.ERROR
    said = displayable(reason_in_chinese(newest.detail) if newest.detail else "", limit=300)
    what_to_do = advice(outcome, newest.detail)
    return f"连续{len(visits)}次访问未能读全，最近一次：{name_of(outcome)}（{said}）。{what_to_do}"


def _review_rhythm(telling: _Telling) -> None:
    """Only after a visit that read the list: one that did not cannot tell silence from its own failure."""
    rhythm = find_rhythm(telling.session, telling.source.name)
    if rhythm is None:
        return
    first = telling.session.exec(
        select(func.min(Visit.started_at)).where(Visit.source == telling.source.name)
    ).one()
    # What was silent long before anybody watched it is an archive, and no news.
    since = max(rhythm.newest, telling.day(first))
    silence = telling.day(telling.now) - since
    if silence > max(rhythm.tolerated, timedelta(minutes=_SILENT_GAPS * telling.source.every_minutes)):
        telling.begin(
            TroubleKind.SILENT,
            f"列表可以访问，但已有{silence.days}天没有新内容（通常每{rhythm.usual.days}天有新内容，"
            f"最近一条发布于{rhythm.newest}）。请在浏览器中打开列表，看栏目是否已迁移或改版。",
        )
    else:
        telling.end(TroubleKind.SILENT)


def _review_days(telling: _Telling) -> None:
    """A document without its day is judged as of today: half of them so is a list that is read wrongly."""
    newest = telling.session.exec(
        select(Document)
        .where(Document.source == telling.source.name)
        .order_by(col(Document.id).desc())
        .limit(_DOCUMENTS_LOOKED_AT)
    ).all()
    days = [document.published_on for document in newest if not is_attachment(document.url)]
    undated = days.count(None)
    if len(days) >= _ENOUGH_DOCUMENTS and undated * 2 >= len(days):
        telling.begin(
            TroubleKind.UNDATED,
            f"最近{len(days)}份文件中有{undated}份没有识别到发布日期，只能按今天的目录判断。"
            "请用 qualwatch source test 核对列表页的日期写法。",
        )
    elif len(days) >= _ENOUGH_DOCUMENTS:
        telling.end(TroubleKind.UNDATED)


def _review_files(telling: _Telling) -> None:
    recent = (
        select(Visit.id)
        .where(Visit.source == telling.source.name, Visit.purpose == VisitPurpose.WATCH)
        .order_by(col(Visit.id).desc())
        .limit(_VISITS_REMEMBERED)
    )
    asked = telling.session.exec(
        select(FetchRecord.url, FetchRecord.outcome)
        .where(col(FetchRecord.visit_id).in_(recent))
        .where(or_(col(FetchRecord.outcome) == Outcome.UNREADABLE_ATTACHMENT, *_MAY_BE_FILES))
    ).all()
    ended = {
        url: outcome in SUCCESSES
        for url, outcome in asked
        if outcome is Outcome.UNREADABLE_ATTACHMENT or is_attachment(url)
    }
    if len(ended) >= _ENOUGH_FILES and not any(ended.values()):
        telling.begin(
            TroubleKind.FILES,
            f"最近{_VISITS_REMEMBERED}次访问中的{len(ended)}个附件均未能读取。"
            f"请运行 qualwatch source show {telling.source.name} 查看原因，并人工打开核对。",
        )
    elif any(ended.values()):
        telling.end(TroubleKind.FILES)


_MAY_BE_FILES = tuple(col(FetchRecord.url).ilike(f"%{suffix}%") for suffix in ATTACHMENT_SUFFIXES)
"""What the database leaves out is most of what was asked for; :func:`is_attachment` decides."""


@dataclass(frozen=True, slots=True)
class _Telling:
    session: Session
    source: Source
    settings: Settings
    now: datetime

    def day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.settings.time_zone)).date()

    def lasts(self, kind: TroubleKind) -> bool:
        trouble = self.session.get(SourceTrouble, (self.source.name, kind), populate_existing=True)
        return trouble is not None and trouble.ended_at is None

    def begin(self, kind: TroubleKind, detail: str) -> None:
        trouble = SourceTrouble(source=self.source.name, kind=kind, detail=detail, began_at=self.now)
        begins = insert_once(self.session, trouble) is not None or self._moved(
            kind, lasting=False, ended_at=None, began_at=self.now, detail=detail
        )
        if begins:
            self._tell(kind, detail, self.now, ended=False)

    def end(self, kind: TroubleKind) -> None:
        trouble = self.session.get(SourceTrouble, (self.source.name, kind), populate_existing=True)
        if trouble is not None and self._moved(kind, lasting=True, ended_at=self.now):
            self._tell(kind, trouble.detail, trouble.began_at, ended=True)

    def _moved(self, kind: TroubleKind, *, lasting: bool, **values: Any) -> bool:
        """Whether this update was the one that changed the trouble's state."""
        ended_at = col(SourceTrouble.ended_at)
        moved = self.session.execute(
            update(SourceTrouble)
            .where(col(SourceTrouble.source) == self.source.name, col(SourceTrouble.kind) == kind)
            .where(ended_at.is_(None) if lasting else ended_at.is_not(None))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return bool(moved.rowcount == 1)  # type: ignore[attr-defined]

    def _tell(self, kind: TroubleKind, detail: str, began_at: datetime, *, ended: bool) -> None:
        zone, speech = ZoneInfo(self.settings.time_zone), language(CHINESE)
        name = displayable(self.source.title or self.source.name, limit=60)
        what = f"{name_of(kind)}（已恢复）" if ended else name_of(kind)
        payload = {
            "subject": f"【来源{'恢复' if ended else '异常'}】{name}：{what}",
            "ended": ended,
            "what": name_of(kind),
            "source": {
                "name": self.source.name,
                "title": name,
                "url": str(self.source.url),
                "link": safe_link(str(self.source.url)),
            },
            "detail": detail,
            "began_at": speech.moment(began_at.astimezone(zone)),
            "told_at": speech.moment(self.now.astimezone(zone)),
            "unsubscribe": self.settings.administrator,
        }
        letter = Letter(
            about=f"source:{self.source.name}:{kind}:{'ended' if ended else 'began'}:{began_at.isoformat()}",
            template="source_trouble",
            recipient=Recipient(self.settings.administrator, ADMINISTRATOR),
            payload=payload,
        )
        enqueue(self.session, letter, self.settings, self.now)
        log.info(
            "source_recovered" if ended else "source_in_trouble", source=self.source.name, kind=kind.value
        )
