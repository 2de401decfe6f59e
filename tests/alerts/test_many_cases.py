"""What the clock does with many cases, counted in statements: times differ from machine to machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert
from sqlmodel import Session, col, select

from alerts.notifications.digest import CASES_SHOWN as SHOWN_IN_DIGEST
from alerts.notifications.digest import send_due_digests
from alerts.notifications.reminder import STEP_CASES, remind_due
from alerts.notifications.summary import send_due_summaries
from settings.model import Settings
from storage.tables import Case, DigestItem, Finding
from tests.alerts.reading import rows
from tests.alerts.stored import Posting, mention, report
from vocabulary.areas import covers, lies_within
from vocabulary.codes import CaseState
from vocabulary.regions import known_regions

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"
MONDAY = datetime(2026, 11, 9, 1, 0, tzinfo=UTC)
DEADLINES = {CaseState.OVERDUE: date(2026, 11, 2), CaseState.RECTIFICATION_ASKED: date(2026, 11, 10)}
STATES = (CaseState.NOTIFIED, CaseState.OVERDUE, CaseState.FOUND, CaseState.RECTIFICATION_ASKED)


@pytest.fixture
def office() -> Settings:
    return Settings.model_validate({"supervisors": [{"name": "王", "email": "wang@example.com"}]})


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that the block sends to the database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _fill(engine: Engine, settings: Settings, cases: int) -> None:
    """``cases`` of all states and regions, each with a finding in one stored version and a digest's item."""
    report(engine, settings, Posting(TEXT), mention(TEXT), now=MONDAY - timedelta(days=3))
    counties = [code for code in known_regions() if not code.endswith("00")]
    with Session(engine) as session, session.begin():
        case = session.get_one(Case, 1).model_dump()
        finding = session.get_one(Finding, 1).model_dump(exclude={"id"})
        numbers = range(2, 2 + cases)
        new = [
            case
            | {
                "id": each,
                "key": f"{each:064d}",
                "region": counties[each % len(counties)],
                "state": STATES[each % 4],
                "deadline": DEADLINES.get(STATES[each % 4]),
            }
            for each in numbers
        ]
        session.execute(insert(Case), new)
        found = [finding | {"case_id": each, "violation": f"rule {each}"} for each in numbers]
        session.execute(insert(Finding), found)
        item = {"recipient": "wang@example.com", "recipient_name": "王", "reason": "", "version_id": 1}
        told = item | {"added_at": MONDAY - timedelta(hours=2)}
        items = [told | {"key": f"case:{each}:opened", "case_id": each} for each in numbers]
        session.execute(insert(DigestItem), items)


@pytest.mark.parametrize("step", [send_due_digests, send_due_summaries])
def test_digests_and_summaries_ask_as_much_for_thousands_of_cases_as_for_some(
    engine: Engine, office: Settings, step: Callable[[Engine, Settings, datetime], int]
) -> None:
    _fill(engine, office, 4_000)
    with counted(engine) as statements:
        assert step(engine, office, MONDAY) >= 1
    assert len(statements) <= 20 + 3 * SHOWN_IN_DIGEST
    letter = rows(engine)[-1]
    assert len(letter.payload["overdue" if letter.template == "summary" else "cases"]) <= SHOWN_IN_DIGEST


def test_the_database_finds_the_cases_of_an_area_that_routing_would_give_it(
    engine: Engine, office: Settings
) -> None:
    codes = list(known_regions())
    report(engine, office, Posting(TEXT), mention(TEXT))
    with Session(engine) as session, session.begin():
        case = session.get_one(Case, 1).model_dump(exclude={"region"})
        new = [
            case | {"id": number, "key": f"{number:064d}", "region": code}
            for number, code in enumerate(codes, 2)
        ]
        session.execute(insert(Case), new)
    with Session(engine) as session:
        for area in [*codes[:: len(codes) // 60], "220100", "220113", "500200", "419000", "341400"]:
            found = select(Case.region).where(col(Case.id) > 1, lies_within(col(Case.region), area))
            assert set(session.exec(found)) == {code for code in codes if covers(area, code)}, area


def test_deadlines_that_were_brought_up_cost_two_questions_for_each_two_hundred(
    engine: Engine, office: Settings
) -> None:
    _fill(engine, office, 10 * STEP_CASES)
    assert remind_due(engine, office, MONDAY) > 0
    with counted(engine) as statements:
        assert remind_due(engine, office, MONDAY) == 0
    questions = [statement for statement in statements if statement.startswith("SELECT")]
    assert 10 <= len(questions) <= 2 * 6 + 2  # one for whoever is away
