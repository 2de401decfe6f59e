"""Without a name server no source is blamed; a name that alone is not answered is its source's matter."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawling.fetching.fetcher import Fetcher
from crawling.fetching.names import REMEMBERED_SECONDS, Names
from jobs.context import Context
from jobs.health import HealthWatch
from jobs.lacks import Kind
from jobs.visits.due import plan, visit_due
from settings.sources import Source
from storage.tables import SourceState
from tests.parts.house import House, listing, posting
from tests.parts.loopback import Site
from vocabulary.codes import Outcome


class _NameServer:
    """Says the site's address, that nobody answered, or that there is no such name."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.is_away = False
        self.asked = 0

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked += 1
        if self.is_away or host in self.silent:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ["127.0.0.1"]


@pytest.fixture
def server() -> _NameServer:
    return _NameServer()


@pytest.fixture
def context(house: House, site: Site, server: _NameServer) -> Iterator[Context]:
    """Two sources on hosts with names."""
    site["/list/"], site["/a.html"] = listing("/a.html"), posting()
    names = [f"{name}.chaos.example:{site.port}" for name in ("one", "two")]
    fetching = house.context.settings.fetching.model_copy(update={"allow_private_hosts": tuple(names)})
    sources = tuple(
        Source.model_validate({"name": host[:3], "url": f"http://{host}/list/", "region": "350100"})
        for host in names
    )
    fetcher = Fetcher(fetching, resolver=server, sleep=lambda _: None)
    context = replace(house.watching(*sources), fetcher=fetcher)
    plan(context)
    yield context
    fetcher.close()


def _outcomes(context: Context) -> list[Outcome | None]:
    return [summary.outcome for summary in visit_due(context)]


def test_while_no_name_is_answered_no_visit_begins_and_no_source_is_blamed(
    house: House, context: Context, server: _NameServer
) -> None:
    watch = HealthWatch(lambda: context, dict, [])
    server.is_away = True
    assert _outcomes(context) == [Outcome.ERROR], "the first notices it, the other is not begun"
    watch.look()
    condition = watch.condition()
    assert condition.lacking == (Kind.NAMES.value,)
    assert "no name server answers" in condition.problems[0]
    assert [state.failures_in_a_row for state in house.rows(SourceState)] == [0, 0]
    server.is_away = False
    watch.look()
    assert watch.condition().problems == ()
    assert _outcomes(context) == [Outcome.OK], "the other one; the first is due again in a minute"


def test_one_name_that_is_not_answered_is_its_source_s_failure(
    house: House, context: Context, server: _NameServer
) -> None:
    server.silent = {"one.chaos.example"}
    assert _outcomes(context) == [Outcome.ERROR, Outcome.OK]
    assert context.lacks.now() == []
    assert {state.name: state.failures_in_a_row for state in house.rows(SourceState)} == {"one": 1, "two": 0}


def test_that_a_name_does_not_exist_is_an_answer(server: _NameServer) -> None:
    now = 0.0
    names = Names(server, clock=lambda: now)
    server.silent = {"one.chaos.example"}
    for host in ("there.is.none.invalid", "one.chaos.example"):
        with pytest.raises(socket.gaierror):
            names.resolve(host, 80)
    assert names.is_any_silent
    assert not names.are_silent(["one.chaos.example", "there.is.none.invalid"])
    assert names.are_silent(["one.chaos.example", "one.chaos.example"])
    now = 2 * REMEMBERED_SECONDS
    assert not names.is_any_silent, "one name that was asked for long ago makes nobody look for ever"


def test_addresses_need_no_name_server(server: _NameServer) -> None:
    server.is_away = True
    assert not Names(server).are_silent(["127.0.0.1", "[::1]"])
    assert server.asked == 0
