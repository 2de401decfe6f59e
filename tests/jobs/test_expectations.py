"""What a source teaches, and what the operator is told of it, with real visits over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session

from alerts.delivery.mails import render
from jobs.context import VisitSummary
from jobs.visits.expectations import Expected, expected_items, find_rhythm
from settings.model import Settings
from storage.tables import OutboxMessage, SourceTrouble, Visit
from tests.parts.house import Clock, House, furnished, posting
from tests.parts.loopback import Answer, Site, answer
from vocabulary.codes import Outcome, TroubleKind


@pytest.fixture
def house(settings: Settings, site: Site, clock: Clock) -> Iterator[House]:
    with furnished(settings, site, now=clock) as open_house:
        yield open_house


def dated_list(site: Site, days: list[date]) -> Answer:
    """A list with one item a day, each of which the site has."""
    lines = []
    for day in days:
        path = f"/a/{day:%Y%m%d}_1001.html"
        site[path] = posting(f"示例市某局招聘文员，{day.day}日起报名。", title=f"示例市某局公开招聘公告{day}")
        lines.append(f"<li><a href='{path}'>示例市某局公开招聘公告{day}</a><span>{day}</span></li>")
    return answer(f"<html><title>通知公告</title><ul>{''.join(lines)}</ul></html>")


def every_other_day(count: int, until: date = date(2026, 11, 1)) -> list[date]:
    return [until - timedelta(days=2 * number) for number in range(count)]


def visit(house: House, clock: Clock, days: float = 0.25) -> VisitSummary:
    summary = house.visit()
    clock.at += timedelta(days=days)
    return summary


def subjects(house: House) -> list[str]:
    return [str(letter.payload["subject"]) for letter in house.rows(OutboxMessage)]


def test_the_items_of_good_visits_are_what_is_expected(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = dated_list(site, every_other_day(12))
    visit(house, clock)
    site["/list/"] = answer("nothing here <p>网站维护中</p>")
    visit(house, clock)
    assert [row.items for row in house.rows(Visit)] == [12, 0]
    with Session(house.engine) as session:
        assert expected_items(session, house.source()) == Expected(12, 6)
        assert expected_items(session, house.source(expected_items=20)) == Expected(20, 16)
        assert expected_items(session, house.source(name="another")) == Expected()


def test_a_list_that_always_has_as_many_may_not_shrink_by_a_third(
    house: House, site: Site, clock: Clock
) -> None:
    site["/list/"] = dated_list(site, every_other_day(20))
    for _ in range(5):
        visit(house, clock)
    site["/list/"] = dated_list(site, every_other_day(16))
    assert visit(house, clock).outcome is Outcome.UNCHANGED
    site["/list/"] = dated_list(site, every_other_day(12))
    summary = visit(house, clock)
    assert (summary.outcome, summary.detail) == (
        Outcome.FEWER_THAN_EXPECTED,
        "12 items where 20 are usual",
    )


def test_a_list_that_varies_may_have_half(house: House, site: Site, clock: Clock) -> None:
    for count in (20, 9, 18, 10, 20, 12):
        site["/list/"] = dated_list(site, every_other_day(count))
        visit(house, clock)
    site["/list/"] = dated_list(site, every_other_day(9))
    assert visit(house, clock).outcome is Outcome.UNCHANGED


def test_a_list_that_is_configured_to_be_longer_is_said_at_the_first_visit(house: House, site: Site) -> None:
    site["/list/"] = dated_list(site, every_other_day(3))
    assert house.visit(expected_items=20).outcome is Outcome.FEWER_THAN_EXPECTED


def test_three_short_visits_are_told_once_and_the_recovery_once(
    house: House, site: Site, clock: Clock
) -> None:
    whole, short = dated_list(site, every_other_day(20)), dated_list(site, every_other_day(3))
    site["/list/"] = whole
    visit(house, clock)
    site["/list/"] = short
    for _ in range(2):
        assert visit(house, clock).outcome is Outcome.FEWER_THAN_EXPECTED
    assert subjects(house) == []
    for _ in range(4):
        visit(house, clock)
    assert subjects(house) == ["【来源异常】test：列表内容明显减少"]
    assert "本次3条，通常20条" in str(house.rows(OutboxMessage)[0].payload["detail"])
    site["/list/"] = whole
    for _ in range(3):
        visit(house, clock)
    assert subjects(house)[1:] == ["【来源恢复】test：列表内容明显减少（已恢复）"]
    site["/list/"] = short
    for _ in range(3):
        visit(house, clock)
    assert len(subjects(house)) == 3, "it is told again where it begins again"


def test_errors_in_a_row_are_told_once_and_the_recovery_once(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = answer("no", status=412)
    for _ in range(5):
        visit(house, clock)
    assert subjects(house) == ["【来源异常】test：无法访问"]
    [trouble] = house.rows(SourceTrouble)
    assert (trouble.kind, trouble.ended_at) == (TroubleKind.FAILING, None)
    assert trouble.began_at == datetime(2026, 11, 2, 14, tzinfo=UTC)
    site["/list/"] = dated_list(site, every_other_day(4))
    visit(house, clock)
    visit(house, clock)
    assert subjects(house)[1:] == ["【来源恢复】test：无法访问（已恢复）"]
    [trouble] = house.rows(SourceTrouble)
    assert trouble.ended_at is not None


def test_failures_of_changing_kinds_are_one_trouble(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = dated_list(site, every_other_day(6))
    visit(house, clock)
    for send in (answer("<p>网站维护中</p>"), answer("no", status=500)) * 3:
        site["/list/"] = send
        visit(house, clock)
    assert subjects(house) == ["【来源异常】test：无法访问"]


def test_one_good_visit_between_two_bad_ones_is_no_trouble(house: House, site: Site, clock: Clock) -> None:
    good, bad = dated_list(site, every_other_day(4)), answer("no", status=500)
    for send in (bad, bad, good, bad, bad, good):
        site["/list/"] = send
        visit(house, clock)
    assert subjects(house) == []


def test_the_rhythm_is_learnt_from_the_days_of_publication(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = dated_list(site, every_other_day(8))
    visit(house, clock)
    with Session(house.engine) as session:
        rhythm = find_rhythm(session, "test")
        assert find_rhythm(session, "another") is None
    assert rhythm is not None
    assert (rhythm.usual.days, rhythm.newest, rhythm.tolerated.days) == (2, date(2026, 11, 1), 6)


def test_a_silence_of_three_intervals_is_told_once_and_its_end_once(
    house: House, site: Site, clock: Clock
) -> None:
    days = every_other_day(8)
    site["/list/"] = dated_list(site, days)
    for _ in range(7):  # the last on 8 November, six days after the first
        visit(house, clock, days=1)
    assert subjects(house) == []
    for _ in range(4):
        visit(house, clock, days=1)
    assert subjects(house) == ["【来源异常】test：久无更新"]
    site["/list/"] = dated_list(site, [date(2026, 11, 12), *days])
    visit(house, clock, days=1)
    visit(house, clock, days=1)
    assert subjects(house)[1:] == ["【来源恢复】test：久无更新（已恢复）"]


def test_a_holiday_as_long_as_an_earlier_one_is_no_silence(house: House, site: Site, clock: Clock) -> None:
    before = every_other_day(6, until=date(2026, 10, 15))
    site["/list/"] = dated_list(site, [date(2026, 11, 1), *every_other_day(3, date(2026, 10, 30)), *before])
    for _ in range(10):
        visit(house, clock, days=1)
    assert subjects(house) == []


def test_an_archive_is_not_called_silent_when_it_is_first_watched(
    house: House, site: Site, clock: Clock
) -> None:
    site["/list/"] = dated_list(site, every_other_day(8, until=date(2016, 5, 1)))
    visit(house, clock)
    visit(house, clock)
    assert subjects(house) == []


def test_a_visit_that_failed_says_nothing_of_silence(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = dated_list(site, every_other_day(8))
    visit(house, clock, days=30)
    site["/list/"] = answer("no", status=500)
    visit(house, clock)
    assert subjects(house) == []


def test_the_letters_can_be_read(house: House, site: Site, clock: Clock) -> None:
    """Titles are the operator's, details may quote a site: neither may break the letter."""
    site["/list/"] = answer("no", status=412)
    context = replace(house.context)
    hostile = House(context, site)
    for _ in range(3):
        hostile.visit(title="示例<b>站</b>\r\nBcc: x@example.com")
        clock.at += timedelta(hours=6)
    [letter] = house.rows(OutboxMessage)
    assert letter.recipient == "qualwatch@example.com"
    mail = render(
        letter.template,
        letter.payload,
        message_id=letter.message_id,
        recipient=letter.recipient,
        recipient_name=letter.recipient_name,
        written_at=letter.created_at,
    )
    assert "\n" not in mail.subject
    assert "<b>站" not in mail.html
    assert "恢复前不再重复通知" in mail.text
    assert "qualwatch source test test" in mail.text
    assert "被拦截" in mail.html


