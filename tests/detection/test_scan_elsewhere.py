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
