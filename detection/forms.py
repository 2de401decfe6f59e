"""``forms.toml`` as compiled values: how names on no list are read by their form and by the words around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from detection.guards import Guarded, guard
from detection.rulebook import alternatives, read_rules
from vocabulary.codes import Status


@dataclass(frozen=True, slots=True)
class Forms:
    """Rules about names on no list."""

    foreign: Guarded
    vendor: Guarded
    vendor_name: Guarded
    vendor_before: Guarded
    """A vendor's name right before a certificate's."""
    trade: Guarded
    """Trades that with a level are the skill qualification, without one the operation certificate."""
    graded: Guarded
    """Words that make a trade the skill qualification as a level does."""
    operation: Guarded
    """Words that make it the operation certificate whatever the level."""
    title: Guarded
    titled: Guarded
    """The same in the name of a field: 工程造价专业技术资格."""
    no_title: Guarded
    skill: Guarded
    as_titles: frozenset[str]
    """Qualifications of the catalogue that count as 职称."""
    association: Guarded
    designated: Guarded
    course_paper: Guarded
    trained_by_law: Guarded
    vague_stem: Guarded
    """A short form that names no particular certificate."""
    field_title: Guarded
    """Titles that an advert's field makes a certificate of its own; in group 1 the field."""
    titles_sold: Guarded
    """Words around a title by which an advert sells 职称."""
    other_nature: Guarded
    added: Guarded
    endings: tuple[tuple[Guarded, Status, str], ...]
    contexts: tuple[tuple[Guarded, Guarded, str], ...]
    field_words: Guarded
    """Generic certificate words that take a field's qualification."""
    fields: tuple[tuple[Guarded, Guarded, str], ...]
    """Behind and before such a word: who has it; then what they have."""


@cache
def load_forms() -> Forms:
    rules: dict[str, Any] = read_rules("forms.toml")
    return Forms(
        foreign=guard(rf"(?:{alternatives(rules['foreign'])})"),
        vendor=guard(alternatives(rules["vendor"])),
        vendor_name=guard(alternatives(rules["vendor_names"])),
        vendor_before=guard(rf"(?:{alternatives(rules['vendor_names'])})[^，。；;、\n]{{0,6}}$"),
        trade=guard(alternatives(rules["trades"])),
        graded=guard(alternatives(rules["graded"])),
        operation=guard(alternatives(rules["operation"])),
        title=guard(alternatives(rules["title"])),
        titled=guard(alternatives([*rules["title"], *rules["titled"]])),
        no_title=guard(alternatives(rules["no_title"])),
        skill=guard(alternatives(rules["skill"])),
        as_titles=frozenset(rules["as_titles"]),
        association=guard(rules["association"]),
        designated=guard(rules["designated"]),
        course_paper=guard(rules["course_paper"]),
        trained_by_law=guard(rules["trained_by_law"]),
        vague_stem=guard(rules["vague_stem"]),
        field_title=guard(rules["field_title"]),
        titles_sold=guard(alternatives(rules["titles_sold"])),
        other_nature=guard(alternatives(rules["other_nature"])),
        added=guard(rf"(?:{alternatives(rules['added'])}){{1,4}}"),
        endings=tuple(
            (guard(rf"(?:{alternatives(row['endings'])})$"), Status(row["status"]), row["name"])
            for row in rules["ending"]
        ),
        contexts=_contexts(rules),
        field_words=guard(rules["field"]["words"]),
        fields=_fields(rules),
    )


def _contexts(rules: dict[str, Any]) -> tuple[tuple[Guarded, Guarded, str], ...]:
    return tuple(
        (guard(alternatives(row["names"])), guard(alternatives(row["near"])), row["qualification"])
        for row in rules["context"]
    )


def _fields(rules: dict[str, Any]) -> tuple[tuple[Guarded, Guarded, str], ...]:
    def side(name: str, field: str) -> Guarded:
        return guard(rules["field"][name].replace("{field}", field))

    held = rules["field"]["of"].items()
    return tuple((side("behind", field), side("before", field), name) for field, name in held)
