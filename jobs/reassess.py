"""Judges stored documents again that were judged by another catalogue than today's, both ways.

Which documents wait stands in the database (``judged_document``), so that it goes on wherever it was
interrupted. What each document said when it was last met is judged as of the same day as then. A verdict that
is new opens its case like any other; one that no longer stands dismisses its case, unless a person has
decided something about it. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, func, select

from alerts.notifications.alert import notify_recipients
from alerts.notifications.reassessed import report_to_administrator
from alerts.notifications.waiting import rejudgement_batch
from assessment.judging import Judged, Known, judge
from assessment.reading import RECOGNISED
from assessment.workers import WorkError, WorkersEndedError
from cases.reconciliation import Change, ChangeKind, Judgement
from catalogue.loading import catalogue_digest
from detection.model import ScanResult
from extraction.archives import ARCHIVES
from jobs.context import Context
from storage.database import for_reading, one_transaction
from storage.rows import OnConflict, insert_or_update
from storage.tables import Document, DocumentVersion, JudgedDocument, RejudgedChange, Rejudgement, Sighting
from vocabulary.codes import PublisherKind

REJUDGE = "rejudge"
"""The lock of whoever judges again: two at once would judge everything twice."""
PAUSE_SECONDS = 10.0
"""How soon a change of the catalogue is noticed."""
_BATCH = 50
_PASSES = 3
"""What an ordinary visit changes meanwhile is met by the next pass, or by the next round."""
_SAID_EVERY = 1_000
_JUDGED = OnConflict(key=("document_id",), replace=("catalogue",))

log = structlog.get_logger()
Watch = Callable[[int, int], object]


def rejudge(context: Context, *, watch: Watch = lambda _done, _of: None) -> Rejudgement | None:
    """Judge what waits for it and write to the administrator what that changed; None where nothing waits.

    The catalogue may change meanwhile: then the round ends and another one begins. ``watch`` is told how many
    of how many documents are done. Raises ``LockedError`` where another program is at it.
    """
    with context.locks.hold(REJUDGE):
        order = None
        while not context.stopping.is_set():
            catalogue = catalogue_digest(context.imported())
            if not count_waiting(context, catalogue):
                break
            order = _take_up(context, catalogue)
            if _Round(context, order, watch).run():
                break
        return order


def count_waiting(context: Context, catalogue: str) -> int:
    """Documents that were judged by another catalogue."""
    with Session(for_reading(context.engine)) as session:
        return session.exec(
            select(func.count()).select_from(JudgedDocument).where(JudgedDocument.catalogue != catalogue)
        ).one()


@one_transaction
def ask_again(context: Context, since: date) -> None:
    """Let everything that was met since then wait, whatever it was judged by."""
    with context.transaction() as session:
        met = select(Document.id).where(*_met_since(context, since))
        session.execute(
            update(JudgedDocument).where(col(JudgedDocument.document_id).in_(met)).values(catalogue="")
        )


def preview(
    context: Context, tell: Callable[[Change], object], *, since: date | None = None, watch: Watch
) -> tuple[int, list[str]]:
    """Tell what judging again would change; how many documents that are, and those that cannot be judged."""
    catalogue = catalogue_digest(context.imported())
    waiting = (JudgedDocument.catalogue != catalogue,) if since is None else _met_since(context, since)
    with Session(for_reading(context.engine)) as session:
        total = session.exec(
            select(func.count())
            .select_from(JudgedDocument)
            .join(Document, col(Document.id) == col(JudgedDocument.document_id))
            .where(*waiting)
        ).one()
    done, failed = 0, []
    for document_id in _waiting(context, waiting):
        if context.stopping.is_set():
            break
        stored = _read(context, document_id)
        try:
            if stored is not None:
                result = judge_stored(context, stored).result
                with Session(for_reading(context.engine)) as session:
                    changes = Judgement(session, context.now(), *stored, result).compare()
                for change in changes:
                    tell(change)
        except WorkError as error:
            failed.append(f"{stored[0].url}: {error}" if stored else str(error))
        done += 1
        watch(done, total)
    return done, failed


@one_transaction
def _take_up(context: Context, catalogue: str) -> Rejudgement:
    """The unfinished order of this catalogue, or a new one; one of another catalogue ends here."""
    waiting, now = count_waiting(context, catalogue), context.now()
    with context.transaction() as session:
        session.expire_on_commit = False
        unfinished = session.exec(
            select(Rejudgement).where(col(Rejudgement.finished_at).is_(None)).order_by(col(Rejudgement.id))
        ).all()
        order = next((each for each in unfinished if each.catalogue == catalogue), None)
        for each in unfinished:
            if each is not order:
                _finish(session, context, each)
        order = order or Rejudgement(catalogue=catalogue, begun_at=now)
        order.total = order.documents + waiting
        session.add(order)
        session.flush()
        return order


def _finish(session: Session, context: Context, order: Rejudgement) -> None:
    order.finished_at = context.now()
    session.add(order)
    report_to_administrator(session, order, context.settings, context.now())


@dataclass(slots=True)
class _Round:
    context: Context
    order: Rejudgement
    watch: Watch

    def run(self) -> bool:
        """Whether all was judged; else the catalogue changed, or the program is ending."""
        log.info("judging_again", documents=self.order.total, done=self.order.documents)
        waiting = (JudgedDocument.catalogue != self.order.catalogue,)
        for _ in range(_PASSES):
            for document_id in _waiting(self.context, waiting):
                if self.context.stopping.is_set() or not self._judge(document_id):
                    return False
        self._end()
        self.order.finished_at = self.context.now()
        log.info("judged_again", documents=self.order.documents, failed=self.order.failed)
        return True

    @one_transaction
    def _end(self) -> None:
        with self.context.transaction() as session:
            _finish(session, self.context, session.merge(self.order))

    def _judge(self, document_id: int) -> bool:
        """Judge one document and keep what came of it; False where this round has to end."""
        stored = _read(self.context, document_id)
        result, failure = None, ""
        try:
            if stored is not None:
                judged = judge_stored(self.context, stored)
                if judged.catalogue != self.order.catalogue:
                    return False
                result = judged.result
        except WorkersEndedError:
            return False
        except WorkError as error:
            failure = str(error)
        if not self._keep(document_id, stored, result, failure):
            return True  # A visit met another text meanwhile; it waits, or was judged by the visit.
        self.order.documents += 1
        self.order.failed += bool(failure)
        self.watch(self.order.documents, self.order.total)
        if self.order.documents % _SAID_EVERY == 0:
            log.info("judging_again", documents=self.order.total, done=self.order.documents)
        return True

    @one_transaction
    def _keep(
        self,
        document_id: int,
        stored: tuple[Document, DocumentVersion] | None,
        result: ScanResult | None,
        failure: str,
    ) -> bool:
        """Keep what came of a document; False where it is another one by now."""
        with self.context.transaction() as session:
            if stored is not None and _last_met(session, document_id) != stored[1].id:
                return False
            changes: Sequence[Change] = ()
            if stored is not None and result is not None:
                judgement = Judgement(session, self.context.now(), *stored, result)
                changes = judgement.apply()
                for news in judgement.news:
                    batch = rejudgement_batch(self.order.id or 0)
                    notify_recipients(session, news, self.context.told(), self.context.now(), batch=batch)
            elif stored is not None:
                changes = (Change(ChangeKind.FAILED, stored[0].title, stored[0].url, "", "", failure, None),)
            session.add_all(_row(self.order, change) for change in changes)
            row = JudgedDocument(document_id=document_id, catalogue=self.order.catalogue)
            insert_or_update(session, row, _JUDGED)
            counted = session.merge(self.order)
            counted.documents += 1
            counted.failed += bool(failure)
        return True


def _row(order: Rejudgement, change: Change) -> RejudgedChange:
    return RejudgedChange(
        rejudgement_id=order.id or 0,
        kind=change.kind.value,
        case_id=change.case_id,
        decided=change.decided,
        title=change.title,
        url=change.url,
        quote=change.quote,
        before=change.before,
        after=change.after,
    )


def _met_since(context: Context, since: date) -> tuple[ColumnElement[bool], ...]:
    zone = ZoneInfo(context.settings.time_zone)
    return (col(Document.last_seen_at) >= datetime(since.year, since.month, since.day, tzinfo=zone),)


def _waiting(context: Context, which: Sequence[ColumnElement[bool] | bool]) -> Iterator[int]:
    """Documents, oldest first, in batches that are never held open."""
    after = 0
    while True:
        with Session(for_reading(context.engine)) as session:
            batch = session.exec(
                select(JudgedDocument.document_id)
                .join(Document, col(Document.id) == col(JudgedDocument.document_id))
                .where(col(JudgedDocument.document_id) > after, *which)
                .order_by(col(JudgedDocument.document_id))
                .limit(_BATCH)
            ).all()
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1]


def _read(context: Context, document_id: int) -> tuple[Document, DocumentVersion] | None:
    """The document and what it said when it was last met; None where it was never met."""
    with Session(for_reading(context.engine), expire_on_commit=False) as session:
        version_id = _last_met(session, document_id)
        document = session.get(Document, document_id)
        version = session.get(DocumentVersion, version_id) if version_id is not None else None
        session.expunge_all()
    return (document, version) if document is not None and version is not None else None


def _last_met(session: Session, document_id: int) -> int | None:
    return session.exec(
        select(Sighting.version_id)
        .where(Sighting.document_id == document_id)
        .order_by(col(Sighting.id).desc())
        .limit(1)
    ).first()


def judge_stored(context: Context, stored: tuple[Document, DocumentVersion]) -> Judged:
    """The verdicts of today's catalogue; everything else as it was when it was last met."""
    document, version = stored
    is_archive = version.media_type in ARCHIVES
    known = Known(
        document.url,
        title=document.title,
        publisher=document.publisher,
        published_on=document.published_on,
        publisher_kind=PublisherKind(version.publisher_kind),
        region=document.region,
    )
    return context.workers.run(
        judge,
        # An archive is a list of file names, which demand nothing; what stands in them is judged by itself.
        "" if is_archive else version.text,
        known,
        document.last_seen_at.astimezone(ZoneInfo(context.settings.time_zone)).date(),
        recognised=bool(version.facts.get(RECOGNISED)),
        imported=context.imported(),
    )
