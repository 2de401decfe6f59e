"""What texts of other sites than job boards do with a certificate: guides, tenders, notices, articles.

``texts_elsewhere.jsonl`` has one text a line: title, text, the certificate looked at, and its usage.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from detection import scan
from eval.scoring import read_lines
from vocabulary.codes import Usage

DAY = date(2026, 11, 1)
CASES = read_lines(Path(__file__).with_name("texts_elsewhere.jsonl"))


@pytest.mark.parametrize("case", CASES, ids=[(case["title"] or case["text"])[:16] for case in CASES])
def test_a_text_of_another_site_is_read_as_what_it_is(case: dict[str, str]) -> None:
    mentions = scan(case["text"], as_of=DAY, title=case["title"]).mentions
    said = {mention.quote: mention.usage for mention in reversed(mentions)}
    assert said.get(case["quote"]) is Usage(case["usage"]), said


def test_a_kind_won_narrowly_raises_no_alert_by_itself() -> None:
    bare = "会计从业资格证班，周末上课。老师讲解，学员满意。"
    result = scan(bare, as_of=DAY, title="兴趣课")
    (mention,) = result.mentions
    assert result.facts.narrow
    assert mention.usage is Usage.OFFERED
    assert not mention.severity.is_alert
    assert mention.needs_review
    plain = scan(f"{bare}学费八百元，试听免费，招生对象不限，包过。", as_of=DAY, title="兴趣课")
    assert not plain.facts.narrow
    assert any(mention.severity.is_alert for mention in plain.mentions)


def test_a_preference_in_brackets_reaches_what_stands_in_the_brackets() -> None:
    said = {
        mention.quote: mention.usage
        for mention in scan("招聘会计：持会计证（有初级职称者优先），月薪面议。", as_of=DAY).mentions
    }
    assert said == {"会计证": Usage.REQUIRED, "初级职称": Usage.PREFERRED}
