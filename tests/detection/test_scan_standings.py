"""Standings that a convention settles, or that the words around a name do."""

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import Status, Usage

DAY = date(2026, 11, 1)


def named(demand: str) -> list[tuple[str, Status]]:
    text = f"招聘启事\n任职要求：\n1、大专以上学历；\n2、{demand}；\n3、吃苦耐劳。"
    result = scan(text, as_of=DAY, title="招聘仓库主管", publisher="晨光五金有限公司")
    return [(mention.quote, mention.status) for mention in result.mentions]


@pytest.mark.parametrize(
    "written",
    [
        "家政服务员职业技能等级证书",
        "育婴员（三级）职业技能等级证书",
        "保育师高级职业技能等级证书",
        "电工四级职业技能等级证书",
        "西式面点师专项职业能力证书",
    ],
)
def test_a_skill_level_certificate_of_whatever_occupation_is_lawful(written: str) -> None:
    assert [status for _, status in named(f"持有{written}")] == [Status.LAWFUL_OTHER]


def test_names_of_a_list_take_the_certificate_word_that_they_share() -> None:
    assert named("持有保育员、育婴员职业技能等级证书") == [
        ("保育员", Status.LAWFUL_OTHER),
        ("育婴员职业技能等级证书", Status.LAWFUL_OTHER),
    ]
    assert [status for _, status in named("持有电工、焊工职业资格证书")] == [Status.EXITED, Status.EXITED]


@pytest.mark.parametrize(
    "written", ["会计初级资格证", "中级经济专业技术资格", "审计专业技术资格证书", "卫生专业技术资格证书"]
)
def test_qualifications_that_count_as_titles_are_lawful(written: str) -> None:
    assert named(f"持有{written}") == [(written, Status.LAWFUL_OTHER)]


@pytest.mark.parametrize("written", ["相关会计证书", "财会类证书", "建筑类证书", "会计类相关证书"])
def test_a_short_form_with_a_vague_word_names_no_particular_certificate(written: str) -> None:
    assert named(f"持有{written}") == [(written, Status.GENERIC)]


@pytest.mark.parametrize(
    ("demand", "quote", "status"),
    [
        ("保安员须持上岗证", "上岗证", Status.ACCESS),
        ("取得家政服务员工作经历，持有本职业初级职业资格证书", "本职业初级职业资格证书", Status.EXITED),
        ("从事茶艺师工作的，须有职业资格证书", "职业资格证书", Status.EXITED),
        ("持有职业资格证书的茶艺师", "职业资格证书", Status.EXITED),
        ("须持有上岗证", "上岗证", Status.GENERIC),
        ("从事茶艺师工作的，须有相关职业资格证书", "相关职业资格证书", Status.GENERIC),
        ("具有叉车证，持上岗证", "上岗证", Status.GENERIC),
    ],
)
def test_a_generic_word_follows_the_occupation_that_its_sentence_names(
    demand: str, quote: str, status: Status
) -> None:
    assert named(demand)[-1] == (quote, status)


def test_an_abbreviation_in_brackets_belongs_to_its_name_and_breaks_no_list() -> None:
    assert named("具有注册会计师(CPA)、注册税务师(CTA)或资产评估师(CPV)证书") == [
        ("注册会计师(CPA)", Status.ACCESS),
        ("注册税务师(CTA)", Status.CANCELLED),
        ("资产评估师(CPV)证书", Status.LEVEL),
    ]
    assert named("具有CPA（注册会计师）资格") == [("CPA（注册会计师）资格", Status.ACCESS)]


def test_a_level_in_brackets_belongs_to_the_occupation_before_it() -> None:
    assert named("持有茶艺师（国家职业资格四级）") == [("茶艺师（国家职业资格四级）", Status.EXITED)]
    assert named("持有国家职业资格四级") == [("国家职业资格四级", Status.GENERIC)]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("中国潜水运动协会高级救生员证书", Status.OFF_CATALOGUE),
        ("中国证券业协会颁发的证券从业资格证书", Status.LEVEL),
        ("中国注册会计师协会颁发的注册会计师证书", Status.ACCESS),
        ("中国注册资产评估师资格", Status.CANCELLED),
        ("中国注册税务师资格", Status.CANCELLED),
        ("中国注册室内设计师证书", Status.OFF_CATALOGUE),
        ("宠物美容师证书", Status.OFF_CATALOGUE),
        ("一级造价及以上职业资格证书", Status.ACCESS),
        ("物业管理人员职业资格证书", Status.CANCELLED),
        ("项目经理B证", Status.LAWFUL_OTHER),
        ("安全生产考核合格证（C证）", Status.LAWFUL_OTHER),
        ("专职安全员C类证书", Status.LAWFUL_OTHER),
        ("小学心理健康教育教师资格证", Status.ACCESS),
        ("按摩师的职业资格证书", Status.EXITED),
        ("（注册建造师）二级(含)以上资格", Status.ACCESS),
        ("高压电工进网许可证", Status.CANCELLED),
        ("国家注册监理工程师证", Status.ACCESS),
        ("三级企业人力资源证书", Status.EXITED),
        ("国际注册内部审计师（CIA）资格", Status.LAWFUL_OTHER),
        ("茶艺师培训证书", Status.OFF_CATALOGUE),
        ("教师职称证", Status.LAWFUL_OTHER),
        ("维修电工中级", Status.EXITED),
        ("资产评估师", Status.LEVEL),
        ("专业一级及以上级别的注册建造师", Status.ACCESS),
    ],
)
def test_a_name_has_the_standing_that_its_words_give_it(written: str, status: Status) -> None:
    assert [found for _, found in named(f"持有{written}")] == [status]


@pytest.mark.parametrize(
    "text",
    [
        "请提供上述人员证书",
        "说明有哪些证书",
        "负责体检、健康检查",
        "把资料编入资格证明",
        "妥善保管票证",
        "了解执业资格制度",
    ],
)
def test_words_that_are_no_certificate_are_no_mention(text: str) -> None:
    assert named(text) == []


def test_a_name_never_begins_inside_a_word() -> None:
    assert [quote for quote, _ in named("提交项目经理注册证")] == ["项目经理注册证"]
    assert [quote for quote, _ in named("举办全国居室整理规划师职业资格证书考试")] == [
        "全国居室整理规划师职业资格证书"
    ]


def test_continuing_education_names_its_audience() -> None:
    text = "关于开展一级建造师继续教育的说明：继续教育每三年一次。"
    mentions = scan(text, as_of=DAY, title="继续教育说明").mentions
    assert [(mention.quote, mention.usage) for mention in mentions] == [("一级建造师", Usage.INFORMATIVE)]


@pytest.mark.parametrize("written", ["教练员证", "驾驶教练证", "机动车驾驶教练员证", "会计证书"])
def test_a_short_name_is_the_cancelled_qualification_that_people_mean_by_it(written: str) -> None:
    (mention,) = scan(f"任职要求：须持有{written}。", as_of=date(2026, 11, 1), title="招聘").mentions
    assert mention.status is Status.CANCELLED


def test_a_trade_in_title_marks_names_a_certificate_of_its_own() -> None:
    text = "第三条 未取得《婚介从业资格证》的人员，不得从事婚姻介绍服务。"
    (mention,) = scan(text, as_of=date(2026, 11, 1), title="某市婚姻介绍管理办法").mentions
    assert (mention.status, mention.usage) == (Status.OFF_CATALOGUE, Usage.PERMIT)
