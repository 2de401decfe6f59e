"""Which documents a finding cites, how, and where they bind."""

from datetime import date

import pytest

from catalogue.citations import cite, legal_documents
from catalogue.loading import DATA, read_rows
from detection import scan
from detection.explanations import load_letters
from detection.model import Mention
from vocabulary.codes import Usage

DAY = date(2026, 11, 1)
JILIN, FUJIAN, FUZHOU = "吉政办发〔2017〕54号", "闽人社文〔2017〕320号", "榕人社培〔2017〕139号"
NATIONAL = "人社部发〔2017〕68号"
PLAN = "《进一步减少和规范职业资格许可和认定事项的改革方案》"


def finding(demand: str, region: str | None = None, day: date = DAY) -> Mention:
    text = f"招聘\n任职要求：\n1、{demand}；\n2、吃苦耐劳。"
    return scan(text, as_of=day, title="招聘", region=region).mentions[0]


@pytest.mark.parametrize(
    ("region", "local"),
    [
        (None, set()),
        ("440300", set()),
        ("220000", {JILIN}),
        ("222403", {JILIN}),
        ("350000", {FUJIAN}),
        ("350200", {FUJIAN}),
        ("350102", {FUJIAN, FUZHOU}),
    ],
)
@pytest.mark.parametrize("demand", ["须持有会计从业资格证书", "须持有茶艺师证", "须持有催乳师证"])
def test_a_document_is_cited_where_its_issuer_has_power(
    region: str | None, local: set[str], demand: str
) -> None:
    cited = "".join(finding(demand, region).legal_basis)
    assert {number for number in (JILIN, FUJIAN, FUZHOU) if number in cited} == local
    assert NATIONAL in cited
    assert PLAN in cited


def test_the_reform_plan_is_cited_for_renting_and_for_examining_what_one_teaches() -> None:
    rented = scan("高价寻一级建造师挂靠，证书挂靠费从优", as_of=DAY, title="建造师挂靠").mentions[0]
    assert rented.usage is Usage.RENTING
    assert rented.legal_basis == (f"{PLAN}第二部分第（四）项",)
    assert "plan.2.4" in load_letters()["violation"]["exam_training_not_separated"]["basis"]


def test_a_document_is_cited_once_title_first() -> None:
    mention = finding("须持有物业管理师证书", "220100")
    assert mention.legal_basis[0] == "《国务院关于取消一批职业资格许可和认定事项的决定》（国发〔2016〕35号）"
    for clause in mention.legal_basis:
        assert mention.explanation.count(clause) == 1
    assert mention.explanation.count("国发〔2016〕35号") == 1


def test_a_law_is_cited_by_its_full_title() -> None:
    assert finding("须持有会计证").legal_basis[0] == "《中华人民共和国会计法》（2017年修正）"
    assert (
        cite("《会计法》第三十八条（2017年修正前）") == "《中华人民共和国会计法》第三十八条（2017年修正前）"
    )
    assert cite("《安全生产法》") == "《中华人民共和国安全生产法》"


def test_an_unknown_title_is_left_out() -> None:
    assert cite("国发〔2017〕46号") == "国发〔2017〕46号"
    assert cite("《幼儿园管理条例》") == "《幼儿园管理条例》"
    mention = finding("须持有社工证", day=date(2018, 1, 1))
    assert "清理前" not in mention.explanation


def test_preferring_holders_breaks_no_rule() -> None:
    mention = finding("有会计从业资格证书者优先")
    assert (mention.usage, mention.violation, mention.explanation) == (Usage.PREFERRED, None, "")


def test_every_title_has_its_source_and_every_clause_its_document() -> None:
    rows = list(read_rows(DATA / "citations.csv"))
    assert all(row["title"] and row["source"] for row in rows)
    assert len({row["document"] for row in rows}) == len(rows)
    assert all(document in legal_documents() for document, _ in load_letters()["basis"].values())