def troubles(house: House) -> set[TroubleKind]:
    return {row.kind for row in house.rows(SourceTrouble) if row.ended_at is None}


def test_a_source_without_days_is_trouble_until_most_have_one(house: House, site: Site, clock: Clock) -> None:
    paths = [f"/n/{number}.html" for number in range(1, 11)]
    rows = [f"<li><a href='{path}'>示例市某局关于第{path[3:-5]}号事项的公告</a></li>" for path in paths]
    for path in paths:
        site[path] = posting(
            "示例市某局招聘文员，请于工作日报名。", title=f"示例市某局关于第{path[3:-5]}号事项的公告"
        )
    site["/list/"] = answer(f"<html><title>通知公告</title><ul>{''.join(rows)}</ul></html>")
    house.visit(selectors={"items": "li a"})
    clock.at += timedelta(hours=6)
    assert troubles(house) == {TroubleKind.UNDATED}
    assert any("日期缺失" in said for said in subjects(house))
    site["/list/"] = dated_list(site, every_other_day(12))
    house.visit(selectors={"items": "li a"})
    clock.at += timedelta(hours=6)
    assert troubles(house) == set()


def test_a_source_whose_attachments_all_fail_is_trouble_until_one_is_read(
    house: House, site: Site, clock: Clock
) -> None:
    days = every_other_day(6)
    site["/list/"] = dated_list(site, days)
    for number in range(3):
        path = f"/a/{days[number]:%Y%m%d}_1001.html"
        text = f"示例市某局招聘文员{number + 1}名，于{days[number].day}日起报名，条件见附件。"
        title = f"示例市某局公开招聘公告{days[number]}"
        site[path] = posting(text, below=f"<a href='/f/{number}.docx'>附件.docx</a>", title=title)
        site[f"/f/{number}.docx"] = answer(b"PK\x03\x04 cut short", media_type="application/octet-stream")
    visit(house, clock)
    assert troubles(house) == {TroubleKind.FILES}
    site["/list/"] = dated_list(site, every_other_day(7, date(2026, 11, 2)))
    new = "/a/20261102_1001.html"
    link = "<a href='/f/9.txt'>岗位表.txt</a>"
    site[new] = posting("示例市某局招聘司机一名。", below=link, title="示例市某局公开招聘公告2026-11-02")
    site["/f/9.txt"] = answer("岗位：司机，一名。", media_type="text/plain")
    visit(house, clock)
    assert troubles(house) == set()


def test_a_muted_source_is_visited_and_nobody_is_told_of_its_trouble_until_that_ends(
    house: House, site: Site, clock: Clock
) -> None:
    site["/list/"] = answer("under repair", status=503)
    until = (clock.at + timedelta(days=3)).date()
    for _ in range(4):
        house.visit(muted_until=until)
        clock.at += timedelta(days=0.5)
    assert subjects(house) == []
    clock.at += timedelta(days=2)
    house.visit(muted_until=until)
    assert len(subjects(house)) == 1
