"""Every message leaves, each on its own, and once."""

from __future__ import annotations

import mailbox
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select, update

from alerts.delivery.channels import (
    Channel,
    ChannelDown,
    PermanentFailure,
    Rendered,
    TemporaryFailure,
    open_channels,
)
from alerts.delivery.outbox import (
    FIRST_PAUSE,
    LEASE,
    LONGEST_PAUSE,
    MAX_ATTEMPTS,
    deliver_due,
    pause_after,
    release_leases,
)
from settings.model import Settings
from storage.tables import Case, CaseEvent, OutboxMessage
from tests.alerts.recording import Killed, Recording
from tests.alerts.stored import NOW, Posting, report
from vocabulary.codes import CaseState, OutboxState

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
LATER = NOW + timedelta(days=3)


def _report_postings(engine: Engine, settings: Settings, count: int) -> None:
    for number in range(count):
        title = f"福安市某某医院第{number}批公开招聘公告"
        report(engine, settings, Posting(TEXT, title=title, url=f"https://a.example.org/{number}"))


def _rows(engine: Engine) -> list[OutboxMessage]:
    with Session(engine) as session:
        return list(session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))))


def _deliver(engine: Engine, channel: Channel, now: datetime = NOW, owner: str = "sender") -> int:
    return deliver_due(engine, {"maildir": channel}, now, owner=owner)


def test_a_letter_is_sent_once_and_its_case_is_notified(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)
    channel = Recording()
    assert [_deliver(engine, channel), _deliver(engine, channel, LATER)] == [1, 0]
    assert len(channel.accepted) == 1
    (row,) = _rows(engine)
    assert (row.state, row.attempts, row.lease_owner, row.lease_until) == (OutboxState.SENT, 1, "", None)
    with Session(engine) as session:
        assert session.exec(select(Case.state)).one() is CaseState.NOTIFIED
        assert session.exec(select(CaseEvent.kind)).all() == ["found", "notified"]


def test_a_dismissed_case_stays_dismissed_when_its_letter_leaves(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)
    with Session(engine) as session, session.begin():
        session.execute(update(Case).values(state=CaseState.DISMISSED))
    _deliver(engine, Recording())
    with Session(engine) as session:
        assert session.exec(select(Case.state)).one() is CaseState.DISMISSED


def test_one_refused_message_holds_up_no_other(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 3)
    poison = _rows(engine)[0].message_id

    def refuse(message: Rendered) -> None:
        if message.message_id == poison:
            raise PermanentFailure("550 no such user")

    channel = Recording(refuse)
    assert _deliver(engine, channel) == 3
    assert len(channel.accepted) == 2
    states = [(row.state, row.last_error) for row in _rows(engine)]
    assert states == [(OutboxState.DEAD, "550 no such user"), (OutboxState.SENT, ""), (OutboxState.SENT, "")]
    assert _deliver(engine, channel, LATER) == 0


def test_a_temporary_failure_is_tried_again_after_its_pause(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)

    def greylist(_message: Rendered) -> None:
        raise TemporaryFailure("451 try later")

    assert _deliver(engine, Recording(greylist)) == 1
    assert _deliver(engine, Recording(), NOW + FIRST_PAUSE / 2) == 0
    working = Recording()
    assert _deliver(engine, working, NOW + 2 * FIRST_PAUSE) == 1
    assert working.accepted[0].message_id == _rows(engine)[0].message_id


def test_after_the_last_try_the_message_is_a_dead_letter(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)

    def fail(_message: Rendered) -> None:
        raise TemporaryFailure("452 mailbox full")

    now, tries = NOW, 0
    while _deliver(engine, Recording(fail), now):
        tries += 1
        now += 2 * LONGEST_PAUSE
    (row,) = _rows(engine)
    assert (tries, row.state, row.last_error) == (MAX_ATTEMPTS, OutboxState.DEAD, "452 mailbox full")


def test_pauses_grow_and_differ_between_messages() -> None:
    pauses = [pause_after(attempts, "case:1:alert:a@example.com") for attempts in range(1, MAX_ATTEMPTS)]
    assert FIRST_PAUSE * 0.8 <= pauses[0] <= FIRST_PAUSE * 1.2
    assert pauses[5] > pauses[2]
    assert max(pauses) <= LONGEST_PAUSE * 1.2
    assert timedelta(days=1) < sum(pauses, timedelta()) < timedelta(days=4)
    assert len({pause_after(3, f"case:{number}") for number in range(20)}) > 10


def test_a_channel_that_is_down_is_asked_once_in_a_step(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 5)
    asked = []

    def refuse(message: Rendered) -> None:
        asked.append(message)
        raise ChannelDown("connection refused")

    assert _deliver(engine, Recording(refuse)) == 1
    assert len(asked) == 1
    working = Recording()
    while _deliver(engine, working, LATER):
        pass
    assert len(working.accepted) == 5


def test_a_bug_of_a_channel_delays_its_message_only(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 2)

    def stumble(message: Rendered) -> None:
        if message.subject:
            raise KeyError("no such key")

    assert _deliver(engine, Recording(stumble)) == 2
    assert {(row.state, row.last_error) for row in _rows(engine)} == {
        (OutboxState.WAITING, "KeyError: 'no such key'")
    }


