"""How complete the official lists are, as series: a verdict is only as good as the lists behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from alerts.metrics.series import Values, gauge
from catalogue.completeness import Completeness
from vocabulary.codes import Evidence

Measure = Callable[[], Sequence[Completeness]]
"""Measures the lists; ValueError, OSError or an error of the database where one cannot be read."""


class ListsCollector(Collector):
    """Items of every official list, known and expected."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._is_ahead = False
        self._ahead: Sequence[Completeness] | None = None

    def read_ahead(self) -> None:
        """Measure for the next scrapes, which then wait for no database; where it is away, what was known."""
        try:
            self._ahead = self._measure()
        except SQLAlchemyError:
            pass
        except (ValueError, OSError):
            self._ahead = None
        self._is_ahead = True

    def collect(self) -> Iterator[Metric]:
        """A list that cannot be read leaves the series out; the commands say which it is."""
        measured = self._ahead if self._is_ahead else self._measured_now()
        if measured is None:
            return
        expected: Values = {}
        known: Values = {}
        for each in measured:
            labels = (each.document.number, each.document.region)
            expected[labels] = float(each.document.items)
            for evidence in Evidence:
                known[*labels, evidence.value] = float(each.known[evidence])
        yield gauge(
            "qualwatch_catalogue_items_expected",
            "Items that an official list has in all.",
            ("document", "region"),
            expected,
        )
        yield gauge(
            "qualwatch_catalogue_items",
            "Items of an official list that are known, by evidence.",
            ("document", "region", "evidence"),
            known,
        )

    def _measured_now(self) -> Sequence[Completeness] | None:
        try:
            return self._measure()
        except (ValueError, OSError, SQLAlchemyError):
            return None
