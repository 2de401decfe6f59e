"""What the program tells Prometheus: every name begins with ``qualwatch_``, every label has few values.

What the database knows is read from it at each scrape, so that it survives a restart; only what no table
keeps (how long detection takes, starts that were missed) is counted in the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, Row, case, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from alerts.channels import channel_names
from alerts.regions import province_code
from catalogue.model import Status
from detection.model import Severity, Usage
from settings.model import Source
from storage.database import for_reading
from storage.tables import (
    Case,
    CaseState,
    Document,
    DocumentVersion,
    Finding,
    OutboxMessage,
    OutboxState,
    Outcome,
    SourceState,
    Visit,
)

OTHER = "other"
"""Stands for a source or word that the configuration does not know, or no longer."""
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

_Labels = tuple[str, ...]
_Values = dict[_Labels, float]


class Metrics:
    """All series of one program, in a registry of their own."""

    def __init__(self, engine: Engine, sources: Sequence[Source], clock: Callable[[], datetime]) -> None:
        """``sources`` are those that are visited, ``clock`` gives the aware time at a scrape."""
        self.registry = CollectorRegistry()
        self.detection_seconds = Histogram(
            "qualwatch_detection_seconds",
            "Time to detect in one text.",
            buckets=_DETECTION_BUCKETS,
            registry=self.registry,
        )
        self.misfires = Counter(
            "qualwatch_misfires", "Starts of a job that were missed or skipped.", registry=self.registry
        )
        ProcessCollector(namespace="qualwatch", registry=self.registry)
        self.registry.register(_Kept(engine, sources, clock))


class _Kept(Collector):
    """The series that are read from the database."""

    def __init__(self, engine: Engine, sources: Sequence[Source], clock: Callable[[], datetime]) -> None:
        self._engine = for_reading(engine)
        self._intervals = {source.name: 60.0 * source.every_minutes for source in sources}
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """A database that does not answer leaves its series out and says so: zeros would look like peace."""
        up = GaugeMetricFamily("qualwatch_database_up", "Whether the database answered this scrape.")
        try:
            with Session(self._engine) as session, session.begin():
                families = [*_findings(session), *self._sources(session), *self._outbox(session)]
        except SQLAlchemyError:
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        yield from families

    def _sources(self, session: Session) -> Iterator[Metric]:
        yield self._interval()
        yield from self._source_states(session)
        yield from self._visits(session)

    def _interval(self) -> Metric:
        interval = GaugeMetricFamily(
            "qualwatch_source_interval_seconds", "Configured time between two visits.", labels=("source",)
        )
        for name, seconds in self._intervals.items():
            interval.add_metric((name,), seconds)
        return interval

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
        first = select(col(Visit.source), func.min(col(Visit.started_at))).group_by(col(Visit.source))
        begun = dict(session.execute(first).all())
        for state in session.scalars(select(SourceState).where(col(SourceState.name).in_(self._intervals))):
            failures.add_metric((state.name,), state.failures_in_a_row)
            since = state.last_success_at or begun.get(state.name)
            if since is not None:
                silence.add_metric((state.name,), max(0.0, (now - since).total_seconds()))
        yield from (silence, failures)

    def _visits(self, session: Session) -> Iterator[Metric]:
        rows = session.execute(
            select(
                col(Visit.source),
                col(Visit.outcome),
                func.count(),
                func.sum(col(Visit.list_pages)),
                func.sum(col(Visit.pages)),
                func.sum(col(Visit.attachments)),
                func.sum(col(Visit.bytes_read)),
                func.sum(col(Visit.errors)),
            )
            .where(col(Visit.outcome).is_not(None))  # counts of a visit under way would be taken back
            .group_by(col(Visit.source), col(Visit.outcome))
        ).all()
        outcomes, pages, read, errors = _Values(), _Values(), _Values(), _Values()
        for source, outcome, visits, lists, details, attachments, size, failed in rows:
            name = source if source in self._intervals else OTHER
            _add(outcomes, (name, _word(outcome, Outcome)), visits)
            for kind, count in (("list", lists), ("detail", details), ("attachment", attachments)):
                _add(pages, (name, kind), count)
            _add(read, (name,), size)
            _add(errors, (name,), failed)
        yield _counter("qualwatch_visits", "Visits by how they ended.", ("source", "outcome"), outcomes)
        yield _counter("qualwatch_pages", "Pages that were read.", ("source", "kind"), pages)
        yield _counter("qualwatch_read_bytes", "Bytes that were read.", ("source",), read)
        yield _counter("qualwatch_page_errors", "Pages that could not be read.", ("source",), errors)

    def _outbox(self, session: Session) -> Iterator[Metric]:
        oldest = func.min(case((col(OutboxMessage.state).in_(_UNSENT), col(OutboxMessage.created_at))))
        rows = session.execute(
            select(col(OutboxMessage.channel), col(OutboxMessage.state), func.count(), oldest).group_by(
                col(OutboxMessage.channel), col(OutboxMessage.state)
            )
        ).all()
        channels = channel_names()
        depth: _Values = {(channel, state.value): 0 for channel in channels for state in OutboxState}
        age: _Values = {(channel,): 0 for channel in channels}
        now = self._clock()
        for channel, state, count, first in rows:
            name = channel if channel in channels else OTHER
            _add(depth, (name, state.value), count)
            if first is not None:
                age[name,] = max(age.get((name,), 0), (now - first).total_seconds())
        yield _gauge(
            "qualwatch_outbox_messages", "Messages by channel and state.", ("channel", "state"), depth
        )
        yield _gauge(
            "qualwatch_outbox_oldest_seconds", "Age of the longest waiting message.", ("channel",), age
        )


def _findings(session: Session) -> Iterator[Metric]:
    findings = session.execute(
        select(
            col(Finding.status),
            col(Finding.usage),
            col(Finding.severity),
            _province(col(Document.region)),
            func.count(),
        )
        .join(DocumentVersion, col(DocumentVersion.id) == col(Finding.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .group_by(
            col(Finding.status), col(Finding.usage), col(Finding.severity), _province(col(Document.region))
        )
    ).all()
    yield _gauge(
        "qualwatch_findings",
        "Findings that are kept, by status of the certificate, its usage, severity and province.",
        ("status", "usage", "severity", "region"),
        _counted(findings, (Status, Usage, Severity)),
    )
    cases = session.execute(
        select(col(Case.state), col(Case.severity), _province(col(Case.region)), func.count()).group_by(
            col(Case.state), col(Case.severity), _province(col(Case.region))
        )
    ).all()
    yield _gauge(
        "qualwatch_cases",
        "Cases by state, severity and province.",
        ("state", "severity", "region"),
        _counted(cases, (CaseState, Severity)),
    )


def _province(region: Any) -> Any:
    # Literals, because PostgreSQL takes two parameters of equal value for two different groupings.
    return func.substr(region, text("1"), text("2"))


def _counted(rows: Iterable[Row[Any]] | Iterable[tuple[Any, ...]], words: Sequence[type[StrEnum]]) -> _Values:
    """Rows of words, a region and a count, added up by their labels."""
    values = _Values()
    for *found, region, count in rows:
        labels = [_word(word, kind) for word, kind in zip(found, words, strict=True)]
        _add(values, (*labels, province_code(region)), count)
    return values


def _word(word: str, kind: type[StrEnum]) -> str:
    return str(word) if word in kind.__members__.values() else OTHER


def _add(values: _Values, labels: _Labels, count: float) -> None:
    values[labels] = values.get(labels, 0) + count


def _gauge(name: str, documentation: str, labels: _Labels, values: _Values) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _counter(name: str, documentation: str, labels: _Labels, values: _Values) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
