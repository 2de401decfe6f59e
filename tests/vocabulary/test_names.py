"""Every code has one name in each language, and no other place knows one."""

from __future__ import annotations

import ast
from enum import StrEnum
from pathlib import Path

import pytest

from vocabulary.codes import EventKind, Status, Violation
from vocabulary.names import CHINESE, SECTIONS, consequence_of, event_name, name_of, names_of, rule_behind

ROOT = Path(__file__).parents[2]
ROOMS = ("alerts", "assessment", "cases", "catalogue", "cli", "console", "crawling", "detection", "jobs")
FEW = 2


@pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("language", [CHINESE, "en"])
def test_every_code_of_a_closed_set_has_a_name_of_its_own(kind: type[StrEnum], language: str) -> None:
    names = names_of(kind, language)
    assert set(names) == set(kind)
    assert all(names.values())
    assert len(set(names.values())) == len(names)


def test_violations_and_statuses_say_what_follows() -> None:
    assert all(rule_behind(violation).endswith("。") for violation in Violation)
    assert all(consequence_of(status).endswith("。") for status in Status)


def test_an_event_of_an_earlier_release_is_shown_as_it_is() -> None:
    assert event_name(EventKind.RECTIFIED.value) == name_of(EventKind.RECTIFIED) == "完成整改"
    assert event_name("forgotten") == "forgotten"


def test_no_room_keeps_a_second_table_of_names() -> None:
    """A table from codes to a few Chinese characters is a table of names; sentences are something else."""
    kinds = {kind.__name__ for kind in SECTIONS}
    tables = []
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Dict):
                    named = [
                        key
                        for key, value in zip(node.keys, node.values, strict=True)
                        if isinstance(key, ast.Attribute)
                        and isinstance(key.value, ast.Name)
                        and key.value.id in kinds
                        and isinstance(value, ast.Constant)
                        and isinstance(value.value, str)
                        and any("一" <= letter <= "龥" for letter in value.value)
                        and len(value.value) <= 12
                    ]
                    if len(named) > FEW:
                        tables.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert not tables
