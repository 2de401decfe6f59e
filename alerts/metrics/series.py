"""From rows of the database to series: every label takes one of few values, known beforehand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy import ColumnElement, Float, case, func, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from vocabulary.areas import province_code

OTHER = "other"
"""Stands for a source or word that the configuration does not know, or no longer."""
Labels = tuple[str, ...]
Values = dict[Labels, float]


def word(found: str, known: type[StrEnum] | Collection[str]) -> str:
    """``found`` where it is one of ``known``, else OTHER: a later version's word opens no new series."""
    words = known.__members__.values() if isinstance(known, type) else known
    return str(found) if found in words else OTHER


def province(region: Any) -> Any:
    """The column ``region`` cut to its province, to group by; see ``counted``."""
    # Literals, because PostgreSQL takes two parameters of equal value for two different groupings.
    return func.substr(region, text("1"), text("2"))


def counted(rows: Iterable[Sequence[Any]], words: Sequence[type[StrEnum] | Collection[str]]) -> Values:
    """Rows of words, a region and a count, added up by their labels."""
    values = Values()
    for *found, region, count in rows:
        labels = [word(one, known) for one, known in zip(found, words, strict=True)]
        add(values, (*labels, province_code(region)), count)
    return values


def add(values: Values, labels: Labels, count: float) -> None:
    """Add ``count`` to what ``labels`` have."""
    values[labels] = values.get(labels, 0) + count


def gauge(name: str, documentation: str, labels: Labels, values: Values) -> Metric:
    """A gauge with one sample for each of ``values``."""
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def counter(name: str, documentation: str, labels: Labels, values: Values) -> Metric:
    """A counter with one sample for each of ``values``; ``_total`` is added to its name."""
    family = CounterMetricFamily(name, documentation, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def bucketed(seconds: ColumnElement[float], buckets: Sequence[float]) -> tuple[ColumnElement[Any], ...]:
    """What to select for ``histogram``: the ``seconds`` within each bucket, all of them, their sum."""
    within = (func.sum(case((seconds <= bucket, 1), else_=0)) for bucket in buckets)
    return (*within, func.count(seconds), func.sum(seconds))


def histogram(
    name: str, documentation: str, labels: Labels, buckets: Sequence[float], rows: Iterable[Sequence[Any]]
) -> Metric:
    """A histogram from rows of ``labels`` and what ``bucketed`` selects; each labels' row once."""
    family = HistogramMetricFamily(name, documentation, labels=labels)
    bounds = [*(f"{bucket:g}" if bucket < 1e6 else str(int(bucket)) for bucket in buckets), "+Inf"]
    for row in rows:
        key, within, total = row[: len(labels)], row[len(labels) : -1], row[-1]
        family.add_metric(key, list(zip(bounds, map(float, within), strict=True)), float(total))
    return family


class SecondsBetween(FunctionElement[float]):
    """Seconds from one UTC time to another, on every database that the project knows."""

    type = Float()
    inherit_cache = True


class DayBegins(FunctionElement[Any]):
    """00:00 UTC of a date, as a time for ``SecondsBetween``."""

    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def _between_on_sqlite(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    since, until = (compiler.process(clause, **options) for clause in element.clauses)
    # Days as doubles are good to less than a millisecond; Debian's SQLite has no fractions in unixepoch().
    return f"((julianday({until}) - julianday({since})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _between_on_postgresql(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    since, until = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(extract(epoch FROM {until} - {since}) AS double precision)"


@compiles(DayBegins, "sqlite")
def _day_on_sqlite(element: DayBegins, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(DayBegins, "postgresql")
def _day_on_postgresql(element: DayBegins, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **options)} AS timestamp) AT TIME ZONE 'UTC')"
