"""The administrator hears of messages that were given up, once, and with the way to their cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import Session, col, update

from alerts.delivery.channels import Channel
from alerts.delivery.channels.smtp import SmtpChannel
from alerts.delivery.dead_letters import retry_dead_letters
from alerts.delivery.outbox import deliver_due
from alerts.notifications import failures
from alerts.notifications.failures import MESSAGES_SHOWN, report_undelivered
from settings.model import Settings
from storage.tables import Case, OutboxMessage
from tests.alerts.mailserver import MailServer, serving
from tests.alerts.reading import SENDER, html_of, rows, text_of
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import CaseState, OutboxState

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
LATER = NOW + timedelta(minutes=2)
NO_SUCH = "550 5.1.1 no such user"


@pytest.fixture
def office(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "administrator": "Admin@example.com",
            "storage": {"directory": str(tmp_path)},
            "console": {"base_url": "https://qualwatch.example.com"},
            "mail": {"channel": "smtp", "smtp": {"host": "127.0.0.1"}},
            "supervisors": [{"name": "王\r\nBcc: x@example.com", "email": "wang@example.com"}],
        }
    )


@pytest.fixture
def server() -> MailServer:
    return MailServer()


@pytest.fixture
def channels(server: MailServer, office: Settings) -> Iterator[dict[str, Channel]]:
    with serving(server) as port:
        smtp = office.mail.smtp.model_copy(update={"port": port, "security": "none"})
        yield {"smtp": SmtpChannel(smtp, SENDER)}


def _report(engine: Engine, office: Settings, count: int = 1) -> None:
    for number in range(count):
        posting = Posting(
            TEXT,
            title=f"福安市第{number}批公开招聘公告",
            publisher=f"福安市某某医院{number or ''}",
            url=f"https://a.example.org/{number}",
        )
        report(engine, office, posting, mention(TEXT))


def test_a_refused_recipient_is_reported_with_the_reason_and_a_link_to_the_case(
    engine: Engine, office: Settings, server: MailServer, channels: dict[str, Channel]
) -> None:
    server.refused["wang@example.com"] = NO_SUCH
    _report(engine, office)
    assert deliver_due(engine, channels, NOW, owner="a") == 1
    assert report_undelivered(engine, office, LATER) == 1
    assert deliver_due(engine, channels, LATER, owner="a") == 1
    ((to, mail),) = server.taken
    assert to == "Admin@example.com"
    assert mail["Subject"] == "【发送失败】1封通知未能送达"
    assert mail["Bcc"] is None
    for said in (text_of(mail), html_of(mail)):
        assert NO_SUCH in said
        assert "wang@example.com" in said
        assert "【高】福建省宁德市｜会计从业资格｜福安市某某医院" in said
        assert "https://qualwatch.example.com/cases/1/open?token=" in said
    with Session(engine) as session:
        # The word of a failure is no word of the case.
        assert session.get_one(Case, 1).state is CaseState.FOUND


def test_the_same_death_is_told_once_and_another_one_an_hour_later(
    engine: Engine, office: Settings, server: MailServer, channels: dict[str, Channel]
) -> None:
    server.refused["wang@example.com"] = NO_SUCH
    _report(engine, office)
    deliver_due(engine, channels, NOW, owner="a")
    minutes = [timedelta(minutes=minute) for minute in range(1, 600, 7)]
    assert sum(report_undelivered(engine, office, NOW + each) for each in minutes) == 1
    again = NOW + timedelta(hours=11)
    with Session(engine) as session, session.begin():
        assert retry_dead_letters(session, again) == 1
    deliver_due(engine, channels, again, owner="a")
    assert sum(report_undelivered(engine, office, again + each) for each in minutes) == 1


def test_what_died_within_the_minute_is_not_lost(
    engine: Engine, office: Settings, server: MailServer, channels: dict[str, Channel]
) -> None:
    server.refused["wang@example.com"] = NO_SUCH
    _report(engine, office, 2)
    with Session(engine) as session, session.begin():
        session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.id) == 2)
            .values(next_attempt_at=NOW + timedelta(minutes=5))
        )
    deliver_due(engine, channels, NOW, owner="a")
    at_five = NOW + timedelta(minutes=5)
    deliver_due(engine, channels, at_five, owner="a")
    assert report_undelivered(engine, office, at_five) == 1
    assert report_undelivered(engine, office, at_five + timedelta(hours=1)) == 1
    first, second = (row for row in rows(engine) if row.template == "undelivered")
    assert [each["id"] for each in first.payload["messages"]] == [1]
    assert [each["id"] for each in second.payload["messages"]] == [2]


def test_no_mail_tells_of_one_to_the_administrator(
    engine: Engine, server: MailServer, channels: dict[str, Channel], office: Settings
) -> None:
    server.refused["Admin@example.com"] = NO_SUCH
    _report(engine, office.model_copy(update={"supervisors": ()}))
    deliver_due(engine, channels, NOW, owner="a")
    assert [row.state for row in rows(engine)] == [OutboxState.DEAD]
    assert report_undelivered(engine, office, LATER) == 0


def test_a_mail_of_many_deaths_names_each(
    engine: Engine, office: Settings, server: MailServer, channels: dict[str, Channel]
) -> None:
    server.refused["wang@example.com"] = NO_SUCH
    _report(engine, office, MESSAGES_SHOWN + 3)
    while deliver_due(engine, channels, NOW, owner="a"):
        pass
    assert report_undelivered(engine, office, LATER) == 1
    payload = rows(engine)[-1].payload
    assert (payload["count"], len(payload["messages"]), payload["more"]) == (23, MESSAGES_SHOWN, 3)
    deliver_due(engine, channels, LATER, owner="a")
    ((_, mail),) = server.taken
    assert "另有 3 封；全部 23 封见附件。" in text_of(mail)
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == f"未送达通知_{NOW.astimezone(ZoneInfo('Asia/Shanghai')):%Y%m%d}.xlsx"
    content = attached.get_payload(decode=True)
    assert isinstance(content, bytes)
    sheet = load_workbook(BytesIO(content)).active
    assert sheet is not None
    listed = list(sheet.iter_rows(values_only=True, min_row=2))
    assert [row[0] for row in listed] == list(range(1, 24))
    assert all("wang@example.com" in str(row[1]) and NO_SUCH in str(row[3]) for row in listed)


def test_what_one_mail_cannot_hold_the_next_one_brings(
    engine: Engine,
    office: Settings,
    server: MailServer,
    channels: dict[str, Channel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "MESSAGES_LISTED", 2)
    server.refused["wang@example.com"] = NO_SUCH
    _report(engine, office, 3)
    for number in (1, 2, 3):
        at = NOW + timedelta(minutes=number)
        with Session(engine) as session, session.begin():
            session.execute(
                update(OutboxMessage).where(col(OutboxMessage.id) == number).values(next_attempt_at=at)
            )
        deliver_due(engine, channels, at, owner="a")
    times = (NOW + timedelta(minutes=5), NOW + timedelta(minutes=66), NOW + timedelta(minutes=130))
    assert [report_undelivered(engine, office, at) for at in times] == [1, 1, 0]
    told = [[each["id"] for each in row.payload["messages"]] for row in rows(engine)[3:]]
    assert told == [[1, 2], [3]]


def test_what_waits_or_was_sent_is_no_news(
    engine: Engine, office: Settings, server: MailServer, channels: dict[str, Channel]
) -> None:
    server.answers["RCPT"] = ["451 4.7.1 try later"]
    _report(engine, office, 2)
    deliver_due(engine, channels, NOW, owner="a")
    assert {row.state for row in rows(engine)} == {OutboxState.WAITING, OutboxState.SENT}
    assert report_undelivered(engine, office, LATER) == 0
