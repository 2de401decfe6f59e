"""Announced changes of the catalogue are proposed, told once, and applied by nobody but a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

from alerts.delivery.channels import open_channels
from alerts.delivery.outbox import deliver_due
from assessment.catalogue_proposals import open_proposals
from assessment.workers import Workers
from catalogue.imported import NONE_IMPORTED
from cli.catalogue_proposals import app
from jobs.catalogue_sync import sync_catalogue
from settings.model import Settings
from storage.tables import CatalogueNotice, OutboxMessage
from tests.catalogue import stored_lists
from tests.cli.test_catalogue_import import NUMBER, ROWS, _page, _xlsx
from tests.parts.house import House, furnished, listing, posting
from tests.parts.loopback import Site, answer

LIST = "/zcwj/"


@pytest.fixture
def house(settings: Settings, site: Site, workers: Workers) -> Iterator[House]:
    with furnished(settings, site, workers=workers) as open_house:
        yield open_house


def _visit_and_sync(house: House, *, catalogue: bool = True) -> int:
    house.visit(LIST, catalogue=catalogue)
    return sync_catalogue(house.watching(house.source(LIST, catalogue=catalogue)))


def _soon(house: House) -> datetime:
    return house.context.now() + timedelta(minutes=1)


def _administrators_letters(house: House) -> list[OutboxMessage]:
    return [message for message in house.rows(OutboxMessage) if message.template == "catalogue_notice"]


def test_an_announced_list_is_proposed_and_told_once(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html", "/zcwj/2.html", title="某市召开供暖座谈会")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    house.site["/zcwj/2.html"] = posting("某市召开座谈会，研究冬季供暖工作。", title="某市召开供暖座谈会")
    assert _visit_and_sync(house) == 1
    assert _visit_and_sync(house) == 0
    notices = {notice.proposes: notice for notice in house.rows(CatalogueNotice)}
    assert (notices[True].number, notices[True].items, notices[True].problems) == (NUMBER, len(ROWS), [])
    assert not notices[False].changes
    (letter,) = _administrators_letters(house)
    assert letter.recipient == house.context.settings.administrator
    assert letter.payload["proposals"][0]["changed"] == len(ROWS)
    sent = house.context.settings.storage.mail_directory
    assert deliver_due(house.engine, open_channels(house.context.settings), _soon(house), owner="test") == 1
    (file,) = (sent / "new").iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    assert body is not None
    [number] = [notice.version_id for notice in notices.values() if notice.proposes]
    lines = body.get_content().splitlines()
    assert f"核对：qualwatch catalogue review {number}" in lines
    assert f"排除：qualwatch catalogue dismiss {number} --reason 理由" in lines
    assert any(
        line.startswith(f"读到{len(ROWS)}项，其中{len(ROWS)}项与现有目录不同或待核：") for line in lines
    )
    page = mail.get_body(("html",))
    assert page is not None
    assert f"读到{len(ROWS)}项" in page.get_content()


def test_a_proposal_changes_no_verdict_until_somebody_imports_it(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS))
    _visit_and_sync(house)
    assert house.context.imported() == NONE_IMPORTED
    folder = house.context.settings.storage.directory
    page = folder / "page.html"
    page.write_bytes(_page(ROWS))
    result = stored_lists.run(app, folder, "import", str(page), "--document", NUMBER, "--accept")
    assert result.exit_code == 0, result.output
    assert house.context.imported() != NONE_IMPORTED
    with Session(house.engine) as session:
        assert open_proposals(session) == []


def test_a_list_with_gaps_is_proposed_with_its_problems(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    house.site["/zcwj/1.html"] = answer(_page(ROWS[:50]))
    assert _visit_and_sync(house) == 1
    (notice,) = house.rows(CatalogueNotice)
    assert f"应为{len(ROWS)}项" in notice.problems[0]


def test_an_announcement_without_a_list_asks_to_look(house: House) -> None:
    title = "关于取消部分职业资格许可和认定事项的通知"
    house.site[LIST] = listing("/zcwj/1.html", title=title)
    house.site["/zcwj/1.html"] = posting("详见附件。", title=title)
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
    assert "qualwatch catalogue review" in result.output


def _propose(house: House, body: bytes, *, region: str | None = None, path: str = "/zcwj/1.html") -> int:
    """Show the page in the list, visit and sync: how many proposals that made."""
    house.site[LIST] = listing(path)
    house.site[path] = answer(body)
    house.visit(LIST, catalogue=True, region=region)
    return sync_catalogue(house.watching(house.source(LIST, catalogue=True, region=region)))


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_proposal_is_reviewed_accepted_and_undone_as_it_was_kept(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _propose(house, _page(ROWS)) == 1
    (notice,) = house.rows(CatalogueNotice)
    number = str(notice.version_id)
    house.site.close()  # Nothing is asked for again: what was read is what is decided about.
    shown = _run("review", number)
    assert (shown.exit_code, "尚未导入" in shown.output) == (0, True), shown.output
    assert "已导入114个名称" in _run("review", number, "--accept").output
    assert "没有待审核" in _run("proposals").output
    assert _run("undo", NUMBER).exit_code == 0
    assert NUMBER in _run("proposals").output
    unknown = _run("review", "4711")
    assert (unknown.exit_code, "没有编号为 4711" in unknown.output) == (2, True)


def test_what_was_dismissed_is_kept_with_its_reason_and_not_proposed_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _propose(house, _page(ROWS)) == 1
    (notice,) = house.rows(CatalogueNotice)
    number = str(notice.version_id)
    assert _run("dismiss", number, "--reason", " ").exit_code == 2
    assert _run("dismiss", number, "--reason", "旧文重发", "--actor", "王科长").exit_code == 0
    assert _run("dismiss", number, "--reason", "再排除", "--actor", "李科长").exit_code == 1
    (kept,) = house.rows(CatalogueNotice)
    assert (kept.dismissed_by, kept.reason, kept.dismissed_at is not None) == ("王科长", "旧文重发", True)
    assert "没有待审核" in _run("proposals").output
    # The same bytes at another address, and the same list on a page that counts its readers.
    assert _propose(house, _page(ROWS), path="/zcwj/2.html") == 0
    assert _propose(house, _page(ROWS).replace("扫一扫".encode(), "阅读8次".encode())) == 0
    assert len(house.rows(CatalogueNotice)) == 3
    assert len(_administrators_letters(house)) == 1
    # Another list under the same number is news.
    assert _propose(house, _page([*ROWS[:-1], ("114", "新设的项目", *ROWS[-1][2:])])) == 1


def test_a_proposal_carries_the_region_of_its_source(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A province's own list holds there; a national one that it forwards holds everywhere."""
    monkeypatch.chdir(tmp_path)
    own = _page(ROWS[:71]).replace(NUMBER.encode(), "吉政办发〔2017〕54号".encode())
    assert _propose(house, own, region="220100") == 1
    assert _propose(house, _page(ROWS), region="220100", path="/zcwj/2.html") == 1
    notices = {notice.number: notice for notice in house.rows(CatalogueNotice)}
    assert {number: notice.region for number, notice in notices.items()} == {
        "吉政办发〔2017〕54号": "220000",
        NUMBER: "",
    }
    assert "吉林省" in _run("proposals").output
    accepted = _run("review", str(notices["吉政办发〔2017〕54号"].version_id), "--accept")
    assert accepted.exit_code == 0, accepted.output
    assert _run("lookup", "竹编检测师").exit_code == 1
    assert _run("lookup", "竹编检测师", "--region", "220100").exit_code == 0
    assert "吉政办发" not in _run("proposals").output


