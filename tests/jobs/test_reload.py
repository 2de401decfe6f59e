"""The configuration is changed while the daemon runs: sources at once, everything else at SIGHUP."""

from __future__ import annotations

import re
import signal
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tests.jobs.test_daemon import fill, lines_until, wait_until
from tests.parts.commands import Started
from tests.parts.databases import PostgresqlServer
from tests.parts.loopback import Site
from tests.parts.operators import Operator


def visits(operator: Operator, source: str) -> int:
    return operator.count("visit", f"source = '{source}' and finished_at is not null")


def ended(daemon: Started) -> str:
    daemon.send_signal(signal.SIGTERM)
    said = daemon.communicate(timeout=60)[0]
    assert daemon.returncode == 0, said
    assert "Traceback" not in said
    return said


def test_sources_come_and_go_while_the_daemon_runs(operator: Operator, site: Site) -> None:
    fill(site, "one", 2)
    fill(site, "two", 2)
    operator.configure("one", site=site)
    daemon = operator.start("run")
    lines_until(daemon, "visit_ended")
    operator.configure("one", "two", site=site)
    wait_until(lambda: visits(operator, "two") == 1)
    operator.configure("two", site=site)
    wait_until(lambda: operator.count("source_state", "name = 'one' and not is_watched") == 1)
    assert visits(operator, "one") == 1
    said = ended(daemon)
    assert re.search(r"sources_taken_up\s.*added='?two", said)
    assert re.search(r"sources_taken_up\s.*removed='?one", said)


def test_a_changed_interval_counts_from_the_last_visit(operator: Operator, site: Site) -> None:
    fill(site, "one", 1)
    operator.configure("one", site=site)
    daemon = operator.start("run")
    lines_until(daemon, "visit_ended")
    config = operator.folder / "qualwatch.toml"
    config.write_text(config.read_text() + "every_minutes = 30\n")
    wait_until(lambda: operator.count("source_state", "every_minutes = 30") == 1)
    [(last, due)] = operator.rows("select last_visit_at, next_due_at from source_state")
    waits = datetime.fromisoformat(str(due)) - datetime.fromisoformat(str(last))
    assert waits.total_seconds() == 30 * 60
    ended(daemon)


def test_a_paused_source_rests_and_goes_on(operator: Operator, site: Site) -> None:
    fill(site, "one", 1)
    operator.configure("one", site=site)
    config = operator.folder / "qualwatch.toml"
    written = config.read_text()
    config.write_text(f"{written}enabled = false\n")
    daemon = operator.start("run")
    lines_until(daemon, "结果：")
    config.write_text(written)
    wait_until(lambda: visits(operator, "one") == 1)
    ended(daemon)


def test_a_file_that_is_no_configuration_is_told_and_changes_nothing(operator: Operator, site: Site) -> None:
    fill(site, "one", 1)
    fill(site, "two", 1)
    operator.configure("one", site=site)
    daemon = operator.start("run")
    lines_until(daemon, "visit_ended")
    config = operator.folder / "qualwatch.toml"
    config.write_text(config.read_text() + "every_minuets = 5\n")
    daemon.send_signal(signal.SIGHUP)
    said = lines_until(daemon, "configuration_not_taken_up")
    assert "every_minuets" in said[-1]
    operator.configure("one", "two", site=site)
    wait_until(lambda: visits(operator, "two") == 1)
    ended(daemon)


def test_at_sighup_everything_else_is_taken_up_by_the_same_process(operator: Operator, site: Site) -> None:
    fill(site, "one", 1)
    fill(site, "two", 1)
    operator.configure("one", site=site)
    daemon = operator.start("run")
    lines_until(daemon, "visit_ended")
    operator.configure("one", "two", site=site)
    config = operator.folder / "qualwatch.toml"
    config.write_text('time_zone = "UTC"\n' + config.read_text())
    lines_until(daemon, "configuration_needs_sighup")
    daemon.send_signal(signal.SIGHUP)
    lines_until(daemon, "configuration_taken_up")
    wait_until(lambda: visits(operator, "two") == 1)
    assert daemon.poll() is None
    ended(daemon)


def test_so_does_a_worker(operator: Operator, site: Site, postgresql_server: PostgresqlServer) -> None:
    fill(site, "one", 1)
    operator.configure("one", site=site)
    config = operator.folder / "qualwatch.toml"
    database = f"[storage]\ndatabase = '{postgresql_server.migrated()}'\n"
    config.write_text(f'workers = "procrastinate"\n{database}{config.read_text()}')
    scheduler = operator.start("run")
    lines_until(scheduler, "结果：")  # it has made the queue
    worker = operator.start("worker")
    lines_until(worker, "visit_ended")
    config.write_text('time_zone = "UTC"\n' + config.read_text())
    lines_until(worker, "configuration_needs_sighup")
    worker.send_signal(signal.SIGHUP)
    lines_until(worker, "configuration_taken_up")
    lines_until(worker, "工作机已就绪")
    assert worker.poll() is None
    ended(worker)
    ended(scheduler)


def test_the_first_source_of_ones_own_ends_the_sample_site(operator: Operator, site: Site) -> None:
    fill(site, "one", 1)
    (operator.folder / "qualwatch.toml").write_text("[metrics]\nport = 0\n")
    daemon = operator.start("run")
    lines_until(daemon, "示例站点")
    operator.configure("one", site=site)
    wait_until(lambda: visits(operator, "one") == 1)
    with closing(sqlite3.connect(Path(operator.folder, "var", "qualwatch.sqlite3"))) as database:
        watched = database.execute("select name from source_state where is_watched").fetchall()
    assert watched == [("one",)]
    ended(daemon)
