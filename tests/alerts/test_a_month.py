"""A month replayed by a stepped clock: three supervisors, a superior, an administrator, every mail counted.

Each case is told to each of its recipients, none twice without a cause, none forgotten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from alerts.delivery.outbox import deliver_due
from alerts.notifications.alert import notify_recipients, recipients_of
from alerts.notifications.due import take_due_steps
from cases.departments import follow_ups
from cases.opening import open_cases
from cases.steps import take_step
from settings.model import Settings
from storage.keeping import keep_version
from storage.tables import Case, CaseEvent, DigestItem, OutboxMessage, Visit
from storage.visits import start_visit
from tests.alerts.reading import as_mail, html_of, text_of
from tests.alerts.recording import Recording
from tests.alerts.screens import CHROMIUM, NO_CHROMIUM, opened_browser, what_sticks_out
from tests.alerts.stored import Posting, mention, page_record, scanned
from vocabulary.codes import CaseState, Severity, Step

CHINA = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=CHINA)
"""A Monday."""
PEOPLE = (
    {"name": "福州", "email": "fuzhou@example.com", "regions": ["350100"], "superior": "sheng@example.com"},
    {"name": "宁德", "email": "ningde@example.com", "regions": ["350900"], "superior": "sheng@example.com"},
    {"name": "吉林", "email": "jilin@example.com", "regions": ["220000"], "superior": "sheng@example.com"},
)
REGIONS = ("350100", "350900", "220100", None)
"""The last one is nobody's, and the administrator's."""
SEVERITIES = (Severity.HIGH, Severity.MEDIUM, Severity.MEDIUM, Severity.CRITICAL)


@pytest.fixture
def office() -> Settings:
    return Settings.model_validate({"administrator": "admin@example.com", "supervisors": PEOPLE})


class Month:
    """The daemon's clock, and sites on which something is found."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings, self.number = engine, settings, 0
        self.channel = Recording()

    def visit(self, now: datetime, documents: int) -> list[int]:
        """A visit that finds ``documents`` postings, a minute each; it ends with the last one."""
        opened: list[int] = []
        with Session(self.engine) as session, session.begin():
            visit = start_visit(session, "sample", now)
        for minute in range(documents):
            at = now + timedelta(minutes=minute)
            opened += self._find(visit, at)
        self.tick(now + timedelta(minutes=1))
        with Session(self.engine) as session, session.begin():
            session.get_one(Visit, visit).finished_at = now + timedelta(minutes=documents)
        return opened

    def _find(self, visit: int, now: datetime) -> tuple[int, ...]:
        self.number += 1
        text = f"二、条件：须持有会计从业资格证，年龄{self.number}周岁以下。"
        posting = Posting(
            text,
            title=f"第{self.number}批公开招聘公告",
            publisher=f"第{self.number % 40}人民医院",
            url=f"https://hr.example.com/{self.number}",
            region=REGIONS[self.number % 4],
        )
        found = mention(text, severity=SEVERITIES[self.number // 4 % 4])
        with Session(self.engine) as session, session.begin():
            kept = keep_version(session, page_record(posting), visit, now)
            opened = open_cases(session, kept, scanned(found), now)
            notify_recipients(session, opened.news, self.settings, now)
        return opened.opened

    def tick(self, now: datetime) -> None:
        """What the daemon does every minute."""
        take_due_steps(self.engine, self.settings, now)
        while deliver_due(self.engine, {"maildir": self.channel}, now, owner="sender"):
            pass

    def decide(self, case: int, now: datetime) -> None:
        with Session(self.engine) as session, session.begin():
            take_step(session, case, Step.DISMISS, actor="王科长", note="误报", now=now)

    def rows(self, *templates: str) -> list[OutboxMessage]:
        with Session(self.engine) as session:
            found = select(OutboxMessage).where(col(OutboxMessage.template).in_(templates))
            return list(session.exec(found.order_by(col(OutboxMessage.id))))


@pytest.fixture
def month(engine: Engine, office: Settings) -> Month:
    """Six new sources on the first day, a flood of sixty, then some postings on every day."""
    month = Month(engine, office)
    for source in range(6):
        month.visit(BEGIN + timedelta(hours=3, minutes=20 * source), 10)
    for day in range(30):
        for hour in (9, 16, 20):
            now = BEGIN + timedelta(days=day, hours=hour - 6)
            if day and hour != 9:
                opened = month.visit(now, 1 + day % 2)
                if day % 2:
                    month.decide(opened[0], now + timedelta(minutes=30))
            month.tick(now + timedelta(minutes=59))
    for day in range(5):
        month.tick(BEGIN + timedelta(days=30 + day, hours=4))
    return month


def _told(month: Month) -> Counter[tuple[str, int]]:
    """How often each recipient was told of each case in a letter that left."""
    letters = month.rows("alert", "gathered", "digest")
    assert {row.state for row in letters} == {"sent"}
    return Counter((row.recipient, case) for row in letters for case in row.payload["case_ids"])


@pytest.mark.timeout(300)
def test_each_case_is_told_to_each_of_its_recipients_once(month: Month) -> None:
    told = _told(month)
    with Session(month.engine) as session:
        cases, following = session.exec(select(Case)).all(), follow_ups(session)
        wanted = {
            (to.email, case.id): case.state
            for case in cases
            for to in recipients_of(case, following(case.qualification, case.region), month.settings)
        }
        untold = session.exec(select(DigestItem).where(col(DigestItem.told_at).is_(None))).all()
        heard = session.exec(select(CaseEvent).where(CaseEvent.kind == "notified")).all()
    assert len(cases) == month.number > 140
    assert set(told.values()) == {1}
    forgotten = {key: state for key, state in wanted.items() if key not in told}
    assert set(forgotten.values()) <= {CaseState.DISMISSED}, "only who decided before needs no letter"
    assert set(told) <= set(wanted)
    assert not untold
    assert len(heard) == len(told)
    _every_case_is_shown(month)
    _nobody_is_flooded(month)
    _the_undecided_are_brought_up(month, cases)
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    _every_mail_can_be_read(month)


def _every_mail_can_be_read(month: Month) -> None:
    """Each that left, opened as its reader opens it: on a telephone and on a screen."""
    with Session(month.engine) as session:
        mails = session.exec(select(OutboxMessage)).all()
    assert len(mails) > 100
    with opened_browser() as browser:
        for width in (390, 1000):
            page = browser.new_page(viewport={"width": width, "height": 800})
            assert {row.id: wrong for row in mails if (wrong := what_sticks_out(page, row, width))} == {}
            page.close()


def _every_case_is_shown(month: Month) -> None:
    """What counts as told stands in the mail, or in its table."""
    for row in month.rows("alert", "gathered", "digest"):
        mail = as_mail(row)
        listed = {cells[0] for cells in row.payload.get("listed", ())}
        for case in row.payload["case_ids"]:
            written = any(block["id"] == case for block in row.payload["cases"])
            assert written or case in listed
        assert bool(listed) == bool(list(mail.iter_attachments()))
        for words in (text_of(mail), html_of(mail)):
            assert "qualwatch evidence" not in words
            assert "rectification_asked" not in words


def _nobody_is_flooded(month: Month) -> None:
    per_hour: dict[str, list[datetime]] = defaultdict(list)
    for row in month.rows("alert", "gathered"):
        local = row.created_at.astimezone(CHINA)
        assert local.weekday() < 5 or row.recipient == "admin@example.com"
        per_hour[row.recipient].append(row.created_at)
    for times in per_hour.values():
        for at in times:
            within = [each for each in times if at <= each < at + timedelta(hours=1)]
            assert len(within) <= month.settings.mail.alerts_per_hour
    first_day = [row for row in month.rows("alert", "gathered") if row.created_at < BEGIN + timedelta(days=1)]
    assert max(Counter(row.recipient for row in first_day).values()) <= 6, "one letter for each new source"


def _the_undecided_are_brought_up(month: Month, cases: Sequence[Case]) -> None:
    reminded = month.rows("reminder")
    first = [row for row in reminded if not row.payload["escalated"]]
    above = [row for row in reminded if row.payload["escalated"]]
    assert {row.recipient for row in first} == {person["email"] for person in PEOPLE} | {"admin@example.com"}
    assert {row.recipient for row in above} >= {"sheng@example.com"}
    with Session(month.engine) as session:
        events = session.exec(select(CaseEvent).where(CaseEvent.kind == "undecided")).all()
    times = Counter(event.case_id for event in events)
    assert max(times.values()) <= month.settings.reminders.undecided_reminders
    old = [case for case in cases if case.opened_at < BEGIN + timedelta(days=20)]
    for case in old:
        if case.state is not CaseState.DISMISSED:
            assert times[case.id or 0] >= 1
    weekly = month.rows("summary")
    assert len({row.payload["first"] for row in weekly}) == 5
    assert all(len(row.payload["undecided"]) <= 10 for row in weekly)
    assert all(row.created_at.astimezone(UTC).weekday() == 0 for row in weekly)
