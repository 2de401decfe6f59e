"""What goes in and comes out, as models: requests are checked by them, and OpenAPI is written from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cases.case_filter import NOBODY, CaseFilter
from vocabulary.codes import (
    CaseOrder,
    CaseState,
    Dismissal,
    Due,
    PublisherKind,
    Severity,
    Status,
    Step,
    Usage,
    Violation,
    Waiting,
)
from vocabulary.people import Role

PAGE = 200
"""Cases of one answer at most."""
CaseNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Words = Annotated[str, StringConstraints(max_length=200)]
_Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31))]


class _Strict(BaseModel):
    """Unknown names are errors, because a misspelt filter would silently mean everything."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class CaseQuery(_Strict):
    """Which cases, in which order, and from where on; what is left out does not matter."""

    state: tuple[CaseState, ...] = Field((), description="States; none: all.")
    severity: tuple[Severity, ...] = Field((), description="Severities; none: all.")
    region: str = Field("", pattern=r"^([0-9]{6})?$", description="GB/T 2260 code; what lies in it too.")
    department: _Words = Field("", description="Field of a department, by any of its names.")
    qualification: _Words = Field("", description="Part of the certificate's name.")
    publisher: _Words = Field("", description="Part of the publisher's name.")
    source: _Words = Field("", description="Name of the source in which the case was met.")
    opened_from: _Day | None = Field(None, alias="from", description="First day on which it was opened.")
    opened_until: _Day | None = Field(None, alias="until", description="Last day on which it was opened.")
    age: int = Field(0, ge=0, le=36_500, description="Days since it was opened, at least.")
    due: Due | None = Field(None, description="How it stands to its deadline.")
    assignee: _Words = Field("", description=f"Mail address; `{NOBODY}`: nobody.")
    review: bool | None = Field(None, description="Whether a person has to confirm the verdict.")
    waiting: Waiting | None = Field(None, description="What it waits for beside its next step.")
    text: _Words = Field("", alias="q", description="Words that all stand in it.")
    order: CaseOrder = Field(CaseOrder.OLDEST, description="How the list is sorted.")
    after: str = Field(
        "", max_length=80, pattern=r"^[0-9A-Za-z.:T_-]*$", description="`following` of the answer before."
    )
    limit: int = Field(50, ge=1, le=PAGE, description="Cases of one answer at most.")

    def to_filter(self) -> CaseFilter:
        return CaseFilter(
            states=self.state,
            severities=self.severity,
            region=self.region,
            department=self.department.strip(),
            qualification=self.qualification.strip(),
            publisher=self.publisher.strip(),
            source=self.source.strip(),
            opened_from=self.opened_from,
            opened_until=self.opened_until,
            age=self.age,
            due=self.due,
            assignee=self.assignee.strip(),
            review=self.review,
            waiting=self.waiting,
            text=self.text.strip(),
            order=self.order,
        )


class StepTaken(_Strict):
    """A step of a case."""

    step: Step
    note: str = Field("", max_length=1000, description="Needed for dismiss and reopen.")
    deadline: date | None = Field(None, description="Needed for ask: the last day of the rectification.")
    dismissal: Dismissal | None = Field(None, description="Why it is none; replaces the note of dismiss.")
    except_until: date | None = Field(
        None, description="With dismiss: last day on which its publisher and certificate raise no alarm."
    )


class CaseOut(BaseModel):
    """A case; telephone and identity numbers in its texts are masked."""

    id: CaseNumber
    state: CaseState
    severity: Severity
    qualification: str
    status: Status
    usage: Usage
    violation: Violation
    publisher: str
    publisher_kind: PublisherKind
    region: str | None = Field(description="GB/T 2260 code.")
    title: str
    url: str
    needs_review: bool
    deadline: date | None
    extension: date | None
    assignee: str
    accepted_at: datetime | None
    dismissal: str
    opened_at: datetime
    updated_at: datetime


class CasesOut(BaseModel):
    """A part of a list."""

    cases: list[CaseOut]
    following: str = Field(description="`after` of the next part; empty at the end.")


class FindingOut(BaseModel):
    """What a verdict rests on."""

    id: int
    quote: str
    context: str
    cue: str
    explanation: str
    legal_basis: list[str]
    as_of: date


class EventOut(BaseModel):
    """Something that happened to a case."""

    kind: str
    actor: str
    note: str
    at: datetime


class CaseFileOut(CaseOut):
    """A case with its findings and its history, the oldest event first."""

    findings: list[FindingOut]
    events: list[EventOut]
    steps: list[Step] = Field(description="What may follow.")


class StateOut(BaseModel):
    """How a case stands."""

    id: CaseNumber
    state: CaseState


class AccountOut(BaseModel):
    """For whom the token acts."""

    email: str
    name: str
    role: Role
    reads_only: bool


class ProblemOut(BaseModel):
    """Why it was not done (RFC 9457)."""

    title: str
    status: int
    detail: str = ""
