"""What Prometheus is told, read back through HTTP and by promtool."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, delete, update

from alerts.delivery.outbox import deliver_due
from alerts.metrics.collected import Metrics
from alerts.metrics.server import CONNECTIONS, MetricsServer, serve_metrics
from catalogue.completeness import Completeness
from catalogue.current import current_completeness
from catalogue.imported import NONE_IMPORTED
from settings.model import Settings
from settings.sources import Source
from storage.retention.amounts import measure
from storage.tables import Case, Finding, Visit
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.alerts.recording import Recording
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Outcome, Severity

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
SOURCES = tuple(
    Source.model_validate(
        {
            "name": name,
            "url": f"https://{name}.example.org/",
            "every_minutes": 60,
            "verify_tls": name != "never",
        }
    )
    for name in ("sample", "fuzhou", "never")
)
_no_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing (Debian: apt-get install prometheus)"
)


@pytest.fixture
def metrics(engine: Engine) -> Metrics:
    return Metrics(engine, SOURCES, lambda: NOW + timedelta(hours=2))


def _well() -> Sequence[str]:
    return ()


@pytest.fixture
def server(metrics: Metrics) -> Iterator[MetricsServer]:
    with serve_metrics(metrics.registry, "127.0.0.1", 0, _well) as server:
        yield server


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def _samples(server: MetricsServer) -> dict[tuple[str, ...], float]:
    """Every sample as (name, label=value, …) → value."""
    status, text = _get(f"{server.url}/metrics")
    assert status == 200
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _visit(engine: Engine, source: str, outcome: Outcome, now: datetime = NOW) -> None:
    with Session(engine) as session, session.begin():
        visit = start_visit(session, source, now)
        counts = VisitCounts(list_pages=2, pages=10, attachments=1, bytes_read=5_000_000_000, errors=3)
        finish_visit(session, visit, outcome, counts, now, next_due_at=now + timedelta(hours=1))


@pytest.fixture
def busy(engine: Engine, settings: Settings, metrics: Metrics) -> None:
    """A database in which something of everything has happened."""
    report(engine, settings, Posting(TEXT), mention(TEXT))
    report(
        engine,
        settings,
        Posting(TEXT, title="另一家医院的公开招聘公告", url="https://b.example/", region=None),
    )
    deliver_due(engine, {"maildir": Recording()}, NOW, owner="sender")
    report(engine, settings, Posting(TEXT, title="第三家医院的公开招聘公告", url="https://c.example/"))
    for source, outcome in (("sample", Outcome.OK), ("fuzhou", Outcome.TIMEOUT), ("removed", Outcome.OK)):
        _visit(engine, source, outcome)
    begin = sessionmaker(engine, class_=Session).begin
    for days in (0, 2):
        measure(engine, begin, settings.storage, NOW + timedelta(days=days))
    metrics.detection_seconds.observe(0.003)
    metrics.misfires.inc()
    metrics.console_requests.labels("case", "200").inc()


@pytest.mark.usefixtures("busy")
def test_what_happened_is_counted(server: MetricsServer) -> None:
    samples = _samples(server)
    found = ("qualwatch_findings", "region=350000", "severity=high", "status=cancelled", "usage=required")
    assert samples[found] == 2
    assert samples["qualwatch_findings", "region=none", *found[2:]] == 1
    assert (
        samples["qualwatch_cases", "region=350000", "severity=high", "state=notified", "status=cancelled"]
        == 1
    )
    assert (
        samples["qualwatch_cases", "region=350000", "severity=high", "state=found", "status=cancelled"] == 1
    )
    assert samples["qualwatch_outbox_messages", "channel=maildir", "state=sent"] == 2
    assert samples["qualwatch_outbox_messages", "channel=maildir", "state=waiting"] == 1
    assert samples["qualwatch_outbox_messages", "channel=smtp", "state=dead"] == 0
    assert samples["qualwatch_outbox_oldest_seconds", "channel=maildir"] == 7200
    assert samples["qualwatch_outbox_oldest_seconds", "channel=smtp"] == 0
    assert samples["qualwatch_outbox_retrying", "channel=maildir"] == 0
    assert samples["qualwatch_delivery_seconds_bucket", "channel=maildir", "le=5"] == 2
    assert samples["qualwatch_documents", "source=sample"] == 3
    assert samples["qualwatch_source_since_new_document_seconds", "source=sample"] == 7200
    assert samples["qualwatch_visits_total", "outcome=ok", "source=sample"] == 1
    assert samples["qualwatch_visits_total", "outcome=timeout", "source=fuzhou"] == 1
    assert samples["qualwatch_pages_total", "kind=detail", "source=sample"] == 10
    assert samples["qualwatch_read_bytes_total", "source=fuzhou"] == 5_000_000_000
    assert samples["qualwatch_page_errors_total", "source=fuzhou"] == 3
    assert samples["qualwatch_source_since_success_seconds", "source=sample"] == 7200
    assert samples["qualwatch_source_since_success_seconds", "source=fuzhou"] == 7200
    assert samples["qualwatch_source_failures_in_a_row", "source=fuzhou"] == 1
    assert samples["qualwatch_source_interval_seconds", "source=never"] == 2 * 3600
    assert samples["qualwatch_source_tls_unverified", "source=sample"] == 0
    assert samples["qualwatch_source_tls_unverified", "source=never"] == 1
    assert samples["qualwatch_detection_seconds_bucket", "le=0.005"] == 1
    assert samples["qualwatch_misfires_total",] == 1
    assert samples["qualwatch_database_up",] == 1


@pytest.mark.usefixtures("busy")
def test_names_are_ours_and_labels_few(engine: Engine, server: MetricsServer) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(Finding).values(usage="a word of a later version"))
        session.execute(update(Case).values(region="999999"))
    samples = _samples(server)
    assert {sample[0].partition("_")[0] for sample in samples} == {"qualwatch"}
    labels = {label for sample in samples for label in sample[1:]}
    assert "source=removed" not in labels
    assert "source=other" in labels
    assert {label for label in labels if label.startswith("usage=")} == {"usage=other"}
    regions = {label for sample in samples if sample[0] == "qualwatch_cases" for label in sample[1:2]}
    assert regions == {"region=none"}


@pytest.mark.usefixtures("busy")
@_no_promtool
def test_promtool_finds_nothing_wrong_with_what_is_served(server: MetricsServer) -> None:
    _, text = _get(f"{server.url}/metrics")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_counters_of_the_database_survive_a_restart(engine: Engine) -> None:
    _visit(engine, "sample", Outcome.OK)
    for _ in range(2):
        again = Metrics(engine, SOURCES, lambda: NOW)
        with serve_metrics(again.registry, "127.0.0.1", 0, _well) as server:
            assert _samples(server)["qualwatch_visits_total", "outcome=ok", "source=sample"] == 1


def test_a_visit_under_way_is_not_counted_yet(engine: Engine, server: MetricsServer) -> None:
    with Session(engine) as session, session.begin():
        start_visit(session, "sample", NOW)
    assert not [sample for sample in _samples(server) if sample[0] == "qualwatch_visits_total"]


def test_a_database_that_is_gone_is_said_and_not_shown_as_zeros(
    engine: Engine, server: MetricsServer, tmp_path: Path
) -> None:
    engine.dispose()
    for file in tmp_path.glob("qualwatch.sqlite3*"):
        file.unlink()
    samples = _samples(server)
    assert samples["qualwatch_database_up",] == 0
    assert not [
        sample
        for sample in samples
        if sample[0].startswith(
            ("qualwatch_findings", "qualwatch_case", "qualwatch_outbox", "qualwatch_mail")
        )
    ]


def test_a_database_that_goes_away_leaves_what_is_known_of_lists_and_ends_no_scrape(engine: Engine) -> None:
    away = False

    def lists() -> Sequence[Completeness]:
        if away:
            raise OperationalError("SELECT", {}, Exception("server closed the connection"))
        return current_completeness(NONE_IMPORTED)

    metrics = Metrics(engine, SOURCES, lambda: NOW, measure_lists=lists)
    unread = Metrics(engine, SOURCES, lambda: NOW, measure_lists=lists)
    metrics.read_ahead()
    away = True
    labels = {"document": "国家职业资格目录（2021年版）", "region": ""}
    value = metrics.registry.get_sample_value
    assert value("qualwatch_catalogue_items_expected", labels) == 72
    metrics.read_ahead()
    assert value("qualwatch_catalogue_items_expected", labels) == 72
    with serve_metrics(unread.registry, "127.0.0.1", 0, _well) as server:
        assert "qualwatch_database_up" in _get(f"{server.url}/metrics")[1]


def test_health_is_ok_or_says_what_is_wrong(metrics: Metrics) -> None:
    problems: list[str] = []
    with serve_metrics(metrics.registry, "127.0.0.1", 0, lambda: problems) as server:
        assert _get(f"{server.url}/healthz") == (200, json.dumps({"status": "ok", "problems": []}))
        problems.append("调度器已停止")
        status, body = _get(f"{server.url}/healthz")
        assert (status, json.loads(body)["problems"]) == (503, ["调度器已停止"])
        assert _get(f"{server.url}/")[0] == 404


def test_a_crowd_that_says_nothing_keeps_no_scrape_out(metrics: Metrics) -> None:
    with serve_metrics(metrics.registry, "127.0.0.1", 0, _well) as server, contextlib.ExitStack() as crowd:
        threads = threading.active_count()
        for _ in range(4 * CONNECTIONS):
            crowd.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
        for _ in range(3):
            assert _get(f"{server.url}/healthz")[0] == 200
        until = time.monotonic() + 20  # whoever made room is let go, each in a thread of its own
        while threading.active_count() > threads + 2 * CONNECTIONS and time.monotonic() < until:
            time.sleep(0.05)
        assert threading.active_count() <= threads + 2 * CONNECTIONS


def test_without_descriptors_one_who_asks_at_a_time_is_answered(metrics: Metrics) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serve_metrics(metrics.registry, "127.0.0.1", 0, lambda: ["descriptors"]) as server:
        asking = [socket.socket() for _ in range(3)]
        held: list[int] = []
        used = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 2, before[1]))
        try:
            with contextlib.suppress(OSError):
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            answers = []
            for each in asking:
                each.settimeout(10)
                each.connect(("127.0.0.1", server.port))
                each.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                answers.append(b"".join(iter(lambda each=each: each.recv(4096), b"")))  # type: ignore[misc]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            for descriptor in held:
                os.close(descriptor)
            for each in asking:
                each.close()
    assert all(b"503" in answer and b"descriptors" in answer for answer in answers), answers


def test_another_port_is_taken_where_one_is_taken(metrics: Metrics) -> None:
    with (
        serve_metrics(metrics.registry, "127.0.0.1", 0, _well) as first,
        serve_metrics(metrics.registry, "127.0.0.1", first.port, _well) as second,
    ):
        assert second.port != first.port
        assert _get(f"{second.url}/healthz")[0] == 200


def test_a_port_that_may_not_move_is_an_error_where_it_is_taken(metrics: Metrics) -> None:
    with (
        serve_metrics(metrics.registry, "127.0.0.1", 0, _well) as first,
        pytest.raises(OSError, match="in use"),
    ):
        serve_metrics(metrics.registry, "127.0.0.1", first.port, _well, may_move=False)


def test_a_host_that_is_not_ours_is_an_error(metrics: Metrics) -> None:
    with pytest.raises(OSError, match="assign"):
        serve_metrics(metrics.registry, "192.0.2.1", 9464, _well)


def test_closing_gives_the_port_back_though_a_client_hangs(metrics: Metrics) -> None:
    threads = threading.active_count()
    server = serve_metrics(metrics.registry, "127.0.0.1", 0, _well)
    with socket.create_connection(("127.0.0.1", server.port)):
        server.close()
    with serve_metrics(metrics.registry, "127.0.0.1", server.port, _well) as again:
        assert again.port == server.port
    assert threading.active_count() <= threads + 1, "only the request that hung may still be there"


def test_what_was_read_ahead_costs_no_scrape_a_look_at_the_database(engine: Engine, metrics: Metrics) -> None:
    _visit(engine, "sample", Outcome.OK)
    metrics.read_ahead()
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *happened: asked.append(happened[2]))

    def visits() -> float | None:
        labels = {"source": "sample", "outcome": "ok"}
        return metrics.registry.get_sample_value("qualwatch_visits_total", labels)

    assert visits() == 1
    assert not [statement for statement in asked if "visit" in statement]
    with Session(engine) as session, session.begin():
        session.execute(delete(Visit))
    assert visits() == 1
    restarted = Metrics(engine, SOURCES, lambda: NOW)
    value = restarted.registry.get_sample_value(
        "qualwatch_visits_total", {"source": "sample", "outcome": "ok"}
    )
    assert value == 1, "what was added up outlives the rows"


def test_ten_thousand_findings_are_counted_by_the_database(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT))
    copied = (
        'INSERT INTO finding SELECT n.value + 1, version_id, NULL, n.value, "end", quote, context, '
        "qualification, status, since, status_document, usage, cue, violation, severity, legal_basis, "
        'explanation, advice, needs_review, "foreign", as_of, found_at, NULL '
        "FROM finding, (WITH RECURSIVE n(value) AS (SELECT 1000 UNION ALL SELECT value + 1 FROM n "
        "WHERE value < 10999) SELECT value FROM n) AS n WHERE finding.id = 1"
    )
    with engine.begin() as connection:
        connection.exec_driver_sql(copied)
    registry = Metrics(engine, SOURCES, lambda: datetime.now(UTC)).registry
    value = registry.get_sample_value(
        "qualwatch_findings",
        {"status": "cancelled", "usage": "required", "severity": "high", "region": "350000"},
    )
    assert value == 10_001


@_no_promtool
def test_the_alerting_rules_fire_and_resolve() -> None:
    told = ("qualwatch.rules.test.yml", "qualwatch.rules.days.test.yml")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", *told]):
        checked = subprocess.run(
            ["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.usefixtures("busy")
def test_the_alerting_rules_ask_for_nothing_that_is_not_served(server: MetricsServer) -> None:
    rules = (PROMETHEUS / "qualwatch.rules.yml").read_text(encoding="utf-8")
    asked = {
        name for line in rules.splitlines() if "expr:" in line for name in re.findall(r"qualwatch_\w+", line)
    }
    assert asked
    # A family of which nothing is known yet has no sample, and is served all the same.
    served = set(re.findall(r"^# TYPE (\S+)", _get(f"{server.url}/metrics")[1], re.MULTILINE))
    assert asked <= served | {sample[0] for sample in _samples(server)}


def test_cases_that_wait_for_a_digest_are_counted(
    engine: Engine, settings: Settings, server: MetricsServer
) -> None:
    assert _samples(server)["qualwatch_digest_oldest_seconds",] == 0
    medium = mention(TEXT, "会计从业资格证", severity=Severity.MEDIUM)
    patient = settings.model_copy(
        update={"mail": settings.mail.model_copy(update={"immediate_from": "high"})}
    )
    report(engine, patient, Posting(TEXT), medium)
    samples = _samples(server)
    assert samples["qualwatch_digest_items",] == 1
    assert samples["qualwatch_digest_oldest_seconds",] == 7200
