"""Mails of somebody who is away reach whoever acts for them, beside them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, select

from accounts import people
from accounts.leave import end_leave, set_leave
from accounts.people import Person
from settings.model import Settings
from storage.tables import DigestItem
from tests.alerts.stored import NOW, Posting, report
from tests.parts.databases import open_migrated
from vocabulary.people import Role

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"


def test_who_acts_for_somebody_is_told_as_well_while_that_lasts(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "storage": {"directory": str(tmp_path)},
            "supervisors": [{"name": "王科长", "email": "Wang@example.com"}],
        }
    )
    engine = open_migrated(settings.storage.database_url)
    with Session(engine) as session, session.begin():
        for email in ("wang@example.com", "li@example.com"):
            people.add(session, Person(email, "", Role.REVIEWER), actor="root", now=NOW)
        account = people.get(session, "wang@example.com")
        last = (NOW + timedelta(days=2)).date()
        set_leave(session, account, "li@example.com", NOW.date(), last, actor="root", now=NOW)
    report(engine, settings, Posting(TEXT), now=NOW)
    with Session(engine) as session, session.begin():
        told = {item.recipient: item.reason for item in session.exec(select(DigestItem))}
        assert told == {"Wang@example.com": "", "li@example.com": "王科长休假期间由您代办"}
        end_leave(session, people.get(session, "wang@example.com"), actor="root", now=NOW)
    report(
        engine,
        settings,
        Posting(TEXT, url="https://hr.example.com/notice/2.html", publisher="宁德市某某公司"),
        now=NOW,
    )
    with Session(engine) as session:
        later = session.exec(select(DigestItem.recipient).where(DigestItem.case_id == 2)).all()
        assert later == ["Wang@example.com"]
    engine.dispose()
