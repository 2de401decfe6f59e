"""Names without a certificate word: mentions in adverts and beside certificate words, else jobs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from detection.lexicon import Hit
from detection.model import DocumentKind
from detection.rulebook import alternatives, read_rules
from detection.spans import Span

ADVERTS = frozenset({DocumentKind.TRAINING_AD, DocumentKind.EXAM_NOTICE})
_BEFORE = 48
_AFTER = 48
_HEADLINE = 40


@dataclass(frozen=True, slots=True)
class BareRules:
    headed: re.Pattern[str]
    """Before a name: a certificate word that opens a list."""
    trailed: re.Pattern[str]
    """After a name: a certificate word that closes a list."""
    holding: re.Pattern[str]
    by_itself: re.Pattern[str]
    favoured: re.Pattern[str]
    as_title: re.Pattern[str]
    abbreviation_before: re.Pattern[str]
    abbreviation_after: re.Pattern[str]
    job: re.Pattern[str]
    course: re.Pattern[str]
    examined: re.Pattern[str]
    sells: re.Pattern[str]
    neighbour: re.Pattern[str]


@cache
def load_bare_rules() -> BareRules:
    rules = read_rules("bare.toml")
    return BareRules(**{name: re.compile(rules[name]) for name in BareRules.__slots__})


def sells_certificates(text: str, title: str, kind: DocumentKind) -> bool:
    """Whether an advert sells examinations or certificates, and not only skills."""
    return kind in ADVERTS and load_bare_rules().sells.search(f"{title}\n{text[:1200]}") is not None


def is_mention(text: str, span: Span, kind: DocumentKind, *, sells: bool) -> bool:
    """Whether a bare name is a certificate here."""
    rules = load_bare_rules()
    before = text[max(0, span.start - _BEFORE) : span.start]
    after = text[span.end : span.end + _AFTER]
    if rules.job.match(after):
        return False
    if span.hit is Hit.LATIN:
        return kind is DocumentKind.RESUME or bool(
            rules.abbreviation_after.match(after) or rules.abbreviation_before.search(before)
        )
    if rules.headed.search(before) or rules.trailed.match(after):
        return True
    if kind in ADVERTS and _is_offered(span, before, after, rules, sells=sells):
        return True
    if kind is DocumentKind.RESUME and _is_cell(before, after) and "证书" in text[max(0, span.start - 400) : span.start]:
        return True
    if span.hit is Hit.TITLE:
        return bool(rules.as_title.match(after)) or bool(rules.holding.search(before) and span.start != span.core_start)
    quote = text[span.start : span.end]
    return bool(
        rules.by_itself.search(quote) and (rules.holding.search(before) or rules.favoured.match(after))
    ) or bool(rules.examined.match(after))


def _is_cell(before: str, after: str) -> bool:
    """Whether the name fills a table's cell or a line."""
    return before[-1:] in "\n\t" and after[:1] in "\n\t"


def _is_offered(span: Span, before: str, after: str, rules: BareRules, *, sells: bool) -> bool:
    """In an advert: a qualification's name beside a word of examining, or of teaching where certificates are sold."""
    if rules.examined.match(after):
        return True
    if not sells or span.hit is Hit.TITLE:
        return False
    return bool(rules.course.match(after) or rules.neighbour.match(after) or rules.neighbour.search(before[-3:]))


