"""Findings become cases, events and letters, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from alerts.languages import language
from alerts.notifications.letters import alert_subject
from cases.opening import open_cases
from settings.model import Settings
from storage.documents import KeptVersion
from storage.tables import Case, CaseEvent, Document, Finding, OutboxMessage
from tests.alerts.stored import NOW, Posting, keep, mention, report, scanned
from vocabulary.codes import CaseState, Severity, Status, Violation

TEXT = "一、招聘岗位：出纳1名。\n二、条件：须持有会计从业资格证，年龄35周岁以下。\n三、待遇面议。"


Row = TypeVar("Row", bound=SQLModel)


def _all(engine: Engine, table: type[Row]) -> list[Row]:
    with Session(engine) as session:
        return list(session.exec(select(table)))


def _kinds(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.exec(select(CaseEvent.kind).order_by(col(CaseEvent.id))))


def test_a_finding_becomes_a_case_with_its_event_and_a_letter(engine: Engine, settings: Settings) -> None:
    opened = report(engine, settings, Posting(TEXT))
    assert (opened.findings, len(opened.opened), opened.seen, opened.messages) == (1, 1, (), 1)
    (case,) = _all(engine, Case)
    assert (case.state, case.severity, case.region) == (CaseState.FOUND, "high", "350900")
    (finding,) = _all(engine, Finding)
    assert finding.case_id == case.id
    assert finding.context == "二、条件：须持有会计从业资格证，年龄35周岁以下"
    assert _kinds(engine) == ["found"]
    (message,) = _all(engine, OutboxMessage)
    assert message.recipient == "wang@example.com"
    assert message.case_id == case.id


def test_recording_the_same_scan_twice_changes_nothing(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT))
    again = report(engine, settings, Posting(TEXT), now=NOW + timedelta(hours=6))
    assert (again.findings, again.opened, again.seen, again.messages) == (0, (), (), 0)
    assert _kinds(engine) == ["found"]
    assert len(_all(engine, OutboxMessage)) == 1


def test_the_same_posting_on_another_site_is_one_case_and_no_second_mail(
    engine: Engine, settings: Settings
) -> None:
    report(engine, settings, Posting(TEXT))
    mirrored = "首页 > 人事信息 浏览次数：1024\n" + TEXT.replace("，", "， ") + "\n关于我们 联系方式"
    mirror = Posting(mirrored, url="https://mirror.example.org/a?id=7")
    again = report(engine, settings, mirror)
    assert (again.findings, again.opened, len(again.seen), again.messages) == (1, (), 1, 0)
    assert len(_all(engine, Case)) == 1
    assert _kinds(engine) == ["found", "seen"]
    with Session(engine) as session:
        notes = session.exec(select(CaseEvent.note).order_by(col(CaseEvent.id))).all()
    assert notes == ["https://hr.example.com/notice/1.html", "https://mirror.example.org/a?id=7"]


def test_a_new_version_of_the_same_page_is_an_event_of_its_case(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT))
    changed = TEXT.replace("二、条件：须持有", "二、应聘者应当已经取得").replace("35周岁以下", "不限")
    again = report(engine, settings, Posting(changed), now=NOW + timedelta(days=1))
    assert (again.opened, len(again.seen), again.messages) == ((), 1, 0)
    assert _kinds(engine) == ["found", "seen"]


def test_another_posting_at_the_same_address_is_a_case_of_its_own(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT))
    other = Posting(TEXT.replace("出纳", "审计"), title="福安市某某医院2027年公开招聘审计人员公告")
    assert len(report(engine, settings, other).opened) == 1


def test_a_document_number_makes_two_addresses_one_case(engine: Engine, settings: Settings) -> None:
    first = Posting(TEXT, number="榕人社培〔2017〕139号")
    elsewhere = Posting(
        "转载：" + TEXT + "完",
        title="转发通知",
        publisher="某区人社局",
        url="https://b.example.org/1",
        number="榕人社培[2017] 139号",
    )
    report(engine, settings, first)
    assert report(engine, settings, elsewhere).opened == ()


def test_short_titles_do_not_merge_the_postings_of_two_employers(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT, title="招聘", publisher="", url="https://a.example.org/1"))
    other = TEXT.replace("三、待遇面议。", "三、月薪可达八千元，单休。")
    opened = report(
        engine, settings, Posting(other, title="招聘", publisher="", url="https://a.example.org/2")
    )
    assert len(opened.opened) == 1


def test_two_qualifications_of_one_document_are_two_cases_in_one_mail(
    engine: Engine, settings: Settings
) -> None:
    text = TEXT + "\n四、物业岗位须有物业管理师证。"
    second = mention(text, "物业管理师证", qualification="物业管理师", since=None)
    opened = report(engine, settings, Posting(text), mention(text), second)
    assert (len(opened.opened), opened.messages) == (2, 1)
    (message,) = _all(engine, OutboxMessage)
    assert sorted(message.payload["case_ids"]) == sorted(opened.opened)
    assert "等2项" in message.payload["subject"]


def test_all_quotes_of_one_case_stand_in_its_letter(engine: Engine, settings: Settings) -> None:
    text = TEXT + "\n附：报名时须持有会计证原件。"
    opened = report(engine, settings, Posting(text), mention(text), mention(text, "会计证"))
    assert (opened.findings, len(opened.opened)) == (2, 1)
    (message,) = _all(engine, OutboxMessage)
    assert [quote["quote"] for quote in message.payload["cases"][0]["quotes"]] == ["会计从业资格证", "会计证"]


def test_a_finding_below_medium_is_kept_without_a_case(engine: Engine, settings: Settings) -> None:
    opened = report(engine, settings, Posting(TEXT), mention(TEXT, severity=Severity.LOW))
    assert (opened.findings, opened.opened, opened.messages) == (1, (), 0)
    assert [finding.case_id for finding in _all(engine, Finding)] == [None]


def test_a_doubtful_verdict_is_never_pushed_as_urgent(engine: Engine, settings: Settings) -> None:
    doubtful = mention(
        TEXT,
        severity=Severity.CRITICAL,
        needs_review=True,
        status=Status.OFF_CATALOGUE,
        violation=Violation.OFF_CATALOGUE_PERMIT,
    )
    report(engine, settings, Posting(TEXT), doubtful)
    (case,) = _all(engine, Case)
    assert (case.severity, case.needs_review) == ("medium", True)
    assert [finding.severity for finding in _all(engine, Finding)] == ["critical"]
    (message,) = _all(engine, OutboxMessage)
    assert message.payload["subject"].startswith("【中·待核实】")


def test_nothing_is_left_of_a_scan_that_was_rolled_back(engine: Engine, settings: Settings) -> None:
    def record_and_die() -> None:
        with Session(engine) as session, session.begin():
            kept = keep(session, Posting(TEXT))
            open_cases(session, kept, scanned(mention(TEXT)), NOW)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        record_and_die()
    assert not any(_all(engine, table) for table in (Case, Finding, CaseEvent, OutboxMessage))
    assert len(report(engine, settings, Posting(TEXT)).opened) == 1


def test_a_case_found_later_in_the_same_version_has_its_own_letter(
    engine: Engine, settings: Settings
) -> None:
    text = TEXT + "\n四、物业岗位须有物业管理师证。"
    report(engine, settings, Posting(text), mention(text))
    second = mention(text, "物业管理师证", qualification="物业管理师")
    judged_anew = report(engine, settings, Posting(text), mention(text), second)
    assert (len(judged_anew.opened), judged_anew.messages) == (1, 1)


def test_a_version_that_is_not_stored_is_refused(engine: Engine, settings: Settings) -> None:
    missing = KeptVersion(3, 7, new_document=True, changed=False, returned=False)
    with Session(engine) as session, pytest.raises(LookupError, match="version 7"):
        open_cases(session, missing, scanned(mention(TEXT)), NOW)


def test_each_recipient_reads_only_of_the_cases_that_are_theirs(engine: Engine, settings: Settings) -> None:
    supervisors = [
        {"name": "甲", "email": "a@example.com", "severities": ["high", "critical"]},
        {"name": "乙", "email": "b@example.com"},
        {"name": "乙（另一地区）", "email": "B@example.com"},
    ]
    both = Settings.model_validate({**settings.model_dump(), "supervisors": supervisors})
    text = TEXT + "\n四、人事岗位须有人力资源管理师证。"
    slighter = mention(text, "人力资源管理师证", qualification="企业人力资源管理师", severity=Severity.MEDIUM)
    report(engine, both, Posting(text), replace(mention(text)), slighter)
    told = {row.recipient: len(row.payload["cases"]) for row in _all(engine, OutboxMessage)}
    assert told == {"a@example.com": 1, "b@example.com": 2}


def test_a_page_and_its_own_attachment_that_demand_the_same_are_one_case(
    engine: Engine, settings: Settings
) -> None:
    page = Posting("须持有会计从业资格证。详见附件。", url="https://hr.example.com/notice/1.html")
    file = Posting(
        "岗位表：会计，须持有会计从业资格证。",
        title=f"{page.title}（附件：岗位表）",
        url="https://hr.example.com/notice/1.xlsx",
        parent=page.url,
    )
    opened = report(engine, settings, page)
    met = report(engine, settings, file)
    assert (len(opened.opened), met.opened, met.seen) == (1, (), opened.opened)
    another = Posting(
        file.text, title="另一公告（附件：岗位表）", url="https://hr.example.com/2.xlsx", parent=page.url
    )
    assert len(report(engine, settings, another).opened) == 1


def test_a_case_belongs_where_its_document_says_it_does(engine: Engine, settings: Settings) -> None:
    posting = Posting("须持有会计从业资格证。", publisher="福州市鼓楼区卫生健康局", region="350000")
    with Session(engine) as session, session.begin():
        result = replace(scanned(mention(posting.text)), region="350102")
        (case_id,) = open_cases(session, keep(session, posting), result, NOW).opened
        assert session.get_one(Case, case_id).region == "350102"
        case, document = session.get_one(Case, case_id), session.exec(select(Document)).one()
        assert "鼓楼区" in alert_subject([case], document, language("zh-CN"))
