"""Back-fills over real sockets: the whole past, once, and on from where they were interrupted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from sqlmodel import Session

from crawling.fetching.fetcher import Fetcher
from jobs.tasks import take_steps
from jobs.visits.backfill import Progress, back_fill
from storage.tables import (
    Backfill,
    Case,
    Document,
    DocumentVersion,
    Finding,
    OutboxMessage,
    SourceState,
    Visit,
)
from storage.visits import source_state
from tests.parts.house import House
from tests.parts.loopback import Site, answer
from tests.parts.operators import Operator
from vocabulary.codes import Outcome, VisitPurpose

PAGES, ITEMS = 12, 5
FIRST_DAY = date(2026, 10, 30)


def day_of(number: int) -> date:
    """One item every three days, the newest first."""
    return FIRST_DAY - timedelta(days=3 * number)


def publish(site: Site, *, dated: bool = True, path: str = "/list/") -> None:
    """A list of PAGES pages with ITEMS items each; undated lists leave the dates to the documents."""
    for page in range(PAGES):
        rows = []
        for number in range(page * ITEMS, (page + 1) * ITEMS):
            day = day_of(number)
            where = f"/a/t{1000 + number}.html"
            title = f"示例市某局公开招聘工作人员公告第{number}号"
            said = f"<span>{day}</span>" if dated else ""
            rows.append(f"<li><a href='{where}'>{title}</a>{said}</li>")
            site[where] = answer(
                f"<html><head><title>{title}</title><meta name='PubDate' content='{day}'></head>"
                f"<body><p>示例市某局第{number}次招聘出纳1名，须持有会计从业资格证书。</p></body></html>"
            )
        following = f"<a href='index_{page + 1}.html'>下一页</a>" if page + 1 < PAGES else ""
        name = f"{path}index_{page}.html" if page else path
        site[name] = answer(f"<html><title>通知公告</title><ul>{''.join(rows)}</ul>{following}</html>")


def list_pages(site: Site) -> list[str]:
    return [path for path in site.paths() if path.startswith("/list/")]


def test_a_back_fill_goes_past_the_usual_limit_and_ends_with_its_period(house: House, site: Site) -> None:
    publish(site)
    told: list[Progress] = []
    since = day_of(22)
    end = back_fill(house.watching(house.source(page_limit=2)), "test", since=since, watch=told.append)
    assert (end.finished, end.errors, end.documents, end.new_documents) == (True, 0, 23, 23)
    assert {document.published_on for document in house.rows(Document)} == {day_of(n) for n in range(23)}
    # The page in which the period ends, and two that are older as a whole.
    assert end.list_pages == 7
    assert [each.documents for each in told if each.documents][-1] == 23
    assert len(house.rows(Finding)) == 23


def test_a_month_without_notices_does_not_end_it_but_an_empty_calendar_does(house: House, site: Site) -> None:
    publish(site)
    site["/list/index_2.html"] = answer(
        "<html><title>通知公告</title><a href='index_3.html'>下一页</a></html>"
    )
    end = back_fill(house.watching(house.source()), "test", since=day_of(17))
    assert (end.finished, end.documents) == (True, 13)
    last = "/list/index_3.html"
    for number in range(4, 9):
        site[f"/list/index_{number}.html"] = answer(
            f"<html><a href='index_{number + 1}.html'>下一页</a></html>"
        )
    site.asked.clear()
    assert back_fill(house.watching(house.source()), "test", since=day_of(39)).finished
    assert list_pages(site)[-3:] == [last, "/list/index_4.html", "/list/index_5.html"]


def test_until_leaves_out_what_is_newer(house: House, site: Site) -> None:
    publish(site)
    end = back_fill(house.watching(house.source()), "test", since=day_of(12), until=day_of(7))
    assert (end.finished, end.documents) == (True, 6)
    assert {document.published_on for document in house.rows(Document)} == {day_of(n) for n in range(7, 13)}


def test_a_list_without_dates_ends_by_the_dates_of_its_documents(house: House, site: Site) -> None:
    publish(site, dated=False)
    end = back_fill(house.watching(house.source()), "test", since=day_of(14))
    assert end.finished
    assert 5 <= end.list_pages < PAGES
    assert {day_of(n) for n in range(15)} <= {document.published_on for document in house.rows(Document)}


def test_done_twice_it_changes_nothing_and_asks_nothing(house: House, site: Site) -> None:
    publish(site)
    source = house.source()
    first = back_fill(house.watching(source), "test", since=day_of(12), until=FIRST_DAY)
    take_steps(house.context)
    tables = (Document, DocumentVersion, Finding, Case, OutboxMessage)
    before, asked = [len(house.rows(table)) for table in tables], len(site.asked)
    assert back_fill(house.watching(source), "test", since=day_of(12), until=FIRST_DAY) == first
    assert len(site.asked) == asked
    anew = back_fill(house.watching(source), "test", since=day_of(12), until=FIRST_DAY, again=True)
    assert (anew.finished, anew.documents, anew.new_documents) == (True, 13, 0)
    take_steps(house.context)
    assert [len(house.rows(table)) for table in tables] == before
    assert len(house.rows(Backfill)) == 1


def test_a_list_page_that_fails_is_where_the_next_call_goes_on(house: House, site: Site) -> None:
    publish(site)
    good, source = site.answers["/list/index_3.html"], house.source()
    site["/list/index_3.html"] = answer("no", status=503)
    broken = back_fill(house.watching(source), "test", since=day_of(27))
    assert not broken.finished
    assert "index_3.html could not be read" in broken.why
    assert (broken.list_pages, broken.documents) == (3, 15)
    site["/list/index_3.html"] = good
    site.asked.clear()
    end = back_fill(house.watching(source), "test", since=day_of(27))
    assert end.finished
    assert list_pages(site)[:2] == ["/list/index_2.html", "/list/index_3.html"]
    assert "/list/" not in list_pages(site)
    assert len(house.rows(Document)) == 28
    assert [visit.outcome for visit in house.rows(Visit)] == [Outcome.ERROR, Outcome.OK]


def test_interrupted_between_two_items_it_goes_on_and_loses_none(house: House, site: Site) -> None:
    publish(site)
    real = site.answers["/a/t1012.html"]

    def stop(handler: BaseHTTPRequestHandler) -> None:
        house.context.stopping.set()
        house.context.fetcher.stop()
        real(handler)

    site["/a/t1012.html"] = stop
    source = house.source()
    interrupted = back_fill(house.watching(source), "test", since=day_of(27))
    assert not interrupted.finished
    assert "run it again" in interrupted.why
    site["/a/t1012.html"] = real
    house.context.stopping.clear()
    fetcher = Fetcher(house.context.settings.fetching, sleep=lambda _: None)
    end = back_fill(replace(house.watching(source), fetcher=fetcher), "test", since=day_of(27))
    fetcher.close()
    assert end.finished
    assert {document.published_on for document in house.rows(Document)} == {day_of(n) for n in range(28)}


def test_an_endless_list_ends(house: House, site: Site) -> None:
    """A calendar that always has a next page, with the same item."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        number = int((re.findall(r"page=(\d+)", handler.path) or ["1"])[0])
        row = "<li><a href='/a/t1000.html'>示例市某局公开招聘工作人员公告</a><span>2026-10-30</span></li>"
        answer(f"<html><ul>{row}</ul><a href='?page={number + 1}'>下一页</a></html>")(handler)

    publish(site)
    site["/list/"] = send
    end = back_fill(house.watching(house.source()), "test", since=date(2000, 1, 1))
    assert (end.finished, end.list_pages) == (True, 2)


