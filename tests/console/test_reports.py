"""监督举报: reported by the form, taken in as mails are, followed by the receipt; the contact is sealed."""

from __future__ import annotations

import re
import stat

import pytest
import requests
from cryptography.fernet import Fernet
from sqlmodel import Session, select

from cases.case_filter import CaseScope
from cases.public_reports import WAITING_AT_ONCE, list_reports, receipt_digest
from jobs.visits.intake import take_in
from settings.model import Settings
from storage.sealing import Seal, SealError
from storage.tables import AuditEntry, IntakeMessage, IntakeReporter, PublicReport
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room
from vocabulary.codes import CaseState
from vocabulary.people import AuditKind

POSTING = "福安市某某医院公开招聘公告\n一、出纳1名，须持有会计从业资格证。\n二、报名时间：2026年11月。"
CONTACT = "赵女士 13912345678"
Files = list[tuple[str, tuple[str, bytes, str]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    away = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    console = settings.console.model_copy(update={"public_reports": True})
    supervisors = (settings.supervisors[0], away)
    return settings.model_copy(update={"supervisors": supervisors, "console": console})


def _report(room: Room, files: Files = [], **said: str) -> requests.Response:  # noqa: B006
    fields = {"link": "", "words": "", "region": "", "contact": "", **said}
    uploads = files or [("file", ("", b"", "application/octet-stream"))]
    return requests.post(f"{room.url}/report", data=fields, files=uploads, timeout=20, allow_redirects=False)


def _receipt(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = re.search(r"\b([2-9A-Z]{4}(?:-[2-9A-Z]{4}){3})\b", Page(answer.text).words)
    assert found is not None
    return found[1]


def _state(room: Room, receipt: str) -> str:
    return Page(room.get(f"{room.url}/receipt?number={receipt}").text).words


def test_a_report_becomes_a_case_and_its_receipt_says_so(room: Room) -> None:
    receipt = _receipt(_report(room, words=POSTING, region="350900", contact=CONTACT))
    assert "已收到，待核查" in _state(room, receipt)
    summary = take_in(room.context)
    assert (summary.messages, summary.problems) == (1, [])
    assert "已立案，正在办理" in _state(room, receipt.lower().replace("-", " "))
    assert take_in(room.context).messages == 0, "taken in once"
    seat = room.enter("wang@example.com")
    with room.statements() as said:
        page = seat.page("/reports")
    assert len(said) <= 9, "however many there are"
    for words in ("举报 1", "福建省宁德市", "出纳1名", "案件 1", "查看联系方式"):
        assert words in page.words
    assert "赵女士" not in page.html
    assert room.state(1) is CaseState.FOUND
    with Session(room.engine) as session:
        (report,) = session.exec(select(PublicReport)).all()
        assert (report.message, report.receipt) == (b"", receipt_digest(receipt))
        assert session.exec(select(IntakeMessage)).one().key == report.message_key
        assert session.exec(select(IntakeReporter)).all() == []
    archive = room.context.settings.storage.evidence_directory
    assert all("赵女士".encode() not in file.read_bytes() for file in archive.rglob("*.warc.gz"))


def test_who_reported_is_sealed_and_each_reading_is_written_down(room: Room, settings: Settings) -> None:
    _report(room, words=POSTING, region="350900", contact=CONTACT)
    with Session(room.engine) as session:
        sealed = session.exec(select(PublicReport)).one().contact
    assert "赵" not in sealed
    assert "1391" not in sealed
    key = settings.storage.directory / "contact.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    seat, other = room.enter("wang@example.com"), room.enter("li@example.com")
    assert other.post("/reports/1/contact", other.key_of("/reports")).status_code == 404
    assert "举报 1" not in other.page("/reports").words
    for _ in range(2):
        shown = seat.post("/reports/1/contact", seat.key_of("/reports"))
        assert CONTACT in Page(shown.text).words
    with Session(room.engine) as session:
        read = session.exec(select(AuditEntry).where(AuditEntry.kind == AuditKind.READ)).all()
    assert [(entry.actor, entry.detail) for entry in read] == [
        ("wang@example.com", "contact of report 1")
    ] * 2
    with pytest.raises(SealError):
        Seal(settings.storage.directory, Fernet.generate_key().decode()).read(sealed)
    with pytest.raises(SealError):
        Seal(settings.storage.directory, "no key")


def test_pictures_come_along_and_what_is_not_taken_is_said(room: Room) -> None:
    text = [("file", ("公告.txt", POSTING.encode(), "image/png"))]
    receipt = _receipt(_report(room, text))
    take_in(room.context)
    assert "已立案" in _state(room, receipt)
    for files, said, why in (
        ([], {}, "至少一项"),
        ([], {"link": "javascript:alert(1)"}, "网址须以"),
        ([], {"words": "长" * 4001}, "文字过长"),
        ([("file", ("a.png", b"MZ" + bytes(99), "image/png"))], {}, "不能接收"),
    ):
        answer = _report(room, files, **said)
        assert (answer.status_code, why in answer.text) == (422, True), why
    foreign = requests.post(f"{room.url}/report", data={"words": "x"}, headers={"Origin": "null"}, timeout=10)
    assert foreign.status_code == 403
    nothing = _receipt(_report(room, words="一切都好，没有问题。"))
    take_in(room.context)
    assert "未发现违规" in _state(room, nothing)
    assert room.get(f"{room.url}/receipt?number=2222-2222-2222-2222").status_code == 404


def test_hostile_reports_stay_words(room: Room) -> None:
    for payload in PAYLOADS[:4]:
        link = "https://hr.example.com/" + re.sub(r"[^!-~]", "", payload)[:200]
        assert _report(room, words=payload, link=link, contact=payload[:200]).status_code in {200, 422}
    seat = room.enter("wang@example.com")
    seat.page("/reports").require_harmless("https://hr.example.com/")
    shown = seat.post("/reports/1/contact", seat.key_of("/reports"))
    Page(shown.text).require_harmless("https://hr.example.com/")
    Page(room.get(f"{room.url}/receipt?number=%22%3E%3Cscript%3E").text).require_harmless()


def test_reports_are_few_a_minute_and_closed_where_nobody_opened_them(room: Room, settings: Settings) -> None:
    statuses = {_report(room, words=f"{number}").status_code for number in range(12)}
    assert statuses == {200, 429}
    with room.context.transaction() as session:
        for number in range(WAITING_AT_ONCE):
            receipt, now = f"r{number}", room.context.now()
            session.add(PublicReport(receipt=receipt, message=b"x", message_key="k", received_at=now))
        session.flush()
        assert len(list_reports(session, scope=CaseScope(regions=("110000",)), limit=10)) == 10
    settings.console.__dict__["public_reports"] = False
    for path in ("/report", "/receipt"):
        assert room.get(f"{room.url}{path}").status_code == 404
    assert _report(room, words="x").status_code == 404
