"""What a daemon does, in a process that a test can kill at any moment: finds, and sends what it found."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from alerts.delivery.channels import open_channels
from alerts.delivery.outbox import deliver_due, release_leases
from settings.model import Settings
from storage.database import open_database
from storage.tables import Document, OutboxMessage
from tests.alerts.stored import Posting, report
from vocabulary.codes import OutboxState

OWNER = "daemon"


def posting(number: int) -> Posting:
    """One of many, each a case of its own."""
    return Posting(
        f"二、条件：须持有会计从业资格证，年龄{number % 30 + 20}周岁以下。",
        title=f"福安市某某医院第{number}批公开招聘财务人员公告",
        url=f"https://hr.example.com/notice/{number}.html",
    )


def run(values: dict[str, object], findings: int) -> None:
    """Go on where the process before was killed, until everything is found and sent."""
    settings = Settings.model_validate(values)
    engine = open_database(settings.storage.database_url)
    release_leases(engine, OWNER)
    found = threading.Event()
    thread = threading.Thread(target=_find, args=(engine, settings, findings, found))
    thread.start()
    channels = open_channels(settings)
    later = timedelta()
    while not found.is_set() or _undelivered(engine):
        if not deliver_due(engine, channels, datetime.now(UTC) + later, owner=OWNER) and found.wait(0.01):
            # A loaded machine may answer too late: the pause before the next attempt passes at once.
            later += timedelta(hours=1)
    thread.join()
    engine.dispose()


def _undelivered(engine: Engine) -> int:
    waiting = col(OutboxMessage.state).in_((OutboxState.WAITING, OutboxState.LEASED))
    with Session(engine) as session:
        return session.exec(select(func.count()).select_from(OutboxMessage).where(waiting)).one()


def _find(engine: Engine, settings: Settings, findings: int, found: threading.Event) -> None:
    with Session(engine) as session:
        begun = session.exec(select(func.count()).select_from(Document)).one()
    # The last one again: finding it twice changes nothing.
    for number in range(max(0, begun - 1), findings):
        report(engine, settings, posting(number), now=datetime.now(UTC))
    found.set()


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):  # nobody reads its log
        run(json.loads(sys.argv[1]), int(sys.argv[2]))
