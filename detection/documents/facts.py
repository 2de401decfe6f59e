"""The facts of a document, put together from its window and, where it is official, from its layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from detection.documents.kinds import Reading, read_window
from detection.documents.numbers import is_number_at
from detection.documents.official import OfficialFacts, read_official
from detection.documents.publishers import (
    body_of_title,
    caller,
    classify_name,
    decide_publisher_kind,
    footer,
    signer,
    source,
)
from detection.folding import Folded, fold_text, read_as
from detection.model import DocumentFacts, OfficialDocument
from vocabulary.codes import DocumentKind, PublisherKind

OFFICIAL = frozenset({DocumentKind.POLICY, DocumentKind.EXAM_NOTICE})
"""Kinds that are read for number, issuer and date even where no number shows."""
_EXPLAINING = frozenset({DocumentKind.OTHER, DocumentKind.NEWS})
_NAMED_IN_TITLE = OFFICIAL | {DocumentKind.RECRUITMENT, DocumentKind.TENDER, DocumentKind.PERMIT_GUIDE}
_CALLING = frozenset({DocumentKind.RECRUITMENT, DocumentKind.TENDER})
_SIGNED = _NAMED_IN_TITLE | {DocumentKind.OTHER}
_LAW = re.compile(
    r"(?<!办)法$|条例$|^(?:中华人民共和国|国务院|国家|全国|[^\s]{1,8}[省市县区]).*(?:规定|办法|细则|规则|决定)$"
)
"""Titles of laws and regulations."""
NOTHING = OfficialFacts(OfficialDocument(), ())


def read_facts(
    text: str, *, title: str = "", publisher: str = "", url: str = "", folded: Folded | None = None
) -> DocumentFacts:
    """What kind of document a text is, who publishes it, what it says of itself, what it forwards.

    Traditional characters are read as simplified ones. Reads the title, the head and the tail of the text;
    official documents are read further, up to a bound, for the documents that they forward.

    Args:
        text: the visible text, of any length.
        title: the page's or file's title; the first line stands in for it.
        publisher: name of the body that the site or the record gives.
        url: the address; an address under ``gov.cn`` belongs to a public body.
        folded: what :func:`~detection.folding.fold_text` makes of the text, where that is known already.
    """
    text, title, publisher = (folded or fold_text(text)).text, read_as(title), read_as(publisher)
    return _facts_of(_read(text, title, publisher), text, title, publisher, url)


def read_facts_again(
    first: DocumentFacts, folded: Folded, *, title: str = "", publisher: str = "", url: str = ""
) -> DocumentFacts:
    """The facts of a text whose kind is doubtful, its letters asked too; ``first`` where they agree with it.

    Args:
        first: what :func:`read_facts` says of it.
        folded: the text as it is read; the others are those of :func:`read_facts`.
    """
    from detection.documents.likeness import decide_kind  # noqa: PLC0415 - few are in doubt; it needs numpy

    text, title, publisher = folded.text, read_as(title), read_as(publisher)
    kind = decide_kind(title, text, first.scores)
    if kind is first.document_kind:
        return first
    return _facts_of(replace(_read(text, title, publisher), kind=kind), text, title, publisher, url)


def _read(text: str, title: str, publisher: str) -> Reading:
    return read_window(text, title, classify_name(publisher).kind if publisher else None)


def _facts_of(reading: Reading, text: str, title: str, publisher: str, url: str) -> DocumentFacts:
    official = _read_official(text, title, reading)
    given = (publisher, official.document.issuer or "", reading.values.get("publisher", ""))
    names = chain(given, _names_in_text(text, title, reading.kind), (_site_owner(url) if url else "",))
    stated_kind = reading.stated if reading.kind is DocumentKind.RECRUITMENT else None
    says_law = reading.kind is DocumentKind.POLICY and (reading.is_article or _LAW.search(title) is not None)
    publisher_kind = stated_kind or decide_publisher_kind(reading.kind, names, text[:600], says_law=says_law)
    may_explain = reading.kind in _EXPLAINING and publisher_kind is not PublisherKind.INDIVIDUAL
    return DocumentFacts(
        reading.kind,
        publisher_kind,
        official.document,
        official.forwards,
        explains=reading.asks and may_explain,
        tells=reading.tells and may_explain,
        of_itself=reading.of_itself,
        narrow=reading.narrow,
        doubtful=reading.doubtful,
        scores=reading.scores if reading.doubtful else (),
    )


def _names_in_text(text: str, title: str, kind: DocumentKind) -> Iterator[str]:
    """The body that the title begins with, who calls, who signs; read where no name before decides."""
    if kind in _NAMED_IN_TITLE:
        yield body_of_title(title)
    if kind in _CALLING:
        yield caller(text)
    if kind in _SIGNED:
        yield signer(text) or footer(text)
        yield source(text)


def _read_official(text: str, title: str, reading: Reading) -> OfficialFacts:
    """What an official document says of itself; a number that another kind of text cites is not its own."""
    is_labelled = "number" in reading.values or "issuer" in reading.values
    is_official = reading.kind in OFFICIAL or is_labelled
    if not is_official and not any(is_number_at(text, text.find(opener)) for opener in reading.year_openers):
        return NOTHING
    facts = read_official(text, title, reading.values)
    return facts if is_official or facts.document.issuer is not None else NOTHING


def _site_owner(url: str) -> str:
    """``.gov.cn`` is given to organs only."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    return "人民政府" if host.endswith(".gov.cn") else ""
