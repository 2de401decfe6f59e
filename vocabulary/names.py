"""What each code is called in Chinese and in English, wherever it is shown; ``names.toml`` has the words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, TypeVar

from vocabulary import codes, people
from vocabulary.codes import Status, Violation

CHINESE: Final = "zh-CN"
_LANGUAGES: Final = {CHINESE: "zh", "en": "en"}
SECTIONS: Final = MappingProxyType(
    {
        codes.Status: "status",
        codes.Evidence: "evidence",
        codes.Usage: "usage",
        codes.Severity: "severity",
        codes.Violation: "violation",
        codes.DocumentKind: "document_kind",
        codes.PublisherKind: "publisher_kind",
        codes.CaseState: "case_state",
        codes.Step: "step",
        codes.EventKind: "event_kind",
        codes.Outcome: "outcome",
        codes.TroubleKind: "trouble_kind",
        codes.UnreadReason: "unread_reason",
        codes.VisitPurpose: "visit_purpose",
        codes.OutboxState: "outbox_state",
        codes.Dismissal: "dismissal",
        codes.AnswerState: "answer_state",
        codes.ReportState: "report_state",
        people.Role: "role",
        people.AuditKind: "audit_kind",
        codes.CaseOrder: "case_order",
        codes.Due: "due",
        codes.Waiting: "waiting",
        codes.FoundBy: "found_by",
        codes.KeptKind: "kept_kind",
    }
)
"""The closed sets that are shown, and the section of each."""

_Code = TypeVar("_Code", bound=StrEnum)


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(files("vocabulary").joinpath("names.toml").read_text(encoding="utf-8"))


def name_of(code: StrEnum, language: str = CHINESE) -> str:
    """What ``code`` is called. Raises ``KeyError`` for a code without a name and for an unknown language."""
    return _table()[SECTIONS[type(code)]][code.value][_LANGUAGES[language]]


def names_of(kind: type[_Code], language: str = CHINESE) -> dict[_Code, str]:
    """The codes of a closed set with their names, in the set's order."""
    return {code: name_of(code, language) for code in kind}


def event_name(kind: str, language: str = CHINESE) -> str:
    """What an event of a case is called; ``kind`` itself where it is none of today's."""
    return name_of(codes.EventKind(kind), language) if kind in set(codes.EventKind) else kind


def rule_behind(violation: Violation) -> str:
    """What the rule behind a violation says, in one Chinese sentence."""
    return _table()["violation"][violation.value]["rule"]


def consequence_of(status: Status) -> str:
    """What a certificate of this status may and may not be used for, in one Chinese sentence."""
    return _table()["status"][status.value]["consequence"]
