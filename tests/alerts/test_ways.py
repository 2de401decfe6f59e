"""A channel that is down costs no message a try; what is wrong with one message holds up no other."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from alerts.delivery import ways
from alerts.delivery.channels import ChannelDown, Rendered, open_channels
from alerts.delivery.dead_letters import retry_messages
from alerts.delivery.outbox import deliver_due, release_leases
from settings.model import Settings
from storage.tables import ChannelState
from tests.alerts.mailserver import MailServer, free_port, serving
from tests.alerts.reading import rows
from tests.alerts.recording import Recording
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import OutboxState, Severity

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
SEVERITIES = (Severity.MEDIUM, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.CRITICAL)
DAYS = timedelta(days=2)


def _report(engine: Engine, settings: Settings, *severities: Severity) -> None:
    for number, severity in enumerate(severities):
        title = f"福安市某某医院第{number}批公开招聘公告"
        posting = Posting(TEXT, title=title, url=f"https://a.example.org/{number}")
        report(engine, settings, posting, mention(TEXT, severity=severity))


def _by_mail(settings: Settings, port: int, *chats: tuple[str, str]) -> Settings:
    smtp = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 5}
    mail = {"channel": "smtp", "sender": "监测 <q@example.com>", "smtp": smtp, "immediate_from": "medium"}
    rooms = [{"name": name, "channel": "webhook", "secret_url": url} for name, url in chats]
    people = [{"name": "王科长", "email": "wang@example.com", "chats": [name for name, _ in chats]}]
    changes = {"mail": mail, "chats": rooms, "supervisors": people}
    return Settings.model_validate({**settings.model_dump(), **changes})


def _deliver(engine: Engine, settings: Settings, now: datetime) -> int:
    return deliver_due(engine, open_channels(settings), now, owner="sender")


def _states(engine: Engine) -> set[tuple[OutboxState, int]]:
    return {(row.state, row.attempts) for row in rows(engine)}


def _down(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as session:
        return [(way.channel, way.recipient) for way in ways.ways_down(session)]


def test_a_mail_server_away_for_two_days_costs_no_try_and_the_most_severe_leave_first(
    engine: Engine, settings: Settings
) -> None:
    away = _by_mail(settings, free_port())
    _report(engine, away, *SEVERITIES)
    channels, now, tries = open_channels(away), NOW, 0
    while now < NOW + DAYS:
        tries += deliver_due(engine, channels, now, owner="sender")
        now += timedelta(hours=1)
    assert _states(engine) == {(OutboxState.WAITING, 0)}
    assert _down(engine) == [("smtp", "")]
    assert tries == 48, "one probe at a time"
    server = MailServer()
    with serving(server) as port:
        assert _deliver(engine, _by_mail(settings, port), now + ways.LONGEST_PAUSE) == len(SEVERITIES)
    assert _states(engine) == {(OutboxState.SENT, 1)}
    assert _down(engine) == []
    order = [str(mail["Subject"])[1:3] for _, mail in server.taken]
    assert order == sorted(order, key=["紧急", "高】", "中】"].index)


@pytest.mark.parametrize(
    "answer", ["451 4.3.0 local error", "452 out of disk", "421 closing", "554 System busy"]
)
def test_a_server_that_takes_nothing_for_two_days_costs_its_letters_a_try_or_two(
    engine: Engine, settings: Settings, answer: str
) -> None:
    server = MailServer()
    with serving(server) as port:
        by_mail = _by_mail(settings, port)
        _report(engine, by_mail, *SEVERITIES)
        server.answers["DATA"] = [answer] * 5000
        channels, now = open_channels(by_mail), NOW
        while now < NOW + DAYS:
            deliver_due(engine, channels, now, owner="sender")
            now += timedelta(hours=3)
        assert {row.state for row in rows(engine)} == {OutboxState.WAITING}
        assert sum(row.attempts for row in rows(engine)) == ways.DOUBTS - 1
        server.answers["DATA"] = []
        for _ in range(3):
            deliver_due(engine, channels, now, owner="sender")
            now += 2 * ways.LONGEST_PAUSE
    assert {row.state for row in rows(engine)} == {OutboxState.SENT}


def test_a_letter_that_a_channel_chokes_on_keeps_no_other_from_leaving(
    engine: Engine, settings: Settings
) -> None:
    _report(engine, settings, *SEVERITIES)
    poison = next(row.message_id for row in rows(engine) if row.precedence == 0)

    def choke(message: Rendered) -> None:
        if message.message_id == poison:
            raise ChannelDown("the connection broke off", saw_message=True)

    channel, now = Recording(choke), NOW
    for _ in range(3):
        deliver_due(engine, {"maildir": channel}, now, owner="sender")
        now += timedelta(minutes=10)
    assert len(channel.accepted) == len(SEVERITIES) - 1
    assert {row.state for row in rows(engine)} == {OutboxState.SENT, OutboxState.WAITING}


def test_a_chat_that_does_not_answer_holds_up_neither_other_chats_nor_mails(
    engine: Engine, settings: Settings
) -> None:
    server = MailServer()
    gone = f"http://127.0.0.1:{free_port()}/"
    with serving(server) as port:
        by_mail = _by_mail(settings, port, ("old", gone), ("office", gone))
        _report(engine, by_mail, Severity.HIGH, Severity.HIGH)
        _deliver(engine, by_mail, NOW)
    assert len(server.taken) == 2
    assert sorted(_down(engine)) == [("webhook", "office"), ("webhook", "old")]
    waiting = [row for row in rows(engine) if row.channel == "webhook"]
    assert {(row.state, row.attempts) for row in waiting} == {(OutboxState.WAITING, 0)}


def test_of_two_senders_one_probes(engine: Engine, settings: Settings) -> None:
    _report(engine, settings, *SEVERITIES)

    def fail(_message: Rendered) -> None:
        raise ChannelDown("connection refused")

    def fail_after_another_looked(_message: Rendered) -> None:
        assert deliver_due(engine, {"maildir": Recording()}, later, owner="other") == 0
        raise ChannelDown("connection refused")

    later = NOW + ways.FIRST_PAUSE + timedelta(seconds=5)
    assert deliver_due(engine, {"maildir": Recording(fail)}, NOW, owner="sender") == 1
    probing = {"maildir": Recording(fail_after_another_looked)}
    assert deliver_due(engine, probing, later, owner="sender") == 1


def test_who_starts_the_program_or_asks_for_a_letter_need_not_wait_for_a_probe(
    engine: Engine, settings: Settings
) -> None:
    def fail(_message: Rendered) -> None:
        raise ChannelDown("connection refused")

    _report(engine, settings, Severity.HIGH)
    channels = {"maildir": Recording(fail)}
    soon = [NOW + timedelta(seconds=seconds) for seconds in (0, 3, 6)]
    assert [deliver_due(engine, channels, soon[0], owner="sender") for _ in range(2)] == [1, 0]
    with Session(engine) as session, session.begin():
        assert retry_messages(session, [1], NOW) == 1
    assert [deliver_due(engine, channels, soon[1], owner="sender") for _ in range(2)] == [1, 0]
    assert release_leases(engine, "sender") == 0
    assert [deliver_due(engine, channels, soon[2], owner="sender") for _ in range(2)] == [1, 0]


@contextmanager
def _no_descriptor_left() -> Iterator[None]:
    """Every further open fails with EMFILE, as it does in a program that was flooded with connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
    taken: list[int] = []
    try:
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("channel", ["smtp", "maildir"])
def test_a_program_without_descriptors_sends_later_and_loses_no_try(
    engine: Engine, settings: Settings, channel: str
) -> None:
    server = MailServer()
    with serving(server) as port:
        used = _by_mail(settings, port) if channel == "smtp" else settings
        _report(engine, used, *SEVERITIES)
        channels, now = open_channels(used), NOW
        with Session(engine) as session:
            session.exec(select(ChannelState)).all()  # the database is open by now
        with _no_descriptor_left():
            for _ in range(30):
                deliver_due(engine, channels, now, owner="sender")
                now += timedelta(minutes=5)
        now += ways.LONGEST_PAUSE
        assert _states(engine) == {(OutboxState.WAITING, 0)}
        assert deliver_due(engine, channels, now, owner="sender") == len(SEVERITIES)
    assert _states(engine) == {(OutboxState.SENT, 1)}


def test_a_mail_directory_that_nobody_may_write_is_a_channel_that_is_down(
    engine: Engine, settings: Settings
) -> None:
    _report(engine, settings, *SEVERITIES)
    directory: Path = settings.storage.mail_directory
    directory.write_text("a file where the folder should be")
    channels = open_channels(settings)
    for hours in range(3 * 24):
        deliver_due(engine, channels, NOW + timedelta(hours=hours), owner="sender")
    assert _states(engine) == {(OutboxState.WAITING, 0)}
    directory.unlink()
    assert _deliver(engine, settings, NOW + timedelta(days=4)) == len(SEVERITIES)
