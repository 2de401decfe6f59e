"""A real Prometheus scrapes the real daemon: the shipped rules fire and resolve, panels have answers."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from alerts.metrics.server import serve_metrics
from tests.alerts.mailserver import MailServer, serving
from tests.deploy.asked import FILES, expressions, read_dashboard
from tests.deploy.prometheus import Prometheus, free_port, run_alertmanager, run_prometheus, wait_until
from tests.parts.operators import Operator

pytestmark = [
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="prometheus is missing (Debian: apt-get install prometheus)",
    ),
    pytest.mark.timeout(300),
]
LATER = {
    "整改率",  # nothing was asked to be rectified
    "逾期未改，按地区",
    "从发布到发现",  # the sample site published everything before it was watched
    "从通知到确认或排除",
    "Room lasts",  # a rate needs a day
}
"""Panels that stay empty until somebody has done something with a case."""
NEVER = {"从发布到发现", "Room lasts"}


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    somebody = Operator(tmp_path)
    yield somebody
    somebody.end_all()


def _unanswered(prometheus: Prometheus) -> set[str]:
    """Titles of panels of which no expression has a value."""
    asked = {asked for name in FILES for asked in expressions(read_dashboard(name))}
    return {title for title, _ in asked} - {title for title, expr in asked if prometheus.query(expr)}


def _send_to_nobody(operator: Operator) -> int:
    """A message that was given up, as the outbox keeps it; its number."""
    with closing(sqlite3.connect(operator.folder / "var" / "qualwatch.sqlite3", timeout=20)) as database:
        number = database.execute(
            "update outbox_message set state = 'dead' where id = 1 returning id"
        ).fetchone()
        database.commit()
    return int(number[0])


def _work_on_cases(operator: Operator) -> None:
    """Somebody confirms, asks and sees to cases; one deadline passes."""
    cases = [row[0] for row in operator.rows("select id from \"case\" where state = 'notified' order by id")]
    due = ("--deadline", f"{date.today() + timedelta(days=30)}")  # noqa: DTZ011 - far enough in any zone
    for case in cases[:2]:
        for words in (("confirm",), ("ask", *due)):
            done = operator.run("case", words[0], str(case), *words[1:])
            assert done.returncode == 0, done.stderr
    assert operator.run("case", "rectified", str(cases[0])).returncode == 0
    with closing(sqlite3.connect(operator.folder / "var" / "qualwatch.sqlite3", timeout=20)) as database:
        database.execute("update \"case\" set deadline = '2026-01-05' where id = ?", (cases[1],))
        database.commit()


@pytest.mark.long
def test_the_daemon_is_scraped_and_rules_fire_and_resolve(operator: Operator, tmp_path: Path) -> None:
    port = free_port()
    # Reminders wait for the hour of digests: here it has come whatever the hour is.
    written = f'[metrics]\nport = {port}\n[mail]\ndigest_at = "00:00"\n'
    (operator.folder / "qualwatch.toml").write_text(written)
    daemon = operator.start("run")
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with run_prometheus(folder, port, alertmanager_port=free_port()) as prometheus:
        wait_until(lambda: prometheus.query('up{job="qualwatch"} == 1'), "the daemon is scraped")
        # Letters leave once the visit has ended that found what they tell of.
        sent = 'sum(qualwatch_outbox_messages{state="sent"}) > 0'
        wait_until(lambda: prometheus.query(sent), "a mail was sent", 120)
        wait_until(lambda: _unanswered(prometheus) == LATER, "all panels but some show something")
        assert prometheus.alerts() == set()

        number = _send_to_nobody(operator)
        wait_until(lambda: prometheus.alerts() == {"QualwatchDeadLetters"}, "a dead letter alerts")
        dropped = operator.run("outbox", "drop", str(number))
        assert dropped.returncode == 0, dropped.stderr
        wait_until(lambda: prometheus.alerts() == set(), "the alert ends with the dead letter")

        daemon.kill()
        wait_until(lambda: prometheus.alerts() == {"QualwatchDown"}, "a daemon that was killed alerts")
        operator.start("run")
        wait_until(lambda: prometheus.alerts() == set(), "the alert ends when it is started again")

        # While it runs: panels show what they see change. Deadlines are looked at once a minute.
        _work_on_cases(operator)
        wait_until(lambda: prometheus.alerts() == {"QualwatchCasesOverdue"}, "an overdue case alerts", 120)
        wait_until(lambda: _unanswered(prometheus) == NEVER, "every panel shows something")


@pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None,
    reason="prometheus-alertmanager is missing (Debian: apt-get install prometheus-alertmanager)",
)
def test_an_alert_reaches_the_operators_as_a_mail_and_so_does_its_end(tmp_path: Path) -> None:
    mails, port = MailServer(), free_port()

    def subjects() -> set[tuple[str, str]]:
        return {(to, str(mail["Subject"]).partition(" ")[0]) for to, mail in list(mails.taken)}

    with (
        serving(mails) as mail_port,
        run_alertmanager(tmp_path, mail_port) as alertmanager_port,
        run_prometheus(tmp_path, port, alertmanager_port),
    ):
        wait_until(lambda: ("operators@example.com", "[FIRING:1]") in subjects(), "a mail says what is wrong")
        with serve_metrics(CollectorRegistry(), "127.0.0.1", port, tuple):
            wait_until(
                lambda: ("operators@example.com", "[RESOLVED]") in subjects(), "a mail says that it is over"
            )
    body = mails.taken[0][1].get_body(("html",))
    assert body is not None
    assert "systemctl status qualwatch" in body.get_content()
