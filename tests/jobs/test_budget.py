"""What one visit may cost: hosts that do not answer are left, and a visit ends in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import FetchError
from crawling.fetching.patience import HostLeftError, Patience
from jobs.visits.due import Visitor, plan
from storage.tables import Document, SlowPage
from tests.parts.house import POSTING, Clock, House, listing, posting
from tests.parts.loopback import Answer, Site
from vocabulary.codes import Outcome

PATHS = [f"/a/20261101_{number}.html" for number in range(101, 121)]


def _with(house: House, **fetching: object) -> House:
    """The house with other settings of fetching."""
    settings = house.context.settings
    changed = settings.model_copy(update={"fetching": settings.fetching.model_copy(update=fetching)})
    return House(replace(house.context, settings=changed), house.site)


@pytest.fixture
def hasty(house: House) -> Iterator[House]:
    """A house that waits for no server longer than a moment."""
    fast = _with(house, timeout_seconds=0.2, total_seconds=0.4, unanswered_requests=3)
    fetcher = Fetcher(fast.context.settings.fetching, sleep=lambda _: None)
    yield House(replace(fast.context, fetcher=fetcher), house.site)
    fetcher.close()


@pytest.fixture
def silence() -> Iterator[Answer]:
    """Says nothing until the test is over."""
    over = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        over.wait(10)

    yield wait
    over.set()


def _asked(site: Site) -> list[str]:
    return [path for path in site.paths() if path in PATHS]


def test_a_host_that_lists_and_never_answers_is_left_after_some_requests(
    hasty: House, site: Site, silence: Answer
) -> None:
    site["/list/"] = listing(*PATHS)
    for path in PATHS:
        site[path] = silence
    summary = hasty.visit()
    assert 3 <= len(_asked(site)) < 3 + hasty.context.settings.fetching.threads
    assert summary.outcome is Outcome.TIMEOUT
    assert summary.errors == len(PATHS), "each that was not read is recorded"
    outcomes = hasty.outcomes()
    assert {outcomes[path] for path in PATHS} == {Outcome.TIMEOUT}


def test_a_host_that_answers_now_and_then_is_not_left(hasty: House, site: Site, silence: Answer) -> None:
    site["/list/"] = listing(*PATHS)
    for number, path in enumerate(PATHS):
        site[path] = silence if number % 5 == 0 else posting()
    slow = _with(hasty, threads=1)
    assert slow.visit().outcome is Outcome.OK
    assert set(_asked(site)) == set(PATHS)


def test_only_silence_in_a_row_wears_patience_out_and_only_of_its_host() -> None:
    patience, silent = Patience(2), FetchError(Outcome.TIMEOUT, "no answer for 20 s")
    here, elsewhere = "http://slow.example/a", "http://slow.example:8080/a"
    for answered in (None, FetchError(Outcome.ERROR, "the server answers 500", status=500)):
        patience.note(here, silent)
        patience.note(here, answered)
        patience.require(here)
    patience.note(here, silent)
    patience.note(here, FetchError(Outcome.ERROR, "connection refused"))
    patience.note(here, silent)
    with pytest.raises(HostLeftError, match="2 requests"):
        patience.require(here)
    patience.require(elsewhere)


def test_a_visit_that_lasts_too_long_leaves_the_rest_and_the_next_begins_with_it(
    house: House, site: Site
) -> None:
    def slowly(handler: object) -> None:
        time.sleep(0.03)
        posting()(handler)  # type: ignore[arg-type]

    site["/list/"] = listing(*PATHS)
    for path in PATHS:
        site[path] = slowly
    summary = _with(house, threads=1, visit_minutes=0.2 / 60).visit()
    read = _asked(site)
    assert 0 < len(read) < len(PATHS)
    assert summary.outcome is Outcome.FEWER_THAN_EXPECTED
    assert "were left to the next visit" in summary.detail
    assert summary.errors == 0
    assert len(house.rows(Document)) == len(read)
    site.asked.clear()
    assert _with(house, threads=1).visit().outcome is Outcome.OK
    assert _asked(site) == [*(path for path in PATHS if path not in read), *read]


def test_how_many_visits_go_on_at_once_is_a_setting(house: House, site: Site, silence: Answer) -> None:
    names = ("a", "b", "c")
    for name in names:
        site[f"/{name}/"] = silence
    two = _with(house, visits_at_once=2)
    context = two.watching(*(two.source(f"/{name}/", name=name) for name in names))
    plan(context)
    visitor = Visitor(lambda: context)
    visitor.begin_due()
    until = time.monotonic() + 5
    while len(site.paths()) < 2:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not visitor.begin_one()
    assert len(site.paths()) == 2
    context.stopping.set()
    context.fetcher.abort()
    visitor.stop()


def test_a_page_that_was_not_answered_is_asked_more_and_more_seldom(
    hasty: House, site: Site, silence: Answer, clock: Clock
) -> None:
    late, other = PATHS[:2]
    site["/list/"] = listing(late, other)
    site[late], site[other] = silence, posting()
    house = House(replace(hasty.context, now=clock), site)
    asked = []
    for _ in range(8):
        site.asked.clear()
        house.visit()
        asked.append(late in _asked(site))
        assert house.outcomes()[late] is Outcome.TIMEOUT
        clock.at += timedelta(minutes=30)
    assert asked == [True, True, False, True, False, False, False, True]
    (page,) = house.rows(SlowPage)
    assert (page.url, page.times, page.body_sha256) == (f"{site.address}{late}", 4, "")
    site[late] = posting()
    clock.at += timedelta(days=1)
    assert house.visit().outcome is Outcome.OK
    assert house.rows(SlowPage) == []


def test_bytes_that_were_not_read_in_time_are_not_read_again_until_they_change_or_much_later(
    house: House, site: Site, clock: Clock
) -> None:
    path = PATHS[0]
    site["/list/"] = listing(path)
    site[path] = posting("".join(f"<p>{number}、{POSTING}</p>" for number in range(30_000)))
    with Workers(1, timeout_seconds=1) as workers:
        hindered = House(replace(house.context, workers=workers, now=clock), site)

        def visit() -> int:
            """How often the page was given to a worker so far."""
            hindered.visit()
            assert hindered.outcomes()[path] is Outcome.TIMEOUT
            (page,) = house.rows(SlowPage)
            assert page.body_sha256
            return page.times

        # A machine may have been busy: once more at once, then not for a day.
        assert [visit() for _ in range(4)] == [1, 2, 2, 2]
        assert len(_asked(site)) == 4, "the server is asked: it may have changed"
        clock.at += timedelta(days=1, minutes=1)
        assert visit() == 3
        site[path] = posting()
        assert hindered.visit().outcome is Outcome.OK
    assert house.rows(SlowPage) == []
