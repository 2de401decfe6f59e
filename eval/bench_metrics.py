"""``python -m eval.bench_metrics``: what /metrics takes with a few visits kept, and with three million.

Rows are made by SQL in a SQLite of its own, which takes half a gigabyte. A scrape is what Prometheus waits
for; reading ahead is what the daemon does beside it, twenty times as seldom as it takes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from alerts.metrics.collected import Metrics
from alerts.metrics.server import serve_metrics
from eval.bench import Result
from settings.sources import Source
from storage.database import open_database
from storage.migrate import upgrade

VISITS, DOCUMENTS, SOURCES = 3_000_000, 300_000, 200
FEW = 3_000
_NUMBERS = (
    "WITH RECURSIVE n(value) AS (SELECT {first} UNION ALL SELECT value + 1 FROM n WHERE value < {last}) "
)
_BEGAN = "datetime('2026-01-01', '+' || value || ' seconds')"
_VISIT = (
    "INSERT INTO visit (source, started_at, finished_at, purpose, outcome, detail, list_pages, items, pages, "
    "attachments, bytes_read, new_documents, changed_documents, findings, errors) "
    "{numbers}SELECT 's' || (value % {sources}), {began}, {began}, 'watch', 'ok', '', 1, 20, 20, 0, "
    "60000, 0, 0, 0, 0 FROM n"
)
_DOCUMENT = (
    "INSERT INTO document (url, source, title, publisher, etag, last_modified, first_seen_at, last_seen_at) "
    "{numbers}SELECT 'http://s' || (value % {sources}) || '.example/' || value, 's' || (value % {sources}), "
    "'招聘公告', '', '', '', {began}, {began} FROM n"
)
_TOTALS = (
    "INSERT OR REPLACE INTO visit_total (source, outcome, visits, list_pages, pages, attachments, "
    "bytes_read, errors, first_started_at) SELECT source, outcome, count(*), sum(list_pages), sum(pages), "
    "sum(attachments), sum(bytes_read), sum(errors), min(started_at) FROM visit GROUP BY source, outcome"
)


def fill(engine: Engine, *, visits: tuple[int, int], documents: tuple[int, int]) -> None:
    """Rows from one number to another, and what they add up to."""
    with engine.begin() as connection:
        for statement, (first, last) in ((_VISIT, visits), (_DOCUMENT, documents)):
            numbers = _NUMBERS.format(first=first, last=last)
            connection.exec_driver_sql(statement.format(numbers=numbers, sources=SOURCES, began=_BEGAN))
        connection.exec_driver_sql(_TOTALS)


def seconds_of(what: Callable[[], object]) -> float:
    """Of the quickest of three."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        what()
        taken.append(time.perf_counter() - began)
    return min(taken)


def measure(say: Callable[[str], object], *, visits: int, documents: int) -> list[Result]:
    """All figures; ``say`` is told what is done."""
    sources = [
        Source.model_validate({"name": f"s{n}", "url": f"http://s{n}.example/"}) for n in range(SOURCES)
    ]
    results = []
    with tempfile.TemporaryDirectory(prefix="qw-metrics-") as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'qualwatch.sqlite3'}")
        upgrade(engine)
        metrics = Metrics(engine, sources, lambda: datetime.now(UTC))
        with serve_metrics(metrics.registry, "127.0.0.1", 0, tuple) as server:

            def scrape() -> None:
                with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as answer:  # noqa: S310 - ours
                    answer.read()

            fill(engine, visits=(1, FEW), documents=(1, FEW))
            metrics.read_ahead()
            few = seconds_of(scrape)
            say(f"{visits:,} visits and {documents:,} documents are made")
            fill(engine, visits=(FEW + 1, visits), documents=(FEW + 1, documents))
            anew = Metrics(engine, sources, lambda: datetime.now(UTC))
            began = time.perf_counter()
            anew.read_ahead()
            ahead = time.perf_counter() - began
        with serve_metrics(anew.registry, "127.0.0.1", 0, tuple) as server:
            many = seconds_of(scrape)
        engine.dispose()
    results.append(Result(f"a scrape with {FEW:,} visits", few * 1000, "ms"))
    results.append(Result(f"a scrape with {visits:,} visits", many * 1000, "ms"))
    results.append(Result("the same as a multiple", many / few, "×", 3.0, "most"))
    results.append(Result("reading ahead of it, beside the scrapes", ahead * 1000, "ms"))
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    asked = parser.parse_args()
    for result in measure(lambda line: print(f"… {line}"), visits=asked.visits, documents=asked.documents):
        held = {None: "", True: "holds", False: "MISSED"}[result.holds]
        print(f"{result.name:45} {result.value:10.2f} {result.unit:10} {held}")


if __name__ == "__main__":
    main()
