"""What can wait is told once a day, and the week on Monday."""

from __future__ import annotations

import io
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from alerts.delivery.mails import to_email
from alerts.delivery.mails.chart import draw_weeks
from alerts.delivery.outbox import deliver_due
from alerts.notifications.digest import CASES_SHOWN, send_due_digests
from alerts.notifications.summary import REGIONS_SHOWN, send_due_summaries
from alerts.working_time import digest_moment, next_work, summary_moment, works_at
from cases.steps import take_step
from settings.model import Settings
from storage.tables import Case, DigestItem
from tests.alerts.reading import SENDER, as_mail, html_of, rendered, rows, text_of
from tests.alerts.recording import Recording
from tests.alerts.stored import Posting, mention, report
from vocabulary.codes import CaseState, Severity, Step
from vocabulary.regions import known_regions, present_code

TEXT = "二、条件：须持有会计从业资格证，联系电话13812345678。"
HOSTILE = '"><script>alert(1)</script>\r\nBcc: victim@example.com\r\n\u202e'


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A local time of November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture
def office() -> Settings:
    wang = {
        "name": "王科长",
        "email": "wang@example.com",
        "working_days": [1, 2, 3, 4, 5],
        "working_hours": "08:30-17:30",
    }
    return Settings.model_validate({"administrator": "admin@example.com", "supervisors": [wang]})


def _find(
    engine: Engine, settings: Settings, number: int, when: datetime, severity: Severity = Severity.MEDIUM
) -> None:
    posting = Posting(TEXT, title=f"福安市第{number}批公开招聘公告", url=f"https://a.example.org/{number}")
    report(engine, settings, posting, mention(TEXT, severity=severity), now=when)


def _move(engine: Engine, case: int, state: CaseState, **values: object) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(Case).where(col(Case.id) == case).values(state=state, **values))


def test_hours_are_local_and_days_are_those_of_work(office: Settings) -> None:
    wang = "Wang@example.com"
    assert works_at(office, wang, at(2, 8, 30))
    assert not works_at(office, wang, at(2, 8, 29))
    assert not works_at(office, wang, at(2, 17, 30))
    assert not works_at(office, wang, at(7, 10))
    assert works_at(office, "admin@example.com", at(7, 3))
    assert next_work(office, wang, at(2, 10)) == at(2, 10)
    assert next_work(office, wang, at(6, 18)) == at(9, 8, 30)
    assert next_work(office, wang, at(2, 6)) == at(2, 8, 30)
    assert digest_moment(office, wang, at(8, 12)) == at(6, 8, 30)
    assert digest_moment(office, "admin@example.com", at(8, 12)) == at(8, 8, 30)
    assert summary_moment(office, at(2, 8, 30)) == at(2, 8, 30)
    assert summary_moment(office, at(9, 8, 29)) == at(2, 8, 30)


def test_urgent_cases_are_told_at_once_in_working_hours_and_wait_otherwise(
    engine: Engine, office: Settings
) -> None:
    _find(engine, office, 1, at(6, 17, 29), Severity.HIGH)
    assert [row.template for row in rows(engine)] == ["alert"]
    _find(engine, office, 2, at(6, 17, 31), Severity.CRITICAL)
    _find(engine, office, 3, at(6, 10), Severity.MEDIUM)
    assert len(rows(engine)) == 1
    assert send_due_digests(engine, office, at(8, 12)) == 0
    assert send_due_digests(engine, office, at(9, 8, 30)) == 1
    digest = rows(engine)[1]
    assert (digest.template, digest.recipient, digest.channel) == ("digest", "wang@example.com", "maildir")
    assert digest.payload["subject"] == "【每日汇总】2026年11月9日：2项涉嫌违规情形待核查（福建省宁德市）"
    assert [case["severity"] for case in digest.payload["cases"]] == ["critical", "medium"]


def test_nothing_is_told_twice_and_nothing_empty_is_told(engine: Engine, office: Settings) -> None:
    assert send_due_digests(engine, office, at(3, 9)) == 0
    _find(engine, office, 1, at(2, 10))
    assert [send_due_digests(engine, office, at(3, 9)) for _ in range(3)] == [1, 0, 0]
    _find(engine, office, 2, at(3, 8, 31))
    assert send_due_digests(engine, office, at(3, 23)) == 0
    assert send_due_digests(engine, office, at(4, 9)) == 1
    assert [row.payload["case_ids"] for row in rows(engine)] == [[1], [2]]
    _find(engine, office, 3, at(4, 10))
    with Session(engine) as session, session.begin():
        take_step(session, 3, Step.DISMISS, actor="王", note="误报", now=at(4, 11))
    assert send_due_digests(engine, office, at(5, 9)) == 0
    assert len(rows(engine)) == 2


