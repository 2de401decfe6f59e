"""What the parts of ``qualwatch scan-archive`` hand each other; all of it can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from cli.checking.model import Document, Failure, Tally


@dataclass(frozen=True, slots=True)
class Line:
    """A line of JSON; None where it is longer than is read. ``number`` counts from 1."""

    file: str
    number: int
    line: bytes | None


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an answer that somebody else archived on ``day``."""

    url: str
    body: bytes
    media_type: str
    charset: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that is one document; ``in_folder`` where a folder is walked and other kinds are skipped."""

    path: str
    in_folder: bool


Item = Line | Page | Whole | Document | Failure


@dataclass(frozen=True, slots=True)
class Batch:
    """Some items of a file; the same ones at every reading of the same file."""

    file: str
    first: int
    """Which item of the file is the first, counted from 0."""
    items: tuple[Item, ...]
    read: int
    """Bytes of the file that are read with it and all before it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, as the report shows it."""

    identity: str
    title: str
    publisher: str
    url: str
    day: str
    as_of: str
    severity: str
    violation: str
    qualification: str
    status: str
    passage: str
    legal_basis: str
    explanation: str
    advice: str
    needs_review: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why, in Chinese."""

    name: str
    why: str


@dataclass(slots=True)
class Judged:
    """What came of a batch."""

    tally: Tally = field(default_factory=Tally)
    found: list[Found] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def add(self, other: Judged) -> None:
        self.tally.add(other.tally)
        self.found += other.found
        self.unread += other.unread
