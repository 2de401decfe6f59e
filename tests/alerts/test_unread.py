"""What could not be read reaches the administrator and the region's supervisors, by the weekly mail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.notifications.summary import send_due_summaries
from settings.model import Settings
from storage.visits import record_fetch, start_visit
from tests.alerts.reading import as_mail, html_of, rows, text_of
from tests.alerts.test_digests import at
from vocabulary.codes import Outcome

LOCKED = "the file is protected by a password; ask its publisher for an open copy"


@pytest.fixture
def office() -> Settings:
    return Settings.model_validate(
        {
            "administrator": "admin@example.com",
            "sources": [
                {"name": "fz", "title": "福州市人社局", "url": "https://fz.example.cn/", "region": "350100"},
                {"name": "cc", "url": "https://cc.example.cn/", "region": "220100"},
            ],
            "supervisors": [
                {"name": "王", "email": "wang@example.com", "regions": ["350000"]},
                {"name": "李", "email": "li@example.com", "regions": ["110000"]},
            ],
        }
    )


LOCKED_FILE = (Outcome.UNREADABLE_ATTACHMENT, LOCKED)


def unreadable(engine: Engine, url: str, at: datetime, ended: tuple[Outcome, str]) -> None:
    """A visit whose source is the first label of the host."""
    with Session(engine) as session, session.begin():
        visit = start_visit(session, url.partition(".")[0], at)
        outcome, detail = ended
        record_fetch(session, visit, f"https://{url}", outcome, at, detail=detail)


def test_who_answers_for_the_region_hears_what_waits_to_be_opened(engine: Engine, office: Settings) -> None:
    before = at(9, 9) - timedelta(days=2)
    unreadable(engine, "fz.example.cn/a.docx", before, LOCKED_FILE)
    unreadable(
        engine, "fz.example.cn/b.html", before, (Outcome.OK, "8 of 222 characters cannot be decoded: compare")
    )
    unreadable(engine, "fz.example.cn/c.html", before, (Outcome.TIMEOUT, "not finished after 60 s"))
    unreadable(engine, "fz.example.cn/d.docx", before, LOCKED_FILE)
    unreadable(engine, "fz.example.cn/d.docx", before + timedelta(hours=1), (Outcome.OK, ""))
    unreadable(engine, "cc.example.cn/e.pdf", before, (Outcome.UNREADABLE_ATTACHMENT, "no reader for x"))
    unreadable(engine, "fz.example.cn/old.docx", before - timedelta(days=30), LOCKED_FILE)
    assert send_due_summaries(engine, office, at(9, 9)) == 2
    found = {row.recipient: as_mail(row) for row in rows(engine)}
    assert set(found) == {"wang@example.com", "admin@example.com"}
    text = text_of(found["wang@example.com"])
    assert "有 2 份文件未能读全，请人工打开核对" in text
    assert "福州市人社局：文件有密码，请向发布单位索取可打开的版本" in text
    assert "部分字符编码已损坏，请与原文核对" in text
    assert 'href="https://fz.example.cn/a.docx"' in html_of(found["wang@example.com"])
    for absent in ("c.html", "d.docx", "e.pdf", "old.docx"):
        assert absent not in text
    assert "有 3 份文件未能读全" in text_of(found["admin@example.com"])
    assert "格式无法读取" in text_of(found["admin@example.com"])


def test_the_same_in_english(engine: Engine, office: Settings) -> None:
    [wang, _] = office.supervisors
    english = office.model_copy(update={"supervisors": (wang.model_copy(update={"language": "en"}),)})
    unreadable(engine, "fz.example.cn/a.docx", at(7, 9), LOCKED_FILE)
    send_due_summaries(engine, english, at(9, 9))
    mail = next(as_mail(row) for row in rows(engine) if row.recipient == "wang@example.com")
    assert "1 documents could not be read in full" in text_of(mail)
    assert "protected by a password" in text_of(mail)
