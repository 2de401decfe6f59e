"""Announced changes of the catalogue are proposed, told once, and applied by nobody but a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from alerts.channels import open_channels
from alerts.outbox import deliver_due
from catalogue.loading import load_catalogue
from jobs.fetching.fetcher import Fetcher
from jobs.official_lists.proposals import app
from jobs.official_lists.sync import open_proposals, overlay_of, sync_catalogue
from jobs.visits.services import Services
from jobs.visits.workers import Workers
from settings.model import Fetching, Settings
from settings.model import Storage as StorageSettings
from storage.database import open_database
from storage.evidence import EvidenceStore
from storage.migrate import upgrade
from storage.tables import CatalogueNotice, OutboxMessage
from tests.jobs.house import House, listing, posting
from tests.jobs.loopback import Site, answer
from tests.jobs.test_catalogue_import import NUMBER, ROWS, _page

LIST = "/zcwj/"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1, timeout_seconds=20) as running:
        yield running


@pytest.fixture
def house(
    site: Site, fetching: Fetching, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.delenv("QW_CATALOGUE", raising=False)
    settings = Settings(fetching=fetching, storage=StorageSettings(directory=tmp_path / "var"))
    engine = open_database(settings.storage.database_url)
    upgrade(engine)
    fetcher = Fetcher(settings.fetching, sleep=lambda _: None)
    with EvidenceStore(settings.storage.evidence_directory) as evidence:
        yield House(Services(settings, engine, evidence, fetcher, workers), site)
    fetcher.close()
    engine.dispose()
    load_catalogue.cache_clear()


def _visit_and_sync(house: House, *, catalogue: bool = True) -> int:
    house.visit(LIST, catalogue=catalogue)
    return sync_catalogue(house.services, [house.source(LIST, catalogue=catalogue)])


def _soon(house: House) -> datetime:
    return house.services.now() + timedelta(minutes=1)


def _administrators_letters(house: House) -> list[OutboxMessage]:
    return [message for message in house.rows(OutboxMessage) if message.template == "catalogue_notice"]


def test_an_announced_list_is_proposed_and_told_once(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html", "/zcwj/2.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    house.site["/zcwj/2.html"] = posting("某市召开座谈会，研究冬季供暖工作。", title="某市召开供暖座谈会")
    assert _visit_and_sync(house) == 1
    assert _visit_and_sync(house) == 0
    notices = {notice.proposes: notice for notice in house.rows(CatalogueNotice)}
    assert (notices[True].number, notices[True].items, notices[True].problems) == (NUMBER, len(ROWS), [])
    assert not notices[False].changes
    (letter,) = _administrators_letters(house)
    assert letter.recipient == house.services.settings.administrator
    assert letter.payload["proposals"][0]["changed"] == len(ROWS)
    sent = house.services.settings.storage.mail_directory
    assert deliver_due(house.engine, open_channels(house.services.settings), _soon(house), owner="test") == 1
    (file,) = (sent / "new").iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"核对：qualwatch catalogue import '{house.site.address}/zcwj/1.html'" in body.get_content()


def test_a_proposal_changes_no_verdict_until_somebody_imports_it(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    _visit_and_sync(house)
    overlay = overlay_of(house.services.settings)
    assert not overlay.exists()
    page = overlay.parent / "page.html"
    page.write_bytes(_page(ROWS))
    arguments = ["import", str(page), "--document", NUMBER, "--accept", "--directory", str(overlay)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    with Session(house.engine) as session:
        assert open_proposals(session, overlay) == []


def test_a_list_with_gaps_is_proposed_with_its_problems(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS[:50]))
    assert _visit_and_sync(house) == 1
    (notice,) = house.rows(CatalogueNotice)
    assert f"应为{len(ROWS)}项" in notice.problems[0]


def test_an_announcement_without_a_list_asks_to_look(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = posting("详见附件。", title="关于取消部分职业资格许可和认定事项的通知")
    assert _visit_and_sync(house) == 1
    (notice,) = house.rows(CatalogueNotice)
    assert "未读到清单" in notice.problems[0]


def test_a_source_that_announces_nothing_is_not_looked_at(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    assert _visit_and_sync(house, catalogue=False) == 0
    assert house.rows(CatalogueNotice) == []


def test_the_command_lists_what_waits(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "没有待审核" in CliRunner().invoke(app, ["proposals"]).output
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    _visit_and_sync(house)
    result = CliRunner().invoke(app, ["proposals"])
    assert result.exit_code == 0
    assert NUMBER in result.output
    assert "qualwatch catalogue import" in result.output
