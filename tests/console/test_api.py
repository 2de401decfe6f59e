"""The programming interface: the same cases, the same rights, as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from sqlmodel import Session, select

from accounts import people, tokens
from accounts.people import Person
from storage.audit import read_trail
from storage.tables import Case, StandingException
from tests.alerts.stored import Posting
from tests.console.visitor import TEXT, Room
from vocabulary.codes import CaseOrder, CaseState
from vocabulary.people import AuditKind, Role


class Program:
    """A program that bears a token."""

    def __init__(
        self, room: Room, email: str, role: Role = Role.REVIEWER, *regions: str, writes: bool = True
    ) -> None:
        self.url = f"{room.url}/api/v1"
        context = room.context
        with context.transaction() as session:
            if people.find(session, email) is None:
                people.add(session, Person(email, "", role, regions), actor="root", now=context.now())
            self.token = tokens.make(
                session,
                people.get(session, email),
                "test",
                context.settings.accounts,
                reads_only=not writes,
                actor="root",
                now=context.now(),
            )
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=query, headers=self.headers, timeout=10)

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        return requests.post(f"{self.url}{path}", json=body, headers={**self.headers, **headers}, timeout=10)


def _fill(room: Room, count: int) -> None:
    with room.context.transaction() as session:
        session.add_all(
            Case(
                key=str(number),
                qualification="会计从业资格",
                status="cancelled",
                usage="required",
                violation="cancelled_hiring_requirement",
                severity=("critical", "high", "medium")[number % 3],
                publisher="某公司",
                publisher_kind="company",
                region="350900" if number % 2 else "220100",
                title=f"招聘启事{number}，电话13812345678",
                opened_at=room.context.now(),
                updated_at=room.context.now(),
            )
            for number in range(count)
        )


def test_nobody_is_answered_without_a_valid_token(room: Room) -> None:
    program = Program(room, "wang@example.com")
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {program.token}"}):
        answer = requests.get(f"{program.url}/cases", headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
    assert program.get("/me").json()["email"] == "wang@example.com"
    room.wait(days=181)
    assert program.get("/me").status_code == 401


def test_a_case_is_read_masked_with_its_history(room: Room) -> None:
    case = room.report()
    program = Program(room, "wang@example.com")
    (listed,) = program.get("/cases").json()["cases"]
    assert (listed["id"], listed["state"], listed["region"]) == (case, "found", "350900")
    told = program.get(f"/cases/{case}")
    assert "13812345678" not in told.text
    assert told.json()["findings"][0]["quote"] == "会计从业资格证"
    assert [each["kind"] for each in told.json()["events"]] == ["found"]
    assert told.json()["steps"] == ["confirm", "dismiss", "rectified"]
    with Session(room.engine) as session:
        kinds = (AuditKind.READ, AuditKind.EXPORTED)
        trail = read_trail(session, actor="wang@example.com", kinds=kinds)
    assert [(entry.kind, entry.case_id) for entry in trail] == [(kinds[0], case), (kinds[1], None)]


@pytest.mark.parametrize("order", CaseOrder)
def test_parts_of_a_list_follow_each_other_without_gaps(room: Room, order: CaseOrder) -> None:
    _fill(room, 23)
    program = Program(room, "boss@example.com", Role.ADMINISTRATOR)
    found: list[int] = []
    following = ""
    while True:
        part = program.get("/cases", order=order.value, limit=7, after=following).json()
        found += [case["id"] for case in part["cases"]]
        following = part["following"]
        if not following:
            break
        _fill_one_more(room, order)
    assert len(found) == len(set(found))
    assert set(found) >= set(range(1, 24))


def _fill_one_more(room: Room, order: CaseOrder) -> None:
    """What is added meanwhile moves nothing that was there, wherever it is sorted."""
    with room.context.transaction() as session:
        session.add(
            Case(
                key=f"{order}{room.context.now()}{uuid4()}",
                qualification="会计",
                status="cancelled",
                usage="required",
                violation="cancelled_hiring_requirement",
                severity="high",
                publisher_kind="company",
                opened_at=room.context.now(),
                updated_at=room.context.now(),
            )
        )


def test_rights_hold_for_programs(room: Room) -> None:
    _fill(room, 6)
    case = room.report(Posting(TEXT))
    jilin = Program(room, "jilin@example.com", Role.REVIEWER, "220000")
    assert {each["region"] for each in jilin.get("/cases").json()["cases"]} == {"220100"}
    assert jilin.get("/cases", region="350000").json()["cases"] == []
    assert jilin.get(f"/cases/{case}").status_code == 404
    assert jilin.post(f"/cases/{case}/steps", {"step": "confirm"}).status_code == 404
    look = Program(room, "look@example.com", Role.VIEWER)
    assert look.post(f"/cases/{case}/steps", {"step": "confirm"}).status_code == 403
    reads = Program(room, "wang@example.com", writes=False)
    assert reads.post(f"/cases/{case}/steps", {"step": "confirm"}).status_code == 403
    assert room.state(case) is CaseState.FOUND


def test_a_step_is_taken_once_and_in_the_accounts_name(room: Room) -> None:
    case = room.report()
    program = Program(room, "wang@example.com")
    path = f"/cases/{case}/steps"
    key = {"Idempotency-Key": "import-2026-11-02"}
    for _ in range(2):
        assert program.post(path, {"step": "confirm"}, **key).json() == {"id": case, "state": "confirmed"}
    assert program.post(path, {"step": "confirm"}).status_code == 409
    assert program.post(path, {"step": "ask"}).status_code == 422
    assert (
        program.post(path, {"step": "ask", "deadline": "2026-12-01"}).json()["state"] == "rectification_asked"
    )
    assert {event.actor for event in room.events(case)[1:]} == {"wang@example.com"}


@pytest.mark.parametrize(
    "query",
    [
        {"stat": "found"},
        {"state": "lost"},
        {"limit": "0"},
        {"from": "gestern"},
        {"region": "福建"},
        {"after": "'"},
    ],
)
def test_a_query_that_says_nothing_is_refused_and_not_guessed(room: Room, query: dict[str, str]) -> None:
    answer = Program(room, "wang@example.com").get("/cases", **query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [None, [], "x", {"step": "overdue?"}, {"step": "confirm", "x": 1}, {"note": "x"}]
)
def test_a_body_that_is_no_step_is_refused(room: Room, body: object) -> None:
    case = room.report()
    assert Program(room, "wang@example.com").post(f"/cases/{case}/steps", body).status_code == 422


def test_what_is_not_there_is_said_as_json(room: Room) -> None:
    program = Program(room, "wang@example.com")
    for path, status in (
        ("/cases/99999999999", 404),
        ("/nothing", 404),
        ("/a%0Ab", 404),
        ("/cases/1/steps", 405),
    ):
        answer = program.get(path)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
    described = requests.get(f"{program.url}/openapi.json", timeout=10).json()
    assert set(described["paths"]) == {"/me", "/cases", "/cases/{case}", "/cases/{case}/steps"}


def test_a_dismissal_by_a_program_may_set_an_exception(room: Room) -> None:
    case, other = room.copies([{"publisher": "某公司"}])
    program = Program(room, "wang@example.com")
    path, until = f"/cases/{case}/steps", str(room.context.today() + timedelta(days=60))
    step = {"step": "dismiss", "dismissal": "lawful_here"}
    for wrong in ("1999-01-01", "9999-12-31", "morgen"):
        assert program.post(path, {**step, "except_until": wrong}).status_code == 422
    assert program.post(path, {"step": "confirm", "except_until": until}).status_code == 422
    assert room.state(case) is CaseState.FOUND, "it is both or neither"
    answer = program.post(path, {**step, "except_until": until})
    assert answer.json() == {"id": case, "state": "dismissed"}
    assert program.post(f"/cases/{other}/steps", step).status_code == 200
    with Session(room.engine) as session:
        (standing,) = session.exec(select(StandingException)).all()
    assert (standing.case_id, str(standing.until), standing.actor) == (case, until, "wang@example.com")
    assert [event.kind for event in room.events(case)][-2:] == ["dismissed", "exception_set"]
