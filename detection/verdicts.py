"""The verdict: domain.md's matrix of status, usage and publisher, kept as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from detection.guards import Guarded, guard
from detection.rulebook import alternatives, read_rules
from vocabulary.codes import PublisherKind, Severity, Status, Usage, Violation


@dataclass(frozen=True, slots=True)
class Verdict:
    severity: Severity
    violation: Violation | None
    word: str = ""
    """The word that breaks the naming rule."""


LAWFUL = Verdict(Severity.NONE, None)


@cache
def load_verdicts() -> dict[tuple[Status, Usage, bool], Verdict]:
    """The verdict by status, usage and whether a public body publishes; what is missing is lawful."""
    rules: dict[str, Any] = read_rules("verdicts.toml")
    table: dict[tuple[Status, Usage, bool], Verdict] = {}
    for status, row in rules["severity"].items():
        for usage, cell in row.items():
            violation = Violation(rules["violation"][status][usage])
            public, other = (cell, cell) if isinstance(cell, str) else cell
            table[Status(status), Usage(usage), True] = Verdict(Severity(public), violation)
            table[Status(status), Usage(usage), False] = Verdict(Severity(other), violation)
    return table


@dataclass(slots=True)
class Circumstances:
    """What, besides status and usage, a verdict may turn on."""

    publisher: PublisherKind
    quote: str
    around: str
    """The text around the mention, the quote included."""
    foreign: bool = False
    certain: bool = True
    as_of: date = date.max
    """The day judged: a rule that came later does not hold yet."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """Rules beside the matrix."""

    since: dict[Violation, date]
    """The first day on which a violation of this kind breaks a rule."""
    forbidden: Guarded
    national: Guarded
    transitional: Guarded
    examines: Guarded
    trains: Guarded


@cache
def load_particulars() -> Particulars:
    """Raises KeyError where ``verdicts.toml`` lacks a rule."""
    rules: dict[str, Any] = read_rules("verdicts.toml")
    return Particulars(
        since={Violation(kind): day for kind, day in rules["since"].items()},
        forbidden=guard(alternatives(rules["naming"]["forbidden"])),
        national=guard(rules["naming"]["national"]),
        transitional=guard(alternatives(rules["transitional"]["cues"])),
        examines=guard(rules["separation"]["examines"]),
        trains=guard(rules["separation"]["trains"]),
    )


def decide_verdict(status: Status, usage: Usage, case: Circumstances) -> Verdict:
    """The matrix, then the rules beside it; a doubtful verdict goes no higher than ``medium``.

    A rule holds from its day on. Foreign certificates are counted and never a violation. What was announced
    before a cancellation may be carried through (吉政办发〔2017〕54号, section 四).
    """
    if case.foreign:
        return LAWFUL
    public = case.publisher is PublisherKind.PUBLIC_BODY
    verdict = load_verdicts().get((status, usage, public), LAWFUL)
    if verdict.violation is not None and case.as_of < load_particulars().since.get(
        verdict.violation, date.min
    ):
        return LAWFUL
    if usage is Usage.OFFERED:
        verdict = _judge_offer(status, verdict, case, public=public)
    if not case.certain and verdict.severity.rank > Severity.MEDIUM.rank:
        return replace(verdict, severity=Severity.MEDIUM)
    return verdict


def _judge_offer(status: Status, verdict: Verdict, case: Circumstances, *, public: bool) -> Verdict:
    rules = load_particulars()
    if verdict.violation is not None and rules.transitional.search(case.around):
        return LAWFUL
    if status is Status.OFF_CATALOGUE:
        if public:
            return Verdict(Severity.HIGH, Violation.SELF_SET_QUALIFICATION)
        word = rules.forbidden.search(case.quote)
        if word is not None:
            return Verdict(Severity.HIGH, Violation.RESTRICTED_NAME, word[0])
    if status is Status.EXITED:
        word = rules.national.search(case.quote)
        if word is not None:
            return Verdict(Severity.MEDIUM, Violation.RESTRICTED_NAME, word[0])
    both = rules.examines.search(case.around) and rules.trains.search(case.around)
    if both and verdict.severity.rank <= Severity.LOW.rank:
        return Verdict(Severity.LOW, Violation.EXAM_TRAINING_NOT_SEPARATED)
    return verdict