def test_a_payload_that_cannot_be_rendered_dies_alone(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 2)
    with Session(engine) as session, session.begin():
        session.execute(update(OutboxMessage).where(col(OutboxMessage.id) == 1).values(payload={}))
    channel = Recording()
    assert _deliver(engine, channel) == 2
    assert len(channel.accepted) == 1
    assert [row.state for row in _rows(engine)] == [OutboxState.DEAD, OutboxState.SENT]


def test_a_sender_killed_before_acceptance_loses_nothing(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 2)

    def die(_message: Rendered) -> None:
        raise Killed

    with pytest.raises(Killed):
        _deliver(engine, Recording(die))
    channel = Recording()
    assert _deliver(engine, channel) == 1, "the other message does not wait for the lease"
    assert _deliver(engine, channel, NOW + 2 * LEASE) == 1
    assert len({message.message_id for message in channel.accepted}) == 2


def test_a_sender_killed_after_acceptance_repeats_the_same_message_id(
    engine: Engine, settings: Settings
) -> None:
    _report_postings(engine, settings, 1)

    def die(_message: Rendered) -> None:
        raise Killed

    first, second = Recording(die, after=True), Recording()
    with pytest.raises(Killed):
        _deliver(engine, first)
    assert _deliver(engine, second, NOW + 2 * LEASE) == 1
    assert first.accepted == second.accepted


def test_a_sender_that_was_overtaken_does_not_undo_what_its_successor_noted(
    engine: Engine, settings: Settings
) -> None:
    _report_postings(engine, settings, 1)

    def sleep_through_the_lease(_message: Rendered) -> None:
        assert _deliver(engine, Recording(), NOW + 2 * LEASE, owner="successor") == 1
        raise TemporaryFailure("too slow")

    _deliver(engine, Recording(sleep_through_the_lease))
    (row,) = _rows(engine)
    assert (row.state, row.attempts) == (OutboxState.SENT, 2)


def test_a_message_that_kills_every_sender_ends_as_a_dead_letter(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)

    def die(_message: Rendered) -> None:
        raise Killed

    now = NOW
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            _deliver(engine, Recording(die), now)
        now += 2 * LEASE
    assert _deliver(engine, Recording(die), now) == 1
    assert _rows(engine)[0].state is OutboxState.DEAD


def test_leases_of_a_dead_sender_are_given_back_at_its_next_start(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)

    def die(_message: Rendered) -> None:
        raise Killed

    with pytest.raises(Killed):
        _deliver(engine, Recording(die), owner="daemon")
    assert release_leases(engine, "somebody else") == 0
    assert release_leases(engine, "daemon") == 1
    assert _deliver(engine, Recording(), owner="daemon") == 1


def test_two_senders_at_once_never_send_the_same_message(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 40)
    channel, start = Recording(), threading.Barrier(4)
    failures: list[BaseException] = []

    def send_all(owner: str) -> None:
        start.wait()
        try:
            while _deliver(engine, channel, owner=owner):
                pass
        except BaseException as error:  # noqa: BLE001 - carried over to the test's thread
            failures.append(error)

    senders = [threading.Thread(target=send_all, args=(f"sender-{number}",)) for number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failures == []
    assert len(channel.accepted) == len({message.message_id for message in channel.accepted}) == 40
    assert {(row.state, row.attempts) for row in _rows(engine)} == {(OutboxState.SENT, 1)}


def test_messages_of_a_channel_that_is_not_open_wait(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)
    assert deliver_due(engine, {"smtp": Recording()}, NOW, owner="sender") == 0
    assert deliver_due(engine, {}, NOW, owner="sender") == 0
    assert _rows(engine)[0].attempts == 0


def test_the_maildir_holds_each_mail_once_though_the_sender_died_after_writing(
    engine: Engine, settings: Settings
) -> None:
    _report_postings(engine, settings, 2)
    channels = open_channels(settings)
    died = threading.Event()

    def die_once(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        notes_sending = statement.startswith("UPDATE") and "sent_at=?" in statement
        if notes_sending and not died.is_set():
            died.set()
            raise Killed

    event.listen(engine, "before_cursor_execute", die_once)
    with pytest.raises(Killed):
        deliver_due(engine, channels, NOW, owner="sender")
    while deliver_due(engine, channels, NOW + timedelta(hours=1), owner="sender"):
        pass
    maildir = mailbox.Maildir(settings.storage.mail_directory, create=False)
    assert len({message["Message-ID"] for message in maildir}) == len(maildir) == 2
    maildir.close()


def test_a_mail_that_was_read_already_is_not_delivered_again(engine: Engine, settings: Settings) -> None:
    _report_postings(engine, settings, 1)
    channel = open_channels(settings)["maildir"]
    accepted = Recording()
    _deliver(engine, accepted)
    channel.send(accepted.accepted[0])
    directory: Path = settings.storage.mail_directory
    (delivered,) = (directory / "new").iterdir()
    delivered.rename(directory / "cur" / f"{delivered.name}:2,S")
    channel.send(accepted.accepted[0])
    assert list((directory / "new").iterdir()) == list((directory / "tmp").iterdir()) == []


def test_a_maildir_that_cannot_be_written_is_a_channel_that_is_down(
    engine: Engine, settings: Settings
) -> None:
    _report_postings(engine, settings, 2)
    settings.storage.mail_directory.write_text("a file where the folder should be")
    assert deliver_due(engine, open_channels(settings), NOW, owner="sender") == 1
    assert {row.state for row in _rows(engine)} == {OutboxState.WAITING}
