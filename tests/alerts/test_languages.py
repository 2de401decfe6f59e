"""Mails in the language of who reads them; what is quoted, and names, stay Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from jinja2.ext import extract_from_ast
from sqlalchemy import Engine
from sqlmodel import Session

import alerts
import console
from alerts.delivery.mails import render
from alerts.languages import language, templates_in
from alerts.notifications.digest import send_due_digests
from alerts.notifications.reminder import mark_overdue, remind_due
from alerts.notifications.summary import send_due_summaries
from cases.steps import take_step
from console.catalogue_deciding import EFFECTS
from console.people import CHANNELS, DAYS
from console.source_editing import KINDS
from settings import SettingsError, load_settings
from settings.model import Settings
from settings.people import Supervisor
from tests.alerts.reading import as_mail, html_of, rendered, rows, text_of
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Severity, Step, Violation
from vocabulary.names import CHINESE, SECTIONS, name_of

TEXT = "二、条件：须持有会计从业资格证，联系电话13812345678。"
HOSTILE = '"><script>alert(1)</script>%(name)s{severity}'
ROOM = Path(alerts.__file__).parent
CONSOLE = Path(console.__file__).parent
ACCOUNTS = CONSOLE.parent / "accounts"
OPERATORS = {"catalogue_notice", "source_trouble", "undelivered"}
"""Layouts for the administrator alone, who types Chinese and English commands anyway."""
HAN = re.compile(r"[\u4e00-\u9fff]+")
SAID = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
LANGUAGES = [code for code in get_args(Supervisor.model_fields["language"].annotation) if code != CHINESE]


def at(day: int, hour: int = 9) -> datetime:
    """A local time of November 2026."""
    return NOW.replace(day=day, hour=0, minute=0) + timedelta(hours=hour - 8)


@pytest.fixture
def office() -> Settings:
    people = [
        {"name": "Ms Wang", "email": "wang@example.com", "language": "en", "superior": "li@example.com"},
        {"name": "李", "email": "li@example.com", "regions": ["110000"]},
    ]
    return Settings.model_validate({"administrator": "admin@example.com", "supervisors": people})


def _said_in_templates() -> Iterator[str]:
    environment = templates_in(CHINESE, "alerts.delivery.mails")
    folders = (ROOM / "delivery" / "mails" / "templates", CONSOLE / "templates")
    for file in sorted(file for folder in folders for file in folder.iterdir()):
        if file.name.split(".")[0] not in OPERATORS:
            page = environment.parse(file.read_text(encoding="utf-8"))
            for _, _, said in extract_from_ast(page):
                words = said[0] if isinstance(said, tuple) else said
                assert words, f"{file.name}: what is said must stand there as it is"
                yield words


def _said_in_code() -> Iterator[str]:
    """Chinese texts of every function that says something in a language, however they get there."""
    for name in (
        "notifications/letters.py",
        "notifications/digest.py",
        "notifications/summary.py",
        "notifications/reminder.py",
        "notifications/undecided.py",
        "notifications/listing.py",
        "notifications/new_link.py",
        "notifications/handed.py",
        "people/trial.py",
    ):
        tree = ast.parse((ROOM / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SAID.search(node.value):
                yield node.value


def _said_on_pages() -> Iterator[str]:
    """The Chinese texts that the console says, why it refuses, and what is wrong with accounts."""
    for file in sorted([*CONSOLE.glob("*.py"), *ACCOUNTS.glob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and _name_of(node.func) in {"say", "AccountError", "Refused"}
                and node.args
            ):
                words = node.args[0]
                if isinstance(words, ast.Constant) and isinstance(words.value, str):
                    yield words.value


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


NOT_SAID = {"以下统计为没有对应监管人员的案件", "整改期限", "已过"}
"""For the administrator, and for a case's history."""
WORDS = sorted(
    {*_said_in_templates(), *_said_on_pages(), *EFFECTS.values(), *KINDS.values(), *CHANNELS.values(), *DAYS}
    | {words for words in _said_in_code() if words not in NOT_SAID and "``" not in words and len(words) < 90}
)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_words_for_all_that_is_said(code: str) -> None:
    speech = language(code)
    assert [words for words in WORDS if words not in speech.words] == []
    assert [words for words in speech.words if words not in WORDS] == [], "nobody says this any more"
    assert [each for each in Violation if not speech.gist(each)] == []
    assert [each for kind in SECTIONS for each in kind if not name_of(each, code)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_name_the_same_values_and_hold_no_markup(code: str) -> None:
    for words, said in language(code).words.items():
        assert set(re.findall(r"%\((\w+)\)s", words)) == set(re.findall(r"%\((\w+)\)s", said)), words
        fields = {name for _, name, _, _ in Formatter().parse(words) if name}
        assert fields == {name for _, name, _, _ in Formatter().parse(said) if name}, words
        assert "<" not in said, words
        assert "%" not in re.sub(r"%\(\w+\)s", "", said), words


def test_the_settings_offer_the_languages_that_there_are() -> None:
    files = {file.stem for file in (ROOM / "languages").glob("*.toml")}
    assert set(LANGUAGES) == files


def test_an_alert_in_english_quotes_in_chinese(engine: Engine, office: Settings) -> None:
    at_once = office.mail.model_copy(update={"immediate_from": "medium"})
    report(
        engine, office.model_copy(update={"mail": at_once}), Posting(TEXT), mention(TEXT, needs_review=True)
    )
    (row,) = rows(engine)
    assert row.payload["subject"] == "[Medium, to be verified] 福建省宁德市 | 会计从业资格 | 福安市某某医院"
    mail = as_mail(row)
    for words in (
        "Dear Ms Wang,",
        "A cancelled qualification is required for a post",
        "cancelled, since 5 November 2017, by 中华人民共和国会计法（2017年修正）",
        "as a condition (decided by the words “须持有”)",
        "Gist of the rule",
        "no employer may make it a condition of a post",
        "会计从业资格自2017年11月5日起取消，用人单位不得将其作为招聘条件。",
        "人社部发〔2017〕68号",
        "public body or state-owned enterprise",
        "2 November 2026 09:30",
        "please confirm it before you act",
    ):
        assert words in text_of(mail)
        assert words in html_of(mail)
    assert '<html lang="en">' in html_of(mail)
    assert 'class="said" lang="zh-CN"' in html_of(mail)
    assert "[Medium] 会计从业资格: A cancelled" in rendered(row).brief


def test_digest_summary_and_reminder_are_english_too(engine: Engine, office: Settings) -> None:
    deadlines = office.reminders.model_copy(update={"undecided_days": 0})
    office = office.model_copy(update={"reminders": deadlines})
    report(engine, office, Posting(TEXT), mention(TEXT, severity=Severity.MEDIUM), now=at(2))
    second = Posting(TEXT, title="福安市第2批公开招聘公告", url="https://a.example.org/2")
    report(engine, office, second, mention(TEXT, severity=Severity.MEDIUM), now=at(2))
    assert send_due_digests(engine, office, at(3)) == 1
    with Session(engine) as session, session.begin():
        take_step(session, 1, Step.CONFIRM, actor="王", now=at(3))
        take_step(session, 1, Step.ASK, actor="王", now=at(3), deadline=date(2026, 11, 7))
    remind_due(engine, office, at(6))
    mark_overdue(engine, office, at(10))
    assert send_due_summaries(engine, office, at(10)) == 1
    remind_due(engine, office, at(10))
    digest, reminder, summary, escalation = rows(engine)
    assert (
        digest.payload["subject"]
        == "[Daily digest] 3 November 2026: 2 suspected violations to check (福建省宁德市)"
    )
    assert reminder.payload["subject"] == "[Reminder] 1 violations whose deadline is near"
    assert "The deadline ends in 3 day(s)" in text_of(as_mail(reminder))
    assert "Deadline: 7 November 2026 (a day of rest: ends on 9 November 2026)" in text_of(as_mail(reminder))
    assert summary.payload["subject"] == (
        "[Weekly summary] 2 November 2026 to 8 November 2026: 2 new, 0 rectified, 1 overdue"
    )
    assert "福建省宁德市: 2 new this week, 1 to check, 2 open, 1 overdue" in text_of(as_mail(summary))
    for row in (digest, reminder, summary):
        mail = as_mail(row)
        for said in (text_of(mail), html_of(mail)):
            left = set(HAN.findall(said)) & {"".join(HAN.findall(words)) for words in WORDS}
            assert left == set(), row.template
    assert escalation.recipient == "li@example.com"
    assert escalation.payload["subject"] == "【逾期上报】1项违规情形已逾期未整改"
    assert "整改期限：2026年11月7日（休息日，顺延至2026年11月9日）" in text_of(as_mail(escalation))


def test_scraped_words_are_escaped_and_no_pattern_in_any_language(engine: Engine, office: Settings) -> None:
    posting = Posting(TEXT, title=HOSTILE, publisher=HOSTILE)
    report(
        engine, office, posting, mention(TEXT, cue=HOSTILE, qualification=HOSTILE, status_document=HOSTILE)
    )
    (row,) = rows(engine)
    html = html_of(as_mail(row))
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;%(name)s{severity}") >= 4
    assert "<script>" in row.payload["subject"]  # a header knows no markup


def test_a_letter_from_before_there_were_languages_is_still_chinese() -> None:
    said = render(
        "digest",
        {
            "subject": "【每日汇总】",
            "day": "2026年11月2日",
            "reason": "",
            "count": 1,
            "cases": [],
            "more_cases": 0,
            "links": {},
            "unsubscribe": "",
        },
        message_id="<1@localhost>",
        recipient="wang@example.com",
        recipient_name="王",
        written_at=NOW,
    )
    assert "截至2026年11月2日，有 1 项涉嫌" in said.text


def test_a_language_that_there_is_not_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text(
        '[[supervisors]]\nname = "王"\nemail = "wang@example.com"\nlanguage = "fr"\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError, match="write one of 'zh-CN' or 'en'"):
        load_settings(path)
