"""A process that is killed while it finds and sends: every case has its mail, none is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import defaultdict
from pathlib import Path

import pytest
from sqlmodel import Session, select

from settings.model import Settings
from storage.tables import Case, OutboxMessage
from tests.alerts.finding_and_sending import posting, run
from tests.alerts.mailserver import MailServer, serving
from tests.parts.commands import Started
from tests.parts.databases import open_migrated
from vocabulary.codes import CaseState, OutboxState

KILLS = int(os.environ.get("QUALWATCH_TEST_KILLS", "10"))
"""Set to 50 for the long proof, with 1000 findings."""
FINDINGS = 20 * KILLS


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_random_points_every_case_still_has_its_mail_and_repeats_carry_one_id(
    tmp_path: Path,
) -> None:
    server, chance, killed = MailServer(), random.Random(2026), 0  # noqa: S311 - points in time, no secrets
    with serving(server) as port:
        values = _values(tmp_path, port)
        engine = open_migrated(Settings.model_validate(values).storage.database_url)
        while True:
            process = Started(
                [json.dumps(values), str(FINDINGS)], tmp_path, os.environ, module=run.__module__
            )
            taken = len(server.taken)
            # Spread over the whole run: each process lives for its share of the mails, and a moment more.
            share = chance.uniform(0.2, 1.4) * (FINDINGS - taken) / (KILLS - killed + 1)
            while process.poll() is None and (killed >= KILLS or len(server.taken) < taken + share):
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.02))
            if killed < KILLS and process.poll() is None:
                process.kill()
                killed += 1
            said, _ = process.communicate(timeout=300)
            assert process.returncode in {0, -signal.SIGKILL}, said
            if process.returncode == 0:
                break
    by_title: dict[str, list[str]] = defaultdict(list)
    for _, mail in server.taken:
        body = mail.get_body(("plain",))
        assert body is not None
        (title,) = (line for line in str(body.get_content()).splitlines() if line.startswith("标题："))
        by_title[title.removeprefix("标题：")].append(str(mail["Message-ID"]))
    repeats = sum(len(ids) - 1 for ids in by_title.values())
    assert set(by_title) == {posting(number).title for number in range(FINDINGS)}
    assert all(len(set(ids)) == 1 for ids in by_title.values())
    assert repeats <= killed
    assert killed == KILLS
    with Session(engine) as session:
        assert list(session.exec(select(Case.state))) == [CaseState.NOTIFIED] * FINDINGS
        messages = session.exec(select(OutboxMessage)).all()
    assert len(messages) == FINDINGS
    assert {message.state for message in messages} == {OutboxState.SENT}
    engine.dispose()
    print(f"{FINDINGS} findings, {killed} kills, {len(server.taken)} mails, {repeats} repeats")  # noqa: T201


def _values(folder: Path, port: int) -> dict[str, object]:
    return {
        "storage": {"directory": str(folder)},
        "supervisors": [
            {
                "name": "王科长",
                "email": "wang@example.com",
                "working_hours": "00:00-24:00",
                "working_days": list(range(1, 8)),
            }
        ],
        "mail": {
            "channel": "smtp",
            "smtp": {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5},
        },
    }
