"""What sources say against each other, and approvals that only bear a qualification's name."""

import csv
from datetime import date
from pathlib import Path

import pytest

from catalogue import load_catalogue
from catalogue.loading import DATA, read_approvals, read_rows
from catalogue.wording import caution
from detection import scan
from vocabulary.codes import Evidence, Severity, Status

SHARED = Path(__file__).parents[2].parent / "shared" / "catalogue"
TODAY = date(2026, 11, 1)


def _posting(name: str) -> str:
    return f"某公司招聘公告\n任职要求：\n1、须持有{name}资格证书。\n薪资面议，有意者请投简历。"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the lists that the project was given do not lie beside it")
@pytest.mark.parametrize("file", ["contradictions-2026-11.csv", "found-2026-11.csv"])
def test_every_given_line_was_settled_or_is_marked_as_open(file: str) -> None:
    answered = {row["name"] for row in read_rows(DATA / "contradictions.csv")}
    with (SHARED / file).open(encoding="utf-8", newline="") as lines:
        assert not {row["name"] for row in csv.DictReader(lines)} - answered


def test_every_outcome_is_one_of_two_and_points_to_an_entry() -> None:
    keys = {entry.key for entry in load_catalogue().entries}
    for row in read_rows(DATA / "contradictions.csv"):
        assert row["outcome"] in {"settled", "open"}
        assert row["key"] in keys or (not row["key"] and row["outcome"] == "open")
        assert row["why"]


@pytest.mark.parametrize(
    ("name", "day", "status", "document", "evidence"),
    [
        ("机动车驾驶培训教练员", TODAY, "cancelled", "国发〔2016〕9号", "published"),
        ("机动车驾驶培训教练员证", TODAY, "cancelled", "国发〔2016〕9号", "published"),
        ("机动车驾驶培训教练员", date(2016, 2, 2), "access", "清理前的职业资格制度", "published"),
        ("计算机信息系统集成项目经理", date(2014, 2, 15), "cancelled", "国发〔2014〕5号", "published"),
        ("创业咨询师", TODAY, "cancelled", "国务院七批取消决定之一（文号未核）", "unverified"),
        ("矿业权评估师", date(2015, 1, 1), "cancelled", "国发〔2014〕27号", "published"),
        ("矿业权评估师", date(2018, 1, 1), "level", "人社部发〔2015〕65号", "published"),
        ("网络编辑员", TODAY, "cancelled", "国发〔2016〕35号", "published"),
        ("土地估价师", TODAY, "cancelled", "国发〔2014〕50号", "unverified"),
        ("室内设计师", TODAY, "cancelled", "国发〔2015〕11号", "published"),
        ("机动车驾驶培训机构教学负责人", TODAY, "cancelled", "国发〔2014〕50号", "published"),
        ("机动车驾驶员培训结业考核人员", TODAY, "cancelled", "国发〔2014〕50号", "published"),
    ],
)
def test_settled_rows_stand_as_their_sources_say(
    name: str, day: date, status: str, document: str, evidence: str
) -> None:
    period = load_catalogue().as_of(day).lookup(name)[0].period
    assert (period.status, period.document, period.evidence) == (status, document, evidence)


def test_nail_technicians_left_when_their_examinations_were_stopped() -> None:
    period = load_catalogue().as_of(date(2016, 1, 1)).lookup("美甲师")[0].period
    assert (period.status, period.since, period.evidence) == ("exited", date(2015, 9, 19), "published")


@pytest.mark.parametrize(
    "name",
    ["公共营养师", "企业培训师", "AFP", "金融理财师", "反假货币上岗证", "矿产储量评估师", "采购师", "采购员"],
)
def test_what_stays_open_is_never_certain_and_says_what_speaks_against_it(name: str) -> None:
    standing = load_catalogue().as_of(TODAY).lookup(name)[0]
    assert not standing.certain
    assert "各来源说法不一" in caution(standing)
    assert standing.period.contested in caution(standing)


@pytest.mark.parametrize("name", ["公共营养师", "企业培训师", "矿产储量评估师", "AFP金融理财师"])
def test_a_contested_entry_in_a_posting_is_to_be_reviewed_and_says_why(name: str) -> None:
    [mention] = scan(_posting(name), as_of=TODAY).mentions
    assert mention.needs_review
    assert "各来源说法不一" in mention.explanation
    assert mention.severity in {Severity.NONE, Severity.LOW, Severity.MEDIUM}


def test_a_certificate_given_by_the_central_bank_is_not_called_an_associations() -> None:
    assert not [row["key"] for row in read_rows(DATA / "periods.csv") if "行业组织证书" in row["note"]]
    standing = load_catalogue().as_of(TODAY).lookup("反假货币上岗证")[0]
    assert "中国人民银行" in standing.period.note


def test_the_end_of_an_approval_is_not_the_end_of_the_qualification() -> None:
    catalogue = load_catalogue()
    ends = {approval.name: approval for approval in read_approvals()}
    approval = ends["物业管理师注册执业资格认定"]
    assert (approval.number, approval.ended_on) == ("国发〔2015〕11号", date(2015, 2, 24))
    assert not approval.ends_qualification
    assert catalogue.as_of(date(2015, 6, 1)).standing("物业管理师").status is Status.ACCESS
    assert catalogue.as_of(date(2016, 6, 8)).standing("物业管理师").period.document == "国发〔2016〕35号"
    safety = ends["注册安全工程师执业资格认定"]
    assert not safety.ends_qualification
    assert catalogue.as_of(TODAY).standing(safety.key).status is Status.ACCESS


def test_an_approval_that_was_the_qualification_ended_it() -> None:
    catalogue = load_catalogue()
    for approval in read_approvals():
        if approval.ends_qualification:
            assert approval.ended_on is not None
            period = catalogue.as_of(approval.ended_on).standing(approval.key).period
            assert (period.status, period.document) == (Status.CANCELLED, approval.number)
            assert period.evidence is Evidence.PUBLISHED
