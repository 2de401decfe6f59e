"""How complete the official lists are, as series: a verdict is only as good as the lists behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from alerts.metrics.series import Values, gauge
from catalogue.completeness import Completeness
from vocabulary.codes import Evidence

Measure = Callable[[], Sequence[Completeness]]
"""Measures the lists at a scrape; ValueError or OSError where one cannot be read."""


class ListsCollector(Collector):
    """Items of every official list, known and expected."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def collect(self) -> Iterator[Metric]:
        """A list that cannot be read leaves the series out; the commands say which it is."""
        try:
            measured = self._measure()
        except (ValueError, OSError):
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
