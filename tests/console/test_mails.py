"""Every kind of mail about cases carries buttons, and every button opens its case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session

from alerts.notifications.digest import send_due_digests
from alerts.notifications.reminder import mark_overdue, remind_due
from cases.steps import take_step
from storage.tables import OutboxMessage
from tests.alerts.reading import as_mail, html_of, rows, text_of
from tests.alerts.stored import Posting, mention, report
from tests.console.visitor import TEXT, Page, Room
from vocabulary.codes import Severity, Step


def _alert(room: Room) -> None:
    room.report()


def _digest(room: Room) -> None:
    settings = room.context.settings
    waiting = settings.model_copy(
        update={"mail": settings.mail.model_copy(update={"immediate_from": "critical"})}
    )
    report(room.engine, waiting, Posting(TEXT), mention(TEXT, severity=Severity.MEDIUM))
    room.wait(days=1)
    send_due_digests(room.engine, waiting, room.context.now())


def _asked(room: Room) -> None:
    case, now = room.report(), room.context.now()
    with Session(room.engine) as session, session.begin():
        take_step(session, case, Step.CONFIRM, actor="王", now=now)
        deadline = (now + timedelta(days=3)).date()
        take_step(session, case, Step.ASK, actor="王", now=now, deadline=deadline)


def _reminder(room: Room) -> None:
    _asked(room)
    remind_due(room.engine, room.context.settings, room.context.now())


def _escalation(room: Room) -> None:
    _asked(room)
    room.wait(days=4)
    mark_overdue(room.engine, room.context.settings, room.context.now())
    remind_due(room.engine, room.context.settings, room.context.now())


@pytest.mark.parametrize(
    ("write", "template", "recipients"),
    [
        (_alert, "alert", {"wang@example.com", "li@example.com"}),
        (_digest, "digest", {"wang@example.com", "li@example.com"}),
        (_reminder, "reminder", {"wang@example.com", "li@example.com"}),
        (_escalation, "reminder", {"chu@example.com", "admin@example.com"}),
    ],
)
def test_its_buttons_open_the_case(
    room: Room, write: Callable[[Room], None], template: str, recipients: set[str]
) -> None:
    write(room)
    written = [row for row in rows(room.engine) if row.template == template]
    assert {row.recipient for row in written} == recipients
    for row in written:
        _buttons_open(room, row)


def _buttons_open(room: Room, row: OutboxMessage) -> None:
    mail = as_mail(row)
    assert mail["List-Unsubscribe"] == "<mailto:admin@example.com?subject=unsubscribe>"
    assert mail["Auto-Submitted"] == "auto-generated"
    shown = {str(link["href"]) for link in Page(html_of(mail)).attributes("a")}
    buttons = {href for href in shown if href.startswith(room.url)}
    assert {re.sub(r"^.*/cases/1/|\?.*$", "", href) for href in buttons} == {"open", "dismiss"}
    for button in buttons:
        assert button in text_of(mail)
        answer = room.get(button)
        assert answer.status_code == 200
        assert "案件 1" in answer.text
        if row.recipient_name:
            assert row.recipient_name in answer.text


def test_a_letter_that_writes_out_only_some_leads_to_a_list_of_all(room: Room) -> None:
    text = "\n".join(f"须持有第{number}号催乳师证。" for number in range(130))
    found = [mention(text, f"第{number}号催乳师证", qualification=f"第{number}号") for number in range(130)]
    report(room.engine, room.context.settings, Posting(text), *found)
    row = next(row for row in rows(room.engine) if row.recipient == "li@example.com")
    assert (row.template, len(row.payload["cases"])) == ("gathered", 40)
    address = row.payload["list_link"]
    assert address in text_of(as_mail(row))
    listed = []
    for number in (1, 2):
        answer = room.get(f"{address}&page={number}")
        assert answer.status_code == 200
        listed += [str(link["href"]) for link in Page(answer.text).attributes("a") if "/open?" in str(link)]
    assert len({re.sub(r"\?.*", "", href) for href in listed}) == 130
    assert room.get(listed[129]).status_code == 200
    assert room.get(address.replace("token=", "token=x")).status_code == 403
    room.wait(days=15)
    assert room.get(address).status_code == 410
