"""Texts as sites that no rule was written for have them: what stands there by itself demands nothing."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import DocumentKind, PublisherKind, Status, Usage

DAY = date(2026, 11, 1)


def said(text: str, title: str = "") -> dict[str, tuple[Status, Usage]]:
    return {each.quote: (each.status, each.usage) for each in scan(text, as_of=DAY, title=title).mentions}


def test_a_sites_name_above_a_guide_is_no_condition_of_it() -> None:
    text = (
        "保洁员上岗证\n网站首页 机构介绍 鉴定工种 联系我们\n怎样办理保洁服务企业的资质\n"
        "办理条件：申请人应当有固定的经营场所；负责人须持有物业管理师证书。\n申请材料：营业执照复印件。"
    )
    found = said(text, "怎样办理保洁服务企业的资质")
    assert found["保洁员上岗证"][1] is Usage.INFORMATIVE
    assert found["物业管理师证书"][1] is Usage.PERMIT


def test_a_pages_path_is_no_condition() -> None:
    text = "首页 > 办事指南 > 物业管理师证书\n申请条件：有固定的经营场所。\n申请材料：营业执照复印件、章程。"
    assert said(text, "物业服务企业资质办理条件")["物业管理师证书"][1] is Usage.INFORMATIVE


def test_what_an_occupation_is_said_to_ask_is_a_demand_only_where_somebody_hires() -> None:
    spec = "基本要求\n1、本科及以上学历；\n2、具有心理咨询师证书；\n3、善于倾听。"
    assert (
        said(f"{spec}\n专业知识\n1、发展心理学。", "心理咨询师的素养")["心理咨询师证书"][1]
        is Usage.INFORMATIVE
    )
    hired = said(f"{spec}\n待遇面议，有意者请与我们联系，面试时间另行通知。", "心理咨询师")
    assert hired["心理咨询师证书"][1] is Usage.REQUIRED


@pytest.mark.parametrize("paper", ["管理人员资格证书", "服务人员上岗证", "技术工人上岗证"])
def test_the_paper_of_staff_without_a_field_is_no_particular_certificate(paper: str) -> None:
    found = said(f"申请材料：1、营业执照复印件；2、{paper}；3、场地证明。", "经营许可证办理所需材料")
    assert found[paper] == (Status.GENERIC, Usage.PERMIT)


def test_the_paper_of_staff_of_a_field_keeps_its_standing() -> None:
    found = said("申请材料：1、营业执照复印件；2、安全管理人员资格证书。", "经营许可证办理所需材料")
    assert found["安全管理人员资格证书"][0] is Status.LAWFUL_OTHER


def test_fields_before_a_title_are_no_certificates() -> None:
    found = said("技术负责人应具有机动车维修或相关专业中级以上专业技术职称。", "维修企业人员条件")
    assert list(found) == ["相关专业中级以上专业技术职称"]
    both = said("任职要求：具有会计师、经济师或审计师职称。", "会计主管招聘")
    assert {"会计师", "经济师"} < both.keys()


def test_a_foreign_vendors_paper_is_lawful() -> None:
    assert said("任职要求：持有RYT200证书。", "瑜伽馆招聘教练")["RYT200证书"][0] is Status.LAWFUL_OTHER


PUBLISHERS = [
    ("为加强队伍建设，某某县人民医院因工作需要，现面向社会公开招聘护士十名。", "招聘公告", "public_body"),
    ("某某市金源商贸有限公司因业务发展需要，现诚招会计两名，待遇面议。", "招聘启事", "company"),
    ("受某某区教育局的委托，就物业服务项目进行公开招标，投标人须具备以下条件。", "招标公告", "public_body"),
    ("项目概况：潜在供应商应在线上获取招标文件。", "锦山工业学校物业服务采购项目", "public_body"),
    ("潜在供应商应获取采购文件。本项目落实政府采购政策。", "物业服务竞争性磋商公告", "public_body"),
    (
        "来源：市物业办 发布时间：2017-02-28\n所需材料：①营业执照；②资质申报表。\n办理时限：15个工作日",
        "申请核定物业服务企业资质",
        "public_body",
    ),
    (
        "现招聘社区工作者十名，报名材料：身份证。笔试、面试时间另行通知。",
        "2017福建集美区招聘社区工作者公告",
        "public_body",
    ),
]


@pytest.mark.parametrize(("text", "title", "kind"), PUBLISHERS, ids=[row[1] for row in PUBLISHERS])
def test_a_publisher_is_known_by_who_calls_buys_or_is_named_as_the_source(
    text: str, title: str, kind: str
) -> None:
    assert scan(text, as_of=DAY, title=title).facts.publisher_kind is PublisherKind(kind)


def test_a_guide_to_opening_a_training_school_is_not_by_one() -> None:
    text = "申请条件：举办职业培训学校的个人应有完全民事行为能力；有专职校长。申请材料：申请报告、章程。"
    facts = scan(text, as_of=DAY, title="民办职业培训学校设立许可").facts
    assert facts.document_kind is DocumentKind.PERMIT_GUIDE
    assert facts.publisher_kind is PublisherKind.UNKNOWN


@pytest.mark.parametrize(
    "title",
    ["茶艺师证书补办流程及费用", "育婴师证丢了怎么补领", "电工操作证复审换证指南", "怎么查询心理咨询师证书"],
)
def test_what_is_done_with_a_certificate_itself_demands_none(title: str) -> None:
    text = (
        "本文介绍办理流程。\n1、准备材料\n（1）身份证原件及复印件；\n（2）原茶艺师证书原件及复印件；\n"
        "（3）申请表。\n2、提交申请\n申请人必须是已经取得心理咨询师证书的人员，由窗口受理审核。"
    )
    assert {usage for _, usage in said(text, title).values()} == {Usage.INFORMATIVE}


@pytest.mark.parametrize(
    "title", ["某主体的资质是如何认定的？", "开设心理咨询工作室：从筹备到运营", "保安公司许可证怎么办理"]
)
def test_a_title_that_opens_a_business_or_asks_for_a_bodys_licence_is_a_guides(title: str) -> None:
    text = "首先要有营业执照，经营场所符合要求；其次要有至少四名以上价格鉴证师。"
    assert scan(text, as_of=DAY, title=title).facts.document_kind is DocumentKind.PERMIT_GUIDE


def test_a_title_that_asks_what_a_person_needs_is_an_articles() -> None:
    text = "首先要考虑清楚自己的兴趣，其次要多读书，很多人并不了解这个行业，营业执照也各有不同。"
    assert scan(text, as_of=DAY, title="从事心理咨询需要什么资质").facts.document_kind is DocumentKind.OTHER


def test_what_a_guide_says_a_certificate_is_demands_nothing() -> None:
    text = "美容师证是一种证书。如果您想开一家美容店，需要持有初级美容师证书。还要办营业执照和卫生许可证。"
    found = said(text, "开美容店需要办什么手续")
    assert found["美容师证"][1] is Usage.INFORMATIVE
    assert found["初级美容师证书"][1] is Usage.PERMIT


def test_whom_a_sentence_asks_to_have_it_nobody_says_to_have_it() -> None:
    text = "这些人员通常需要具备本科以上学历，或拥有国家认可的心理咨询师资格证书，其实很多人并不清楚。"
    assert said(text, "心理咨询行业漫谈")["心理咨询师资格证书"][1] is Usage.INFORMATIVE


def test_a_slip_is_told_only_in_a_name_that_is_long_enough() -> None:
    assert said("基础资格证要求如下：身体健康。", "月嫂须知")["基础资格证"][0] is Status.GENERIC


def test_papers_that_a_review_of_applicants_lists_are_required() -> None:
    text = "资格审查：证明材料主要包括：报名登记表、准考证、身份证、学历证书、学位证书、教师资格证书。"
    result = scan(text, as_of=DAY, title="某县事业单位公开招聘公告")
    assert [mention.usage for mention in result.mentions] == [Usage.REQUIRED]
    assert result.facts.publisher_kind is PublisherKind.PUBLIC_BODY


def test_a_body_that_needs_holders_of_a_paper_does_not_hold_it_itself() -> None:
    text = "申请条件：企业需持有岗位证书的施工员、质量员等人员不少于二十人且岗位齐全；有固定的经营场所。"
    found = said(text, "市政资质办理条件")
    assert found["岗位证书"] == (Status.OFF_CATALOGUE, Usage.PERMIT)


def test_so_many_of_a_field_are_asked_for_by_their_title() -> None:
    text = "申请条件：评估机构至少有5名房地产专业价格鉴证师；有固定的经营场所。申请材料：章程、申请表。"
    assert "价格鉴证师" in "".join(said(text, "评估机构资质办理条件"))


def test_a_standing_that_no_certificate_is_named_for_is_no_mention() -> None:
    found = said("任职要求：具有相应资格，身体健康；持有相应资格证书者优先。", "招聘会计")
    assert found == {"相应资格证书": (Status.GENERIC, Usage.PREFERRED)}


@pytest.mark.parametrize("before", ["许多", "单一的", "整合"])
def test_words_before_a_generic_name_are_no_part_of_it(before: str) -> None:
    assert list(said(f"如今{before}国家职业资格证书已经取消。", "改革漫谈")) == ["国家职业资格证书"]


@pytest.mark.parametrize("paper", ["股东资格证明", "业主资格证明", "委托代理人资格证明", "继承人资格证明"])
def test_what_proves_a_standing_before_an_office_is_no_certificate(paper: str) -> None:
    found = said(f"申请材料：1、申请表；2、{paper}；3、会计从业资格证书原件及复印件。", "代理记账许可证办理")
    assert list(found) == ["会计从业资格证书"]


def test_a_preference_among_equals_reaches_over_a_comma() -> None:
    found = said("要求：持有心理咨询师证书者，同等条件下优先；三年以上工作经验。", "公开招聘辅导员公告")
    assert found["心理咨询师证书"][1] is Usage.PREFERRED


def test_a_carer_for_the_old_is_nobody_whom_the_text_introduces() -> None:
    text = "人员要求：养老护理员应经过培训，持有养老护理员职业资格证书。场地要求：符合消防规定。"
    assert said(text, "养老机构备案指南")["养老护理员职业资格证书"][1] is Usage.PERMIT


def test_the_paper_of_those_who_trade_is_a_persons() -> None:
    text = "申请条件：从业人员取得农药经营人员上岗证；有固定的经营场所。申请材料：申请表。"
    assert said(text, "农药经营许可证办理条件")["农药经营人员上岗证"] == (Status.OFF_CATALOGUE, Usage.PERMIT)


def test_continuing_education_of_those_who_have_it_demands_none() -> None:
    text = "参加对象：已取得物业管理师资格证书的人员。收费标准每人六百元，培训时间五月，报名电话另附。"
    assert said(text, "关于组织物业管理师继续教育的通知")["物业管理师资格证书"][1] is Usage.INFORMATIVE


def test_who_looks_for_work_by_the_title_says_what_he_has() -> None:
    text = "本人从事物业管理十年，有物业管理师证，求项目经理职位，月薪八千以上。"
    result = scan(text, as_of=DAY, title="求职：物业经理")
    assert [mention.usage for mention in result.mentions] == [Usage.HELD]
    assert result.facts.publisher_kind is PublisherKind.INDIVIDUAL


def test_what_was_asked_for_once_is_told() -> None:
    text = "先办营业执照。以前要三个会计证，现在会计证取消了，有三名专职人员就行。申请材料：章程。"
    assert {usage for _, usage in said(text, "代理记账许可证办理攻略").values()} == {Usage.INFORMATIVE}


def test_a_table_of_posts_and_their_papers_demands_them() -> None:
    text = "岗位 学历 证书 经验\n出纳 大专 会计从业资格证 一年\n资料员 中专 资料员证 两年"
    assert {usage for _, usage in said(text, "公司岗位任职资格表").values()} == {Usage.REQUIRED}


def test_a_project_put_out_to_tender_is_one() -> None:
    text = "项目团队：配备专职社工不少于3人，其中至少1人具有助理社会工作师证书，心理咨询师不少于1人。"
    result = scan(text, as_of=DAY, title="某社区服务中心购买服务项目招标")
    assert result.facts.document_kind is DocumentKind.TENDER
    assert result.facts.publisher_kind is PublisherKind.PUBLIC_BODY


def test_who_has_a_paper_and_would_let_it_rents() -> None:
    found = said("本人有二级建造师证（市政），现闲置，可出租，价格面议，电话联系。", "出租建造师证")
    assert found["二级建造师证"][1] is Usage.RENTING


def test_what_a_schools_pupils_can_sit_for_is_offered() -> None:
    found = said("会计专业：毕业生可考取会计从业资格证、初级会计职称，就业率九成。", "某中专学校专业介绍")
    assert found["会计从业资格证"][1] is Usage.OFFERED
