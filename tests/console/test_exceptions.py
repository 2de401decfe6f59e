"""例外 at the desk: set where a case is dismissed, listed, ended."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, select
from typer.testing import CliRunner

from cli.main import assemble
from settings.model import Settings
from storage.tables import StandingException
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room
from vocabulary.codes import CaseState


def _until(room: Room) -> str:
    return str(room.context.now().date() + timedelta(days=60))


def test_an_exception_is_set_with_a_dismissal_and_ended_in_the_list(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    late = seat.send(
        f"/cases/{case}", f"/cases/{case}/step", step="dismiss", note="x", except_until="1999-01-01"
    )
    assert (late.status_code, "例外的截止日期" in late.text) == (422, True)
    assert room.state(case) is CaseState.FOUND
    fields = {"step": "dismiss", "dismissal": "lawful_here", "except_until": _until(room)}
    assert seat.send(f"/cases/{case}", f"/cases/{case}/step", **fields).status_code == 303
    page = seat.page("/exceptions")
    for words in ("福安市某某医院", "会计从业资格", "在此处合法", "wang@example.com"):
        assert words in page.words
    assert "设有例外" in seat.page(f"/cases/{case}").words
    assert seat.send("/exceptions", "/exceptions/1/end").status_code == 303
    assert "没有例外。" in seat.page("/exceptions").words
    assert "福安市某某医院" in seat.page("/exceptions?show=all").words
    assert seat.post("/exceptions/1/end", seat.key).status_code == 409


def test_an_exception_is_set_for_a_dismissed_case_and_in_bulk(room: Room) -> None:
    first, second, third = room.copies([{}, {"publisher": ""}])
    seat = room.enter("wang@example.com")
    key = {**seat.key, "once": "x", "step": "dismiss", "note": "合法", "except_until": _until(room)}
    answer = seat.post("/cases?state=open", {**key, "case": [str(first), str(third)]})
    assert (answer.status_code, "发布单位未识别" in answer.text) == (409, True)
    assert (room.state(first), room.state(third)) == (CaseState.DISMISSED, CaseState.FOUND)
    seat.send(f"/cases/{second}", f"/cases/{second}/step", step="dismiss", note="x")
    assert seat.post(f"/cases/{second}/except", {**seat.key, "until": "", "note": "x"}).status_code == 422
    fields = {**seat.key, "until": str(room.context.now().date() + timedelta(days=90)), "note": "更久"}
    assert seat.post(f"/cases/{second}/except", fields).status_code == 303
    with Session(room.engine) as session:
        (standing,) = session.exec(select(StandingException)).all()
    assert standing.reason == "更久"


def test_exceptions_of_another_field_are_nobodys_business(room: Room, settings: Settings) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    fields = {"step": "dismiss", "note": PAYLOADS[0], "except_until": _until(room)}
    assert seat.send(f"/cases/{case}", f"/cases/{case}/step", **fields).status_code == 303
    seat.page("/exceptions").require_harmless()
    room.context.settings.supervisors[1].__dict__["regions"] = ("220000",)
    other = room.enter("li@example.com")
    assert "没有例外。" in other.page("/exceptions").words
    assert other.post("/exceptions/1/end", other.key_of("/exceptions")).status_code == 404
    assert seat.post("/exceptions/1/end", {"form_key": "x"}).status_code == 403
    with room.statements() as said:
        seat.page("/exceptions")
    assert len(said) <= 8
    assert Page(seat.get("/exceptions?before=1").text).words.count("没有例外。") == 1


def test_exceptions_are_listed_and_ended_at_the_command_line(room: Room, settings: Settings) -> None:
    case = room.report()
    directory = settings.storage.directory
    config = directory / "qualwatch.toml"
    config.write_text(f'[storage]\ndirectory = "{directory}"\n', encoding="utf-8")

    def run(*words: str) -> str:
        done = CliRunner().invoke(assemble(), [*words, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.output

    until = "2028-01-31"
    run("case", "dismiss", str(case), "--kind", "preference", "--except-until", until)
    assert "1  至2028年1月31日  福安市某某医院" in run("exception", "list")
    assert "已结束" in run("exception", "end", "1")
    assert run("exception", "list").strip() == "没有有效的例外。"
    assert "（已结束）" in run("exception", "list", "--all")
