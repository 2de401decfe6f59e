"""发布前自查: a text or a file is judged before it is published, and nothing of it is kept."""

from __future__ import annotations

import io

import docx
import pytest
import requests
from sqlmodel import Session, func, select

from console import selfcheck
from console.desk import CHECKS_PER_MINUTE
from settings.model import Settings
from storage.tables import Case, Document
from tests.console.hostile import PAYLOADS
from tests.console.visitor import Page, Room, Seat

HIRING = "某某医院公开招聘出纳1名，须持有会计从业资格证，联系电话13812345678。"


@pytest.fixture(params=[False, True], ids=["entered", "everybody"])
def is_public(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def settings(settings: Settings, is_public: bool) -> Settings:
    console = settings.console.model_copy(update={"public_check": is_public})
    return settings.model_copy(update={"console": console})


@pytest.fixture
def seat(room: Room, is_public: bool) -> Seat:
    return Seat(room.url) if is_public else room.enter("wang@example.com")


def _check(seat: Seat, text: str = "", file: tuple[str, bytes] | None = None) -> requests.Response:
    parts: dict[str, tuple[str | None, str | bytes]] = {"text": (None, text), "file": file or ("", b"")}
    return seat.session.post(f"{seat.url}/check", files=parts, timeout=30)


def test_a_demand_is_found_and_explained_and_nothing_is_kept(room: Room, seat: Seat) -> None:
    page = Page(_check(seat, HIRING).text)
    assert "发现 1 处须修改" in page.words
    assert "2017年11月5日" in page.words
    assert page.marked == ["会计从业资格证"]
    with Session(room.engine) as session:
        for kept in (Case, Document):
            assert session.exec(select(func.count()).select_from(kept)).one() == 0


def test_a_lawful_text_is_said_to_be_one(seat: Seat) -> None:
    assert "没有发现违规" in _check(seat, "某某公司招聘护士，须持有护士执业资格证。").text


def test_a_file_is_read_and_one_that_cannot_be_is_named(seat: Seat) -> None:
    document = docx.Document()
    document.add_paragraph(HIRING)
    body = io.BytesIO()
    document.save(body)
    assert "发现 1 处须修改" in _check(seat, file=("公告.docx", body.getvalue())).text
    broken = _check(seat, file=("公告.docx", body.getvalue()[:300]))
    assert broken.status_code == 422
    assert "文件未能读取" in broken.text


def test_nothing_to_judge_and_too_much_are_refused(seat: Seat) -> None:
    assert _check(seat, " ").status_code == 422
    assert _check(seat, "字" * 50_001).status_code == 422
    assert _check(seat, file=("x.txt", b"x" * (selfcheck.BODY_BYTES + 1))).status_code == 413


def test_what_is_pasted_becomes_no_part_of_the_page(seat: Seat) -> None:
    for start in range(0, len(PAYLOADS), 30):
        text = "\n".join(f"招聘会计，须持有会计从业资格证。{each}" for each in PAYLOADS[start : start + 30])
        answer = _check(seat, text)
        assert answer.status_code == 200
        Page(answer.text).require_harmless()


@pytest.mark.parametrize("is_public", [True], indirect=True)
def test_who_has_not_entered_waits_where_many_use_it(seat: Seat) -> None:
    asked = [_check(seat, "招聘会计").status_code for _ in range(CHECKS_PER_MINUTE + 2)]
    assert asked == [200] * CHECKS_PER_MINUTE + [429] * 2


@pytest.mark.parametrize("is_public", [False], indirect=True)
def test_without_the_operators_leave_only_those_who_entered_may(room: Room) -> None:
    assert room.get(f"{room.url}/check").status_code == 401
    assert _check(Seat(room.url), HIRING).status_code == 401
