"""Adverts: names they sell without a certificate word, how far a name goes, what they ask for and tell."""

from datetime import date

import pytest

from detection import scan
from detection.model import Mention
from vocabulary.codes import Status, Usage, Violation

DAY = date(2026, 11, 1)
HEAD = (
    "青禾职业培训中心报名\n机构：青禾职业培训学校\n类别：资格培训 班型：周末班\n"
    "课时：60 费用：900\n考证培训，价格合理。\n"
)


def advert(text: str) -> list[Mention]:
    return list(scan(HEAD + text, as_of=DAY, title="青禾职业培训中心报名").mentions)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("想去哪里考二手车评估师呢", ["二手车评估师"]),
        ("茶艺师怎么考，育婴师要什么条件", ["茶艺师", "育婴师"]),
        ("取得育婴师、高级育婴师等证书", ["育婴师", "高级育婴师"]),
        ("可报考国家公共营养师", ["国家公共营养师"]),
        ("就业方向：模具设计师、汽车造型设计师、育婴师、茶艺师", []),
        ("毕业于高级技工学校，学习母婴护理专业知识", []),
        ("中级职称和高级职称评审即日起受理", ["中级职称", "高级职称评审"]),
        ("石城安全员资料员在哪里报名", ["安全员", "资料员"]),
        ("施工员 安全员 资料员培训", ["施工员", "安全员", "资料员"]),
        ("全国监理工程师：1500元", ["全国监理工程师"]),
        ("先后开设“茶艺师” “育婴师”“催乳师”", ["茶艺师", "育婴师", "催乳师"]),
        ("承接一级二级建造师，高级技工等考前培训", ["一级二级建造师"]),
        ("茶艺师、各类体验课程、插花等培训", []),
        ("主营招标师、八大员考试辅导", ["招标师", "八大员"]),
        ("设有会计学、注册会计师、审计学等专业", []),
        ("懂得经营的育婴师。茶艺师也多", []),
        ("认证证书：《Pro/E高级设计师》《国际机械工程师》", ["Pro/E高级设计师", "国际机械工程师"]),
        ("可考取《全国CAD初级》认证", ["全国CAD初级"]),
        ("学习《物业管理规定》，颁发《钟表维修员》结业证", []),
    ],
)
def test_a_name_without_certificate_word_counts_where_an_examination_is_meant(
    text: str, names: list[str]
) -> None:
    assert [mention.quote for mention in advert(text)] == names


@pytest.mark.parametrize(
    ("text", "name", "status"),
    [
        ("⑴.钟表维修（石英类）中级（四级）证书", "钟表维修（石英类）中级（四级）证书", Status.EXITED),
        ("颁发证书：《CAD船体制图工程师》", "CAD船体制图工程师", Status.OFF_CATALOGUE),
        ("颁发国家级彩妆裁判员资格证", "国家级彩妆裁判员资格证", Status.OFF_CATALOGUE),
        ("国际注册首饰设计师课程开课", "国际注册首饰设计师", Status.OFF_CATALOGUE),
        ("国际日语三级水平", "国际日语三级", Status.LAWFUL_OTHER),
        ("安全员（A/B/C）证报名", "安全员（A/B/C）证", Status.LAWFUL_OTHER),
        ("全国通用安全员证", "全国通用安全员证", Status.LAWFUL_OTHER),
        ("江西物流师职业资格证报名", "物流师职业资格证", Status.CANCELLED),
        ("《监理工程师》证书报名", "监理工程师》证书", Status.ACCESS),
        ("代评职称：市政工程师证书", "工程师证书", Status.LAWFUL_OTHER),
    ],
)
def test_a_name_goes_as_far_as_its_field_its_title_and_its_level(
    text: str, name: str, status: Status
) -> None:
    (mention,) = advert(text)
    assert mention.quote.endswith(name)
    assert mention.status is status


def test_a_society_that_calls_its_certificate_chinese_breaks_the_naming_rule() -> None:
    (mention,) = advert("颁发《中国注册景观设计师》资格证书")
    assert mention.status is Status.OFF_CATALOGUE
    assert mention.violation is Violation.RESTRICTED_NAME


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("厨师证现已更名，共分五级。", Usage.INFORMATIVE),
        ("从事登高作业的人员必须取得登高证。", Usage.INFORMATIVE),
        ("现场施工一定要有焊工上岗证才能作业。", Usage.INFORMATIVE),
        ("已取得二级建造师执业资格的人员，可以报名。", Usage.REQUIRED),
        ("报考条件：\n1、高中以上学历；\n2、持有驾驶证两年；", Usage.REQUIRED),
        ("申报条件\n1、初中以上学历或取得保育员证书；", Usage.ALTERNATIVE),
        ("报名材料：身份证、健康证、照片两张", Usage.REQUIRED),
        ("报名时考生需携带护士证原件", Usage.REQUIRED),
        ("报名必须以取得会计证为前提", Usage.REQUIRED),
        ("报名材料：照片两张。颁发保育员证书", Usage.OFFERED),
        ("学员通过考试取得保育员证书", Usage.OFFERED),
        ("本校老师具有教师资格证", Usage.HELD),
        ("周老师，女，高级讲师，国家二级心理咨询师证书。", Usage.HELD),
        ("教师资格证由教育部统一印制", Usage.INFORMATIVE),
        ("电工操作证(IC卡)必须每三年复审一次", Usage.INFORMATIVE),
        ("企业聘用未取得叉车证的人员从事作业的，处以罚款", Usage.INFORMATIVE),
        ("培训三级育婴师的教师应具有本职业二级育婴师资格证书", Usage.INFORMATIVE),
        ("叉车证有效期四年", Usage.INFORMATIVE),
        ("由钻研教师资格证考试多年的讲师组成", Usage.OFFERED),
    ],
)
def test_an_advert_asks_tells_boasts_or_sells(text: str, usage: Usage) -> None:
    assert [mention.usage for mention in advert(text)] == [usage]


def test_a_planner_in_the_title_is_no_career_plan() -> None:
    text = f"理财规划师报名\n{HEAD}颁发证书：理财规划师证书"
    mentions = scan(text, as_of=DAY, title="江城理财规划师报名").mentions
    assert {mention.usage for mention in mentions} == {Usage.OFFERED}


def test_who_has_passed_an_examination_holds_its_certificate_in_any_text() -> None:
    text = "去年我考取了助理人力资源师，并在一家工厂实习。"
    (mention,) = scan(text, as_of=DAY, title="怎样准备面试").mentions
    assert (mention.quote, mention.status) == ("助理人力资源师", Status.EXITED)
