"""The detector: texts in, findings out, by one catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import TypedDict, Unpack

from catalogue import Catalogue, load_catalogue
from detection.documents import read_facts, read_facts_again
from detection.folding import Folded, fold_text
from detection.fuzzy import FuzzyNames
from detection.lexicon import build_lexicon
from detection.linking import EntityLinker
from detection.model import DocumentFacts, ScanResult
from detection.opinions import hear_both
from detection.scanning import Found, Place, Setting, find_names, read_mentions
from detection.wording import load_wording
from vocabulary.codes import PublisherKind

_LINKERS = 32
"""Spans of time without a change of the catalogue, and areas, whose answers are kept."""


@dataclass(slots=True)
class Asked:
    """A text and what is known of it: the arguments of :meth:`Detector.scan`."""

    text: str
    as_of: date
    title: str = ""
    publisher: str = ""
    url: str = ""
    publisher_kind: PublisherKind | None = None
    region: str | None = None
    facts: DocumentFacts | None = None
    folded: Folded = field(init=False, repr=False)
    """The text as it is read."""

    def __post_init__(self) -> None:
        self.folded = fold_text(self.text)

    def read_facts(self) -> DocumentFacts:
        if self.facts is None:
            self.facts = read_facts(
                self.text, title=self.title, publisher=self.publisher, url=self.url, folded=self.folded
            )
        return self.facts

    def read_facts_again(self, first: DocumentFacts) -> DocumentFacts:
        """With the second opinion on the kind; a publisher's kind that is given still counts."""
        second = read_facts_again(
            first, self.folded, title=self.title, publisher=self.publisher, url=self.url
        )
        return second if self.publisher_kind is None else replace(second, publisher_kind=self.publisher_kind)


class Detector:
    """Reads texts against one catalogue, which it never changes: another catalogue is another detector."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.lexicon = build_lexicon(catalogue)
        self._fuzzy = FuzzyNames(catalogue)
        self._linker = lru_cache(maxsize=_LINKERS)(self._link)

    def scan(
        self,
        text: str,
        *,
        as_of: date,
        title: str = "",
        publisher: str = "",
        url: str = "",
        publisher_kind: PublisherKind | None = None,
        region: str | None = None,
        facts: DocumentFacts | None = None,
    ) -> ScanResult:
        """Everything that ``text`` says of certificates, judged as of a day.

        Args:
            text: the visible text; offsets of the result count its characters.
            as_of: the day whose catalogue decides a certificate's standing.
            title: the document's title where it is known.
            publisher: name of the body that publishes, where it is known.
            url: where the document stands.
            publisher_kind: overrides what the text says of its publisher.
            region: GB/T 2260 code of where its source belongs; where the text says itself where it belongs,
                that counts. The province's own list counts besides the national one, and its province's and
                city's own notices are cited besides the national documents.
            facts: what :func:`~detection.documents.read_facts` says of the text, where that is known already.
        """
        asked = Asked(text, as_of, title, publisher, url, publisher_kind, region, facts)
        return self._answer(asked, asked.read_facts(), find_names(asked.folded, self.lexicon))

    def scan_all(self, batch: Sequence[Asked]) -> list[ScanResult]:
        """What :meth:`scan` says of each text of a batch, for a fifth less than one after the other.

        All texts go through one step before any goes through the next, so that the tables of a step are read
        from the processor's cache. A text that cannot be read fails the whole batch.
        """
        facts = [asked.read_facts() for asked in batch]
        found = [find_names(asked.folded, self.lexicon) for asked in batch]
        return [self._answer(*each) for each in zip(batch, facts, found, strict=True)]

    def _answer(self, asked: Asked, facts: DocumentFacts, found: Found) -> ScanResult:
        if asked.publisher_kind is not None:
            facts = replace(facts, publisher_kind=asked.publisher_kind)
        if not found.hits:
            return ScanResult(asked.as_of, facts, (), asked.region)
        place = Place(
            found.folded.text, asked.title, asked.publisher or facts.document.issuer or "", asked.region
        )
        area = self.catalogue.listing_region(place.region) if self.catalogue.has_local_lists else None
        linker = self._linker(self.catalogue.turned_by(asked.as_of), area)
        setting = Setting(facts, asked.as_of, place)
        mentions = tuple(read_mentions(asked.text, asked.title, found, linker, setting))
        if facts.doubtful:
            second = asked.read_facts_again(facts)
            if second.document_kind is not facts.document_kind:
                facts = setting.facts = second
                again = read_mentions(asked.text, asked.title, found, linker, setting)
                mentions = hear_both(mentions, again, explained=second.explains or second.tells)
        breaks_a_rule = any(mention.violation is not None for mention in mentions)
        return ScanResult(asked.as_of, facts, mentions, place.region if breaks_a_rule else asked.region)

    def _link(self, as_of: date, area: str | None) -> EntityLinker:
        return EntityLinker(self.catalogue.as_of(as_of, area), self.lexicon, load_wording(), self._fuzzy)


class Known(TypedDict, total=False):
    """What else :meth:`Detector.scan` may be told of a text."""

    title: str
    publisher: str
    url: str
    publisher_kind: PublisherKind | None
    region: str | None
    facts: DocumentFacts | None


@lru_cache(maxsize=1)
def detector_of(catalogue: Catalogue) -> Detector:
    """The detector of ``catalogue``, kept for the next text; the one before it is let go."""
    return Detector(catalogue)


def scan(text: str, *, as_of: date, **known: Unpack[Known]) -> ScanResult:
    """:meth:`Detector.scan` by the catalogue as it is shipped."""
    return detector_of(load_catalogue()).scan(text, as_of=as_of, **known)
