"""What may be done with a case beside its steps, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from cases.case_filter import OPEN, WITH_DEADLINE
from cases.exceptions import find_exception
from cases.handling import who_asked_for_time
from cases.merging import merged_cases
from console.case_list import case_row, people
from console.viewer import Viewer
from settings.model import Settings
from storage.tables import Case
from vocabulary.codes import CaseState


def handling_block(
    session: Session, settings: Settings, viewer: Viewer, case: Case, now: datetime
) -> dict[str, Any]:
    """The values of ``templates/handling.html`` for somebody who looks at the case."""
    row = case_row(case, settings, now, viewer.speech)
    is_mine = case.assignee.casefold() == viewer.email.casefold()
    standing = find_exception(session, case.publisher, case.region, case.qualification, now)
    has_deadline = case.state in WITH_DEADLINE
    is_own = (
        case.extension is not None
        and not viewer.is_administrator
        and who_asked_for_time(session, case.id or 0).casefold() == viewer.email.casefold()
    )
    return {
        "assignee": row["assignee"],
        "is_accepted": row["is_accepted"],
        "extension": row["extension"] if has_deadline else "",
        "may_grant": not is_own,
        "may_accept": is_mine and not row["is_accepted"] and case.state in OPEN,
        "may_assign": case.state in OPEN,
        "may_extend": has_deadline,
        "may_notice": case.state in OPEN,
        "may_merge": case.state in OPEN,
        "merged_into": case.merged_into,
        "parts": merged_cases(session, [case.id or 0]).get(case.id or 0, []),
        "excepted_until": viewer.speech.day(standing.until) if standing else "",
        "may_publish": case.state in {CaseState.OVERDUE, CaseState.RECTIFIED, CaseState.PUBLISHED},
        "may_except": case.state is CaseState.DISMISSED and bool(case.publisher) and standing is None,
        "people": [
            each for each in people(session, settings) if each[0].casefold() != case.assignee.casefold()
        ],
    }
