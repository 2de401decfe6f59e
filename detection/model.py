"""What detection says of a text: mentions, verdicts, and the facts of the document they stand in.

The values are those of the contract of ``qualwatch check``; offsets count characters of the text given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from vocabulary.codes import DocumentKind, PublisherKind, Severity, Status, Usage, Violation


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """What an official document says of itself; None where it says nothing."""

    number: str | None = None
    issuer: str | None = None
    date: date | None = None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What kind of document a text is, who publishes it, and which documents it forwards, nearest first."""

    document_kind: DocumentKind
    publisher_kind: PublisherKind
    document: OfficialDocument
    forwards: tuple[OfficialDocument, ...] = ()
    explains: bool = False
    """A text of no kind that demands, permits or sells, whose title asks: an article for readers."""
    tells: bool = False
    """The same by several words of its text."""
    of_itself: bool = False
    """Of what is done with a certificate itself or with those who have it: re-issue, continuing education."""
    narrow: bool = False
    """The kind was won narrowly: alone it decides nothing, and no verdict that rests on it is an alert."""
    doubtful: bool = False
    """Another kind is so near that a text which names certificates is read a second time, by its letters."""
    scores: tuple[float, ...] = field(default=(), repr=False)
    """What speaks for each kind of :class:`DocumentKind`, in its order, where the kind is doubtful."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A certificate named in a text, what the text does with it, and the verdict on that."""

    start: int
    end: int
    quote: str
    """Always ``text[start:end]``."""
    qualification: str
    """Name of the catalogue entry, or the quoted name where no list has it."""
    status: Status
    since: date | None
    status_document: str
    """The document that gave the status; empty where none is known."""
    usage: Usage
    cue: str
    """The words that decided the usage; empty where the layout did."""
    violation: Violation | None
    severity: Severity
    legal_basis: tuple[str, ...]
    explanation: str
    """One Chinese sentence to send on; empty where there is no violation."""
    advice: str = ""
    """整改建议: what the publisher should do, in Chinese; empty where there is no violation."""
    needs_review: bool = False
    """The verdict rests on an unverified entry, a fuzzy name or an unknown certificate."""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything detection says of one text."""

    as_of: date
    facts: DocumentFacts
    mentions: tuple[Mention, ...] = field(default=())
    """Every mention in order of ``start``, lawful ones too."""
    region: str | None = None
    """GB/T 2260 code of where the text belongs, read where it breaks a rule: its own, else its source's."""

    @property
    def findings(self) -> tuple[Mention, ...]:
        """The mentions that break a rule, whatever their severity."""
        return tuple(mention for mention in self.mentions if mention.violation is not None)
