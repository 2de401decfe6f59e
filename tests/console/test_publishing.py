"""曝光: what a supervisor chooses is public, masked, as page, feed and announcement; nothing else."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import docx
import pytest
from sqlmodel import Session, col, select, update

from settings.model import Settings
from storage.tables import AuditEntry, Case, Publication
from tests.alerts.stored import Posting
from tests.console.hostile import PAYLOADS
from tests.console.visitor import TEXT, Page, Room, Seat
from vocabulary.codes import CaseState

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    away = settings.supervisors[1].model_copy(update={"regions": ("220000",)})
    return settings.model_copy(update={"supervisors": (settings.supervisors[0], away)})


@pytest.fixture
def seat(room: Room) -> Seat:
    return room.enter("wang@example.com")


def _overdue(room: Room, posting: Posting | None = None) -> int:
    case = room.report(posting)
    with Session(room.engine) as session, session.begin():
        session.get_one(Case, case).state = CaseState.OVERDUE
    return case


def _publish(room: Room, seat: Seat, case: int, public: str = "yes", note: str = "") -> int:
    fields = {**seat.key, "public": public, "note": note}
    return seat.post(f"/cases/{case}/publication", fields).status_code


def test_what_was_chosen_is_public_and_taken_down_again(room: Room, seat: Seat) -> None:
    hidden = room.report(Posting(TEXT, "另一公告", "某局", "https://hr.example.com/2.html"))
    case = _overdue(room)
    assert "目前没有曝光" in Page(room.get(f"{room.url}/published").text).words
    assert _publish(room, seat, hidden) == 409, "it is not decided on"
    assert "公布到曝光台" in seat.page(f"/cases/{case}").words
    assert _publish(room, seat, case, note="已多次提醒，联系13812345678") == 303
    assert _publish(room, seat, case) == 409
    assert room.state(case) is CaseState.PUBLISHED
    answer = room.get(f"{room.url}/published")
    page = Page(answer.text)
    page.require_harmless()
    for words in ("福安市某某医院", "会计从业资格证", "尚未整改", "已多次提醒", "吉政办发〔2017〕54号第二条"):
        assert words in page.words
    for words in ("13812345678", "wang@example.com", "某局", "hr.example.com"):
        assert words not in answer.text
    assert room.get(f"{room.url}/published/1").status_code == 200
    letter = seat.get(f"/cases/{case}/announcement.docx")
    words = "".join(each.text for each in docx.Document(io.BytesIO(letter.content)).paragraphs)
    assert "关于福安市某某医院违规要求职业资格证书的通报" in words
    assert "138******78" in words
    assert _publish(room, seat, case, "no", "表述有误") == 303
    assert room.get(f"{room.url}/published/1").status_code == 404
    assert "福安市" not in room.get(f"{room.url}/published").text
    assert seat.get(f"/cases/{case}/announcement.docx").status_code == 409
    assert _publish(room, seat, case, "no") == 409
    kinds = [event.kind for event in room.events(case)]
    assert kinds[-3:] == ["published", "made_public", "withdrawn"]
    assert _publish(room, seat, case) == 303, "and put up again"
    with Session(room.engine) as session:
        trail = [entry.detail.split()[0] for entry in session.exec(select(AuditEntry))]
    assert trail == ["published", "made_public", "withdrawn", "made_public"]


def test_the_feed_is_atom_and_says_what_was_put_right(room: Room, seat: Seat) -> None:
    case = _overdue(room)
    seat.send(f"/cases/{case}", f"/cases/{case}/step", step="rectified")
    assert _publish(room, seat, case) == 303
    answer = room.get(f"{room.url}/published.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)  # noqa: S314 - we wrote it
    (entry,) = feed.findall(f"{ATOM}entry")
    assert "已整改" in (entry.findtext(f"{ATOM}summary") or "")
    for name in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
        assert entry.findtext(f"{ATOM}{name}")
    assert "已整改" in Page(room.get(f"{room.url}/published").text).words


def test_a_person_is_not_named_and_hostile_words_stay_words(room: Room, seat: Seat) -> None:
    case = _overdue(room)
    with Session(room.engine) as session, session.begin():
        changed = {"publisher_kind": "individual", "publisher": "钱某某", "title": "钱某某招聘"}
        session.execute(update(Case).where(col(Case.id) == case).values(**changed))
    assert _publish(room, seat, case, note=PAYLOADS[0]) == 303
    body = room.get(f"{room.url}/published").text
    assert "钱某某" not in body
    Page(body).require_harmless()
    with Session(room.engine) as session, session.begin():
        for each in session.exec(select(Publication)):
            each.publisher = each.title = each.quote = "".join(PAYLOADS[:40]) + "\x0b\ufffe"
    Page(room.get(f"{room.url}/published").text).require_harmless()
    ET.fromstring(room.get(f"{room.url}/published.atom").content)  # noqa: S314
    letter = seat.get(f"/cases/{case}/announcement.docx")
    assert docx.Document(io.BytesIO(letter.content)).paragraphs


def test_only_who_answers_for_a_case_publishes_it(room: Room, seat: Seat) -> None:
    case = _overdue(room)
    other = room.enter("li@example.com")
    assert _publish(room, other, case) == 404
    assert other.get(f"/cases/{case}/announcement.docx").status_code == 404
    assert seat.post(f"/cases/{case}/publication", {"public": "yes"}).status_code == 403
    with room.context.transaction() as session:
        values: dict[str, Any] = {
            "publisher": "甲",
            "violation": "self_set_qualification",
            "published_by": "x",
        }
        at = room.context.now() - timedelta(days=1)
        first = session.get_one(Case, case).model_dump(exclude={"id", "key"})
        for number in range(25):
            more = Case(**first, key=f"k{number}")
            session.add(more)
            session.flush()
            session.add(Publication(case_id=more.id or 0, published_at=at, changed_at=at, **values))
    with room.statements() as said:
        page = Page(room.get(f"{room.url}/published").text)
    assert len(said) <= 4
    assert len([1 for tag, _ in page.tags if tag == "article"]) == 20
    second = Page(room.get(f"{room.url}/published?before=6").text)
    assert len([1 for tag, _ in second.tags if tag == "article"]) == 5
