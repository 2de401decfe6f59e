"""What is no certificate though it has a certificate's name, and whose certificate a generic word means."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from detection.documents import read_facts
from vocabulary.codes import DocumentKind, Severity, Status, Usage

DAY = date(2026, 11, 1)
NONE = [
    ("物业管理师考试科目共四门，报名时间另行通知。", "物业管理师考试怎么报名"),
    ("社会工作者职业水平考试将于六月举行，请考生按时打印准考证。", "今年社工考试时间"),
    ("注册测绘师资格考试由两部门共同组织，每年一次。", "测绘行业有哪些考试"),
    ("茶艺师的报考流程并不复杂，很多人一个月就能学完。", "茶艺师的报考流程"),
    ("近日，会议决定深化职业资格领域改革，一些职业资格的许可虽然取消了，仍有企业设门槛。", "改革再进一步"),
    ("水平评价类技能人员职业资格分批退出，记者了解到。", "改革再进一步"),
    ("结果以“职业资格证书全国联网查询”系统为准，记者了解到。", "证书真伪怎么查"),
    ("八大员类别的职业资格证书，包括施工员、质量员、材料员和标准员。", "什么是八大员"),
    ("持有律师资格证书：适用于立志于当导游直接带团的人，通常如此。", "证书有什么用"),
    ("从业年限自取得资格证书发证之日起计算，资格证书占比需达三成。", "证书占比怎么算"),
    ("甲证是由某协会颁发的一种专业资格证书，很多人不清楚。", "甲证是什么"),
]


@pytest.mark.parametrize(("text", "title"), NONE, ids=[text[:12] for text, _ in NONE])
def test_what_is_told_of_an_examination_a_list_or_a_reform_names_no_certificate(
    text: str, title: str
) -> None:
    said = [mention.quote for mention in scan(text, as_of=DAY, title=title).mentions]
    assert not set(said) - {"职业资格证书", "律师资格证书"}, said


KEPT = [
    ("应聘者须通过法律职业资格考试，三年以上工作经验。", "招聘法务专员", "法律职业资格"),
    ("要进医院工作，先要通过护士执业资格考试，再去注册。", "怎么当护士", "护士执业资格"),
    ("如今财政部门取消了会计从业资格考试，很多人转考初级。", "会计证还有用吗", "会计从业资格"),
    ("第六条 从事救援的人员应当取得国家规定的应急救援职业资格。", "应急条例", "职业资格"),
    ("国务院决定取消插花员、市场管理员等47项职业资格，据悉已分六批。", "又一批取消", "插花员"),
    ("第五条 申报高级工须取得中级工职业资格证书并从事本工种五年。", "等级评定办法", "中级工职业资格证书"),
    ("学校开设造价员考前培训，学费八百元，包过，报名热线见下。", "造价员培训班招生", "造价员"),
]


@pytest.mark.parametrize(("text", "title", "quote"), KEPT, ids=[quote for *_, quote in KEPT])
def test_what_somebody_passes_has_to_have_or_is_sold_stays_one(text: str, title: str, quote: str) -> None:
    assert quote in {mention.quote for mention in scan(text, as_of=DAY, title=title).mentions}


def _read(text: str, title: str) -> dict[str, tuple[Status, Usage, Severity]]:
    found = scan(text, as_of=DAY, title=title).mentions
    return {mention.quote: (mention.status, mention.usage, mention.severity) for mention in found}


def test_one_list_of_papers_says_nothing_of_each_other() -> None:
    text = "提交材料：申请表、保育员等人员的花名册、身份证、学历证书、专业资格证明、上岗证和健康证。"
    found = _read(text, "申办幼儿园的办理条件")
    assert found["上岗证"][0] is Status.GENERIC
    assert found["上岗证"][2] is Severity.NONE


def test_the_occupation_stands_in_the_lines_above() -> None:
    text = "中级汽车维修工\n（1）取得本职业初级职业资格证书后，连续从事本职业工作三年以上，提醒大家留意。"
    assert _read(text, "汽修证报考条件")["本职业初级职业资格证书"][0] is Status.EXITED
    text = "应试人员报考社会工作师，成绩合格者取得职业水平证书，很多人关心。"
    assert _read(text, "社工证怎么考")["职业水平证书"][0] is Status.LEVEL


def test_trades_before_a_certificate_word_share_it() -> None:
    text = "申请条件：\n1、车身维修人员不少于2名，须持有钣金、涂漆等职业资格证书。"
    found = _read(text, "汽修企业备案的办理条件")
    assert {status for status, *_ in found.values()} == {Status.EXITED}
    assert {usage for _, usage, _ in found.values()} == {Usage.PERMIT}


def test_an_issuer_is_no_part_of_a_name_and_a_designated_one_is_official() -> None:
    text = "申请条件：从业人员须持有中国演出行业协会颁发的演出经纪人资格证。"
    assert _read(text, "演出经纪机构设立条件")["演出经纪人资格证"][0] is Status.ACCESS
    text = "申请条件：从业人员须持有东方教师协会颁发的教师资格证。"
    assert _read(text, "培训机构设立条件")["教师资格证"][0] is Status.OFF_CATALOGUE


def test_a_condition_among_others_is_none_of_which_one_suffices() -> None:
    text = "这是关键条件之一。通常要求专职人员具备相应职业资格（如人力资源管理师、职业指导师等）。"
    found = _read(text, "人力资源服务许可证的办理条件")
    assert {usage for _, usage, _ in found.values()} == {Usage.PERMIT}


def test_what_a_subsidy_is_paid_for_binds_nobody_and_its_papers_are_shown() -> None:
    text = "应同时满足下列条件：\n（一）取得育婴员职业资格证书；\n（二）参保满一年。"
    assert {usage for _, usage, _ in _read(text, "技能补贴怎样申请").values()} == {Usage.INFORMATIVE}
    text = "第二步：材料准备\n必备文件：身份证、育婴员证书、参保证明。提交申请后等待审核。"
    assert _read(text, "育婴员补贴怎样申请，标准是什么")["育婴员证书"][1] is Usage.PERMIT


def test_nobody_may_lend_what_he_holds() -> None:
    for text, title in (
        ("持证人不得涂改、出借会计从业资格证书，违者处罚。", "什么是会计从业资格"),
        ("从监管的要求看，低压电工证是严禁挂靠的，提醒大家。", "低压电工证能挂靠吗"),
    ):
        assert {usage for _, usage, _ in _read(text, title).values()} == {Usage.NEGATED}


def test_a_staff_is_counted_with_its_share() -> None:
    text = "全院专任教师中级职称70人，占总数的一半，高级职称50人，占三成。"
    assert {usage for _, usage, _ in _read(text, "学院概况").values()} == {Usage.HELD}


def test_a_point_for_one_item_is_none_for_the_item_before() -> None:
    text = "1、投标人须有许可证；2、厨师长须持有高级厨师证；3、评分：厨师长有技师证书加2分。"
    found = _read(text, "学校食堂托管服务招标公告")
    assert found["高级厨师证"][1] is Usage.PERMIT
    assert found["技师证书"][1] is Usage.PREFERRED


def test_a_paper_of_posts_is_named_by_the_list_of_posts() -> None:
    text = "三级资质：一级注册建造师不少于2人，持有岗位证书的管理人员不少于15人，且施工员、质量员齐全。"
    found = _read(text, "市政工程专业承包企业资质等级标准")
    assert found["岗位证书"][:2] == (Status.OFF_CATALOGUE, Usage.PERMIT)


def test_whoever_seeks_a_licensed_name_to_lend_rents_it() -> None:
    for text in (
        "诚寻一级建造师市政专业挂靠，价格从优，一年一签，联系电话见下。",
        "高价寻注册电气工程师、一级结构师证书挂靠，待遇面议。",
        "急寻二级建造师（机电专业）挂靠，电话咨询。",
    ):
        found = _read(text, "寻证")
        assert {usage for _, usage, _ in found.values()} == {Usage.RENTING}
        assert {severity for *_, severity in found.values()} == {Severity.CRITICAL}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("机电工程专业注册建造师", Status.ACCESS),
        ("单项职业能力证书", Status.LAWFUL_OTHER),
        ("建筑施工特种操作资格证", Status.ACCESS),
        ("建筑施工企业项目负责人安全生产考核合格证书", Status.LAWFUL_OTHER),
        ("物业管理职业资格证书", Status.CANCELLED),
        ("二级结构师证书", Status.ACCESS),
    ],
)
def test_a_name_alone_in_a_demand_has_its_standing(name: str, status: Status) -> None:
    text = f"岗位要求：\n1、大专以上学历；\n2、须持有{name}；\n"
    found = scan(text, as_of=DAY, title="招聘文员").mentions
    assert [(mention.status, mention.usage) for mention in found] == [(status, Usage.REQUIRED)]


def test_what_all_are_said_to_have_is_held() -> None:
    text = "本报讯 记者报道，服务站日前揭牌，5名咨询师均持有国家二级心理咨询师证书。"
    assert {usage for _, usage, _ in _read(text, "服务站揭牌").values()} == {Usage.HELD}


@pytest.mark.parametrize(
    "text",
    [
        "职工应在职业资格证书核发之日起一年内申请。",
        "国家对于职业资格证书的使用有规定，大家要留意。",
        "但在职业资格证书与毕业证书之间还有差别。",
        "须提交某通知中所列职业资格证书复印件。",
    ],
)
def test_no_name_begins_inside_a_word(text: str) -> None:
    assert [mention.quote for mention in scan(text, as_of=DAY).mentions] == ["职业资格证书"]


KINDS = [
    (
        "permit_guide",
        "月子中心开业手续",
        "工商登记后，护理人员需健康证和育婴师资格证，医护人员要有护士执业证。",
    ),
    (
        "permit_guide",
        "拍卖公司怎么成立？",
        "成立拍卖公司需要有注册资本一百万元，至少一名拍卖师，提交申请材料。",
    ),
    ("permit_guide", "幕墙工程专业承包企业资质等级标准", "企业经理具有中级职称，建造师合计不少于8人。"),
    (
        "permit_guide",
        "技能补贴怎样申请，标准是多少",
        "提交申请：身份证、技能等级证书、参保证明，审核期一个月。",
    ),
    (
        "other",
        "领证补贴能否申领",
        "来信时间：五月二日\n信件内容：你好，请问还能不能领？\n回复单位：人社局\n回复内容：可以。",
    ),
    (
        "tender",
        "某镇政务中心物业服务采购需求",
        "采购单位：某镇政务中心\n一、项目概况\n服务期一年，须派驻物业经理一名。",
    ),
    ("news", "缝纫工班结业", "近日，本次培训圆满结束，三十名农民工参加，参训学员拿到了专项能力证书。"),
    ("other", "茶艺师证书的办理流程", "茶艺师证书是行业协会颁发的证书。满18周岁，提交申请材料后参加考试。"),
]


@pytest.mark.parametrize(("kind", "title", "text"), KINDS, ids=[title for _, title, _ in KINDS])
def test_kinds_by_what_they_say_of_themselves(kind: str, title: str, text: str) -> None:
    assert read_facts(text, title=title).document_kind is DocumentKind(kind)