def test_after_an_outage_one_digest_tells_of_all_days(engine: Engine, office: Settings) -> None:
    for day in (2, 3, 4):
        _find(engine, office, day, at(day, 10))
    assert send_due_digests(engine, office, at(6, 15)) == 1
    assert rows(engine)[0].payload["count"] == 3


def test_what_was_stored_late_is_in_the_next_digest(engine: Engine, office: Settings) -> None:
    _find(engine, office, 1, at(2, 10))
    assert send_due_digests(engine, office, at(3, 8, 30)) == 1
    _find(engine, office, 2, at(3, 8, 29))
    assert send_due_digests(engine, office, at(3, 8, 31)) == 1
    assert rows(engine)[1].payload["case_ids"] == [2]


def test_senders_at_once_write_one_digest(engine: Engine, office: Settings) -> None:
    for number in range(5):
        _find(engine, office, number, at(2, 10))
    start, written = threading.Barrier(4), list[int]()

    def send() -> None:
        start.wait()
        written.append(send_due_digests(engine, office, at(3, 9)))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 0, 0, 1]
    assert len(rows(engine)) == 1


def test_a_digest_that_left_notifies_its_cases(engine: Engine, office: Settings) -> None:
    _find(engine, office, 1, at(2, 10))
    send_due_digests(engine, office, at(3, 9))
    deliver_due(engine, {"maildir": Recording()}, at(3, 9, 1), owner="sender")
    with Session(engine) as session:
        assert session.exec(select(Case.state)).one() == CaseState.NOTIFIED
        assert session.exec(select(DigestItem.told_at)).one() == at(3, 9)


def test_a_digest_is_bounded_and_shows_the_worst(engine: Engine, office: Settings) -> None:
    for number in range(CASES_SHOWN + 5):
        severity = Severity.HIGH if number == CASES_SHOWN + 4 else Severity.MEDIUM
        _find(engine, office, number, at(2, 7), severity)
    send_due_digests(engine, office, at(3, 9))
    (row,) = rows(engine)
    assert len(row.payload["case_ids"]) == CASES_SHOWN + 5
    mail = as_mail(row)
    assert "1. 【高】会计从业资格" in text_of(mail)
    assert "其余 5 项列在附件《案件清单》中" in text_of(mail)
    assert "列在附件《案件清单》中" in html_of(mail)


def test_the_digest_says_what_is_needed_and_scraped_words_break_nothing(
    engine: Engine, office: Settings
) -> None:
    text = f"条件{HOSTILE}须持有会计从业资格证{HOSTILE}，电话13812345678"
    posting = Posting(text, title=HOSTILE + "公开招聘公告", publisher=HOSTILE)
    report(engine, office, posting, mention(text, severity=Severity.MEDIUM), now=at(2, 10))
    send_due_digests(engine, office, at(3, 9))
    (row,) = rows(engine)
    mail = as_mail(row)
    assert "Bcc" not in mail
    assert mail["To"].addresses[0].display_name == "王科长"
    text, html = text_of(mail), html_of(mail)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in text + html + rendered(row).brief
    assert "13812345678" not in text + html + rendered(row).brief
    for words in ("王科长，您好", "已取消，自2017年11月5日起", "证据编号 1", posting.url):
        assert words in text
        assert words in html


def test_an_address_is_never_masked_because_it_would_lead_nowhere(engine: Engine, office: Settings) -> None:
    url = "https://rsj.example.gov.cn/xxgk/202611/t20261102_49123456789.htm?id=13812345678"
    report(engine, office, Posting(TEXT, url=url), mention(TEXT, severity=Severity.MEDIUM), now=at(2, 10))
    assert send_due_digests(engine, office, at(3, 9)) == 1
    (row,) = rows(engine)
    assert f"原文：{url}\n" in text_of(as_mail(row))
    assert url in rendered(row).brief


def test_the_weekly_summary_counts_by_region_with_a_chart(engine: Engine, office: Settings) -> None:
    for number in range(4):
        _find(engine, office, number, at(3, 10))
    changchun = Posting(
        TEXT, title="长春市某某单位公开招聘公告", url="https://b.example.com/", region="220100"
    )
    report(engine, office, changchun, mention(TEXT), now=at(4, 10))
    with Session(engine) as session, session.begin():
        for step in (Step.CONFIRM, Step.ASK, Step.RECTIFIED):
            deadline = date(2026, 11, 5) if step is Step.ASK else None
            take_step(session, 1, step, actor="王", now=at(5, 10), deadline=deadline)
    _move(engine, 2, CaseState.OVERDUE, deadline=date(2026, 11, 5))
    before = len(rows(engine))
    assert send_due_summaries(engine, office, at(9, 8, 29)) == 0
    assert [send_due_summaries(engine, office, at(9, 8, 30)) for _ in range(2)] == [1, 0]
    assert send_due_summaries(engine, office, at(10, 12)) == 0
    row = rows(engine)[before]
    assert row.recipient == "wang@example.com"
    subject = "【每周汇总】2026年11月2日至2026年11月8日：新增5项，已整改1项，逾期1项"
    assert row.payload["subject"] == subject
    regions = [
        (each["region"], each["new"], each["open"], each["overdue"]) for each in row.payload["regions"]
    ]
    assert regions == [("福建省宁德市", 4, 3, 1), ("吉林省长春市", 1, 1, 0)]
    assert row.payload["weeks"][-1] == {"label": "11-02", "new": 5, "rectified": 1}
    assert len(row.payload["weeks"]) == 8
    mail = as_mail(row)
    assert str(mail["Subject"]) == subject
    assert "福建省宁德市：本周新增 4，待核查 2，未结 3，逾期 1，本周整改 1" in text_of(mail)
    assert "整改期限：2026年11月5日" in text_of(mail)


