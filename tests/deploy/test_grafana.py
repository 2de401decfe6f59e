"""The dashboards: what is committed is what the code makes, and asks for nothing that is not served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine
from sqlmodel import Session, update

from alerts.delivery.outbox import deliver_due
from alerts.metrics.collected import Metrics
from cases.steps import take_step
from catalogue.current import current_completeness
from catalogue.imported import NONE_IMPORTED
from deploy.grafana.dashboards import DASHBOARDS, to_json
from settings.model import Settings
from settings.sources import Source
from storage.retention.amounts import measure
from storage.tables import Document
from storage.visits import VisitCounts, finish_visit, start_visit
from tests.alerts.recording import Recording
from tests.alerts.stored import NOW, Posting, report
from tests.deploy.asked import DEPLOY, FILES, expressions, metric_names, read_dashboard
from tests.parts.databases import open_migrated
from tests.storage.kept import Archive
from vocabulary.codes import CaseState, Outcome, Severity, Status, Step
from vocabulary.names import name_of

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
SOURCE = Source.model_validate({"name": "sample", "url": "https://sample.example.org/"})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_migrated(f"sqlite:///{tmp_path / 'qualwatch.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> set[str]:
    """Names of the samples of a program in which something of everything has happened."""
    settings = Settings.model_validate({"storage": {"directory": str(tmp_path)}})
    with Session(engine) as session, session.begin():
        visit = start_visit(session, "sample", NOW - timedelta(days=3))
        finish_visit(
            session, visit, Outcome.OK, VisitCounts(pages=1), NOW - timedelta(days=3), next_due_at=NOW
        )
    case = report(engine, settings, Posting(TEXT)).opened[0]
    deliver_due(engine, {"maildir": Recording()}, NOW, owner="sender")
    with Session(engine) as session, session.begin():
        session.execute(update(Document).values(published_on=date(2026, 11, 1)))
        take_step(session, case, Step.CONFIRM, actor="王科长", now=NOW + timedelta(days=1))
    lists = partial(current_completeness, NONE_IMPORTED)
    kept = Archive(engine, tmp_path)
    for days in (2, 0):
        measure(engine, kept.begin, settings.storage, NOW - timedelta(days=days))
    metrics = Metrics(engine, (SOURCE,), lambda: NOW + timedelta(days=1), measure_lists=lists)
    metrics.console_requests.labels("case", "200").inc()
    text = generate_latest(metrics.registry).decode()
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


@pytest.mark.parametrize("name", FILES)
def test_what_is_committed_is_what_the_code_makes(name: str) -> None:
    committed = (DEPLOY / "grafana" / name).read_text(encoding="utf-8")
    assert to_json(DASHBOARDS[name]()) == committed, "run: python -m deploy.grafana.dashboards"


@pytest.mark.parametrize("name", FILES)
def test_every_key_of_a_committed_dashboard_is_one_of_grafanas_model(name: str) -> None:
    """Reading it into the foundation SDK's types keeps what they know, and drops all else."""
    register_default_plugins()
    board = read_dashboard(name)
    model = Dashboard.from_json(board)
    assert json.loads(json.dumps(model, cls=JSONEncoder)) == board
    for panel in model.panels or []:
        if isinstance(panel, Panel):
            assert not isinstance(panel.options, dict), f"{panel.title}: a panel that the SDK does not know"
            assert {type(target) for target in panel.targets or []} == {Dataquery}, panel.title
    board["panels"][1]["fieldConfigg"] = {}
    assert json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder)) != board


@pytest.mark.parametrize("name", FILES)
def test_no_panel_asks_for_a_series_that_does_not_exist(name: str, served: set[str]) -> None:
    asked = {
        (title, metric) for title, expr in expressions(read_dashboard(name)) for metric in metric_names(expr)
    }
    assert len(asked) > 10
    # 'up' is Prometheus's own.
    assert {(title, metric) for title, metric in asked if metric not in served | {"up"}} == set()


def test_most_of_what_is_served_is_shown(served: set[str]) -> None:
    asked = {
        metric
        for name in FILES
        for _, expr in expressions(read_dashboard(name))
        for metric in metric_names(expr)
    }
    families = {name for name in served if not name.endswith(("_sum", "_count", "_created"))}
    shown_nowhere = {
        "qualwatch_process_max_fds",
        "qualwatch_process_start_time_seconds",
        "qualwatch_process_virtual_memory_bytes",
    }
    assert families - asked == shown_nowhere


def test_the_readme_names_every_series(served: set[str]) -> None:
    readme = (DEPLOY / "prometheus" / "README.md").read_text(encoding="utf-8")
    explained = {f"qualwatch_{name}" for name in re.findall(r"`([a-z_]+)`", readme)}
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in served}
    process = {name for name in families if name.startswith("qualwatch_process_")}
    # A counter kept in the process has a second series that says since when it counts.
    assert families - process <= explained | {"qualwatch_misfires", "qualwatch_console_requests"}


def test_a_name_that_is_not_served_would_be_noticed() -> None:
    expr = 'topk(3, sum by (le, region) (rate(gone_total{state=~"a|b"}[5m] offset 1d)) or vector(0)) / up'
    assert metric_names(expr) == {"gone_total", "up"}


def test_supervisors_read_no_codes() -> None:
    board = read_dashboard("supervisors.json")
    shown = {
        override["matcher"]["options"]: override["properties"][0]["value"]
        for panel in board["panels"]
        for override in panel.get("fieldConfig", {}).get("overrides", ())
    }
    assert shown == {code.value: name_of(code) for kind in (CaseState, Status, Severity) for code in kind}
    titles = [panel["title"] for panel in board["panels"]]
    assert all(any("\u4e00" <= char <= "\u9fff" for char in title) for title in titles)


@pytest.mark.parametrize("name", FILES)
def test_panels_lie_beside_each_other_and_never_on_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in read_dashboard(name)["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
