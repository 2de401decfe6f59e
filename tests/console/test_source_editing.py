"""The administrator adds a source at the desk, as it is proposed, changes it, pauses it and removes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from jobs.configuration import ConfigurationFile
from jobs.context import Context
from sample.server import SampleSite
from settings.model import Settings
from settings.sources import Source
from storage.stored_sources import SourceRefused, add_stored, change_stored, stored_sources
from storage.tables import AuditEntry
from tests.console.visitor import Room, Seat

ADMINISTRATOR = "admin@example.com"


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, site: SampleSite) -> Settings:
    own = Source.model_validate(
        {"name": "fujian", "title": "福建人事考试网", "url": "https://hr.example.com/"}
    )
    fetching = settings.fetching.model_copy(
        update={"allow_private_hosts": (site.host_and_port,), "delay_seconds": 0.0}
    )
    return settings.model_copy(update={"sources": (own,), "catalogue_presets": False, "fetching": fetching})


@pytest.fixture
def context(context: Context) -> Context:
    return replace(context, provisioned=frozenset({"fujian"}))


def _add(seat: Seat, **fields: str) -> int:
    key = seat.key_of("/new-source")
    return seat.post("/new-source/add", {**key, "form": "auto", **fields}).status_code


def _kept(room: Room) -> dict[str, Source]:
    with Session(room.engine) as session:
        return {source.name: source for source in stored_sources(session)}


def _trail(engine: Engine) -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        entries = session.exec(select(AuditEntry).order_by("id")).all()
        found = [(str(entry.kind), entry.actor, entry.subject) for entry in entries]
    return [entry for entry in found if entry[0].startswith("source_")]


def test_a_site_is_looked_at_and_added_as_it_is_proposed(room: Room, site: SampleSite) -> None:
    seat = room.enter(ADMINISTRATOR)
    address = str(site.sources()[0].url)
    shown = seat.send("/new-source", "/new-source", url=address)
    assert shown.status_code == 200
    assert "将会读到" in shown.text
    assert f'href="{site.address}/' in shown.text
    assert not _kept(room)
    assert (
        _add(seat, name="muster", url=address, title="示例 <b>通知</b>", region="福州市", every_minutes="60")
        == 303
    )
    kept = _kept(room)["muster"]
    assert (str(kept.url), kept.region, kept.every_minutes) == (address, "350100", 60)
    page = seat.page("/sources/muster")
    assert "示例 <b>通知</b>" in page.words
    assert "暂停访问" in page.words
    assert _trail(room.engine) == [("source_added", ADMINISTRATOR, "muster")]


def test_what_cannot_be_read_or_is_inside_the_house_is_said_and_kept_nowhere(room: Room) -> None:
    seat = room.enter(ADMINISTRATOR)
    for address in ("http://127.0.0.1:1/", "ftp://hr.example.com/", "http://[::1]/"):
        shown = seat.send("/new-source", "/new-source", url=address)
        assert shown.status_code == 422
        assert 'role="alert"' in shown.text
    assert not _kept(room)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "fujian"}, "已被使用"),
        ({"name": "Ü"}, "代号"),
        ({"url": "javascript:alert(1)"}, "地址"),
        ({"url": "https://hr.example.com/"}, "已是来源"),
        ({"every_minutes": "0"}, "间隔"),
        ({"region": "火星"}, "地区"),
        ({"muted_until": "明天"}, "不通知异常"),
        ({"kind": "everything"}, "类型"),
    ],
)
def test_what_is_no_source_is_refused_with_what_was_typed(
    room: Room, wrong: dict[str, str], says: str
) -> None:
    seat = room.enter(ADMINISTRATOR)
    typed = {"name": "neu", "url": "https://neu.example.com/list", "title": "新来源", "form": "auto", **wrong}
    answer = seat.post("/new-source/add", {**seat.key_of("/new-source"), **typed})
    assert answer.status_code == 422
    assert says in answer.text
    assert "新来源" in answer.text
    assert not _kept(room)


def test_it_is_changed_paused_resumed_and_removed(room: Room) -> None:
    seat = room.enter(ADMINISTRATOR)
    assert _add(seat, name="neu", url="https://neu.example.com/list", title="新来源") == 303
    changed = seat.send(
        "/sources/neu",
        "/sources/neu/change",
        url="https://neu.example.com/list",
        title="改名",
        muted_until="2999-01-01",
    )
    assert changed.status_code == 303  # the first form of that address pauses it
    assert not _kept(room)["neu"].enabled
    assert "已暂停" in seat.page("/sources").words
    key = seat.key_of("/sources/neu")
    assert seat.post("/sources/neu/change", {**key, "enabled": "yes"}).status_code == 303
    fields = {**key, "url": "https://neu.example.com/list", "title": "改名", "muted_until": "2999-01-01"}
    assert seat.post("/sources/neu/change", fields).status_code == 303
    kept = _kept(room)["neu"]
    assert (kept.enabled, kept.title, str(kept.muted_until)) == (True, "改名", "2999-01-01")
    assert seat.post("/sources/neu/change", {**fields, "every_minutes": "x"}).status_code == 422
    assert seat.post("/sources/neu/remove", key).status_code == 303
    assert not _kept(room)
    assert seat.get("/sources/neu").status_code == 404
    kinds = [kind for kind, _, _ in _trail(room.engine)]
    assert kinds == ["source_added", "source_changed", "source_changed", "source_changed", "source_removed"]


def test_what_the_file_says_cannot_be_changed_here(room: Room) -> None:
    seat = room.enter(ADMINISTRATOR)
    page = seat.page("/sources/fujian")
    assert "只能在该文件中修改" in page.words
    key = seat.key_of("/sources/fujian")
    for what in ("change", "remove"):
        assert seat.post(f"/sources/fujian/{what}", {**key, "enabled": "no"}).status_code == 422


def test_others_see_sources_and_change_none(room: Room) -> None:
    boss, seat = room.enter(ADMINISTRATOR), room.enter("wang@example.com")
    assert _add(boss, name="neu", url="https://neu.example.com/list") == 303
    page = seat.page("/sources/neu")
    assert "暂停访问" not in page.words
    assert seat.get("/new-source").status_code == 403
    key = seat.key
    for path in ("/new-source", "/new-source/add", "/sources/neu/change", "/sources/neu/remove"):
        fields = {"name": "x", "url": "https://x.example.com/", "enabled": "no"}
        assert seat.post(path, {**key, **fields}).status_code == 403
        assert boss.post(path, fields).status_code == 403  # without the key of its page
    assert list(_kept(room)) == ["neu"]
    assert _kept(room)["neu"].enabled


def test_a_program_that_runs_takes_it_up(context: Context, tmp_path: Path) -> None:
    file = ConfigurationFile(tmp_path / "qualwatch.toml", context.settings)
    taken: list[tuple[str, ...]] = []

    def follow() -> None:
        file.follow(
            context,
            asked=False,
            take_up=lambda change: taken.append(tuple(source.name for source in change.sources)),
            open_anew=lambda: taken.append(("anew",)),
        )

    follow()
    assert taken == []
    source = Source.model_validate({"name": "neu", "url": "https://neu.example.com/"})
    add = partial(add_stored, actor=ADMINISTRATOR, now=context.now())
    change = partial(change_stored, actor=ADMINISTRATOR, now=context.now())
    with context.transaction() as session:
        add(session, source, file=context.settings)
    follow()
    follow()
    with context.transaction() as session:
        change(session, "neu", {"enabled": False})
        with pytest.raises(SourceRefused):
            add(session, source, file=context.settings)
    follow()
    assert taken == [("fujian", "neu"), ("fujian",)]
