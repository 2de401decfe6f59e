"""Certificates' names inside names of bodies, sites, regulations and forms: no mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from detection.rulebook import read_rules
from detection.spans import Span
from vocabulary.codes import DocumentKind

_BEFORE, _AFTER = 60, 70


@dataclass(frozen=True, slots=True)
class InsideRules:
    opened: re.Pattern[str]
    """Before a name: a title mark that is still open."""
    titled: re.Pattern[str]
    """Behind a name: the rest of the title of a regulation or a form."""
    body: re.Pattern[str]
    """Behind a name without a certificate word: the rest of a body's or a site's name."""


@cache
def load_inside_rules() -> InsideRules:
    """Raises KeyError where ``inside_names.toml`` lacks a rule."""
    rules = read_rules("inside_names.toml")
    return InsideRules(**{name: re.compile(rules[name]) for name in InsideRules.__slots__})


def drop_inside_names(text: str, spans: list[Span], kind: DocumentKind) -> list[Span]:
    """The spans without those that are part of another thing's name.

    A school sells the examination that it names, so that in its advert a centre's name counts.
    """
    sold = kind is DocumentKind.TRAINING_AD
    return [span for span in spans if not _is_inside(text, span, sold=sold)]


def _is_inside(text: str, span: Span, *, sold: bool) -> bool:
    rules = load_inside_rules()
    before, end = text[max(0, span.start - _BEFORE) : span.start], span.end
    if sold:
        return False
    if "《" in before and rules.opened.search(before) and rules.titled.match(text, end, end + _AFTER):
        return True
    if "证" in text[span.start : end]:
        return False
    return rules.body.match(text, end, end + _AFTER) is not None
