"""Adverts of one line, which no kind of document is sure of: what they demand, they demand."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import DocumentKind, PublisherKind, Usage

DEMANDING = """饭店招厨师，中式烹调师证必须有，包吃住
美容院急聘美容师，需持高级美容师职业资格证
幼儿园招保育员5名，要求有保育员证、健康证
护理院招护工10名，持养老护理员证上岗，待遇面议
健身会所聘私教：须有国家职业资格健身教练证
招标师1人，要求有招标师职业资格证书
营养师岗位，需公共营养师三级以上证书
驾校招教练员，须有教练员资格证
珠宝店招聘营业员，必须持有珠宝首饰营业员资格证书
小区招聘保安，须持保安员证和秘书证
招聘会计一名：协助处理税务申报... 持会计证... 月薪5000元""".splitlines()
HARMLESS = """饭店招厨师，会做川菜，有无证均可
护理院招护工10名，持养老护理员证优先，待遇面议
茶楼招茶艺师，形象好，有茶艺表演经验
公司以管培生名义招聘，入职后要求先考取保险代理人资格证
招聘电工2名，持低压电工证
应聘者问：招聘时要求有会计证合法吗
网上以文员名义招聘，见面才说要先交钱考秘书证
报名应交《全国单证员考试报名表》一份和照片两张
关于组织初、中级统计专业技术资格考试报名的通知""".splitlines()


def _alerts(text: str) -> list[str]:
    mentions = scan(f"{text}。", as_of=date(2026, 11, 1)).mentions
    return [mention.quote for mention in mentions if mention.severity.is_alert]


@pytest.mark.parametrize("advert", DEMANDING)
def test_an_advert_of_one_line_demands_what_it_obliges_to(advert: str) -> None:
    assert _alerts(advert)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_demands_nothing_raises_nothing(text: str) -> None:
    assert _alerts(text) == []


def test_a_page_in_traditional_script_is_read_as_what_it_is() -> None:
    """Kind, publisher and cues too, not names alone; some mirrors add how characters are read."""
    text = (
        "辦理條件：\n(一)有固定的經(jīng)營場所；\n(二)從事防雷工程專業(yè)的技術(shù)人員必須取得《防雷工程資格證書》；\n"
        "(三)註冊資本八十萬元以上。\n所需材料：申請表、營業(yè)執(zhí)照復印件。"
    )
    result = scan(text, as_of=date(2026, 11, 1), title="防雷工程專業資質認定辦事指南")
    assert result.facts.document_kind is DocumentKind.PERMIT_GUIDE
    (mention,) = [each for each in result.mentions if each.severity.is_alert]
    assert (mention.quote, mention.usage) == ("防雷工程資格證書", Usage.PERMIT)


def test_a_notice_that_announces_examinations_offers_them_whatever_else_it_reads_like() -> None:
    text = (
        "各县（市）区人力资源和社会保障局：根据上级通知精神，结合我市实际，现将2026年国家职业资格统一鉴定有关事项"
        "通知如下：一、统一鉴定职业范围（一）全国统一鉴定职业：企业人力资源管理师、理财规划师、项目管理师、秘书。"
    )
    mentions = scan(text, as_of=date(2026, 11, 1), title="关于2026年国家职业资格统一鉴定工作的通知").mentions
    alerts = {mention.quote for mention in mentions if mention.severity.is_alert}
    assert {"理财规划师", "项目管理师"} <= alerts


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("第四条 凡从事价格鉴证业务的机构，必须配备有一定数量的价格鉴证师。", "价格鉴证师"),
        ("第五条 评价机构至少有10名登记于该机构的环境影响评价工程师。", "环境影响评价工程师"),
        (
            "第八条 企业法律顾问应当取得企业法律顾问执业资格证书，方可执业。",
            "企业法律顾问执业资格证书",
        ),
    ],
)
def test_a_rule_that_asks_for_people_asks_for_what_they_are(rule: str, name: str) -> None:
    text = (
        f"第一条 为加强管理，制定本办法。\n第二条 本办法适用于本市。\n{rule}\n第九条 本办法自发布之日起施行。"
    )
    mentions = scan(text, as_of=date(2026, 11, 1), title="机构管理办法").mentions
    assert (name, Usage.PERMIT) in {(mention.quote, mention.usage) for mention in mentions}


@pytest.mark.parametrize(
    ("title", "is_one"),
    [
        ("萍岭市2026年会计从业资格无纸化考试报名通知", True),
        ("2026年度企业法律顾问执业资格考试考务通知", True),
        ("关于进一步加强职业技能鉴定考核工作管理的通知", False),
        ("2026年教师公开招聘笔试考试公告", False),
        ("关于2026年物业管理师资格考试考前培训的通知", False),
    ],
)
def test_a_notice_of_an_examination_of_this_time_is_known_by_its_title(title: str, *, is_one: bool) -> None:
    text = "各有关单位：现将有关事宜通知如下。\n一、时间另行通知。\n二、请按要求做好有关工作。"
    facts = scan(text, as_of=date(2026, 11, 1), title=title).facts
    assert (facts.document_kind is DocumentKind.EXAM_NOTICE) is is_one


@pytest.mark.parametrize("publisher", ["友誼縣", "安徽省住房和城鄉建設廳", "泾县", "中国人民银行营业管理部"])
def test_a_publisher_is_known_in_either_script(publisher: str) -> None:
    read = scan("现公开招聘工作人员十名，大专以上学历。", as_of=date(2026, 11, 1), publisher=publisher)
    assert read.facts.publisher_kind is PublisherKind.PUBLIC_BODY
