"""What the parts of ``qualwatch check`` hand each other; all of it can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from catalogue.imported import NONE_IMPORTED, ImportedLists
from detection.model import ScanResult
from vocabulary.reasons import reason_in_chinese


@dataclass(frozen=True, slots=True)
class Document:
    """One text to judge, with what is known of it from outside the text."""

    identity: Any
    """The record's ``id`` as it came, a file's path, an address."""
    name: str
    """How people and code-review tools find it."""
    text: str
    title: str = ""
    publisher: str = ""
    url: str = ""
    published_on: date | None = None
    source: str | None = None
    """A plain text file as it stands on disk, where ``text`` is its cleaned form."""
    unread: str = ""
    """What of it was not read, and what to do about it."""

    @property
    def why_unread(self) -> str:
        """``unread`` in Chinese; empty where all was read."""
        return reason_in_chinese(self.unread) if self.unread else ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be read, and why."""

    identity: Any
    name: str
    reason: str
    skipped: bool = False
    """A file of a kind that is not read, met while walking a folder: told, but no failure of the run."""

    @property
    def why(self) -> str:
        """``reason`` in Chinese."""
        return reason_in_chinese(self.reason)


@dataclass(frozen=True, slots=True)
class Judgement:
    document: Document
    result: ScanResult


@dataclass(frozen=True, slots=True)
class Rules:
    """How the texts of one run are judged."""

    as_of: date | None
    """Wins over the day that is found for each document, by the rule that holds for every document."""
    today: date
    every_mention: bool
    as_lines: bool
    """Whether the answer is JSON lines, which are written where the text was judged."""
    region: str | None = None
    """GB/T 2260 code of where the texts belong that do not say so themselves."""
    publisher: str = ""
    """Who publishes the texts that do not say so themselves."""
    imported: ImportedLists = NONE_IMPORTED
    """The official lists that make the catalogue, beside the shipped data."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of JSON with their numbers, counted from 1. A line longer than is read is None."""

    name: str
    numbers: tuple[int, ...]
    lines: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """Some files; ``in_folder`` where a folder is walked, in which files of other kinds are skipped."""

    paths: tuple[str, ...]
    in_folder: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One document that is read and judged already, or that could not be."""

    outcome: Judgement | Failure


Batch = Lines | Paths | Given


@dataclass(slots=True)
class Tally:
    documents: int = 0
    findings: int = 0
    alerts: int = 0
    unread: int = 0
    skipped: int = 0

    def add(self, other: Tally) -> None:
        self.documents += other.documents
        self.findings += other.findings
        self.alerts += other.alerts
        self.unread += other.unread
        self.skipped += other.skipped

    def count(self, outcome: Judgement | Failure) -> None:
        if isinstance(outcome, Failure):
            self.skipped += outcome.skipped
            self.unread += not outcome.skipped
            return
        self.documents += 1
        self.unread += bool(outcome.document.unread)
        self.findings += len(outcome.result.findings)
        self.alerts += sum(finding.severity.is_alert for finding in outcome.result.findings)

    @property
    def exit_code(self) -> int:
        """2: something could not be read; 1: something of severity medium or above; else 0."""
        if self.unread:
            return 2
        return 1 if self.alerts else 0


@dataclass(slots=True)
class Processed:
    """What came of one batch: its lines where JSON lines are written, else its outcomes in order."""

    tally: Tally = field(default_factory=Tally)
    lines: bytes = b""
    outcomes: list[Judgement | Failure] = field(default_factory=list)
