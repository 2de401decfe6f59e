"""Looking back at cases over real sockets: put right, come back, gone, or never put right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from sqlmodel import Session, col, select

from cases.rectification import Settled
from cases.steps import take_step
from jobs.tasks import take_steps
from jobs.visits.look_back import LookBackReport, look_back
from settings.model import Settings
from storage.tables import Case, CaseEvent, DocumentVersion, LookBack, OutboxMessage, SourceState, Visit
from tests.parts.house import POSTING, Clock, House, furnished, listing, posting
from tests.parts.loopback import Answer, Site, answer
from tests.parts.operators import Operator
from vocabulary.codes import CaseState, Outcome, Step, VisitPurpose

PAGE = "/a/20261101_101.html"
BEFORE = f"{POSTING}报名时间为即日起，请携带材料到现场报名。"
CORRECTED = "示例市某局招聘出纳1名，证书不作要求。报名时间为即日起，请携带材料到现场报名。"


@pytest.fixture
def house(settings: Settings, site: Site, clock: Clock) -> Iterator[House]:
    with furnished(settings, site, now=clock) as open_house:
        yield open_house


@pytest.fixture
def case(house: House, site: Site) -> int:
    """An open case whose page has left its list, as pages do."""
    site["/list/"] = listing(PAGE)
    site[PAGE] = posting(BEFORE)
    house.visit()
    take_steps(house.context)
    site["/list/"] = listing()
    [found] = house.rows(Case)
    return found.id or 0


def look(house: House, clock: Clock, days: float = 3, case_id: int | None = None) -> LookBackReport:
    clock.at += timedelta(days=days)
    return look_back(house.watching(house.source()), case_id=case_id)


def state(house: House) -> CaseState:
    [found] = house.rows(Case)
    return found.state


def events(house: House, kind: str) -> list[CaseEvent]:
    with Session(house.engine, expire_on_commit=False) as session:
        return list(
            session.exec(select(CaseEvent).where(CaseEvent.kind == kind).order_by(col(CaseEvent.id))).all()
        )


def take(house: House, case: int, step: Step, **more: object) -> None:
    with house.context.transaction() as session:
        take_step(session, case, step, actor="王科长", now=house.context.now(), **more)  # type: ignore[arg-type]


def test_a_page_is_looked_at_again_when_it_is_due_and_not_before(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    site.asked.clear()
    assert look(house, clock, days=2.9).pages == 0
    assert site.paths() == []
    report = look(house, clock, days=0.2)
    assert (report.pages, report.settled[Settled.STILL_THERE]) == (1, 1)
    assert site.paths() == [PAGE]
    assert look(house, clock, days=1).pages == 0
    assert state(house) is CaseState.FOUND


def test_a_requirement_that_vanished_makes_the_case_rectified_with_both_versions(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    site[PAGE] = posting(CORRECTED)
    assert look(house, clock).settled == {Settled.RECTIFIED: 1}
    assert state(house) is CaseState.RECTIFIED
    [event] = events(house, "rectified")
    before, after = house.rows(DocumentVersion)
    assert event.actor == "qualwatch"
    assert f"版本{before.id}（2026年11月2日所见）有此要求" in event.note
    assert f"版本{after.id}（2026年11月5日所见）已无" in event.note
    assert {before.evidence_record, after.evidence_record}.isdisjoint({""})
    look(house, clock, days=14)
    assert len(events(house, "rectified")) == 1


def test_what_an_ordinary_visit_saw_settles_the_case_without_asking_again(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    site["/list/"], site[PAGE] = listing(PAGE), posting(CORRECTED)
    clock.at += timedelta(days=1)
    house.visit()
    site.asked.clear()
    assert look(house, clock, days=0.1).settled == {Settled.RECTIFIED: 1}
    assert site.paths() == []


def test_one_that_returns_is_a_rebound(house: House, site: Site, clock: Clock, case: int) -> None:
    """The text that returns was kept long ago: history is by visit, not by content."""
    site[PAGE] = posting(CORRECTED)
    look(house, clock)
    take(house, case, Step.CLOSE)
    site[PAGE] = posting(BEFORE)
    look(house, clock, days=14)
    assert state(house) is CaseState.FOUND
    [event] = events(house, "reopened")
    assert "版本1，此前为版本2" in event.note
    assert len(house.rows(DocumentVersion)) == 2
    take_steps(house.context)
    letters = [letter for letter in house.rows(OutboxMessage) if letter.template == "alert"]
    assert ["反弹" in str(letter.payload["subject"]) for letter in letters] == [False, True]
    site[PAGE] = posting(CORRECTED)
    look(house, clock)
    assert state(house) is CaseState.RECTIFIED
    assert len(events(house, "rectified")) == 2


def test_a_page_that_is_gone_is_an_event_and_no_rectification(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    site[PAGE] = answer("no", status=404)
    assert look(house, clock).settled == {Settled.GONE: 1}
    look(house, clock)
    assert state(house) is CaseState.FOUND
    [event] = events(house, "gone")
    assert "不等于已整改" in event.note
    assert "版本1" in event.note
    site[PAGE] = posting(BEFORE)
    assert look(house, clock).settled == {Settled.STILL_THERE: 1}
    site[PAGE] = answer("no", status=410)
    look(house, clock)
    assert len(events(house, "gone")) == 2, "it was there in between"
    site[PAGE] = posting(CORRECTED)
    assert look(house, clock).settled == {Settled.RECTIFIED: 1}


@pytest.mark.parametrize(
    ("send", "outcome"),
    [
        (answer("no", status=412), Outcome.BLOCKED),
        (answer("no", status=500), Outcome.ERROR),
        (answer("<html><body></body></html>"), Outcome.EMPTY),
    ],
)
def test_from_a_page_that_cannot_be_read_nothing_is_concluded(
    house: House, clock: Clock, case: int, send: Answer, outcome: Outcome
) -> None:
    house.site[PAGE] = send
    report = look(house, clock)
    assert (report.failed, report.settled) == (1, {Settled.STILL_THERE: 1})
    [row] = house.rows(LookBack)
    assert (row.outcome, row.next_due_at - row.looked_at) == (outcome, timedelta(days=1))
    assert state(house) is CaseState.FOUND


@pytest.mark.parametrize(
    "send",
    [
        posting("网站正在升级改造，请稍后再访问，给您带来的不便敬请谅解，谢谢您的支持。", title="系统维护"),
        posting("已撤。"),
    ],
)
def test_a_page_that_shows_something_else_is_no_rectification(
    house: House, site: Site, clock: Clock, case: int, send: Answer
) -> None:
    site[PAGE] = send
    assert look(house, clock).settled == {Settled.REPLACED: 1}
    look(house, clock)
    assert state(house) is CaseState.FOUND
    [event] = events(house, "replaced")
    assert "版本1有此要求，版本2" in event.note


def test_a_rectification_that_never_happened_is_reopened_after_some_days(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    take(house, case, Step.CONFIRM)
    take(house, case, Step.RECTIFIED, note="单位回复已改")
    assert look(house, clock, days=1, case_id=case).settled == {Settled.STILL_THERE: 1}
    assert state(house) is CaseState.RECTIFIED
    assert look(house, clock, days=14).settled == {Settled.REOPENED: 1}
    [event] = events(house, "reopened")
    assert "登记为已整改，但版本1" in event.note
    assert look(house, clock).settled == {Settled.STILL_THERE: 1}
    assert len(events(house, "reopened")) == 1


def test_a_dismissed_case_is_left_alone(house: House, site: Site, clock: Clock, case: int) -> None:
    take(house, case, Step.DISMISS, note="误报")
    site.asked.clear()
    assert look(house, clock, days=30).settled == {}
    assert site.paths() == []


def test_a_rectified_case_is_looked_at_for_a_year(house: House, site: Site, clock: Clock, case: int) -> None:
    site[PAGE] = posting(CORRECTED)
    look(house, clock)
    assert look(house, clock, days=13).pages == 0
    assert look(house, clock, days=1.1).pages == 1
    assert look(house, clock, days=360).pages == 0


def test_an_attachment_is_looked_at_through_its_page(house: House, site: Site, clock: Clock) -> None:
    site["/list/"] = listing(PAGE)
    link = "<a href='/f/1.txt'>附件1：岗位表</a>"
    site[PAGE] = posting("示例市某局招聘公告，岗位见附件。", below=link)
    site["/f/1.txt"] = answer(BEFORE, media_type="text/plain")
    house.visit()
    site["/list/"] = listing()
    assert look(house, clock).settled == {Settled.STILL_THERE: 1}
    site[PAGE] = posting("示例市某局招聘公告，岗位见附件。")
    assert look(house, clock).settled == {Settled.GONE: 1}
    assert "不再链接该附件" in events(house, "gone")[0].note
    site[PAGE] = posting("示例市某局招聘公告，岗位见附件。", below=link)
    site["/f/1.txt"] = answer(CORRECTED, media_type="text/plain")
    assert look(house, clock).settled == {Settled.RECTIFIED: 1}


def test_an_attachment_that_its_page_dropped_is_not_asked_for_while_the_page_stays_so(
    house: House, site: Site, clock: Clock
) -> None:
    site["/list/"] = listing(PAGE)
    site[PAGE] = posting("示例市某局招聘公告，岗位见附件。", below="<a href='/f/1.txt'>附件1：岗位表</a>")
    site["/f/1.txt"] = answer(BEFORE, media_type="text/plain")
    house.visit()

    def send(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers["If-None-Match"] == '"2"'
        (answer(status=304) if known else posting("示例市某局招聘公告，岗位见附件。", etag='"2"'))(handler)

    site[PAGE] = send
    assert look(house, clock).settled == {Settled.GONE: 1}
    site.asked.clear()
    assert look(house, clock).settled == {Settled.GONE: 1}
    assert "/f/1.txt" not in site.paths()


def test_a_case_with_two_places_is_rectified_once_no_place_shows_it(
    house: House, site: Site, clock: Clock
) -> None:
    other = "/b/20261101_201.html"
    numbered = "榕人社示〔2026〕17号\n" + BEFORE
    site["/list/"] = listing(PAGE, other)
    site[PAGE] = site[other] = posting(numbered)
    house.visit()
    [case] = house.rows(Case)
    site["/list/"] = listing()
    site[PAGE] = posting("榕人社示〔2026〕17号\n" + CORRECTED)
    assert look(house, clock).settled == {Settled.STILL_THERE: 1}
    site[other] = answer("no", status=404)
    look(house, clock)
    assert state(house) is CaseState.RECTIFIED
    assert len(events(house, "gone")) == 1
    assert case.id


def test_a_look_back_says_nothing_of_the_source_and_its_schedule(
    house: House, site: Site, clock: Clock, case: int
) -> None:
    before = house.rows(SourceState)
    site[PAGE] = answer("no", status=500)
    look(house, clock)
    assert house.rows(SourceState) == before
    assert [visit.purpose for visit in house.rows(Visit)] == [VisitPurpose.WATCH, VisitPurpose.LOOK_BACK]


def test_a_page_whose_source_is_no_longer_watched_is_counted(house: House, clock: Clock, case: int) -> None:
    clock.at += timedelta(days=10)
    report = look_back(house.context)
    assert (report.unwatched, report.pages) == (1, 0)


def test_the_command_looks_at_one_case_or_at_what_is_due(operator: Operator, site: Site) -> None:
    site["/news/"] = listing(PAGE)
    site[PAGE] = posting(BEFORE)
    operator.configure("news", site=site)
    assert operator.run("run", "--once").returncode == 0
    nothing = operator.run("look-back")
    assert (nothing.returncode, "回头看 0 个页面" in nothing.stdout) == (0, True), nothing.stderr
    site[PAGE] = posting(CORRECTED)
    one = operator.run("look-back", "1")
    assert one.returncode == 0, one.stderr
    assert "已整改 1" in one.stdout
    assert operator.count("case", "state = 'rectified'") == 1
    refused = operator.run("look-back", "7")
    assert (refused.returncode, refused.stderr) == (2, "qualwatch: 没有编号为 7 的案件\n")
