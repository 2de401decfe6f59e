"""Every alert says where the operator finds what to do, and it is written there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/qualwatch.rules.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def sections(file: Path) -> dict[str, str]:
    """Anchors of a page's headings, as they are made of them, with what stands below each."""
    parts = re.split(r"(?m)^## (.+)$", file.read_text(encoding="utf-8"))
    return {heading.strip().lower(): text for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_every_alert_names_a_section_that_says_what_it_means_what_to_do_and_when_it_is_over(
    rule: dict[str, dict[str, str]],
) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == str(rule["alert"]).lower()
    text = sections(ROOT / page)[anchor]
    assert "**说明**" in text
    assert "1. " in text
    assert "**算好**" in text


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    assert set(sections(ROOT / "docs/runbook.zh-CN.md")) == {rule["alert"].lower() for rule in RULES}
