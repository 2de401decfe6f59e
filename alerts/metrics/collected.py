"""What the program tells Prometheus: every name begins with ``qualwatch_``, every label has few values.

What the database knows is read from it, so that it survives a restart: at each scrape, or ahead of it where
somebody calls ``read_ahead``, so that no scrape waits however much is kept. Only what no table
keeps (how long detection takes, starts that were missed) is counted in the process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, case, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from alerts.delivery.channels import channel_names
from alerts.delivery.ways import ways_down
from alerts.metrics.cases import case_families, region_names_family
from alerts.metrics.health import AskCondition, Condition, HealthCollector
from alerts.metrics.kept import kept_families
from alerts.metrics.lists import ListsCollector, Measure
from alerts.metrics.queue import queue_families
from alerts.metrics.series import (
    OTHER,
    SecondsBetween,
    Values,
    add,
    bucketed,
    counter,
    gauge,
    histogram,
    word,
)
from alerts.metrics.telling import telling_families
from alerts.working_time import known_until
from settings.people import Calendar
from settings.sources import Source
from storage.database import for_reading
from storage.tables import DigestItem, Document, OutboxMessage, SourceState, VisitTotal
from vocabulary.codes import OutboxState, Outcome

_DETECTION_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    120.0,
)
_UNSENT = (OutboxState.WAITING, OutboxState.LEASED)

_DELIVERED_BUCKETS = (5.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 259_200.0)


_REST = 20
"""Times as long as reading took, nothing is read again."""


@dataclass(frozen=True, slots=True)
class _ReadAhead:
    """What scrapes are told until it is read again."""

    families: list[Metric] | None
    stale_at: float
    """By the monotonic clock."""


class Metrics:
    """All series of one program, in a registry of their own."""

    def __init__(
        self,
        engine: Engine,
        sources: Iterable[Source],
        clock: Callable[[], datetime],
        calendar: Calendar = Calendar(),  # noqa: B008 - it is frozen
        *,
        measure_lists: Measure = tuple,
        waits_for_room: Callable[[], bool] = lambda: False,
        condition: AskCondition = Condition,
    ) -> None:
        """``sources`` are gone through at each scrape, ``clock`` gives the aware time then.

        ``measure_lists`` says at a scrape how complete the official lists are, ``waits_for_room`` whether
        visits wait because the disk is too full, ``condition`` how the program is.
        """
        self.registry = CollectorRegistry()
        self._count_work()
        self._state_of_program(waits_for_room, calendar)
        ProcessCollector(namespace="qualwatch", registry=self.registry)
        self._kept = _Kept(engine, sources, clock, condition)
        self.registry.register(self._kept)
        self.registry.register(HealthCollector(condition))
        self._lists = ListsCollector(measure_lists)
        self.registry.register(self._lists)

    def _count_work(self) -> None:
        """What this process counts and times itself."""
        self.detection_seconds = Histogram(
            "qualwatch_detection_seconds",
            "Time to detect in one text.",
            buckets=_DETECTION_BUCKETS,
            registry=self.registry,
        )
        self.misfires = Counter(
            "qualwatch_misfires", "Starts of a job that were missed or skipped.", registry=self.registry
        )
        self.console_requests = Counter(
            "qualwatch_console_requests",
            "Requests to the console, by its route and the status of the answer.",
            ("route", "status"),
            registry=self.registry,
        )

    def _state_of_program(self, waits_for_room: Callable[[], bool], calendar: Calendar) -> None:
        """Whether visits wait, and how far the working days are known."""
        Gauge(
            "qualwatch_visits_wait_for_room",
            "1 while nothing is visited because the disk or the quota is too full.",
            registry=self.registry,
        ).set_function(lambda: float(waits_for_room()))
        Gauge(
            "qualwatch_holidays_known_until_timestamp_seconds",
            "End of the last year whose holidays are known.",
            registry=self.registry,
        ).set(datetime.combine(known_until(calendar) + timedelta(days=1), time(), UTC).timestamp())

    def read_ahead(self) -> None:
        """Read what the next scrapes are told; from the first call on they wait for no database.

        To be called every few seconds: of what takes long it rests the longer, so that reading never takes
        more than a small part of the time.
        """
        if self._kept.read_ahead():
            self._lists.read_ahead()


class _Kept(Collector):
    """The series that are read from the database."""

    def __init__(
        self,
        engine: Engine,
        sources: Iterable[Source],
        clock: Callable[[], datetime],
        condition: AskCondition,
    ) -> None:
        self._condition = condition
        self._ahead: _ReadAhead | None = None
        self._engine = for_reading(engine)
        self._watched = sources
        self._clock = clock

    @property
    def _intervals(self) -> dict[str, float]:
        """Seconds between visits, by source; the sources may change while the program runs."""
        return {source.name: 60.0 * source.longest_minutes for source in self._watched}

    def collect(self) -> Iterator[Metric]:
        """A database that does not answer leaves its series out and says so: zeros would look like peace."""
        families = self._ahead.families if self._ahead else self._read()
        up = GaugeMetricFamily(
            "qualwatch_database_up", "Whether the database answered this scrape and takes what is written."
        )
        is_up = families is not None and "database" not in self._condition().lacking
        up.add_metric((), float(is_up))
        yield up
        if families is None:
            return
        yield region_names_family()
        yield from families

    def read_ahead(self) -> bool:
        """See :meth:`Metrics.read_ahead`; whether it was time."""
        began = monotonic()
        if self._ahead is not None and began < self._ahead.stale_at:
            return False
        families = self._read()
        ended = monotonic()
        self._ahead = _ReadAhead(families, ended + _REST * (ended - began))
        return True

    def _read(self) -> list[Metric] | None:
        """Everything that the database knows; None where it does not answer."""
        try:
            with Session(self._engine) as session, session.begin():
                return [
                    *case_families(session),
                    *self._sources(session),
                    *self._outbox(session),
                    *kept_families(session),
                    *queue_families(session, self._clock()),
                ]
        except SQLAlchemyError:
            return None

    def _sources(self, session: Session) -> Iterator[Metric]:
        yield self._interval()
        yield self._exceptions()
        yield from self._source_states(session)
        yield from self._visits(session)
        yield from self._documents(session)

    def _interval(self) -> Metric:
        interval = GaugeMetricFamily(
            "qualwatch_source_interval_seconds",
            "Longest planned time between two visits.",
            labels=("source",),
        )
        today = self._clock().date()
        for source in self._watched:
            if not source.is_muted(today):  # what has no interval is never silent for too long
                interval.add_metric((source.name,), 60.0 * source.longest_minutes)
        return interval

    def _exceptions(self) -> Metric:
        return gauge(
            "qualwatch_source_tls_unverified",
            "1 where the source's certificate is not verified (verify_tls = false).",
            ("source",),
            {(source.name,): float(not source.verify_tls) for source in self._watched},
        )

    def _source_states(self, session: Session) -> Iterator[Metric]:
        """Only sources that are visited: one that was taken out of the configuration is silent for ever."""
        silence = GaugeMetricFamily(
            "qualwatch_source_since_success_seconds",
            "Time since a visit succeeded, or since the first visit where none ever did.",
            labels=("source",),
        )
        failures = GaugeMetricFamily(
            "qualwatch_source_failures_in_a_row",
            "Visits that failed since the last success.",
            labels=("source",),
        )
        now = self._clock()
        first = select(col(VisitTotal.source), func.min(col(VisitTotal.first_started_at)))
        first = first.group_by(col(VisitTotal.source))
        begun = dict(session.execute(first).all())
        for state in session.scalars(select(SourceState).where(col(SourceState.name).in_(self._intervals))):
            failures.add_metric((state.name,), state.failures_in_a_row)
            since = state.last_success_at or begun.get(state.name)
            if since is not None:
                silence.add_metric((state.name,), max(0.0, (now - since).total_seconds()))
        yield from (silence, failures)

    def _visits(self, session: Session) -> Iterator[Metric]:
        outcomes, pages, read, errors = Values(), Values(), Values(), Values()
        watched = self._intervals
        for total in session.scalars(select(VisitTotal)):
            name = total.source if total.source in watched else OTHER
            add(outcomes, (name, word(total.outcome, Outcome)), total.visits)
            read_of_kinds = {"list": total.list_pages, "detail": total.pages, "attachment": total.attachments}
            for kind, count in read_of_kinds.items():
                add(pages, (name, kind), count)
            add(read, (name,), total.bytes_read)
            add(errors, (name,), total.errors)
        yield counter("qualwatch_visits", "Visits by how they ended.", ("source", "outcome"), outcomes)
        yield counter("qualwatch_pages", "Pages that were read.", ("source", "kind"), pages)
        yield counter("qualwatch_read_bytes", "Bytes that were read.", ("source",), read)
        yield counter("qualwatch_page_errors", "Pages that could not be read.", ("source",), errors)

    def _documents(self, session: Session) -> Iterator[Metric]:
        """A site that changed its list pages may answer well and still never show anything new."""
        rows = session.execute(
            select(col(Document.source), func.count(), func.max(col(Document.first_seen_at))).group_by(
                col(Document.source)
            )
        ).all()
        now, kept, age, watched = self._clock(), Values(), Values(), self._intervals
        for source, count, newest in rows:
            if source in watched:
                age[source,] = max(0.0, (now - newest).total_seconds())
            add(kept, (source if source in watched else OTHER,), count)
        yield gauge("qualwatch_documents", "Pages and attachments under watch.", ("source",), kept)
        yield gauge(
            "qualwatch_source_since_new_document_seconds",
            "Time since a page or attachment was met for the first time.",
            ("source",),
            age,
        )

    def _outbox(self, session: Session) -> Iterator[Metric]:
        oldest = func.min(case((col(OutboxMessage.state).in_(_UNSENT), col(OutboxMessage.created_at))))
        rows = session.execute(
            select(col(OutboxMessage.channel), col(OutboxMessage.state), func.count(), oldest).group_by(
                col(OutboxMessage.channel), col(OutboxMessage.state)
            )
        ).all()
        channels = channel_names()
        depth: Values = {(channel, state.value): 0 for channel in channels for state in OutboxState}
        age: Values = {(channel,): 0 for channel in channels}
        now = self._clock()
        for channel, state, count, first in rows:
            name = channel if channel in channels else OTHER
            add(depth, (name, state.value), count)
            if first is not None:
                age[name,] = max(age.get((name,), 0), (now - first).total_seconds())
        yield gauge(
            "qualwatch_outbox_messages", "Messages by channel and state.", ("channel", "state"), depth
        )
        yield gauge(
            "qualwatch_outbox_oldest_seconds", "Age of the longest waiting message.", ("channel",), age
        )
        yield _retrying(session, channels)
        yield _down(session, channels, now)
        yield _delivered(session, channels)
        yield from _digests(session, now)
        yield from telling_families(session, now)


def _retrying(session: Session, channels: Collection[str]) -> Metric:
    rows = session.execute(
        select(col(OutboxMessage.channel), func.count())
        .where(col(OutboxMessage.state).in_(_UNSENT), col(OutboxMessage.attempts) > 0)
        .group_by(col(OutboxMessage.channel))
    )
    waiting: Values = {(channel,): 0 for channel in channels}
    for channel, count in rows:
        add(waiting, (word(channel, channels),), count)
    return gauge(
        "qualwatch_outbox_retrying", "Messages that failed and will be tried again.", ("channel",), waiting
    )


def _down(session: Session, channels: Collection[str], now: datetime) -> Metric:
    """Of several chats of one kind the one that is down for longest."""
    seconds: Values = {(channel,): 0 for channel in channels}
    for way in reversed(ways_down(session)):
        if way.down_since is not None:
            seconds[word(way.channel, channels),] = max(0.0, (now - way.down_since).total_seconds())
    return gauge(
        "qualwatch_channel_down_seconds",
        "How long a channel has not answered; 0 where it does, or was not asked.",
        ("channel",),
        seconds,
    )


def _delivered(session: Session, channels: Collection[str]) -> Metric:
    waited = SecondsBetween(col(OutboxMessage.created_at), col(OutboxMessage.sent_at))
    rows = session.execute(
        select(col(OutboxMessage.channel), *bucketed(waited, _DELIVERED_BUCKETS))
        .where(col(OutboxMessage.state) == OutboxState.SENT, waited >= 0)
        .group_by(col(OutboxMessage.channel))
        .order_by(col(OutboxMessage.channel))
    )
    return histogram(
        "qualwatch_delivery_seconds",
        "From the writing of a message to its acceptance.",
        ("channel",),
        _DELIVERED_BUCKETS,
        [row for row in rows if row[0] in channels],
    )


def _digests(session: Session, now: datetime) -> Iterator[Metric]:
    untold = select(func.count(), func.min(col(DigestItem.added_at))).where(col(DigestItem.told_at).is_(None))
    count, oldest = session.execute(untold).one()
    yield gauge("qualwatch_digest_items", "Cases that wait for somebody's next digest.", (), {(): count})
    age = (now - oldest).total_seconds() if oldest else 0
    yield gauge("qualwatch_digest_oldest_seconds", "Age of the longest waiting of them.", (), {(): age})
