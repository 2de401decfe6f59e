"""Findings, the cases they open, the steps of cases, and who follows them up."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column, where_on_both, word_column
from vocabulary.codes import CaseState, Outcome

_NEEDS_REVIEW: dict[str, Any] = {
    "sqlite_where": text("needs_review IS 1"),
    "postgresql_where": text("needs_review IS true"),
}
"""As SQLAlchemy asks each database."""


_FIRST = ("state", "opened_at", "id", "region")
_LISTED = (
    "qualification",
    "severity",
    "deadline",
    "updated_at",
    "needs_review",
    "extension",
    "accepted_at",
)


class Case(SQLModel, table=True):
    """One posting and one qualification, however often and wherever it was seen."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("key"),
        # In the order of lists: a page is read off the index where it begins, for each state by itself.
        *(
            Index(f"ix_case{of_state}_{column}", *([column] if not of_state else ["state", column]), "id")
            for of_state in ("", "_state")
            for column in ("opened_at", "severity", "deadline", "updated_at")
        ),
        Index("ix_case_region", "region", "state"),
        # Of a province, and of somebody: with all that lists are narrowed and sorted by, so that no case
        # itself is read but those that are shown.
        Index("ix_case_province", text("substr(region, 1, 2)"), *_FIRST, "assignee", *_LISTED),
        Index("ix_case_qualification", "qualification", "state"),
        Index("ix_case_assignee", "assignee", *_FIRST, *_LISTED),
        Index("ix_case_merged_into", "merged_into", **where_on_both("merged_into IS NOT NULL")),
        Index("ix_case_extension", "extension", **where_on_both("extension IS NOT NULL")),
        Index("ix_case_needs_review", "state", "opened_at", "id", **_NEEDS_REVIEW),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64)
    """SHA-256 of posting, qualification and violation; see ``cases.opening.case_key``."""
    state: CaseState = word_column(CaseState, 24, default=CaseState.FOUND)
    qualification: str = text_column()
    status: str = Field(max_length=24)
    usage: str = Field(max_length=24)
    violation: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    publisher: str = text_column()
    publisher_kind: str = Field(max_length=24)
    region: str | None = Field(default=None, max_length=6)
    title: str = text_column()
    url: str = text_column()
    needs_review: bool = False
    deadline: date | None = None
    extension: date | None = None
    """The later deadline that was asked for and is not decided yet."""
    assignee: str = Field(default="", max_length=254, sa_column_kwargs={"server_default": ""})
    """Mail address of whoever has the case; empty: everybody who answers for its region and department."""
    accepted_at: datetime | None = time_column(nullable=True)
    """When the assignee acknowledged that (签收); None: not yet."""
    dismissal: str = Field(default="", max_length=24, sa_column_kwargs={"server_default": ""})
    """Why it was dismissed, a ``vocabulary.codes.Dismissal``; empty: it was not, or nobody said."""
    opened_at: datetime = time_column()
    updated_at: datetime = time_column()
    merged_into: int | None = None
    """Number of the case that it is part of; see ``cases.merging``. None: of none."""
    merged_state: str = Field(default="", max_length=24, sa_column_kwargs={"server_default": ""})
    """The ``CaseState`` that it has again where it is split off; empty: it is part of none."""
    held_at: datetime | None = time_column(nullable=True)
    """Since when nothing of it may be removed; see ``cases.holds``. None: it is not on hold."""


class CaseWords(SQLModel, table=True):
    """What a case is found by, as ``vocabulary.grams`` writes it; ``cases.search`` keeps and asks it."""

    __tablename__ = "case_words"
    case_id: int = Field(
        sa_column=Column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    words: str = text_column()


class SavedView(SQLModel, table=True):
    """A list of cases that somebody comes back to."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(max_length=254)
    """Mail address of whoever saved it; nobody else sees it."""
    name: str = Field(max_length=60)
    query: str = text_column()
    """As ``cases.case_filter.filter_pairs`` says it, encoded."""
    saved_at: datetime = time_column()


class LookBack(SQLModel, table=True):
    """When a page with cases was last looked back on, how that went, and when it is due again."""

    __tablename__ = "look_back"
    document_id: int = Field(primary_key=True, foreign_key="document.id")
    looked_at: datetime = time_column()
    next_due_at: datetime = time_column(index=True)
    outcome: Outcome = word_column(Outcome, 24)
    detail: str = text_column()


class Finding(SQLModel, table=True):
    """A verdict on a stored version, with the words it rests on."""

    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("version_id", "start", "end", "violation"),
        Index("ix_finding_version_case", "version_id", "case_id"),
        Index("ix_finding_merged_from", "merged_from", **where_on_both("merged_from IS NOT NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="document_version.id")
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    merged_from: int | None = None
    """Number of the case that it was found for, where that is part of ``case_id`` now; None: the same."""
    start: int
    end: int
    quote: str = text_column()
    context: str = text_column()
    """The sentence or cell around the quote, for mails and pages; telephone numbers are masked when shown."""
    qualification: str = text_column()
    status: str = Field(max_length=24)
    since: date | None = None
    status_document: str = text_column()
    usage: str = Field(max_length=24)
    cue: str = text_column()
    violation: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    legal_basis: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    explanation: str = text_column()
    advice: str = text_column()
    needs_review: bool = False
    foreign: bool = False
    as_of: date
    found_at: datetime = time_column()


class CaseEvent(SQLModel, table=True):
    """One step of a case: when, who, what; never changed."""

    __tablename__ = "case_event"
    __table_args__ = (
        UniqueConstraint("case_id", "key"),
        Index("ix_case_event_reopened", "case_id", **where_on_both("kind = 'reopened'")),
    )
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id")
    key: str = Field(max_length=80)
    """Makes the step repeatable, for example ``seen:<version_id>``."""
    kind: str = Field(max_length=32)
    actor: str = text_column()
    note: str = text_column()
    at: datetime = time_column()


class RoutingRule(SQLModel, table=True):
    """Which department follows up a qualification, as an imported list says.

    Annex 1 of 吉政办发〔2017〕54号 names it for each national item, Annex 2 the body that had set up each
    provincial one.
    """

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("qualification", "region"),)
    id: int | None = Field(default=None, primary_key=True)
    qualification: str = text_column()
    """Key of the catalogue's entry; the name as written where the catalogue has none."""
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code of the area that the list holds in; empty: everywhere."""
    department: str = text_column()
    """As the list names it; several are separated by ``、``."""
    document: str = text_column()
    """Number or title of the document that says so."""
    imported_at: datetime = time_column()
