"""目录 for the administrator: what was announced is imported or refused, and rows are compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, select

from catalogue.imported import ImportedItem, ImportedList
from storage.imported_lists import keep_list
from storage.tables import AuditEntry, CatalogueNotice, Document, DocumentVersion, StoredList
from tests.cli.test_catalogue_import import HEADING, NUMBER, ROWS
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Room
from vocabulary.codes import Evidence, Status
from vocabulary.people import AuditKind


def _announce(room: Room, rows: Sequence[Sequence[str]], title: str = "取消一批职业资格") -> int:
    """Let a page have announced this list; the number of the proposal."""
    room.report()
    text, now = "\n".join("\t".join(row) for row in (HEADING, *rows)), room.context.now()
    with room.context.transaction() as session:
        known = session.exec(select(DocumentVersion)).first()
        assert known is not None
        document = Document(
            url="https://www.gov.example.com/1.html",
            source="gov",
            title=title,
            first_seen_at=now,
            last_seen_at=now,
        )
        session.add(document)
        session.flush()
        values = known.model_dump(exclude={"id", "document_id", "text", "text_sha256"})
        version = DocumentVersion(**values, document_id=document.id or 0, text=text, text_sha256="1" * 64)
        session.add(version)
        session.flush()
        number = version.id or 0
        changes = [{"change": "新增", "name": row[1]} for row in rows]
        session.add(
            CatalogueNotice(
                version_id=number,
                proposes=True,
                number=NUMBER,
                items=len(rows),
                changes=changes,
                examined_at=now,
            )
        )
    return number


def test_an_announced_list_is_imported_by_the_administrator_alone(room: Room) -> None:
    number = _announce(room, ROWS)
    path, seat = f"/catalogue/proposals/{number}", room.enter("wang@example.com")
    assert "待审核的目录变动" not in seat.page("/catalogue").words
    assert seat.post(path, {**seat.key, "accepted": "yes"}).status_code == 403
    admin = room.enter("admin@example.com")
    page = admin.page("/catalogue")
    assert NUMBER in page.words
    assert ROWS[0][1] in page.words
    assert admin.post(path, {"accepted": "yes"}).status_code == 403
    answer = admin.post(path, {**admin.key, "accepted": "yes"})
    assert answer.status_code == 303, answer.text
    assert "没有待审核的目录变动" not in admin.page("/catalogue").words  # the whole block is gone
    with Session(room.engine) as session:
        assert session.exec(select(StoredList.document)).one() == NUMBER
        kinds = session.exec(select(AuditEntry.kind).where(AuditEntry.actor == "admin@example.com")).all()
        assert AuditKind.CATALOGUE_DECIDED in kinds


def test_a_list_that_was_not_read_whole_is_not_imported_and_one_is_refused_with_a_reason(room: Room) -> None:
    number = _announce(room, ROWS[:50])
    path, admin = f"/catalogue/proposals/{number}", room.enter("admin@example.com")
    answer = admin.post(path, {**admin.key, "accepted": "yes"})
    assert (answer.status_code, f"应为{len(ROWS)}项" in answer.text) == (422, True)
    assert admin.post(path, {**admin.key, "accepted": "no"}).status_code == 422
    assert admin.post(path, {**admin.key, "accepted": "no", "reason": "重复"}).status_code == 303
    assert admin.post(path, {**admin.key, "accepted": "no", "reason": "重复"}).status_code == 422
    with Session(room.engine) as session:
        notice = session.get_one(CatalogueNotice, number)
        assert (notice.reason, notice.dismissed_by) == ("重复", "admin@example.com")
        assert session.exec(select(StoredList.document)).all() == []


def test_rows_read_from_a_picture_are_compared_and_corrected(room: Room) -> None:
    items = tuple(
        ImportedItem(
            str(row), name, name, Status.CANCELLED, date(2016, 12, 1), "", "", "", Evidence.UNVERIFIED
        )
        for row, name in enumerate(("竹编检测帅", "藤编检测师"), 1)
    )
    with room.context.transaction() as session:
        keep_list(session, ImportedList("测发〔2016〕1号", "", "图.png", date(2026, 11, 1), items, "1" * 64))
    identity = room.context.imported().unpacked()[0].identity
    admin = room.enter("admin@example.com")
    assert "竹编检测帅" in admin.get("/catalogue").text
    fields = {**admin.key, "identity": identity}
    assert admin.post("/catalogue/rows", fields).status_code == 422
    fields |= {"row": "1", "name-1": "竹编检测师", "name-2": "没有勾选"}
    assert admin.post("/catalogue/rows", fields).status_code == 303
    assert admin.post("/catalogue/rows", {**fields, "row": "9"}).status_code == 422
    first, second = room.context.imported().unpacked()[0].items
    assert (first.name, first.evidence) == ("竹编检测师", Evidence.PUBLISHED)
    assert (second.name, second.evidence) == ("藤编检测师", Evidence.UNVERIFIED)
    reviewer = room.enter("wang@example.com")
    assert reviewer.post("/catalogue/rows", {**fields, **reviewer.key}).status_code == 403


def test_what_pages_announce_becomes_no_part_of_the_desk(room: Room) -> None:
    rows = [(str(number), payload, "", "", "", "") for number, payload in enumerate(PAYLOADS[:12], 1)]
    _announce(room, rows, title=PAYLOADS[0])
    page = room.enter("admin@example.com").page("/catalogue")
    page.require_harmless("https://www.gov.example.com/", allowed=frozenset({"svg"}))


def test_a_shipped_row_is_verified_with_its_source_and_taken_back(room: Room) -> None:
    admin, path = room.enter("admin@example.com"), "/catalogue/verified"
    page = admin.page("/catalogue?name=物流师")
    assert "在何处看到" in page.words
    fields = {**admin.key, "key": "物流师", "row": "2", "source": "国务院公报2015年第22号"}
    assert admin.post(path, {**fields, "source": " "}).status_code == 422
    assert admin.post(path, {**fields, "row": "9"}).status_code == 422
    assert admin.post(path, {**fields, "key": "从未有过的证书"}).status_code == 422
    assert admin.post(path, {**fields, "since": "昨天"}).status_code == 422
    answer = admin.post(path, {**fields, "document": "国发〔2015〕41号"})
    assert answer.status_code == 303, answer.text
    [row] = room.context.imported().verified()
    assert (row.found_document, row.verified_by) == ("国发〔2015〕41号", "admin@example.com")
    page = admin.page("/catalogue?name=物流师")
    assert "已核实的行" in page.words
    assert "国务院公报2015年第22号" in page.words
    reviewer = room.enter("wang@example.com")
    seen = reviewer.page("/catalogue?name=物流师").words
    assert "国务院公报2015年第22号" in seen
    assert "在何处看到" not in seen
    assert "已核实的行" not in seen
    assert reviewer.post(path, {**fields, **reviewer.key}).status_code == 403
    taken = {**admin.key, "identity": row.identity}
    assert admin.post(f"{path}/end", {**reviewer.key, "identity": row.identity}).status_code == 403
    assert admin.post(f"{path}/end", taken).status_code == 303
    assert admin.post(f"{path}/end", taken).status_code == 422
    assert room.context.imported().verified() == ()
    with Session(room.engine) as session:
        found = select(AuditEntry.detail).where(AuditEntry.kind == AuditKind.CATALOGUE_DECIDED)
        assert list(session.exec(found)) == [f"= {row.identity}: 国务院公报2015年第22号", f"- {row.identity}"]


def test_a_hostile_source_of_a_row_becomes_no_part_of_the_desk(room: Room) -> None:
    admin = room.enter("admin@example.com")
    for number, payload in enumerate(PAYLOADS[:6]):
        fields = {
            **admin.key,
            "key": "物流师",
            "row": "2",
            "source": payload,
            "document": PAYLOADS[number + 6],
        }
        assert admin.post("/catalogue/verified", fields).status_code == 303
        page = admin.page("/catalogue?name=物流师")
        page.require_harmless(allowed=frozenset({"svg"}))
        [row] = room.context.imported().verified()
        admin.post("/catalogue/verified/end", {**admin.key, "identity": row.identity})