def test_a_document_without_a_known_total_is_described_when_it_is_reviewed(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _propose(house, _page(ROWS[:20]).replace(NUMBER.encode(), "国发〔2027〕1号".encode())) == 1
    (notice,) = house.rows(CatalogueNotice)
    assert "--items 项数 --date 施行日期" in _run("proposals").output
    number = str(notice.version_id)
    assert _run("review", number).exit_code == 2
    described = ("--items", "20", "--date", "2027-01-05", "--effect", "cancelled")
    assert "已导入20个名称" in _run("review", number, *described, "--accept").output


def test_a_list_in_an_attachment_has_the_number_of_its_page(house: House) -> None:
    house.site[LIST] = listing("/zcwj/1.html")
    link = "<a href='/zcwj/fj.xlsx'>附件：取消的职业资格目录.xlsx</a>"
    page = f"<p>发文字号：{NUMBER}</p><p>现予公布，详见附件。</p>{link}"
    house.site["/zcwj/1.html"] = answer(
        f"<html><title>关于取消一批职业资格许可和认定事项的决定</title><body>{page}</body></html>"
    )
    house.site["/zcwj/fj.xlsx"] = answer(_xlsx(), media_type="application/vnd.ms-excel")
    assert _visit_and_sync(house) == 2
    found = {(notice.number, notice.items) for notice in house.rows(CatalogueNotice)}
    assert found == {(NUMBER, 0), (NUMBER, len(ROWS))}
