"""``qualwatch queue`` and ``qualwatch worker`` as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from cli.main import assemble
from storage.tables import TaskTrial
from storage.trials import TRIES, begin_trial, fail_trial, give_back, set_aside, troubled
from tests.parts.databases import open_migrated


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path}/var'\n")
    return file


def _run(*words: str, config: Path) -> tuple[int, str]:
    done = CliRunner().invoke(assemble(), [*words, "--config", str(config)])
    return done.exit_code, done.output


def test_what_was_set_aside_is_shown_with_its_reason_and_tried_again_when_asked(
    config: Path, tmp_path: Path
) -> None:
    engine = open_migrated(f"sqlite:///{tmp_path}/var/qualwatch.sqlite3")
    assert _run("queue", "list", config=config)[0] == 0
    for _ in range(TRIES):
        assert begin_trial(engine, "visit_if_due:news")
        is_set_aside = fail_trial(engine, "visit_if_due:news", "ValueError: \x1b[31mno such thing")
    assert is_set_aside
    assert not begin_trial(engine, "visit_if_due:news")
    code, said = _run("queue", "list", config=config)
    assert code == 1
    assert f"visit_if_due:news：试过 {TRIES} 次" in said
    assert "no such thing" in said
    assert "\x1b" not in said
    assert _run("queue", "retry", "nothing", config=config)[0] == 2
    assert _run("queue", "retry", "visit_if_due:news", config=config)[0] == 0
    assert _run("queue", "list", config=config)[0] == 0
    engine.dispose()


def test_a_try_that_was_given_back_is_none(tmp_path: Path) -> None:
    engine = open_migrated(f"sqlite:///{tmp_path}/q.sqlite3")
    for _ in range(2 * TRIES):
        assert begin_trial(engine, "tidy")
        give_back(engine, "tidy")
    with Session(engine) as session, session.begin():
        session.add(TaskTrial(name="deliver", tries=3, tried_at=datetime.now(UTC)))
    with Session(engine) as session:
        assert set_aside(session) == []
    assert [trial.name for trial in troubled(engine)] == ["deliver"]
    engine.dispose()


def test_a_worker_is_refused_where_the_daemon_does_the_work_itself(config: Path) -> None:
    code, said = _run("worker", config=config)
    assert code == 2
    assert "procrastinate" in said
