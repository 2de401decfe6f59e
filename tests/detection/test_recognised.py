"""Words read from pictures: what they demand is told, but never as urgent or sure."""

from __future__ import annotations

from datetime import date

from detection import scan
from detection.recognised import REMARK, doubt_recognised
from vocabulary.codes import Severity

DAY = date(2026, 11, 1)
NOTICE = "示例市卫生局公开招聘公告\n出纳1名，须持有会计从业资格证书。司机1名，持有驾驶证。"


def test_a_violation_in_recognised_words_is_to_be_reviewed_and_at_most_medium() -> None:
    sure = scan(NOTICE, as_of=DAY)
    [finding] = sure.findings
    assert finding.severity is Severity.HIGH
    [doubted] = doubt_recognised(sure).findings
    assert (doubted.severity, doubted.needs_review) == (Severity.MEDIUM, True)
    assert doubted.explanation == finding.explanation + REMARK
    assert (doubted.quote, doubted.usage, doubted.legal_basis) == (
        finding.quote,
        finding.usage,
        finding.legal_basis,
    )


def test_what_is_lawful_or_less_than_medium_stays_as_it_is() -> None:
    sure = scan(NOTICE.replace("须持有会计从业资格证书", "有会计从业资格证书者优先"), as_of=DAY)
    doubted = doubt_recognised(sure)
    assert [mention.severity for mention in doubted.mentions] == [
        mention.severity for mention in sure.mentions
    ]
    lawful = [mention for mention in sure.mentions if mention.violation is None]
    assert lawful
    assert [mention for mention in doubted.mentions if mention.violation is None] == lawful
