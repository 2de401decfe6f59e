"""The second opinion on a document's kind: it lowers alerts, raises none, and ships with its digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from detection import scan
from detection.documents.likeness import WIDTH, load_likeness, read_likeness, weigh
from detection.model import Mention
from detection.opinions import hear_both
from vocabulary.codes import DocumentKind, Severity, Status, Usage

AS_OF = date(2026, 11, 1)
SHIPPED = Path(__file__).parents[2] / "detection" / "documents"
MENTION = Mention(
    start=4,
    end=10,
    quote="会计从业资格",
    qualification="会计从业资格",
    status=Status.CANCELLED,
    since=None,
    status_document="",
    usage=Usage.REQUIRED,
    cue="须",
    violation=None,
    severity=Severity.HIGH,
    legal_basis=(),
    explanation="",
)


def test_an_alert_of_one_reading_alone_is_for_a_person_to_look_at() -> None:
    silent = replace(MENTION, severity=Severity.NONE, usage=Usage.INFORMATIVE)
    meek = replace(MENTION, cue="者优先录用")
    for first, second in (([meek], [silent]), ([meek], []), ([], [meek]), ([silent], [meek])):
        (heard,) = hear_both(first, second)
        assert (heard.severity, heard.needs_review) == (Severity.LOW, True)
    for other in ([], [silent]):
        (heard,) = hear_both(other, [MENTION])
        assert (heard.severity, heard.needs_review) == (Severity.MEDIUM, True), "its words oblige"


def test_what_obliges_by_itself_stays_what_it_is() -> None:
    silent = replace(MENTION, severity=Severity.NONE, usage=Usage.INFORMATIVE)
    for second in ([silent], [], [replace(MENTION, severity=Severity.MEDIUM, cue="诚聘会计一名，")]):
        (heard,) = hear_both([MENTION], second)
        assert heard == MENTION
    assert hear_both([replace(MENTION, cue="任职要求")], [silent])[0].needs_review, (
        "a heading obliges to nothing"
    )
    text = "我是丁某，举报示例市某公司在2026年11月招聘会计，招聘人丁某说应聘者须持有会计从业资格证书。"
    (finding,) = scan(text, as_of=AS_OF).findings
    assert (finding.severity, finding.needs_review) == (Severity.MEDIUM, True), "a narrow kind caps it"


def test_of_two_alerts_the_lower_counts() -> None:
    for first, second in (
        (Severity.MEDIUM, Severity.CRITICAL),
        (Severity.CRITICAL, Severity.MEDIUM),
    ):
        meek = replace(MENTION, severity=first, cue="者优先录用")
        (heard,) = hear_both([meek], [replace(MENTION, severity=second)])
        assert (heard.severity, heard.needs_review) == (Severity.MEDIUM, True)


def test_what_is_told_to_readers_is_no_weaker_demand() -> None:
    told = replace(MENTION, severity=Severity.NONE, usage=Usage.INFORMATIVE)
    meek = replace(MENTION, cue="持有")
    assert hear_both([meek], [told], explained=True) == (told,)
    assert hear_both([MENTION], [told], explained=True) == (MENTION,), "its words oblige"


def test_lawful_mentions_are_those_of_the_second_reading() -> None:
    lawful = replace(MENTION, severity=Severity.NONE)
    other = replace(lawful, start=20, end=26, usage=Usage.HELD)
    assert hear_both([lawful], [other]) == (other,)


def test_a_clear_likeness_outweighs_a_narrow_score_and_not_a_wide_one() -> None:
    kinds = list(DocumentKind)
    like, narrow, wide = [0.0] * len(kinds), [0.0] * len(kinds), [0.0] * len(kinds)
    like[kinds.index(DocumentKind.NEWS)] = 0.3
    narrow[kinds.index(DocumentKind.RECRUITMENT)] = 6.0
    wide[kinds.index(DocumentKind.RECRUITMENT)] = 25.0
    assert weigh(tuple(like), tuple(narrow)) is DocumentKind.NEWS
    assert weigh(tuple(like), tuple(wide)) is DocumentKind.RECRUITMENT


def test_weights_are_those_that_their_description_names(tmp_path: Path) -> None:
    shipped = load_likeness()
    assert shipped.weights.shape == (len(DocumentKind), WIDTH)
    assert (SHIPPED / "likeness.bin").stat().st_size < 300_000
    for name in ("likeness.bin", "likeness.toml"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    assert read_likeness(tmp_path).scores("招聘启事", "诚聘会计一名") == shipped.scores(
        "招聘启事", "诚聘会计一名"
    )
    (tmp_path / "likeness.bin").write_bytes((SHIPPED / "likeness.bin").read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(ValueError, match=r"eval\.likeness"):
        read_likeness(tmp_path)


def test_texts_without_letters_are_like_something_too() -> None:
    for text in ("", "会", "会计证", "\ud800会计证"):
        assert len(load_likeness().scores("", text)) == len(DocumentKind)


def test_an_article_with_words_of_hiring_raises_no_alert() -> None:
    text = (
        "招聘会计的基本标准主要看四点。会计需要具备会计从业资格证，主管还要有中级职称和三年以上工作经验。"
        "企业选人时也会看专业背景，会计岗位的人还应当细心、有责任心。综合来看，能力比证书更重要。"
    )
    result = scan(text, as_of=AS_OF, title="企业招会计的基本标准")
    assert not any(mention.severity.is_alert for mention in result.mentions)
    assert [mention.status for mention in result.mentions if "会计从业" in mention.quote] == [
        Status.CANCELLED
    ]
