"""From status, usage and publisher to violation, severity, clause, sentence and advice."""

from datetime import date

import pytest

from detection import scan
from detection.explanations import Publisher, load_letters, write_letter
from detection.linking import LinkedName
from detection.model import Mention
from detection.verdicts import Circumstances, Verdict, decide_verdict, load_verdicts
from vocabulary.codes import PublisherKind, Severity, Status, Usage, Violation

DAY = date(2026, 11, 1)


def verdict(status: Status, usage: Usage, publisher: PublisherKind = PublisherKind.COMPANY) -> Verdict:
    return decide_verdict(status, usage, Circumstances(publisher, "某证书", "某证书"))


def demand(text: str, day: date = DAY) -> Mention:
    posting = f"招聘\n任职要求：\n1、{text}；\n2、吃苦耐劳。"
    return scan(posting, as_of=day, title="招聘会计", publisher="晨光五金有限公司").mentions[0]


@pytest.mark.parametrize(
    ("status", "usage", "severity"),
    [
        (Status.CANCELLED, Usage.PERMIT, Severity.CRITICAL),
        (Status.CANCELLED, Usage.REQUIRED, Severity.HIGH),
        (Status.CANCELLED, Usage.ALTERNATIVE, Severity.LOW),
        (Status.CANCELLED, Usage.PREFERRED, Severity.NONE),
        (Status.CANCELLED, Usage.OFFERED, Severity.HIGH),
        (Status.CANCELLED, Usage.HELD, Severity.NONE),
        (Status.EXITED, Usage.REQUIRED, Severity.MEDIUM),
        (Status.EXITED, Usage.OFFERED, Severity.LOW),
        (Status.LEVEL, Usage.PERMIT, Severity.HIGH),
        (Status.LEVEL, Usage.REQUIRED, Severity.LOW),
        (Status.LEVEL, Usage.OFFERED, Severity.NONE),
        (Status.OFF_CATALOGUE, Usage.REQUIRED, Severity.LOW),
        (Status.OFF_CATALOGUE, Usage.RENTING, Severity.MEDIUM),
        (Status.ACCESS, Usage.REQUIRED, Severity.NONE),
        (Status.ACCESS, Usage.RENTING, Severity.CRITICAL),
        (Status.LAWFUL_OTHER, Usage.REQUIRED, Severity.NONE),
        (Status.GENERIC, Usage.RENTING, Severity.MEDIUM),
        (Status.GENERIC, Usage.NEGATED, Severity.NONE),
    ],
)
def test_the_matrix_gives_the_severity(status: Status, usage: Usage, severity: Severity) -> None:
    assert verdict(status, usage).severity is severity


def test_a_public_body_is_held_to_more_than_a_company() -> None:
    for status in (Status.LEVEL, Status.OFF_CATALOGUE):
        assert verdict(status, Usage.REQUIRED, PublisherKind.PUBLIC_BODY).severity is Severity.MEDIUM
        assert verdict(status, Usage.REQUIRED).severity is Severity.LOW


def test_a_level_certificate_may_be_demanded_until_the_catalogue_of_2017() -> None:
    for day, lawful in ((date(2017, 9, 11), True), (date(2017, 9, 12), False), (date(2026, 11, 1), False)):
        case = Circumstances(PublisherKind.PUBLIC_BODY, "社会工作者证书", "", as_of=day)
        assert (decide_verdict(Status.LEVEL, Usage.REQUIRED, case).violation is None) is lawful
        assert decide_verdict(Status.LEVEL, Usage.RENTING, case).severity is Severity.HIGH


def test_the_same_text_is_lawful_in_2016_and_a_violation_in_2018() -> None:
    assert demand("持有会计从业资格证书", date(2016, 1, 1)).violation is None
    later = demand("持有会计从业资格证书", date(2018, 1, 1))
    assert later.violation is Violation.CANCELLED_HIRING_REQUIREMENT
    assert later.since == date(2017, 11, 5)


def test_a_finding_can_be_sent_on() -> None:
    mention = demand("须持有会计从业资格证书")
    assert "会计从业资格" in mention.explanation
    assert "2017年11月5日" in mention.explanation
    assert mention.explanation.endswith("。")
    assert all(clause in mention.explanation for clause in mention.legal_basis)
    assert mention.advice
    assert mention.cue == "须持有"


