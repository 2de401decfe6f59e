"""Who sees which cases: by their account, by the configuration, and for whom they act."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts import people
from accounts.errors import AccountError
from accounts.leave import end_leave, set_leave, substitutes
from accounts.rights import check, scope_of
from cases.queries import list_cases
from cases.steps import take_step
from settings.model import Settings
from storage.audit import read_trail
from storage.tables import Case
from tests.accounts.office import NOW, Office
from vocabulary.codes import Step
from vocabulary.people import AuditKind, Role

TODAY = date(2026, 11, 2)
SETTINGS = Settings.model_validate(
    {
        "supervisors": [
            {"name": "王", "email": "wang@example.com", "regions": ["350000"], "superior": "chu@example.com"},
            {"name": "李", "email": "li@example.com", "regions": ["220000"], "superior": "chu@example.com"},
        ]
    }
)


@pytest.fixture
def cases(office: Office) -> dict[str, int]:
    """A case of each region, by its number."""
    with office.transaction() as session:
        found = [
            Case(
                key=region,
                qualification="会计从业资格",
                status="cancelled",
                usage="required",
                violation="cancelled_hiring_requirement",
                severity="high",
                publisher_kind="company",
                region=region,
                opened_at=NOW,
                updated_at=NOW,
            )
            for region in ("350981", "220100", "110101")
        ]
        session.add_all(found)
        session.flush()
        return {str(case.region): case.id or 0 for case in found}


def _sees(office: Office, email: str, today: date = TODAY) -> set[str]:
    with office.transaction() as session:
        scope = scope_of(session, SETTINGS, people.get(session, email), today)
        return {str(case.region) for case in list_cases(session, now=NOW, scope=scope).cases}


def test_the_account_says_it_else_the_configuration_else_everything(
    office: Office, cases: dict[str, int]
) -> None:
    office.employ("boss@example.com", Role.ADMINISTRATOR, "350000")
    office.employ("wang@example.com")
    office.employ("li@example.com", Role.REVIEWER, "110000")
    office.employ("chu@example.com")
    office.employ("look@example.com", Role.VIEWER)
    assert _sees(office, "boss@example.com") == set(cases)
    assert _sees(office, "wang@example.com") == {"350981"}
    assert _sees(office, "li@example.com") == {"110101"}
    assert _sees(office, "chu@example.com") == {"350981", "220100"}, "those below"
    assert _sees(office, "look@example.com") == set(cases)


def test_a_substitute_sees_and_decides_while_the_other_is_away(office: Office, cases: dict[str, int]) -> None:
    wang, li = office.employ("wang@example.com"), office.employ("li@example.com")
    with office.transaction() as session:
        set_leave(session, wang, li.email, TODAY, TODAY + timedelta(days=4), actor=wang.email, now=NOW)
        session.add(wang)
    assert _sees(office, "li@example.com") == {"220100", "350981"}
    assert _sees(office, "li@example.com", TODAY + timedelta(days=5)) == {"220100"}
    assert _sees(office, "wang@example.com") == {"350981"}, "nobody is locked out of their own"
    with office.transaction() as session:
        assert {email: each.email for email, each in substitutes(session, TODAY).items()} == {
            "wang@example.com": "li@example.com"
        }
        check(session, SETTINGS, "li@example.com", cases["350981"], TODAY, decides=True)
        end_leave(session, people.get(session, "wang@example.com"), actor="root", now=NOW)
        assert not substitutes(session, TODAY)
    assert _sees(office, "li@example.com") == {"220100"}


def test_what_a_leave_needs_is_said(office: Office) -> None:
    wang, li = office.employ("wang@example.com"), office.employ("li@example.com")
    for substitute, first, last in (
        ("nobody@example.com", TODAY, TODAY),
        (wang.email, TODAY, TODAY),
        (li.email, TODAY, TODAY - timedelta(days=1)),
        (li.email, TODAY, TODAY + timedelta(days=900)),
    ):
        with pytest.raises(AccountError), office.transaction() as session:
            set_leave(session, wang, substitute, first, last, actor=wang.email, now=NOW)


def test_a_case_of_others_is_refused_and_a_viewer_decides_nothing(
    office: Office, cases: dict[str, int]
) -> None:
    office.employ("wang@example.com")
    office.employ("look@example.com", Role.VIEWER)
    with office.transaction() as session:
        check(session, SETTINGS, "wang@example.com", cases["350981"], TODAY, decides=True)
        check(session, SETTINGS, "look@example.com", cases["350981"], TODAY, decides=False)
        for email, case in (
            ("wang@example.com", cases["220100"]),
            ("wang@example.com", 999_999),
            ("look@example.com", cases["350981"]),
            ("nobody@example.com", cases["350981"]),
        ):
            with pytest.raises(AccountError):
                check(session, SETTINGS, email, case, TODAY, decides=True)


def test_what_a_person_decides_stands_in_the_trail(office: Office, cases: dict[str, int]) -> None:
    case = cases["350981"]
    with office.transaction() as session:
        take_step(session, case, Step.CONFIRM, actor="wang@example.com", now=NOW)
        (entry,) = read_trail(session, case_id=case)
    assert (entry.kind, entry.actor) == (AuditKind.DECIDED, "wang@example.com")
    assert entry.detail.startswith("confirmed")
