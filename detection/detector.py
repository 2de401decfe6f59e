"""The detector: texts in, findings out, by one catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TypedDict, Unpack

from catalogue import Catalogue, load_catalogue
from detection.documents import read_facts, read_facts_again
from detection.fuzzy import FuzzyNames
from detection.lexicon import build_lexicon
from detection.linking import EntityLinker
from detection.model import DocumentFacts, ScanResult
from detection.opinions import hear_both
from detection.scanning import Place, Setting, read_mentions
from detection.wording import load_wording
from vocabulary.codes import PublisherKind

_LINKERS = 32
"""Spans of time without a change of the catalogue, and areas, whose answers are kept."""


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
        if facts is None:
            facts = read_facts(text, title=title, publisher=publisher, url=url)
        if publisher_kind is not None:
            facts = replace(facts, publisher_kind=publisher_kind)
        place = Place(text, title, publisher or facts.document.issuer or "", region)
        area = self.catalogue.listing_region(place.region) if self.catalogue.has_local_lists else None
        linker = self._linker(self.catalogue.turned_by(as_of), area)
        mentions = tuple(read_mentions(text, title, linker, Setting(facts, as_of, place)))
        if mentions and facts.doubtful:
            second = read_facts_again(text, title=title, publisher=publisher, url=url)
            if second.document_kind is not facts.document_kind:
                facts = second if publisher_kind is None else replace(second, publisher_kind=publisher_kind)
                again = read_mentions(text, title, linker, Setting(facts, as_of, place))
                mentions = hear_both(mentions, again)
        breaks_a_rule = any(mention.violation is not None for mention in mentions)
        return ScanResult(as_of, facts, mentions, place.region if breaks_a_rule else region)

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
