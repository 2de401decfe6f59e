"""Which spans of a text name a certificate, and which one."""

from datetime import date

import pytest

from detection import scan
from detection.model import Mention
from vocabulary.codes import PublisherKind, Status

DAY = date(2026, 11, 1)


def demand(text: str) -> list[Mention]:
    """What a posting of a company says that demands ``text``."""
    posting = f"招聘启事\n任职要求：\n1、大专以上学历；\n2、{text}；\n3、吃苦耐劳。"
    result = scan(posting, as_of=DAY, title="招聘仓库主管", publisher="晨光五金有限公司")
    return list(result.mentions)


def named(text: str) -> list[tuple[str, Status]]:
    return [(mention.quote, mention.status) for mention in demand(text)]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("会计证", Status.CANCELLED),
        ("会计从业资格证书", Status.CANCELLED),
        ("报关员证", Status.CANCELLED),
        ("全国造价员资格证书", Status.CANCELLED),
        ("招标师职业资格证书", Status.CANCELLED),
        ("物业管理师证书", Status.CANCELLED),
        ("二级心理咨询师证书", Status.EXITED),
        ("HR资格证书", Status.EXITED),
        ("食品检验工证", Status.EXITED),
        ("高级育婴师证书", Status.EXITED),
        ("一建证", Status.ACCESS),
        ("电工证", Status.ACCESS),
        ("叉车证", Status.ACCESS),
        ("律师执业证", Status.ACCESS),
        ("教师资格证", Status.ACCESS),
        ("基金从业资格证书", Status.LEVEL),
        ("税务师证书", Status.LEVEL),
        ("安全员证", Status.LAWFUL_OTHER),
        ("职业技能等级证书", Status.LAWFUL_OTHER),
        ("健康证", Status.LAWFUL_OTHER),
        ("施工员证", Status.OFF_CATALOGUE),
        ("催乳师证书", Status.OFF_CATALOGUE),
        ("相关职业资格证书", Status.GENERIC),
        ("有关专业证书", Status.GENERIC),
        ("母婴保健技术执业资格", Status.ACCESS),
        ("计算机VB二级", Status.LAWFUL_OTHER),
        ("Tableau证书", Status.LAWFUL_OTHER),
    ],
)
def test_a_certificate_demanded_alone_is_read_as_people_write_it(written: str, status: Status) -> None:
    assert (written, status) in named(f"持有{written}")


def test_a_trade_with_a_level_is_the_skill_qualification() -> None:
    assert named("持有高级电工证")[0][1] is Status.EXITED
    assert named("持有电工证")[0][1] is Status.ACCESS
    assert named("持有高压电工操作证")[0][1] is Status.ACCESS


def test_names_of_a_list_share_the_certificate_word() -> None:
    assert [quote for quote, _ in named("持有电工、焊工、登高证")] == ["电工", "焊工", "登高证"]
    assert [status for _, status in named("有证券、基金从业资格")] == [Status.LEVEL, Status.LEVEL]


def test_the_head_noun_of_a_list_is_no_mention() -> None:
    assert [quote for quote, _ in named("有证券、保险等资格证书")] == ["证券", "保险"]


def test_a_shared_level_stays_with_its_name() -> None:
    assert ("一、二级建造师证", Status.ACCESS) in named("具有一、二级建造师证")


def test_fields_of_study_share_no_certificate_word() -> None:
    assert [quote for quote, _ in named("会计专业、计算机专业和教师资格证")] == ["教师资格证"]


def test_a_level_belongs_to_the_name_it_stands_before() -> None:
    result = scan(
        "考厨师证\n哪里能考初级厨师证中级厨师证", as_of=DAY, title="考厨师证", publisher="味美培训学校"
    )
    assert [mention.quote for mention in result.mentions][-2:] == ["初级厨师证", "中级厨师证"]


def test_book_title_marks_belong_to_no_name() -> None:
    mention = demand("取得《心理咨询师》职业资格证书")[0]
    assert mention.qualification == "心理咨询师"
    assert mention.status is Status.EXITED


@pytest.mark.parametrize(
    "text",
    [
        "持有营业执照",
        "提供身份证、毕业证书、学位证复印件",
        "熟悉产品合格证明和检验证书的办理",
        "保证按时到岗，听从安排",
        "在会计师事务所工作两年以上",
        "具有企业资质证书管理经验",
        "必须持证上岗",
        "有证者待遇从优",
        "负责ISO9001认证工作",
        "获得优秀团员证书",
        "熟悉证券市场",
        "有银行从业经验",
        "会使用土木工程软件",
    ],
)
def test_papers_of_companies_degrees_and_everyday_words_are_no_mentions(text: str) -> None:
    assert named(text) == []


def test_a_job_title_is_no_certificate() -> None:
    result = scan(
        "诚聘心理咨询师2名，二级建造师1名，负责日常工作。", as_of=DAY, title="招聘", publisher="明德公司"
    )
    assert result.mentions == ()


def test_a_name_on_no_list_is_found_by_its_form() -> None:
    assert named("持有奇石鉴赏员上岗证") == [("奇石鉴赏员上岗证", Status.OFF_CATALOGUE)]
    assert demand("持有奇石鉴赏员上岗证")[0].needs_review


def test_a_longer_name_is_not_taken_for_the_listed_one_it_ends_in() -> None:
    assert demand("持有瑜伽教师资格证")[0].status is Status.OFF_CATALOGUE


