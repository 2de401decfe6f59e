"""A catalogue that changes reaches whatever runs, and what is stored is judged again by itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session

from alerts.notifications.reassessed import changes_of
from assessment.judging import Known, judge
from assessment.workers import Workers
from catalogue.imported import ImportedList, ImportedLists
from catalogue.loading import catalogue_digest
from jobs.reassess import REJUDGE, count_waiting, rejudge
from settings.model import Settings
from storage.imported_lists import forget_list, keep_list
from storage.leases import LockedError
from storage.tables import Case, JudgedDocument, OutboxMessage, Rejudgement
from tests.jobs.test_daemon import PLACES, lines_until, wait_until
from tests.jobs.test_rejudge import NUMBER, UNKNOWN, item, publish
from tests.parts.commands import Started
from tests.parts.house import POSTING, House, furnished, listing, posting
from tests.parts.loopback import Site
from tests.parts.operators import Operator
from vocabulary.codes import CaseState, Status

COUNT = 6
DAY = date(2026, 11, 1)


@pytest.fixture
def house(settings: Settings, site: Site) -> Iterator[House]:
    with furnished(settings, site) as open_house:
        yield open_house


def made(status: Status = Status.ACCESS) -> ImportedList:
    return ImportedList(NUMBER, "", "list.csv", date(2026, 11, 5), (item("会计从业资格", status),))


def accept(house: House) -> None:
    with house.context.transaction() as session:
        keep_list(session, made())


def undo(house: House) -> bool:
    with house.context.transaction() as session:
        return forget_list(session, NUMBER)


def digest(house: House) -> str:
    return catalogue_digest(house.context.imported())


def fill(house: House) -> None:
    paths = [f"/a/20261101_{number}.html" for number in range(101, 101 + COUNT)]
    house.site["/list/"] = listing(*paths, title="街道办事处招聘公告")
    for path, place in zip(paths, PLACES, strict=False):
        house.site[path] = posting(
            f"示例市{place}城街道办事处招聘出纳，须持有会计从业资格证书。",
            title=f"{place}城街道办事处招聘公告",
        )
    house.visit()


def states(house: House) -> list[CaseState]:
    return [case.state for case in house.rows(Case)]


@pytest.mark.parametrize("processes", [0, 1])
def test_workers_judge_by_the_lists_that_they_are_given(processes: int) -> None:
    def findings(workers: Workers, *lists: ImportedList) -> int:
        judged = workers.run(judge, POSTING, Known(), DAY, as_of=DAY, imported=ImportedLists.of(lists))
        return len(judged.result.findings)

    with Workers(processes, 30) as workers:
        assert findings(workers) == 1
        assert findings(workers, made()) == 0
        assert findings(workers) == 1


def test_what_is_stored_knows_by_which_catalogue_it_was_judged(house: House) -> None:
    fill(house)
    assert {judged.catalogue for judged in house.rows(JudgedDocument)} == {digest(house)}
    assert rejudge(house.context) is None
    accept(house)
    assert count_waiting(house.context, digest(house)) == COUNT
    order = rejudge(house.context)
    assert order is not None
    assert (order.documents, order.total, order.failed, order.finished_at is not None) == (
        COUNT,
        COUNT,
        0,
        True,
    )
    assert set(states(house)) == {CaseState.DISMISSED}
    assert {judged.catalogue for judged in house.rows(JudgedDocument)} == {digest(house)}


def test_interrupted_it_goes_on_where_it_was_and_tells_once(house: House) -> None:
    fill(house)
    accept(house)
    context = house.context

    def stop_after_two(done: int, _of: int) -> None:
        if done == 2:
            context.stopping.set()

    first = rejudge(context, watch=stop_after_two)
    assert first is not None
    assert (first.documents, first.finished_at) == (2, None)
    context.stopping.clear()
    told: list[tuple[int, int]] = []
    last = rejudge(context, watch=lambda done, of: told.append((done, of)))
    assert told == [(number, COUNT) for number in range(3, COUNT + 1)]
    assert last is not None
    assert last.id == first.id
    assert len(house.rows(Rejudgement)) == 1
    with Session(house.engine) as session:
        assert len(list(changes_of(session, last))) == COUNT
    letters = [letter for letter in house.rows(OutboxMessage) if letter.template == "rejudged"]
    assert [letter.payload["summary"] for letter in letters] == [
        f"重新判定 {COUNT} 篇：新增 0，撤销 {COUNT}，变更 0，恢复 0"
    ]


def test_a_catalogue_that_changes_meanwhile_begins_another_round(house: House) -> None:
    fill(house)
    accept(house)

    def take_back(done: int, _of: int) -> None:
        if done == 2:
            undo(house)

    order = rejudge(house.context, watch=take_back)
    assert order is not None
    assert [each.documents for each in house.rows(Rejudgement)] == [2, 2]
    assert all(each.finished_at is not None for each in house.rows(Rejudgement))
    assert set(states(house)) == {CaseState.FOUND}
    assert count_waiting(house.context, digest(house)) == 0


def test_a_text_that_returns_is_judged_as_a_whole(house: House) -> None:
    """Its findings are those of the catalogue of the time when it was first met."""
    house.site["/list/"] = listing("/a/20261101_101.html")
    house.site["/a/20261101_101.html"] = posting(POSTING)
    house.visit()
    house.site["/a/20261101_101.html"] = posting("示例市某局招聘文员1名，学历不限，待遇面议。")
    house.visit()
    accept(house)
    assert rejudge(house.context) is not None
    house.site["/a/20261101_101.html"] = posting(POSTING)
    house.visit()
    assert count_waiting(house.context, digest(house)) == 1
    assert rejudge(house.context) is not None
    [case] = house.rows(Case)
    assert case.state is CaseState.DISMISSED


def test_a_document_that_cannot_be_judged_is_told_and_does_not_stop_the_rest(house: House) -> None:
    fill(house)
    accept(house)
    with Workers(1, 0.001) as hurried:
        order = rejudge(replace(house.context, workers=hurried))
    assert order is not None
    assert (order.documents, order.failed) == (COUNT, COUNT)
    assert set(states(house)) == {CaseState.FOUND}
    with Session(house.engine) as session:
        assert {change.kind for change in changes_of(session, order)} == {"failed"}
    assert rejudge(house.context) is None, "it is tried again when somebody asks for it"


def test_two_do_not_judge_again_at_once(house: House) -> None:
    with house.context.locks.hold(REJUDGE), pytest.raises(LockedError):
        rejudge(house.context)


@pytest.mark.long
def test_the_daemon_takes_an_import_and_its_undoing_in_without_a_restart(
    operator: Operator, site: Site
) -> None:
    hiring = "violation = 'cancelled_hiring_requirement'"

    def dismissed() -> int:
        return operator.count("case", f"{hiring} and qualification = '会计从业资格' and state = 'dismissed'")

    operator.configure("news", site=site)
    site["/news/"] = listing("/a/20261101_101.html", "/a/20261102_102.html")
    site["/a/20261101_101.html"] = posting(POSTING, title="示例市某局招聘公告")
    site["/a/20261102_102.html"] = posting(UNKNOWN, title="示例市某所招聘公告")
    daemon = operator.start("run")
    lines_until(daemon, "visit_ended")
    publish(operator, item("会计从业资格", Status.ACCESS), item("雨伞修理师", Status.CANCELLED))
    wait_until(lambda: dismissed() == 1)
    wait_until(lambda: operator.count("case", f"{hiring} and qualification = '雨伞修理师'") == 1)
    wait_until(lambda: any(str(mail["Subject"]).startswith("【目录更新】") for mail in operator.mails()))
    shown = operator.run("rejudge", "--report")
    assert "重新判定 2 篇：新增 1，撤销 2" in shown.stdout
    undone = operator.run("catalogue", "undo", NUMBER)
    assert undone.returncode == 0, undone.stderr
    wait_until(lambda: dismissed() == 0)
    end(daemon)


def end(daemon: Started) -> None:
    daemon.send_signal(signal.SIGTERM)
    said = daemon.communicate(timeout=30)[0]
    assert daemon.returncode == 0, said
    assert "job_failed" not in said
    assert "Traceback" not in said