def test_a_summary_of_many_counties_is_one_of_their_prefectures(engine: Engine, office: Settings) -> None:
    counties = [code for code in known_regions() if code.startswith("35") and present_code(code) == code]
    counties = [code for code in counties if not code.endswith("00")]
    for number, region in enumerate(counties):
        posting = Posting(
            TEXT, title=f"{number}号单位公开招聘公告", url=f"https://{number}.example.com/", region=region
        )
        report(engine, office, posting, mention(TEXT), now=at(4, 10))
    before = len(rows(engine))
    assert send_due_summaries(engine, office, at(9, 8, 30)) == 1
    payload = rows(engine)[before].payload
    assert len(counties) > REGIONS_SHOWN > len(payload["regions"]) == 9
    assert payload["more_regions"] == 0
    assert sum(row["new"] for row in payload["regions"]) == payload["total"]["new"] == len(counties)
    assert {"福建省福州市", "福建省宁德市"} <= {row["region"] for row in payload["regions"]}


def test_the_chart_is_an_inline_picture_that_the_page_shows(engine: Engine, office: Settings) -> None:
    _find(engine, office, 1, at(3, 10))
    send_due_summaries(engine, office, at(9, 9))
    (row,) = rows(engine)
    mail = as_mail(row)
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture.get_content_disposition() == "inline"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html_of(mail)
    with Image.open(io.BytesIO(picture.get_content())) as image:
        assert image.size == (1160, 440)
        colours = {colour for _, colour in image.getcolors(100_000) or ()}
    assert (0xC2, 0x41, 0x0C) in colours
    first, second = (to_email(rendered(row), SENDER).as_bytes() for _ in range(2))
    assert first == second
    assert all(len(line) < 998 for line in first.splitlines())


def test_bars_are_as_high_as_their_numbers() -> None:
    weeks = [{"label": "11-02", "new": 4, "rectified": 2}, {"label": "11-09", "new": 0, "rectified": 0}]
    with Image.open(io.BytesIO(draw_weeks(weeks))) as image:
        colours = {colour: count for count, colour in image.getcolors(100_000) or ()}
    new, rectified = colours[0xC2, 0x41, 0x0C], colours[0x15, 0x80, 0x3D]
    assert new / rectified == pytest.approx(2, rel=0.02)
    assert draw_weeks([]).startswith(b"\x89PNG")


def test_nobody_gets_a_summary_of_nothing(engine: Engine, office: Settings) -> None:
    assert send_due_summaries(engine, office, at(9, 9)) == 0
    _find(engine, office, 1, at(3, 10))
    _move(engine, 1, CaseState.DISMISSED)
    assert send_due_summaries(engine, office, at(23, 9)) == 0
    assert rows(engine) == []


def test_a_summary_that_is_late_by_days_is_left_out(engine: Engine, office: Settings) -> None:
    _find(engine, office, 1, at(3, 10))
    assert send_due_summaries(engine, office, at(11, 9)) == 0


def test_everybody_reads_their_own_field_and_the_administrator_the_rest(engine: Engine) -> None:
    people = [
        {"name": "吉林", "email": "jl@example.com", "regions": ["220000"]},
        {"name": "财政", "email": "cz@example.com", "regions": ["350000"], "departments": ["财政"]},
        {"name": "教育", "email": "jy@example.com", "departments": ["教育"]},
    ]
    settings = Settings.model_validate({"supervisors": people, "mail": {"immediate_from": "critical"}})
    _find(engine, settings, 1, at(3, 10))
    unknown = Posting(TEXT, title="某某单位公开招聘财务人员公告", url="https://c.example.com/", region=None)
    report(engine, settings, unknown, mention(TEXT), now=at(3, 11))
    assert send_due_summaries(engine, settings, at(9, 9)) == 2
    told = {row.recipient: [each["region"] for each in row.payload["regions"]] for row in rows(engine)}
    assert told == {"cz@example.com": ["福建省宁德市"], settings.administrator: ["地区未识别"]}
