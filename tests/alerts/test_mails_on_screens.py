"""Every layout of mail in Debian's Chromium, wide and telephone-narrow: nothing sticks out of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.delivery.outbox import enqueue
from alerts.notifications.digest import send_due_digests
from alerts.notifications.letters import Letter
from alerts.notifications.reminder import mark_overdue, remind_due
from alerts.notifications.summary import send_due_summaries
from alerts.recipients import Recipient
from cases.steps import take_step
from settings.model import Settings
from storage.tables import OutboxMessage
from tests.alerts.reading import rows
from tests.alerts.screens import needs_chromium, opened_browser, what_sticks_out
from tests.alerts.stored import Posting, mention, report
from vocabulary.codes import Severity, Step

TITLE = "关于转发省厅公布事业单位公开招聘工作人员岗位条件及资格复审有关事项的通知（补充公告）" * 3
PUBLISHER = "新疆维吾尔自治区和田地区某某县人力资源和社会保障局事业单位人事管理科"
URL = "https://a.example.org/" + "unbroken_identifier_0123456789abcdef" * 12
NAME = "公路水运工程造价人员过渡考试甲级资格证书持有者继续教育合格证明"
WORD = "W" * 300

pytestmark = needs_chromium


def at(day: int, hour: int = 9) -> datetime:
    """A local time of November 2026."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 8)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as opened:
        yield opened


def _letters(engine: Engine, language: str, folder: Path) -> list[OutboxMessage]:
    """One of each layout for a supervisor, full of long words."""
    person = {"name": WORD, "email": "wang@example.com", "language": language, "superior": "li@example.com"}
    settings = Settings.model_validate(
        {
            "supervisors": [person],
            "console": {"base_url": "https://qualwatch.example.com"},
            "storage": {"directory": str(folder)},
        }
    )
    for number, severity in enumerate((Severity.CRITICAL, Severity.MEDIUM, Severity.MEDIUM)):
        text = f"{WORD}，须持有会计从业资格证{number}，{WORD}"
        region = ("653228", "222424", "500243")[number]
        posting = Posting(
            text, f"第{number}批{TITLE}", PUBLISHER, f"{URL}{number}", region, f"{number}{WORD[:50]}"
        )
        long = mention(
            text, qualification=NAME, severity=severity, cue=WORD, explanation=WORD * 2, legal_basis=(WORD,)
        )
        report(engine, settings, posting, long, now=at(2))
    send_due_digests(engine, settings, at(3))
    with Session(engine) as session, session.begin():
        for step in (Step.CONFIRM, Step.ASK):
            take_step(
                session,
                1,
                step,
                actor="王",
                now=at(3),
                deadline=date(2026, 11, 6) if step is Step.ASK else None,
            )
    remind_due(engine, settings, at(5))
    mark_overdue(engine, settings, at(9))
    send_due_summaries(engine, settings, at(9))
    return rows(engine)


@pytest.mark.parametrize("width", [360, 390, 1000])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_nothing_sticks_out_of_a_mail(
    engine: Engine, browser: Browser, tmp_path: Path, language: str, width: int
) -> None:
    letters = _letters(engine, language, tmp_path)
    assert [row.template for row in letters] == ["alert", "digest", "reminder", "summary"]
    page = browser.new_page(viewport={"width": width, "height": 800})
    for row in letters:
        assert what_sticks_out(page, row, width) == [], row.template
    page.close()


def test_nothing_sticks_out_of_an_operators_mail(engine: Engine, browser: Browser) -> None:
    source = {"name": "a" * 40, "title": WORD, "url": URL, "link": URL}
    trouble = {"subject": WORD, "ended": True, "what": WORD, "source": source, "detail": WORD}
    trouble |= {"began_at": "2026年11月2日", "told_at": "2026年11月2日", "unsubscribe": ""}
    proposal = {"title": TITLE, "url": URL, "link": URL, "number": WORD, "items": 9, "changed": 1}
    proposal |= {"names": [WORD], "problems": [WORD], "command": WORD}
    notice = {"subject": WORD, "count": 1, "proposals": [proposal], "unsubscribe": ""}
    dead = {
        "id": 1,
        "to": WORD,
        "subject": TITLE,
        "why": WORD,
        "cases": [{"id": 1, "link": URL}],
        "more_cases": 9,
    }
    undelivered = {"subject": WORD, "count": 2, "messages": [dead], "more": 1, "unsubscribe": ""}
    to = Recipient("admin@example.com", "系统管理员")
    letters = {"source_trouble": trouble, "catalogue_notice": notice, "undelivered": undelivered}
    with Session(engine) as session, session.begin():
        for template, payload in letters.items():
            enqueue(session, Letter(template, template, to, payload), Settings(), at(2))
    page = browser.new_page(viewport={"width": 360, "height": 800})
    for row in rows(engine):
        assert what_sticks_out(page, row, 360) == [], row.template
    page.close()
