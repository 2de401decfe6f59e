"""One case at the desk: decided, handed over, given more time, noted; its text, archive and downloads."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import docx
import pytest
from sqlmodel import Session, col, update

from settings.model import Settings
from storage.evidence import Exchange
from storage.tables import Case, Document, DocumentVersion, Finding
from tests.alerts.stored import Posting, mention
from tests.console.hostile import PAYLOADS
from tests.console.visitor import TEXT, Page, Room, Seat
from vocabulary.codes import CaseState

QUERIES = 20
"""Of the page of a case."""
PAGE = (
    b"<!DOCTYPE html><title>x</title><script>document.title='owned'</script><p>\xe4\xbc\x9a\xe8\xae\xa1</p>"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    changed = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    return settings.model_copy(update={"supervisors": (settings.supervisors[0], changed)})


def _send(seat: Seat, path: str, **fields: str) -> tuple[int, str]:
    """Send a form of the desk; status, and the words of the page that it ends at."""
    answer = seat.post(path, {**seat.key, **fields})
    if answer.status_code == 303:
        return 303, seat.page(answer.headers["Location"]).words
    return answer.status_code, Page(answer.text).words


def _archive(room: Room, body: bytes, media_type: str = "text/html") -> None:
    """Let the evidence of every version be ``body``, as a server sent it."""
    exchange = Exchange("https://hr.example.com/x", "GET", (), 200, "OK", (), body, room.context.now())
    ref = room.context.evidence.write(exchange)
    with room.context.transaction() as session:
        session.execute(
            update(DocumentVersion).values(
                evidence_file=ref.file,
                evidence_record=ref.record_id,
                evidence_offset=ref.offset,
                body_sha256=ref.body_sha256,
                media_type=media_type,
                charset="utf-8",
            )
        )


def test_a_case_of_somebody_elses_field_is_none(room: Room) -> None:
    case = room.report()
    seat = room.enter("li@example.com")
    for path in ("", "/text/1", "/archived/1", "/evidence.zip"):
        assert seat.get(f"/cases/{case}{path}").status_code == 404
    assert seat.get(f"/archive/{case}/1").status_code == 404
    for what in ("step", "assign", "accept", "extend", "answer", "note", "notice"):
        fields = {"step": "confirm", "note": "x", "to": "li@example.com", "until": "2027-01-01"}
        assert _send(seat, f"/cases/{case}/{what}", **fields)[0] == 404, what
    assert [event.kind for event in room.events(case) if event.actor != "system"][1:] == []
    assert room.state(case) is CaseState.FOUND


def test_the_steps_of_a_case_are_taken_from_its_page(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    page = seat.page(f"/cases/{case}")
    assert page.marked == ["会计从业资格证"]
    action, hidden = next(form for form in page.forms if form[1].get("step") == "confirm")
    assert "已记录：确认属实。" in seat.page(seat.post(action, hidden).headers["Location"]).words
    assert seat.post(action, hidden).status_code == 303, "the same form again is no error"
    assert room.state(case) is CaseState.CONFIRMED
    assert [event.actor for event in room.events(case) if event.kind == "confirmed"] == ["wang@example.com"]
    status, words = _send(seat, f"/cases/{case}/step", step="dismiss", after="0")
    assert (status, "须写明理由" in words) == (422, True)
    assert _send(seat, f"/cases/{case}/step", step="dismiss", dismissal="job_title")[0] == 303
    with Session(room.engine) as session:
        assert session.get_one(Case, case).dismissal == "job_title"


def test_a_case_is_handed_over_and_acknowledged(room: Room) -> None:
    case = room.report()
    seat, other = room.enter("wang@example.com"), room.enter("li@example.com")
    assert _send(seat, f"/cases/{case}/assign", to="nobody@example.com")[0] == 422
    status, words = _send(seat, f"/cases/{case}/assign", to="li@example.com", note="请按属地办理")
    assert status == 303
    assert "未签收" in words
    assert "请按属地办理" in words
    assert "accept" not in _buttons(seat, case), "only whom it was given to"
    assert "accept" in _buttons(other, case)
    assert _send(seat, f"/cases/{case}/accept")[0] == 422
    assert _send(other, f"/cases/{case}/accept")[0] == 303
    assert "未签收" not in other.page(f"/cases/{case}").words
    kinds = [event.kind for event in room.events(case)]
    assert kinds[-2:] == ["assigned", "accepted"]


def _buttons(seat: Seat, case: int) -> list[str]:
    return [action.rpartition("/")[2] for action, _ in seat.page(f"/cases/{case}").forms]


def _grants(seat: Seat, case: int) -> list[str | None]:
    """The answers to an extension that are offered."""
    buttons = seat.page(f"/cases/{case}").attributes("button")
    return [button["value"] for button in buttons if button.get("name") == "granted"]


def test_more_time_is_asked_for_and_granted_by_another(room: Room) -> None:
    case = room.report()
    seat, above = room.enter("wang@example.com"), room.enter("chu@example.com")
    today = room.context.now().date()
    _send(seat, f"/cases/{case}/step", step="confirm")
    _send(seat, f"/cases/{case}/step", step="ask", deadline=str(today + timedelta(days=9)))
    later = str(today + timedelta(days=40))
    assert "请写明延至哪一天" in _send(seat, f"/cases/{case}/extend", note="x")[1]
    assert "须写明理由" in _send(seat, f"/cases/{case}/extend", until=later)[1]
    assert _send(seat, f"/cases/{case}/extend", until=later, note="单位正在整改")[0] == 303
    assert "申请人以外" in _send(seat, f"/cases/{case}/answer", granted="yes")[1]
    assert "延期是您申请的，须由同事或管理员同意。" in seat.page(f"/cases/{case}").words
    assert [_grants(seat, case), _grants(above, case)] == [["no"], ["yes", "no"]]
    assert _send(above, f"/cases/{case}/answer", granted="no")[0] == 422
    assert _send(above, f"/cases/{case}/answer", granted="yes")[0] == 303
    with Session(room.engine) as session:
        assert str(session.get_one(Case, case).deadline) == later
    assert [event.kind for event in room.events(case)][-2:] == ["extension_asked", "extended"]


def test_a_note_is_kept_without_a_step(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    assert _send(seat, f"/cases/{case}/note", note=" ")[0] == 422
    status, words = _send(seat, f"/cases/{case}/note", note="已电话联系 <b>人事科</b>")
    assert status == 303
    assert "已电话联系 <b>人事科</b>" in words
    assert room.state(case) is CaseState.FOUND


def test_forms_without_the_key_do_nothing(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    for what in ("step", "assign", "accept", "extend", "answer", "note", "notice"):
        fields = {"step": "confirm", "note": "x", "to": "li@example.com"}
        assert seat.post(f"/cases/{case}/{what}", fields).status_code == 403
        assert seat.post(f"/cases/{case}/{what}", {**seat.key, **fields}, Origin="null").status_code == 403
    assert {event.kind for event in room.events(case)} <= {"found", "notified"}


def test_the_whole_text_marks_every_mention_and_masks_numbers(room: Room) -> None:
    text = f"{TEXT}\n另：会计从业资格证原件。\n电工证亦可。"
    first = mention(text)
    last = mention(text, start=text.rindex("会计从业资格证"), end=text.rindex("会计从业资格证") + 7)
    case = room.report(Posting(text), first, last, mention(text, "电工证", qualification="电工"))
    page = room.enter("wang@example.com").page(f"/cases/{case}/text/1")
    assert page.marked == ["会计从业资格证", "会计从业资格证", "电工证"]
    assert [values.get("id") for values in page.attributes("mark")] == ["m1", "m2", None]
    assert "13812345678" not in page.words
    assert "三、待遇面议。" in page.words


def test_the_archived_page_is_shown_where_nothing_of_it_runs(room: Room) -> None:
    case = room.report()
    _archive(room, PAGE)
    seat = room.enter("wang@example.com")
    around = seat.get(f"/cases/{case}/archived/1")
    assert "已核对：存档内容与取得时的摘要一致。" in around.text
    (frame,) = Page(around.text).attributes("iframe")
    assert frame["sandbox"] == ""
    assert "frame-src 'self'" in around.headers["Content-Security-Policy"]
    framed = seat.get(str(frame["src"]))
    assert framed.content == PAGE
    assert framed.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = framed.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script" not in policy
    assert "allow-" not in policy
    saved = seat.get(f"{frame['src']}?save=1")
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    assert saved.headers["Content-Type"] == "application/octet-stream"


def test_an_archived_page_that_was_changed_is_not_shown(room: Room) -> None:
    case = room.report()
    _archive(room, PAGE)
    with room.context.transaction() as session:
        session.execute(update(DocumentVersion).values(body_sha256="0" * 64))
    seat = room.enter("wang@example.com")
    assert "证据核对未通过：证据文件" in seat.page(f"/cases/{case}/archived/1").words
    assert seat.get(f"/archive/{case}/1").status_code == 410


def test_a_file_is_never_opened_in_the_browser(room: Room) -> None:
    case = room.report()
    _archive(room, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml")
    seat = room.enter("wang@example.com")
    assert seat.page(f"/cases/{case}/archived/1").attributes("iframe") == []
    answer = seat.get(f"/archive/{case}/1")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_letter_and_evidence_are_downloaded(room: Room) -> None:
    case = room.report()
    _archive(room, PAGE)
    seat = room.enter("wang@example.com")
    letter = seat.post(f"/cases/{case}/notice", seat.key)
    assert any("福安市某某医院" in each.text for each in docx.Document(io.BytesIO(letter.content)).paragraphs)
    assert room.events(case)[-1].kind == "letter"
    packed = zipfile.ZipFile(io.BytesIO(seat.get(f"/cases/{case}/evidence.zip").content))
    assert PAGE in [packed.read(name) for name in packed.namelist()]
    _send(seat, f"/cases/{case}/step", step="dismiss", note="x")
    assert seat.post(f"/cases/{case}/notice", seat.key).status_code == 409


def test_numbers_that_no_case_has_are_answered(room: Room) -> None:
    seat = room.enter("wang@example.com")
    for number in ("0", "2", "9" * 30, "-1", "1.0", "x", "1%00"):
        assert seat.get(f"/cases/{number}").status_code in {404, 405}
        assert seat.get(f"/cases/1/text/{number}").status_code in {403, 404}


def test_the_page_takes_few_queries_however_long_its_history(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    counts = []
    for more in (1, 30):
        for _ in range(more):
            _send(seat, f"/cases/{case}/note", note="x")
        with room.statements() as said:
            seat.page(f"/cases/{case}")
        counts.append(len(said))
    assert counts[0] == counts[1]
    assert counts[1] <= QUERIES, said


def test_nothing_that_comes_from_outside_becomes_a_part_of_the_pages(room: Room) -> None:
    case = room.report()
    seat = room.enter("wang@example.com")
    for start in range(0, len(PAYLOADS), 16):
        words = "\n".join(PAYLOADS[start : start + 16])
        with room.context.transaction() as session:
            session.execute(update(Case).values(title=words, publisher=words, qualification=words, url=words))
            session.execute(update(Document).values(title=words, publisher=words, url=words))
            session.execute(update(DocumentVersion).values(text=words, media_type="text/html"))
            finding = {"quote": words, "context": words, "cue": words, "explanation": words, "advice": words}
            session.execute(
                update(Finding)
                .where(col(Finding.case_id) == case)
                .values(**finding, start=3, end=9, legal_basis=[words], status_document=words)
            )
        _send(seat, f"/cases/{case}/note", note=words[:1000])
        for path in ("", "/text/1", "/archived/1"):
            page = seat.page(f"/cases/{case}{path}")
            page.require_harmless()


def test_a_case_is_made_part_of_another_one_and_split_off_again(room: Room) -> None:
    other = Posting(TEXT + "另", publisher="长春市教育局", url="https://b.example/", region="220102")
    first, second = room.report(), room.report(other)
    seat = room.enter("wang@example.com")
    status, words = _send(seat, f"/cases/{first}/merge", into="999")
    assert (status, "没有编号为“999”的案件" in words) == (422, True)
    status, words = _send(seat, f"/cases/{first}/merge", into=str(second), note="同一公告")
    assert (status, f"已并入案件 {second}" in words) == (303, True)
    listed = seat.page("/cases").words
    assert f"并入的案件 {first}" in listed
    assert f"案件 {first} 已并入" not in listed
    assert "拆分为独立案件" not in room.enter("wang@example.com").page(f"/cases/{second}").words
    stranger = room.enter("li@example.com")
    assert _send(stranger, f"/cases/{first}/split")[0] == 404
    status, words = _send(seat, f"/cases/{first}/split")
    assert (status, "拆分为独立案件" in words, "拆分" in words) == (303, False, True)
