"""Whose paper it is: certificates of companies and institutions are no mentions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from detection.guards import Guarded, guard
from detection.rulebook import read_rules
from detection.spans import Form, Span
from vocabulary.codes import DocumentKind

_BEFORE = 64
_AFTER = 36


@dataclass(frozen=True, slots=True)
class HolderRules:
    kinds: frozenset[DocumentKind]
    body_behind: Guarded
    body_linked: Guarded
    body_before: Guarded
    persons: Guarded
    persons_behind: Guarded
    proof: Guarded


@cache
def load_holder_rules() -> HolderRules:
    """Raises KeyError where ``holders.toml`` lacks a rule."""
    rules = read_rules("holders.toml")
    kinds = frozenset(DocumentKind(kind) for kind in rules["kinds"])
    names = [name for name in HolderRules.__slots__ if name != "kinds"]
    return HolderRules(kinds, **{name: guard(rules[name]) for name in names})


def keep_persons(text: str, spans: list[Span], kind: DocumentKind) -> list[Span]:
    """The spans without those that a body holds."""
    if kind not in load_holder_rules().kinds:
        return spans
    return [span for span in spans if not _is_of_a_body(text, span)]


def _is_of_a_body(text: str, span: Span) -> bool:
    rules = load_holder_rules()
    after = text[span.end : span.end + _AFTER]
    if rules.body_linked.match(after) and rules.body_behind.match(after):
        return True
    before = text[max(0, span.start - _BEFORE) : span.start]
    of_persons = "人员" in text[span.start : span.end]
    if span.form is Form.GENERIC and not of_persons and rules.proof.search(before):
        return True
    if _names_a_person(span) or rules.persons_behind.match(after):
        return False
    found = rules.body_before.search(before)
    return found is not None and rules.persons.search(before, found.start()) is None


def _names_a_person(span: Span) -> bool:
    """Whether the name says what a person is: no body becomes one."""
    return span.form is not Form.GENERIC and span.core.endswith(("师", "员", "工", "人", "士", "医", "教练"))
