"""反馈: the addressee of a notice answers by its code; the supervisor accepts that or sends it back."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import docx
import pytest
import requests
from sqlmodel import Session, select

from alerts.delivery.links import ForgedLink, answer_code, read_answer_code
from settings.model import Settings
from storage.tables import AddresseeAnswer, AnswerFile, AuditEntry
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room
from vocabulary.codes import AnswerState, CaseState
from vocabulary.people import AuditKind

PROOF = "更正公告：取消会计从业资格证要求，咨询13812345678。".encode()
Files = list[tuple[str, tuple[str, bytes, str]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    away = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    return settings.model_copy(update={"supervisors": (settings.supervisors[0], away)})


@pytest.fixture
def case(room: Room) -> int:
    """One that was asked to be put right."""
    case = room.report()
    seat = room.enter("wang@example.com")
    deadline = str(room.context.now().date() + timedelta(days=20))
    for fields in ({"step": "confirm"}, {"step": "ask", "deadline": deadline}):
        assert seat.send(f"/cases/{case}", f"/cases/{case}/step", **fields).status_code == 303
    return case


def _code(room: Room, case: int) -> str:
    return answer_code(room.context.settings, case)


def _answer(room: Room, code: str, files: Files = [], **said: str) -> requests.Response:  # noqa: B006
    fields = {"code": code, "name": "张某", "words": "已更正。", "once": "1", **said}
    uploads = files or [("file", ("", b"", "application/octet-stream"))]
    return requests.post(f"{room.url}/answer", data=fields, files=uploads, timeout=20, allow_redirects=False)


def _proof(body: bytes = PROOF, name: str = "更正.txt") -> Files:
    return [("file", (name, body, "text/html"))]


def test_an_answer_with_proof_rectifies_the_case_once_it_is_accepted(room: Room, case: int) -> None:
    page = Page(room.get(f"{room.url}/answer?code={_code(room, case)}").text)
    for words in ("福安市某某医院", "会计从业资格", "整改期限"):
        assert words in page.words
    assert "wang@example.com" not in page.html
    sent = _answer(room, _code(room, case), _proof())
    assert "反馈已收到" in room.follow(sent).words
    assert _answer(room, _code(room, case), _proof()).status_code == 303, "the same form again is no error"
    seat = room.enter("wang@example.com")
    assert "单位已反馈，待审核" in seat.page("/today").words
    shown = seat.page(f"/cases/{case}")
    for words in ("张某", "已更正。", "更正.txt", "text/plain", "取消会计从业资格证要求"):
        assert words in shown.words
    assert "13812345678" not in shown.html
    saved = seat.get(f"/cases/{case}/answers/files/1")
    assert saved.content == PROOF
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert seat.post(f"/cases/{case}/answers/1", {**seat.key, "accepted": "no"}).status_code == 422
    accepted = seat.post(f"/cases/{case}/answers/1", {**seat.key, "accepted": "yes"})
    assert accepted.status_code == 303
    assert room.state(case) is CaseState.RECTIFIED
    kinds = [event.kind for event in room.events(case)]
    assert kinds[-3:] == ["answered", "answer_accepted", "rectified"]
    assert seat.post(f"/cases/{case}/answers/1", {**seat.key, "accepted": "yes"}).status_code == 422
    after = Page(room.get(f"{room.url}/answer?code={_code(room, case)}").text)
    assert "已通过" in after.words
    assert "目前不需要反馈。" in after.words
    with Session(room.engine) as session:
        read = session.exec(select(AuditEntry).where(AuditEntry.kind == AuditKind.READ)).all()
        assert [entry.detail for entry in read] == ["answer file 1"]


def test_an_answer_is_sent_back_with_a_reason_that_its_sender_reads(room: Room, case: int) -> None:
    _answer(room, _code(room, case))
    seat = room.enter("wang@example.com")
    fields = {**seat.key, "accepted": "no", "note": "附件不清楚，请补充"}
    assert seat.post(f"/cases/{case}/answers/1", fields).status_code == 303
    assert room.state(case) is CaseState.RECTIFICATION_ASKED
    page = Page(room.get(f"{room.url}/answer?code={_code(room, case)}").text)
    assert "已退回" in page.words
    assert "附件不清楚，请补充" in page.words
    other = room.enter("li@example.com")
    assert other.get(f"/cases/{case}/answers/files/1").status_code == 404
    assert other.post(f"/cases/{case}/answers/1", {**other.key, "accepted": "yes"}).status_code == 404


def test_what_is_not_taken_is_said_and_nothing_is_kept(room: Room, case: int) -> None:
    code = _code(room, case)
    for files, said, status, why in (
        (_proof(b"PK\x05\x06" + bytes(18), "更正.pdf"), {}, 422, "不能接收"),
        (_proof(b"<html><script>alert(1)</script>", "x.png"), {}, 422, "不能接收"),
        (_proof(b"\x7fELF" + bytes(60), "x.docx"), {}, 422, "不能接收"),
        (_proof(), {"words": " "}, 422, "请写明整改情况"),
        (_proof(), {"words": "长" * 2001}, 422, "文字过长"),
        (_proof(), {"code": "1-0000-0000-0000"}, 404, "反馈码不正确"),
    ):
        answer = _answer(room, **{"code": code, "files": files, **said})  # type: ignore[arg-type]
        assert (answer.status_code, why in answer.text) == (status, True), why
    foreign = requests.post(
        f"{room.url}/answer", data={"code": code}, headers={"Origin": "https://evil.example"}, timeout=10
    )
    assert foreign.status_code == 403
    with Session(room.engine) as session:
        assert session.exec(select(AddresseeAnswer)).all() == []
        assert session.exec(select(AnswerFile)).all() == []
    assert not list(room.context.settings.storage.evidence_directory.rglob("*.warc.gz"))


def test_answers_that_nobody_has_decided_on_are_few(room: Room, case: int) -> None:
    seen = [_answer(room, _code(room, case), once=str(number)).status_code for number in range(4)]
    assert seen == [303, 303, 303, 409]


def test_hostile_answers_stay_words(room: Room, case: int) -> None:
    for number, payload in enumerate(PAYLOADS[:3]):
        name = re.sub(r'[\r\n"]', "", payload)[:80]
        answer = _answer(
            room, _code(room, case), _proof(name=name), once=str(number), words=payload, name=payload[:60]
        )
        assert answer.status_code == 303, answer.text
    seat = room.enter("wang@example.com")
    page = seat.page(f"/cases/{case}")
    page.require_harmless("http://hr.example.com", "https://hr.example.com")
    assert "<script>alert(1)</script>" in page.words
    with Session(room.engine) as session, session.begin():
        for each in session.exec(select(AddresseeAnswer)):
            each.state, each.reason = AnswerState.REJECTED, PAYLOADS[0]
    Page(room.get(f"{room.url}/answer?code={_code(room, case)}").text).require_harmless()
    Page(room.get(f"{room.url}/answer?code=%22%3E%3Cscript%3E").text).require_harmless()


def test_codes_are_read_as_people_type_them(settings: Settings) -> None:
    code = answer_code(settings, 17)
    assert re.fullmatch(r"17(-[0-9A-HJKMNP-TV-Z]{4}){3}", code)
    for typed in (
        code.lower(),
        code.replace("-", ""),
        f" {code.replace('-', '－')} ",
        code.replace("0", "O"),
    ):
        assert read_answer_code(settings, typed) == 17
    wrong = code[:-1] + ("0" if code[-1] != "0" else "2")
    for typed in ("", "17", wrong, code.replace("17-", "18-"), "9" * 70, "١٧-AAAA-AAAA-AAAA"):
        with pytest.raises(ForgedLink):
            read_answer_code(settings, typed)


def test_the_notice_bears_the_code_where_the_desk_is_reached_from_outside(room: Room, case: int) -> None:
    seat = room.enter("wang@example.com")
    room.context.settings.console.__dict__["base_url"] = ""
    plain = seat.post(f"/cases/{case}/notice", seat.key)
    assert "反馈码" not in "".join(each.text for each in docx.Document(io.BytesIO(plain.content)).paragraphs)
    room.context.settings.console.__dict__["base_url"] = room.url
    letter = seat.post(f"/cases/{case}/notice", seat.key)
    words = "".join(each.text for each in docx.Document(io.BytesIO(letter.content)).paragraphs)
    assert f"登录{room.url}/answer提交（反馈码：{_code(room, case)}）" in words
