"""Laws and guides: what they ask for, what an applicant hands in, what bodies issue."""

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import Usage

DAY = date(2026, 11, 1)


def usages(article: str) -> list[Usage]:
    return [
        mention.usage for mention in scan(f"第十条 {article}", as_of=DAY, title="某市港湾管理条例").mentions
    ]


@pytest.mark.parametrize(
    "article",
    [
        "设立服务机构应当具备下列条件：\n（一）有章程；\n（二）有三名以上具备相应职业资格的专职工作人员。",
        "具备下列条件之一的，可以申请登记从事引航业务：\n（一）有与所申请业务相关的高级专业技术职称；",
        "从事清淤作业，必须同时具备下列条件：\n（一）有合格的作业组织和取得上岗资格证的指挥人员；",
        "申请登记需提供以下材料：\n（一）申请书；\n（二）技术人员的职称证书；",
        "负责人变更的，应当持资格证书、劳动合同到市港务局办理变更手续。",
        "用人单位使用未取得国家职业资格证书的劳动者从事清淤的，给予警告。",
        "没有取得引航员证书从事引航业务的，由市港务局处以罚款。",
        "引航员应经业务培训，并按照国家有关规定取得引航员证书。",
        "申请人应当办理登记，并取得引航员证书。",
        "凭律师执业证书，可以向有关单位查阅港区档案。",
        "取得引航员证书，并在港区工作满三年的，可以申请登记。",
        "经考核合格，发给特种作业操作证后，方可上岗。",
        "以潜水作业指导为职业的人员，应当依照国家有关规定取得职业资格证书。",
    ],
)
def test_what_an_article_asks_for_is_a_condition(article: str) -> None:
    assert usages(article) == [Usage.PERMIT]


@pytest.mark.parametrize(
    ("article", "usage"),
    [
        ("对具备规定条件的人员，准予注册，并发给护士执业证书。", Usage.OFFERED),
        ("举办培训班，使学员取得相应的职业资格或者一技之长。", Usage.INFORMATIVE),
        ("县级人民政府应当对取得职业资格证书的劳动者给予补贴。", Usage.INFORMATIVE),
        ("违反本条例颁发教师资格证书的，由上级机关责令改正。", Usage.INFORMATIVE),
        ("机构组织未取得司法鉴定人执业证的人员从事鉴定的，给予警告。", Usage.PERMIT),
        (
            "申请书应当载明下列事项：\n（一）名称；\n第十一条 港务局负责教师资格证书的管理。",
            Usage.INFORMATIVE,
        ),
    ],
)
def test_what_a_body_issues_furthers_or_answers_for_is_none(article: str, usage: Usage) -> None:
    assert usages(article) == [usage]


def test_a_bodys_licence_among_the_papers_is_no_mention() -> None:
    assert usages("申请时应当提交下列文件：\n（一）申请人的专营资格证明；") == []


def test_what_a_tender_gives_points_for_is_preferred() -> None:
    text = (
        "招标公告\n采购人：市文化馆\n评标办法：综合评分\n投标人须知\n"
        "人员要求（20%） 20分 1.供应商配置一名负责人，具备：信息系统项目管理师证书。"
    )
    (mention,) = scan(text, as_of=DAY, title="设备采购招标公告").mentions
    assert mention.usage is Usage.PREFERRED


def test_an_annulled_qualification_named_no_further_is_no_mention() -> None:
    assert usages("情节严重的，由发证机关取消其资格证书。") == []
