"""The sources at the desk: how they are, what came of their visits, and a visit at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session

from settings.model import Settings
from settings.sources import Source
from storage.sources import watch_sources
from storage.tables import SourceState, SourceTrouble
from storage.visits import VisitCounts, finish_visit, record_fetch, start_visit
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import Outcome, TroubleKind

QUERIES = 8
NAMES = ("fujian", "jilin", "fuzhou")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    titles = {"fujian": "福建人事考试网", "jilin": "吉林政务服务网", "fuzhou": "福州人社局"}
    watched = [
        Source.model_validate({"name": name, "title": title, "url": f"https://{name}.example.com/"})
        for name, title in titles.items()
    ]
    return settings.model_copy(update={"sources": tuple(watched), "catalogue_presets": False})


def _visited(room: Room, name: str, outcomes: Sequence[Outcome], detail: str = "") -> None:
    """Visits of a source that ended so, hour by hour; the next one is due tomorrow."""
    now = room.context.now()
    with room.context.transaction() as session:
        watch_sources(session, dict.fromkeys(NAMES, 360))
        for number, outcome in enumerate(outcomes):
            at = now - timedelta(hours=len(outcomes) - number)
            visit = start_visit(session, name, at)
            record_fetch(session, visit, f"https://{name}.example.com/{number}.doc", outcome, at)
            counts = VisitCounts(items=20 + number, new_documents=number)
            next_due = now + timedelta(days=1)
            finish_visit(session, visit, outcome, counts, at, next_due_at=next_due, detail=detail)


def test_sources_in_trouble_come_first_with_what_to_do(room: Room) -> None:
    _visited(room, "jilin", [Outcome.OK])
    _visited(room, "fuzhou", [Outcome.TIMEOUT])
    with room.context.transaction() as session:
        trouble = SourceTrouble(
            source="fuzhou", kind=TroubleKind.FAILING, detail="", began_at=room.context.now()
        )
        session.add(trouble)
    page = room.enter("wang@example.com").page("/sources")
    places = [page.words.index(title) for title in ("福州人社局", "福建人事考试网", "吉林政务服务网")]
    assert places == sorted(places)
    assert "fetching.timeout_seconds" in page.words
    assert "built-in" not in page.words


def test_a_source_shows_its_visits_as_a_chart_and_as_a_table(room: Room) -> None:
    _visited(room, "fujian", [Outcome.OK, Outcome.OK, Outcome.BLOCKED])
    page = room.enter("wang@example.com").page("/sources/fujian")
    assert [bar["class"] for bar in page.attributes("rect")] == ["good", "good", "bad"]
    assert len(page.attributes("tr")) == 4
    assert "https://fujian.example.com/2.doc" in page.words
    assert [cell for cell in ("20", "21", "22") if f"{cell}" not in page.words] == []
    assert "built-in" not in page.words
    assert room.enter("wang@example.com").get("/sources/nowhere").status_code == 404


def test_the_administrator_has_a_source_visited_at_once(room: Room) -> None:
    _visited(room, "fujian", [Outcome.OK])
    reviewer, administrator = room.enter("wang@example.com"), room.enter("admin@example.com")
    assert "立即访问" not in reviewer.page("/sources/fujian").words
    assert reviewer.post("/sources/fujian/visit", reviewer.key).status_code == 403
    assert administrator.post("/sources/fujian/visit", {}).status_code == 403
    assert administrator.post("/sources/fujian/visit", administrator.key).status_code == 303
    with Session(room.engine) as session:
        assert session.get_one(SourceState, "fujian").next_due_at == room.context.now()
    assert "即将" in administrator.page("/sources/fujian").words


def test_more_visits_take_no_more_queries(room: Room) -> None:
    seat = room.enter("wang@example.com")
    for name in NAMES:
        _visited(room, name, [Outcome.OK] * 30)
    for path in ("/sources", "/sources/fujian"):
        with room.statements() as said:
            seat.page(path)
        assert len(said) <= QUERIES, said


def test_what_servers_say_becomes_no_part_of_the_pages(room: Room) -> None:
    for start in range(0, len(PAYLOADS), 26):
        _visited(room, "fujian", [Outcome.ERROR], detail="\n".join(PAYLOADS[start : start + 26]))
        seat = room.enter("wang@example.com")
        for path in ("/sources", "/sources/fujian"):
            page = seat.page(path)
            page.require_harmless("https://fujian.example.com/", allowed={"svg"})