def test_what_is_lawful_carries_no_letter() -> None:
    mention = demand("须持有电工证")
    assert (mention.violation, mention.explanation, mention.advice, mention.legal_basis) == (None, "", "", ())


def test_a_doubtful_verdict_goes_no_higher_than_medium() -> None:
    doubtful = Circumstances(PublisherKind.COMPANY, "报关员证", "报关员证", certain=False)
    assert decide_verdict(Status.CANCELLED, Usage.REQUIRED, doubtful).severity is Severity.MEDIUM
    mention = demand("须持有造价员证")
    assert mention.needs_review
    assert mention.severity is Severity.MEDIUM


def test_a_name_that_claims_to_be_national_breaks_the_naming_rule() -> None:
    case = Circumstances(PublisherKind.ASSOCIATION, "全国茶文化讲师证书", "颁发全国茶文化讲师证书")
    judged = decide_verdict(Status.OFF_CATALOGUE, Usage.OFFERED, case)
    assert (judged.violation, judged.severity, judged.word) == (
        Violation.RESTRICTED_NAME,
        Severity.HIGH,
        "全国",
    )


def test_an_exited_qualification_offered_as_a_national_one_is_an_alert() -> None:
    case = Circumstances(PublisherKind.TRAINING_SCHOOL, "国家职业资格育婴师证书", "")
    assert decide_verdict(Status.EXITED, Usage.OFFERED, case).severity is Severity.MEDIUM


def test_a_public_body_sets_up_no_qualification_of_its_own() -> None:
    case = Circumstances(PublisherKind.PUBLIC_BODY, "景区讲解员上岗证", "由本局颁发景区讲解员上岗证")
    judged = decide_verdict(Status.OFF_CATALOGUE, Usage.OFFERED, case)
    assert judged.violation is Violation.SELF_SET_QUALIFICATION


def test_examining_and_training_under_one_roof_is_noted() -> None:
    around = "培训费2000元，考试合格由我会颁发税务师证书"
    case = Circumstances(PublisherKind.ASSOCIATION, "税务师证书", around)
    judged = decide_verdict(Status.LEVEL, Usage.OFFERED, case)
    assert judged.violation is Violation.EXAM_TRAINING_NOT_SEPARATED
    assert not judged.severity.is_alert


def test_what_was_announced_before_the_cancellation_is_carried_through() -> None:
    around = "公布取消前已受理报名的会计从业资格考试继续组织"
    case = Circumstances(PublisherKind.PUBLIC_BODY, "会计从业资格", around)
    assert decide_verdict(Status.CANCELLED, Usage.OFFERED, case).violation is None


def test_a_foreign_certificate_is_never_a_violation() -> None:
    case = Circumstances(PublisherKind.TRAINING_SCHOOL, "ACCA", "ACCA", foreign=True)
    assert decide_verdict(Status.OFF_CATALOGUE, Usage.OFFERED, case).violation is None


def test_every_violation_has_its_letter() -> None:
    assert set(load_letters()["violation"]) == {str(violation) for violation in Violation}


@pytest.mark.parametrize("violation", list(Violation))
@pytest.mark.parametrize("status", list(Status))
def test_every_letter_is_a_whole_sentence(violation: Violation, status: Status) -> None:
    reading = LinkedName("心理咨询师", status, date(2017, 9, 12), "人社部发〔2017〕68号")
    judged = Verdict(Severity.HIGH, violation, "全国")
    letter = write_letter("心理咨询师证", reading, Usage.OFFERED, judged, Publisher(PublisherKind.UNKNOWN))
    assert letter.explanation.endswith("。")
    assert "{" not in letter.explanation + letter.advice
    assert letter.legal_basis


def test_every_verdict_of_the_matrix_names_its_violation() -> None:
    assert all(found.violation is not None for found in load_verdicts().values())


def test_findings_are_the_mentions_that_break_a_rule() -> None:
    text = "招聘\n任职要求：\n1、会计证；\n2、驾驶证；\n"
    result = scan(text, as_of=DAY, title="招聘")
    assert [mention.quote for mention in result.mentions] == ["会计证", "驾驶证"]
    assert [mention.quote for mention in result.findings] == ["会计证"]
