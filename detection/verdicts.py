"""The verdict: domain.md's matrix of status, usage and publisher, kept as data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from catalogue.model import Status
from detection.model import PublisherKind, Severity, Usage, Violation
from detection.rulebook import read_rules


@dataclass(frozen=True, slots=True)
class Verdict:
    severity: Severity
    violation: Violation | None


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


def decide_verdict(status: Status, usage: Usage, publisher: PublisherKind) -> Verdict:
    return load_verdicts().get((status, usage, publisher is PublisherKind.PUBLIC_BODY), LAWFUL)
