"""What a text does with a certificate: cue, direction, scope, terminator, pseudo-cue, section, kind."""

from datetime import date

import pytest

from detection import scan
from detection.model import Mention
from vocabulary.codes import Usage

DAY = date(2026, 11, 1)


def posting(line: str) -> list[Mention]:
    text = f"岗位：出纳\n任职要求：\n1、大专以上学历；\n2、{line}\n3、吃苦耐劳。\n"
    return list(scan(text, as_of=DAY, title="招聘出纳", publisher="晨光五金有限公司").mentions)


def usages(line: str) -> list[Usage]:
    return [mention.usage for mention in posting(line)]


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        ("须持有会计证；", Usage.REQUIRED),
        ("有会计证；", Usage.REQUIRED),
        ("会计证；", Usage.REQUIRED),
        ("有会计证者优先；", Usage.PREFERRED),
        ("有会计证者，优先考虑；", Usage.PREFERRED),
        ("优先录用持有会计证的人员；", Usage.PREFERRED),
        ("有会计证更佳；", Usage.PREFERRED),
        ("持C1驾驶证，并能熟练驾驶者优先；", Usage.PREFERRED),
        ("须有会计证，并有责任心；", Usage.REQUIRED),
        ("最好有会计证；", Usage.PREFERRED),
        ("初级会计师（助理会计师）优先；", Usage.PREFERRED),
        ("会计证或初级职称；", Usage.ALTERNATIVE),
        ("有会计证（无证有经验亦可）；", Usage.ALTERNATIVE),
        ("无需会计证；", Usage.NEGATED),
        ("不要求会计证；", Usage.NEGATED),
        ("公司免费办理会计证；", Usage.OFFERED),
        ("入职可获得《青禾数据资格证书》；", Usage.OFFERED),
        ("公司为每名员工投入培训费用，取得本行业的专业资格证书；", Usage.OFFERED),
        ("几年之后，她考取了高级育婴师的职业证书；", Usage.HELD),
        ("负责员工会计证年检；", Usage.INFORMATIVE),
        ("会计证挂靠，只挂不上班；", Usage.RENTING),
    ],
)
def test_a_posting_says_by_its_cue_what_it_does(line: str, usage: Usage) -> None:
    assert usages(line)[0] is usage


def test_a_preference_reaches_its_clause_and_not_the_line() -> None:
    assert usages("有会计证，有初级会计职称者优先；") == [Usage.REQUIRED, Usage.PREFERRED]
    assert usages("熟悉财务软件者优先，须持会计证；") == [Usage.REQUIRED]


def test_a_numbering_on_one_line_ends_a_clause() -> None:
    assert usages("1）有会计证 2）有驾驶经验者优先；") == [Usage.REQUIRED]


def test_a_word_that_holds_a_cue_is_none() -> None:
    assert usages("持有会计证，熟悉优先股核算；") == [Usage.REQUIRED]
    assert usages("持有会计证，应届生亦可；") == [Usage.REQUIRED]


def test_a_choice_between_cancelled_certificates_only_is_a_demand() -> None:
    assert usages("有会计证或报关员证；") == [Usage.REQUIRED, Usage.REQUIRED]


def test_or_above_offers_no_choice() -> None:
    assert usages("中级或以上职称；") == [Usage.REQUIRED]


def test_examples_of_a_certificate_are_a_choice() -> None:
    assert usages("有相关执业资格证书，如二级建造师、造价员等；")[1:] == [Usage.ALTERNATIVE] * 2


def test_the_section_decides_where_no_cue_does() -> None:
    text = "岗位职责：\n1、会计证、电工证的年审\n任职要求：\n1、会计证\n"
    mentions = scan(text, as_of=DAY, title="招聘行政专员").mentions
    assert mentions[0].usage is Usage.INFORMATIVE
    assert mentions[-1].usage is Usage.REQUIRED


def test_a_table_cell_under_a_heading_of_conditions_is_a_demand() -> None:
    text = "单位\t职位\t资格条件\n市文化馆\t会计\t其他要求：会计从业资格证\n"
    mention = scan(text, as_of=DAY, title="事业单位公开招聘职位表").mentions[0]
    assert mention.usage is Usage.REQUIRED


def test_a_resume_holds() -> None:
    text = "个人简历\n姓名：王某\n求职意向：会计\n获得证书：会计从业资格证\n自我评价：认真负责\n"
    mention = scan(text, as_of=DAY, title="会计个人简历").mentions[0]
    assert mention.usage is Usage.HELD
    assert not mention.severity.is_alert


@pytest.mark.parametrize(
    ("article", "usage"),
    [
        ("第八条 未取得保安员证的人员，不得从事保安服务。", Usage.PERMIT),
        ("第九条 从事焊接作业的人员应当取得特种作业操作证，方可上岗作业。", Usage.PERMIT),
        ("第十条 考试合格的，由省级主管部门颁发保安员证。", Usage.OFFERED),
        ("第十一条 情节严重的，吊销其保安员证。", Usage.INFORMATIVE),
        ("第十二条 不得涂改、出租、出借保安员证。", Usage.NEGATED),
        ("第十三条 国家实行导游资格制度。", Usage.INFORMATIVE),
        ("第十四条 任何单位不得要求劳动者提供会计从业资格证书。", Usage.NEGATED),
    ],
)
def test_an_article_of_law_permits_offers_or_tells(article: str, usage: Usage) -> None:
    mention = scan(article, as_of=DAY, title="某省保安服务管理条例").mentions[0]
    assert mention.usage is usage


def test_a_report_on_the_fight_against_renting_rents_nothing() -> None:
    text = "关于规范管理的通知\n各单位：\n要严肃查处职业资格证书挂靠、寻租等行为，加强监管。\n"
    result = scan(text, as_of=DAY, title="某市人民政府关于规范管理的通知")
    assert not [mention for mention in result.mentions if mention.severity.is_alert]


def test_an_advert_offers_and_its_eligibility_is_a_condition() -> None:
    text = (
        "高级育婴师培训招生\n颁发证书：育婴师职业资格证书\n报名条件：\n"
        "持有中级育婴师职业资格证书，从事本职业工作满两年者可报考\n"
    )
    mentions = scan(text, as_of=DAY, title="高级育婴师培训", publisher="晨光职业培训学校").mentions
    assert mentions[0].usage is Usage.OFFERED
    assert mentions[-1].usage is Usage.REQUIRED


def test_an_article_about_careers_demands_nothing() -> None:
    text = "大学生职业规划范文\n大二要努力学习专业课程，尽快拿下会计从业资格证，多参加实践。\n"
    mention = scan(text, as_of=DAY, title="会计专业大学生职业规划").mentions[0]
    assert mention.usage is Usage.INFORMATIVE


def test_a_report_on_trainings_sells_none() -> None:
    text = "财务部工作总结\n今年部门开展业务培训三次，小李参加了会计证继续教育，收获很大。\n"
    for mention in scan(text, as_of=DAY, title="财务部年度工作总结").mentions:
        assert not mention.severity.is_alert
