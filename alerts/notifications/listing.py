"""All cases of a letter, where it writes out only the first: a page behind a signed link, and a table.

Whatever the letter says in full, its list leaves out none: only what is listed counts as told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from alerts.delivery.links import list_link
from alerts.delivery.outbox import message_key
from alerts.languages import Language, language
from alerts.notifications.letters import Letter, shown
from settings.model import Settings
from storage.tables import Case
from vocabulary.areas import region_name
from vocabulary.codes import Severity, Violation
from vocabulary.presentation import displayable

COLUMNS = (
    "案件编号",
    "风险等级",
    "状态",
    "职业资格",
    "情形",
    "地区",
    "发布单位",
    "标题",
    "发现日期",
    "整改期限",
    "网址",
)
"""Headings of the table, in Chinese."""
_AT_ONCE = 500


def whole_list(
    session: Session, cases: Sequence[int], letter: Letter, settings: Settings, now: datetime
) -> Letter:
    """``letter`` with a list of all ``cases``, of which its payload's ``cases`` are the first.

    Adds to its payload ``all_cases``, which count as told (``case_ids``) unless it says otherwise;
    ``listed``, a table below COLUMNS where there are more than are written out; and ``list_link``, the page,
    empty without a console.
    """
    more, speech = len(cases) - len(letter.payload["cases"]), language(letter.recipient.language)
    email = letter.recipient.email
    added = {
        "case_ids": letter.payload.get("case_ids", list(cases)),
        "all_cases": list(cases),
        "more_cases": max(0, more),
        "columns": [speech.say(column) for column in COLUMNS],
        "listed": list_rows(session, cases, settings, speech) if more > 0 else [],
        "list_link": list_link(settings, message_key(letter.about, email), email, now),
    }
    return replace(letter, payload={**letter.payload, **added})


def list_rows(
    session: Session, cases: Sequence[int], settings: Settings, speech: Language
) -> list[list[Any]]:
    """A row of COLUMNS for each of ``cases``, in their order; those that are no more are left out."""
    found: dict[int, list[Any]] = {}
    for begin in range(0, len(cases), _AT_ONCE):
        some = select(Case).where(col(Case.id).in_(cases[begin : begin + _AT_ONCE]))
        for case in session.exec(some.execution_options(populate_existing=True)):
            found[case.id or 0] = _row(case, settings, speech)
    return [found[case] for case in cases if case in found]


def _row(case: Case, settings: Settings, speech: Language) -> list[Any]:
    return [
        case.id,
        speech.name(Severity(case.severity)),
        speech.name(case.state),
        shown(case.qualification, 60),
        speech.name(Violation(case.violation)),
        region_name(case.region) or speech.say("地区未识别"),
        shown(case.publisher, 60) or speech.say("发布单位未识别"),
        shown(case.title, 120) or speech.say("（无标题）"),
        speech.day(case.opened_at.astimezone(ZoneInfo(settings.time_zone)).date()),
        speech.day(case.deadline),
        displayable(case.url, limit=2048),
    ]