def test_words_broken_by_a_line_end_are_read_whole() -> None:
    text = "招聘要求：本科以上学历，财会相关专业，工作认真细致，须持有会计从业资\n格证书，服从安排。"
    mention = scan(text, as_of=DAY, title="招聘").mentions[0]
    assert mention.quote == "会计从业资\n格证书"
    assert mention.qualification == "会计从业资格"


def test_a_line_end_between_two_postings_joins_nothing() -> None:
    text = "招聘信息\n装配钳工\n任职资格：能看懂图纸\n"
    assert scan(text, as_of=DAY, title="招聘").mentions == ()


def test_letters_set_apart_are_read_together() -> None:
    assert demand("要求有 会 计 从 业 资 格 证")[0].status is Status.CANCELLED


def test_traditional_script_and_wide_letters_are_read_and_quoted_as_written() -> None:
    assert demand("須持有會計從業資格證書")[0].quote == "會計從業資格證書"
    assert demand("須持有會計從業資格證書")[0].status is Status.CANCELLED
    assert demand("具有ＣＰＡ证书")[0].qualification == "注册会计师"


def test_a_slip_is_linked_and_never_silently() -> None:
    mention = demand("持有心里咨询师证书")[0]
    assert mention.qualification == "心理咨询师"
    assert mention.needs_review


def test_an_abbreviation_inside_a_longer_word_is_another_word() -> None:
    assert named("熟悉PMPlus证书系统") == []


def test_foreign_certificates_are_marked_and_never_a_finding() -> None:
    result = scan("ACCA考前培训班招生，随到随学", as_of=DAY, title="ACCA培训班", publisher="启明培训学校")
    assert [mention.foreign for mention in result.mentions] == [True] * len(result.mentions)
    assert result.mentions
    assert result.findings == ()


def test_an_advert_names_qualifications_without_a_certificate_word() -> None:
    result = scan(
        "心理咨询师包过班\n报名即学，考试通过率高，颁发证书：心理咨询师职业资格证\n",
        as_of=DAY,
        title="心理咨询师包过班",
        publisher="博学培训学校",
    )
    assert "心理咨询师" in [mention.quote for mention in result.mentions]


def test_a_publisher_kind_given_overrules_the_text() -> None:
    text = "任职要求：具有基金从业资格。"
    lawful = scan(text, as_of=DAY, title="招聘", publisher_kind=PublisherKind.COMPANY)
    bound = scan(text, as_of=DAY, title="招聘", publisher_kind=PublisherKind.PUBLIC_BODY)
    assert not lawful.mentions[0].severity.is_alert
    assert bound.mentions[0].severity.is_alert


@pytest.mark.parametrize(
    "line", ["吃苦耐劳\n资格证书/要求：法律专业", "退回有关证件", "安排有关小组查证", "可得三张证书"]
)
def test_a_heading_and_what_names_no_certificate_are_no_mentions(line: str) -> None:
    assert demand(line) == []


def test_a_name_begins_behind_what_is_done_with_it() -> None:
    assert named("有有关专业证书") == [("有关专业证书", Status.GENERIC)]
    assert named("持有关专业证书") == [("有关专业证书", Status.GENERIC)]
    assert named("有就业资格证") == [("就业资格证", Status.GENERIC)]
    assert named("撤销有关从业资格") == [("有关从业资格", Status.GENERIC)]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("高级工程师或一级建造师资质；", ["高级工程师", "一级建造师资质"]),
        ("具有CFP、CFA或CPA等专业资质；", ["CFP", "CFA", "CPA"]),
        ("税务师、注册会计师、注册税务师优先；", ["税务师", "注册会计师", "注册税务师"]),
        ("本公司具有建造师资质等级；", []),
        ("英语CET-4及以上；", ["英语CET-4"]),
        ("CET4级425分以上；", ["CET4级"]),
        ("1.A2驾驶证，五年驾龄；", ["A2驾驶证"]),
        ("英语能力达到4/6级证书；", ["4/6级证书"]),
        ("具有系统分析师、系统架构师资格认证者优先；", ["系统分析师", "系统架构师资格"]),
        ("获得岗位相关资质证书者优先；", ["岗位相关资质证书"]),
        ("具备证券从业资质证书；", ["证券从业资质证书"]),
        ("具备相关专业中级以上技术职务资格；", ["相关专业中级以上技术职务资格"]),
        ("取得CFA一级的考试成绩；", ["CFA"]),
        ("熟悉设备证书的X.509校验；", []),
    ],
)
def test_names_in_a_list_share_what_the_last_one_says(line: str, names: list[str]) -> None:
    text = f"任职要求：\n1、大专以上学历；\n2、{line}\n3、认真负责。\n"
    mentions = scan(text, as_of=DAY, title="招聘财务经理").mentions
    assert [mention.quote for mention in mentions] == names


def test_who_sits_for_an_examination_names_its_certificate_unless_it_is_an_everyday_job() -> None:
    text = "小林正在备考心理咨询师，小陈报考了小学英语教师。"
    mentions = scan(text, as_of=DAY, title="职场见闻").mentions
    assert [mention.quote for mention in mentions] == ["心理咨询师"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("大专以上文化程度，一级人力资源管理师，五年以上同岗位经验；", ["一级人力资源管理师"]),
        ("会计学、审计学专业，注册会计师、税务学等方向优先；", []),
    ],
)
def test_a_name_among_demands_is_one_unless_it_is_a_field_of_study(line: str, names: list[str]) -> None:
    assert [quote for quote, _ in named(line)] == names
