"""Every task of the seam: its arguments can be carried anywhere, and a process of its own can do it."""

from __future__ import annotations

import os
import pickle
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from jobs.tasks import TASKS, Task
from settings import load_settings
from storage.database import open_database
from storage.tables import Case, FetchRecord, IntakeMessage, OutboxMessage, Visit
from tests.parts.commands import run_command
from tests.parts.databases import PostgresqlServer
from tests.parts.house import listing, posting
from tests.parts.loopback import Site
from vocabulary.codes import VisitPurpose

ORDER = (
    Task("visit_source", {"source_name": "news"}),
    Task("visit_if_due", {"source_name": "news"}),
    Task("back_fill", {"source_name": "news", "since": date(2026, 10, 1), "until": date(2026, 11, 30)}),
    Task("take_in"),
    Task("look_back", {"case_id": 1, "in_quiet_hours": False}),
    Task("rejudge"),
    Task("sync_catalogue"),
    Task("take_steps"),
    Task("tell_urgent"),
    Task("deliver", {"owner": "elsewhere"}),
    Task("take_pictures"),
    Task("tidy"),
)


def elsewhere(config: Path, task: Task) -> str:
    """What a process that has nothing but the configuration and the pickled task says came of it."""
    words = (str(config), b64encode(pickle.dumps(task)).decode())
    done = run_command(words, config.parent, os.environ, module="tests.jobs.one_task")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().rstrip("\n")


def test_every_task_is_asked_for_below() -> None:
    assert {task.name for task in ORDER} == set(TASKS)
    for task in ORDER:
        assert pickle.loads(pickle.dumps(task)) == task  # noqa: S301 - made here


@contextmanager
def database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/q.sqlite3"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    yield server.empty()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_task_is_done_by_a_process_of_its_own(
    kind: str, site: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    site["/news/"] = listing("/n/20261101_1.html")
    site["/n/20261101_1.html"] = posting()
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "r@example.org", "举报"
    letter.set_content("请看这个单位的招聘。")
    Maildir(tmp_path / "box", create=True).add(bytes(letter))
    with database(kind, tmp_path, request) as address:
        config = tmp_path / "qualwatch.toml"
        config.write_text(
            f"[storage]\ndirectory = '{tmp_path}/var'\ndatabase = '{address}'\n"
            f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = 0\n"
            f"[detection]\nprocesses = 0\n[intake]\ndirectory = '{tmp_path}/box'\n"
            f"[[sources]]\nname = 'news'\nurl = '{site.address}/news/'\n"
        )
        said = {task.name: elsewhere(config, task) for task in ORDER}
        assert "finished=True" in said["back_fill"]
        assert said["rejudge"] == "None"
        assert int(said["deliver"]) > 0
        assert "messages=0" in elsewhere(config, Task("take_in"))  # doing it twice changes nothing
        engine = open_database(load_settings(config).storage.database_url)
        with Session(engine) as session:

            def count(table: Any) -> int:
                return session.exec(select(func.count()).select_from(table)).one()

            assert (count(Case), count(IntakeMessage)) == (1, 1)
            assert {visit.purpose for visit in session.exec(select(Visit))} == set(VisitPurpose)
            assert all(message.state == "sent" for message in session.exec(select(OutboxMessage)))
            assert count(FetchRecord) >= 6
        engine.dispose()
