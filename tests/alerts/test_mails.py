"""What a supervisor reads, also where the page behind it is hostile."""

from __future__ import annotations

import email
import email.policy
from datetime import date
from email.message import EmailMessage
from html.parser import HTMLParser
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, select

from alerts.delivery.mails import render, to_email
from alerts.notifications.alert import notify_recipients, send_due_alerts
from alerts.notifications.digest import CASES_SHOWN
from cases.opening import open_cases
from detection.model import Mention
from settings.model import Settings
from storage.tables import Document, OutboxMessage
from tests.alerts.stored import NOW, Posting, keep, mention, report, scanned
from vocabulary.codes import Severity, Status, Violation

TEXT = "一、出纳1名。\n二、条件：须持有会计从业资格证，联系电话13812345678。\n三、待遇面议。"
HOSTILE = '"><script>alert(1)</script>\r\nBcc: victim@example.com\r\n\r\n<b>\u202e'


class _Page(HTMLParser):
    """Elements, links and visible words of a mail's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words = ""
        self.marked: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if dict(attrs).get("class") == "mark":
            self.marked.append("")

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.marked and not self.marked[-1]:
            self.marked[-1] = data


def _mail(engine: Engine, settings: Settings, posting: Posting, *mentions: Mention) -> EmailMessage:
    report(engine, settings, posting, *mentions)
    return _letter(engine, settings)


def _letter(engine: Engine, settings: Settings) -> EmailMessage:
    """The only letter in the outbox, written as bytes and read by the mail parser."""
    with Session(engine) as session:
        row = session.exec(select(OutboxMessage)).one()
    rendered = render(
        row.template,
        row.payload,
        message_id=row.message_id,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        written_at=row.created_at,
    )
    return email.message_from_bytes(
        to_email(rendered, settings.mail.sender).as_bytes(), policy=email.policy.default
    )


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def _html(mail: EmailMessage) -> _Page:
    part = mail.get_body(("html",))
    assert part is not None
    return _Page(part.get_content())


def test_the_mail_says_what_a_supervisor_needs(engine: Engine, settings: Settings) -> None:
    mail = _mail(engine, settings, Posting(TEXT))
    assert mail["Subject"] == "【高】福建省宁德市｜会计从业资格｜福安市某某医院"
    assert mail["To"].addresses[0].addr_spec == "wang@example.com"
    text, html = _text(mail), _html(mail)
    for words in (
        "福安市某某医院2026年公开招聘财务人员公告",
        "2026年11月2日 09:30",
        "已取消，自2017年11月5日起，依据中华人民共和国会计法（2017年修正）",
        "会计从业资格自2017年11月5日起取消，用人单位不得将其作为招聘条件。",
        "删除招聘条件中的会计从业资格证要求，并在原发布渠道更正。",
        "人社部发〔2017〕68号",
        "https://hr.example.com/notice/1.html",
        "证据编号 1",
        "机关、事业单位或国有企业",
        "判断依据词：“须持有”",
    ):
        assert words in text
        assert words in html.words
    assert "条件：须持有【会计从业资格证】，联系电话138******78" in text
    assert html.marked == ["会计从业资格证"]
    assert "\n\n\n" not in text
    assert html.links == ["https://hr.example.com/notice/1.html"]


def test_scraped_words_break_neither_header_nor_page(engine: Engine, settings: Settings) -> None:
    text = f"条件{HOSTILE}须持有会计从业资格证{HOSTILE}"
    posting = Posting(text, title=HOSTILE + "公开招聘公告", publisher=HOSTILE, url="https://a.example/1")
    hostile = mention(
        text, qualification=HOSTILE, explanation=HOSTILE, advice=HOSTILE, legal_basis=(HOSTILE,)
    )
    mail = _mail(engine, settings, posting, hostile)
    assert set(mail.keys()) == {
        "Message-ID",
        "Date",
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Unsubscribe",
        "MIME-Version",
        "Content-Type",
    }
    assert "\u202e" not in str(mail["Subject"])
    html = _html(mail)
    assert "script" not in html.tags
    assert "b" not in html.tags
    assert '"><script>alert(1)</script>' in html.words
    assert "\u202e" not in html.words + _text(mail)


def test_an_address_that_is_no_web_page_is_shown_and_not_linked(engine: Engine, settings: Settings) -> None:
    with Session(engine) as session, session.begin():
        kept = keep(session, Posting(TEXT))
        session.get_one(Document, kept.document_id).url = "javascript:alert('招聘')"
        opened = open_cases(session, kept, scanned(mention(TEXT)), NOW)
        notify_recipients(session, opened.news, settings, NOW)
    send_due_alerts(engine, settings, NOW)
    html = _html(_letter(engine, settings))
    assert html.links == []
    assert "原文地址：javascript:alert('招聘')" in html.words


def test_a_doubtful_verdict_asks_for_a_second_look(engine: Engine, settings: Settings) -> None:
    doubtful = mention(
        TEXT,
        needs_review=True,
        status=Status.OFF_CATALOGUE,
        since=None,
        status_document="",
        violation=Violation.OFF_CATALOGUE_REQUIREMENT,
    )
    mail = _mail(engine, settings, Posting(TEXT), doubtful)
    assert str(mail["Subject"]).startswith("【中·待核实】")
    assert "请先核实证书性质及发证单位" in _text(mail)
    assert "证书状态：不在国家职业资格目录\n" in _text(mail)


def test_an_unverified_entry_is_named_as_such(engine: Engine, settings: Settings) -> None:
    mail = _mail(engine, settings, Posting(TEXT), mention(TEXT, needs_review=True))
    assert "判断依据的目录条目或证书名称的对应关系尚未经核实" in _html(mail).words


def test_the_administrator_reads_why_the_mail_came_to_them(engine: Engine, settings: Settings) -> None:
    nobody = Settings.model_validate({**settings.model_dump(), "supervisors": []})
    mail = _mail(engine, nobody, Posting(TEXT))
    assert mail["To"].addresses[0].addr_spec == "admin@example.com"
    assert "尚未配置监管人员" in _text(mail)


def test_a_document_full_of_violations_makes_one_mail_of_bounded_length(
    engine: Engine, settings: Settings
) -> None:
    names = [f"第{number}号催乳师证" for number in range(100)]
    text = "\n".join(f"须持有{name}；" + "其他条件" * 300 for name in names) + "会计证；" * 50
    mentions = [mention(text, name, qualification=name) for name in names]
    start = text.index("会计证")
    for number in range(50):
        place = start + 4 * number
        mentions.append(mention(text, "会计证", start=place, end=place + 3, severity=Severity.CRITICAL))
    mail = _mail(engine, settings, Posting(text), *mentions)
    body = _text(mail)
    assert str(mail["Subject"]) == "【紧急】新发现101项涉嫌违规情形（福建省宁德市）"
    assert f"其余 {101 - CASES_SHOWN} 项列在附件《案件清单》中" in body
    (table,) = mail.iter_attachments()
    sheet = load_workbook(BytesIO(table.get_content())).active
    listed = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert sorted(listed) == list(range(1, 102))
    assert len(mail.as_bytes()) < 200_000


def test_the_worst_case_comes_first(engine: Engine, settings: Settings) -> None:
    text = TEXT + "\n四、须有物业管理师证。"
    worse = mention(text, "物业管理师证", qualification="物业管理师", severity=Severity.CRITICAL)
    mail = _mail(engine, settings, Posting(text), mention(text), worse)
    assert str(mail["Subject"]).startswith("【紧急】福建省宁德市｜物业管理师等2项")
    assert _text(mail).index("1. 【紧急】物业管理师") < _text(mail).index("2. 【高】会计从业资格")


def test_a_letter_says_what_was_true_when_it_was_written(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT), mention(TEXT, since=date(2017, 11, 5)))
    with Session(engine) as session:
        before = session.exec(select(OutboxMessage.payload)).one()
    report(engine, settings, Posting(TEXT, publisher="改名后的医院"), now=NOW)
    with Session(engine) as session:
        assert session.exec(select(OutboxMessage.payload)).all() == [before]


@pytest.mark.parametrize("sender", ["Qualwatch <qualwatch@localhost>", "职业资格监测 <qw@例子.中国>"])
def test_any_configured_sender_makes_a_valid_header(engine: Engine, settings: Settings, sender: str) -> None:
    mail_settings = settings.mail.model_copy(update={"sender": sender})
    mail = _mail(engine, settings.model_copy(update={"mail": mail_settings}), Posting(TEXT))
    assert mail["From"].addresses[0].domain in {"localhost", "xn--fsqu00a.xn--fiqs8s"}
    assert mail["Message-ID"].isascii()