def test_a_page_that_fails_is_counted_and_the_rest_is_read(house: House, site: Site) -> None:
    publish(site)
    site["/a/t1003.html"] = answer("no", status=500)
    end = back_fill(house.watching(house.source()), "test", since=day_of(9))
    assert (end.finished, end.documents, end.errors) == (True, 9, 1)
    assert house.outcomes()["/a/t1003.html"] is Outcome.ERROR


def test_a_back_fill_says_nothing_of_the_source_and_its_schedule(house: House, site: Site) -> None:
    publish(site)
    house.visit(page_limit=1)
    before = house.rows(SourceState)
    site["/list/index_2.html"] = answer("no", status=500)
    back_fill(house.watching(house.source()), "test", since=day_of(27))
    assert house.rows(SourceState) == before
    assert [visit.purpose for visit in house.rows(Visit)] == [VisitPurpose.WATCH, VisitPurpose.BACKFILL]
    with Session(house.engine) as session:
        state = source_state(session, "test")
    assert state is not None
    assert state.failures_in_a_row == 0


def test_the_command_shows_its_progress_and_what_it_came_to(operator: Operator, site: Site) -> None:
    publish(site, path="/news/")
    operator.configure("news", site=site)
    ran = operator.run("backfill", "--source", "news", "--since", str(day_of(12)), "--until", str(FIRST_DAY))
    assert ran.returncode == 0, ran.stderr
    assert "读到 13 篇（新增 13），失败 0" in ran.stdout
    assert operator.count("document") == 13
    again = operator.run(
        "backfill", "--source", "news", "--since", str(day_of(12)), "--until", str(FIRST_DAY)
    )
    assert (again.returncode, again.stdout) == (0, ran.stdout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--source", "nobody", "--since", "2026-01-01"), "没有代号为“nobody”的来源；正在监测：news"),
        (("--source", "news", "--since", "2026-13-01"), "不是日期"),
        (("--source", "news", "--since", "2026-05-01", "--until", "2026-04-01"), "早于 2026-05-01"),
    ],
)
def test_what_cannot_be_filled_is_refused(
    operator: Operator, site: Site, words: tuple[str, ...], said: str
) -> None:
    operator.configure("news", site=site)
    ran = operator.run("backfill", *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
