"""Certificates' names inside names of bodies, sites, regulations and forms: no mentions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from detection.guards import Guarded, guard
from detection.rulebook import read_rules
from detection.spans import Form, Span
from vocabulary.codes import DocumentKind

_BEFORE, _AFTER = 60, 70
_TELLING = frozenset({DocumentKind.OTHER, DocumentKind.NEWS, DocumentKind.PERMIT_GUIDE})
"""Kinds of texts that tell of an examination: who sits for it has no certificate yet."""


@dataclass(frozen=True, slots=True)
class InsideRules:
    opened: Guarded
    """Before a name: a title mark that is still open."""
    titled: Guarded
    """Behind a name: the rest of the title of a regulation or a form."""
    body: Guarded
    """Behind a name without a certificate word: the rest of a body's or a site's name."""
    examination: Guarded
    """Behind a name without a certificate word: an examination's name ends."""
    passed: Guarded
    """Before such a name: somebody passes the examination, and so has what it is for."""
    united: Guarded
    """Behind a name without a certificate word: a country's examination of that name."""
    predicate: Guarded
    """Before a generic word: what a certificate is said to be."""
    counted: Guarded
    """Behind a generic word: it only says from which day, or how many."""
    many: Guarded
    """A generic word's beginning: it speaks of many at once."""
    site: Guarded
    """Behind a name: the rest of a site's name, whatever the name is."""


@cache
def load_inside_rules() -> InsideRules:
    """Raises KeyError where ``inside_names.toml`` lacks a rule."""
    rules = read_rules("inside_names.toml")
    return InsideRules(**{name: guard(rules[name]) for name in InsideRules.__slots__})


def drop_inside_names(text: str, spans: list[Span], kind: DocumentKind) -> list[Span]:
    """The spans without those that are part of another thing's name.

    A school sells the examination that it names, so that in its advert a centre's name counts.
    """
    if kind is DocumentKind.TRAINING_AD:
        return spans
    told, announced = kind in _TELLING, kind is DocumentKind.EXAM_NOTICE
    return [span for span in spans if not _is_inside(text, span, told=told, announced=announced)]


def names_level_examination(text: str, span: Span) -> bool:
    """Whether an occupation or a level of it says which examination is meant, and nobody passes it."""
    quote = text[span.start : span.end]
    if "证" in quote or not (span.form is Form.BARE or "水平" in quote):
        return False
    return _is_examined(text, span)


def _is_examined(text: str, span: Span) -> bool:
    rules = load_inside_rules()
    if rules.examination.match(text, span.end, span.end + _AFTER) is None:
        return False
    return rules.passed.search(text, max(0, span.start - _BEFORE), span.start) is None


def _is_inside(text: str, span: Span, *, told: bool, announced: bool) -> bool:
    rules = load_inside_rules()
    before, end = text[max(0, span.start - _BEFORE) : span.start], span.end
    if rules.site.match(text, end, end + _AFTER):
        return True
    if span.form is Form.GENERIC and (
        rules.counted.match(text, end, end + _AFTER)
        or (told and rules.predicate.search(before))
        or rules.many.match(text, span.start, end)
    ):
        return True
    if "《" in before and rules.opened.search(before) and rules.titled.match(text, end, end + _AFTER):
        return True
    if "证" in text[span.start : end]:
        return False
    if told and (names_level_examination(text, span) or ("资格" in span.word and _is_examined(text, span))):
        return True
    united = rules.united.match(text, end, end + _AFTER) is not None and rules.passed.search(before) is None
    return (united and not announced) or rules.body.match(text, end, end + _AFTER) is not None
