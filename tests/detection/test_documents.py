"""What a document is, read from texts invented for the purpose and from the notices behind the project."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.documents import read_facts
from detection.documents.dates import read_date
from detection.documents.numbers import find_numbers
from detection.documents.publishers import classify_name
from detection.model import OfficialDocument
from vocabulary.codes import DocumentKind, PublisherKind

POLICY = Path(__file__).parents[2].parent / "shared" / "policy"

POSTING = """客房服务员
公司：青禾湖度假酒店有限公司
岗位职责：打扫客房，整理布草。
任职要求：
1、身体健康，能吃苦耐劳；
2、有健康证。
工资待遇：3500元/月，包吃住。"""

COURSE = """机构：临江小满技能培训学校
班型：周末班
颁发证书：结业证
课时：60
本班面向零基础学员，小班授课，随到随学，报名热线见官网。"""

REGULATION = """第十二条　从事渡船驾驶的人员应当经县级以上人民政府交通运输主管部门考核合格。
违反本条例规定的，由主管部门责令改正，处以罚款。"""

RESUME = """姓名：林某某
民族：汉
求职意向：会计
教育经历：2010年毕业于江南学院
工作经历：2011年起任出纳
自我评价：本人认真负责。"""

TENDER = """项目编号：QH-2024-017
一、投标人资格要求：投标人须为独立法人。
二、招标文件获取：自公告之日起。
三、投标截止时间与开标时间：见招标文件。投标保证金两万元。评标办法：综合评分。"""

GUIDE = """一、受理条件：申请人为依法设立的企业。
二、申请材料：申请书、营业执照复印件。
三、法定时限：二十个工作日；承诺时限：十个工作日。
四、办理流程：申请、受理、审查、决定。"""

EXAM = """一、报名时间：3月1日至3月10日，网上报名。
二、考试科目：综合知识、专业实务。考试时间：5月18日。
三、考生凭准考证进入考场，准考证打印时间另行公布。
青山市人事考试中心"""

NEWS = """本报讯（记者 王某）近日，青山市召开座谈会。记者从会上了解到，今年全市新增岗位两万个。
业内人士认为，市场需求仍在增长。据统计，同比增长一成。责任编辑：李某"""


@pytest.mark.parametrize(
    ("text", "title", "publisher", "kind", "publisher_kind"),
    [
        (POSTING, "客房服务员", "", DocumentKind.RECRUITMENT, PublisherKind.COMPANY),
        (COURSE, "临江茶艺培训班", "", DocumentKind.TRAINING_AD, PublisherKind.TRAINING_SCHOOL),
        (REGULATION, "青山市渡口管理条例", "", DocumentKind.POLICY, PublisherKind.PUBLIC_BODY),
        (RESUME, "会计个人简历", "", DocumentKind.RESUME, PublisherKind.INDIVIDUAL),
        (TENDER, "校园绿化项目招标公告", "青山市第一中学", DocumentKind.TENDER, PublisherKind.PUBLIC_BODY),
        (GUIDE, "设立审批办事指南", "青山市商务局", DocumentKind.PERMIT_GUIDE, PublisherKind.PUBLIC_BODY),
        (
            EXAM,
            "关于资格考试报名的通知",
            "青山市人事考试中心",
            DocumentKind.EXAM_NOTICE,
            PublisherKind.PUBLIC_BODY,
        ),
        (NEWS, "我市召开就业座谈会", "青山信息科技有限公司", DocumentKind.NEWS, PublisherKind.COMPANY),
        ("今天天气很好。", "", "", DocumentKind.OTHER, PublisherKind.UNKNOWN),
        ("", "", "", DocumentKind.OTHER, PublisherKind.UNKNOWN),
    ],
)
def test_a_document_shows_its_kind_and_its_publishers_kind(
    text: str, title: str, publisher: str, kind: DocumentKind, publisher_kind: PublisherKind
) -> None:
    facts = read_facts(text, title=title, publisher=publisher)
    assert (facts.document_kind, facts.publisher_kind) == (kind, publisher_kind)


def test_an_article_on_writing_resumes_is_no_resume() -> None:
    facts = read_facts(
        "HR每天要看上百份简历，怎样写才能脱颖而出？小编整理了几点技巧。", title="个人简历怎么写"
    )
    assert facts.document_kind is DocumentKind.OTHER


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("青山市交通运输局", PublisherKind.PUBLIC_BODY),
        ("青山县云岭镇人民政府", PublisherKind.PUBLIC_BODY),
        ("青山市城市建设集团有限公司", PublisherKind.PUBLIC_BODY),
        ("青山市中级人民法院", PublisherKind.PUBLIC_BODY),
        ("青山市物业管理协会", PublisherKind.ASSOCIATION),
        ("青山小满职业培训学校", PublisherKind.TRAINING_SCHOOL),
        ("青山小满食品有限公司", PublisherKind.COMPANY),
        ("小满口腔门诊部", PublisherKind.COMPANY),
        ("青山人才网", None),
        ("", None),
    ],
)
def test_a_name_shows_the_kind_of_body(name: str, kind: PublisherKind | None) -> None:
    assert classify_name(name).kind == kind


def test_an_education_company_that_hires_is_an_employer() -> None:
    posting = "岗位职责：授课。任职要求：本科以上学历。工资待遇：面议。"
    facts = read_facts(posting, title="招聘英语老师", publisher="青山小满教育咨询有限公司")
    assert facts.publisher_kind is PublisherKind.COMPANY


def test_a_form_that_states_its_publishers_nature_is_believed() -> None:
    posting = "青禾水业\n国企| 100-200人\n岗位职责：抄表。任职要求：高中以上学历。"
    assert (
        read_facts(posting, title="抄表员", publisher="青禾水业有限公司").publisher_kind
        is PublisherKind.PUBLIC_BODY
    )


def test_a_research_institute_that_sells_courses_is_a_school() -> None:
    facts = read_facts(COURSE, title="润滑培训班", publisher="青山机电技术研究院")
    assert facts.publisher_kind is PublisherKind.TRAINING_SCHOOL


def test_a_companys_own_rules_are_no_policy() -> None:
    rules = "第一章 总则\n第一条 为规范本公司印章管理，特制定本办法。\n第二条 员工应遵守本制度。"
    assert read_facts(rules, title="印章管理办法").document_kind is DocumentKind.OTHER


def test_an_address_under_gov_cn_belongs_to_a_public_body() -> None:
    facts = read_facts(
        "岗位职责：执法。任职要求：大专。", title="招聘辅助人员", url="https://rsj.example.gov.cn/a.html"
    )
    assert facts.publisher_kind is PublisherKind.PUBLIC_BODY


@pytest.mark.parametrize(
    "written",
    [
        "青政办发〔2019〕7号",
        "青政办发[2019]7号",
        "青政办发（2019）7号",
        "青政办发(2019)7号",
        "青政办发［2019］7号",
        "青政办发【2019】 7 号",
        "青政办发〔２０１９〕第７号",
        "青政办发 〔2019〕\n7号",
        "根据青政办发〔2019〕7号",
    ],
)
def test_a_number_reads_alike_in_every_bracket(written: str) -> None:
    assert [number.text for number in find_numbers(written)] == ["青政办发〔2019〕7号"]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2017年7月14日", date(2017, 7, 14)),
        ("2017 年 7 月 14 日", date(2017, 7, 14)),
        ("二〇一七年七月十四日", date(2017, 7, 14)),
        ("二○一九年十二月三十一日", date(2019, 12, 31)),
        ("一九九七年一月二十日", date(1997, 1, 20)),
        ("二零二一年十月十日", date(2021, 10, 10)),
        ("２０１７年０７月０４日", date(2017, 7, 4)),
        ("2018-03-05", date(2018, 3, 5)),
        ("2019年2月30日", None),
        ("没有日期", None),
    ],
)
def test_a_date_reads_however_it_is_written(written: str, day: date | None) -> None:
    assert read_date(written) == day


def test_a_notice_says_its_number_issuer_and_date() -> None:
    text = """青山市人民政府办公室关于进一步
做好渡口安全工作的通知

青政办发〔2019〕7号

各县（市、区）人民政府，市政府各部门：
为贯彻落实有关要求，现就有关事项通知如下：
一、主管部门应当加强检查，参照省府发〔2018〕3号文件执行。

青山市人民政府办公室
二〇一九年三月八日
（此件公开发布）
"""
    facts = read_facts(text)
    assert facts.document_kind is DocumentKind.POLICY
    assert facts.document == OfficialDocument("青政办发〔2019〕7号", "青山市人民政府办公室", date(2019, 3, 8))
    assert facts.forwards == ()


CHAIN = """云人社〔2020〕11号
云岭县人力资源和社会保障局转发青山市人力资源和社会
保障局关于开展技能评价的通知
各乡镇人民政府：
现将《青山市人力资源和社会保障局转发江北省人力资源和社会保障厅关于开展技能评价的通知》（青人社发〔2020〕25号）转发给你们，请遵照执行。
云岭县人力资源和社会保障局
2020年6月9日

青人社发〔2020〕25号
青山市人力资源和社会保障局转发江北省人力资源和社会保障厅关于开展技能评价的通知
各县（市、区）人力资源和社会保障局：
江北省人力资源和社会保障厅于2020年5月6日印发《关于开展技能评价的通知》（江人社函〔2020〕88号），现转发给你们，请贯彻落实。
青山市人力资源和社会保障局
2020年5月20日
"""


def test_a_chain_of_forwarded_notices_keeps_each_number_issuer_and_date() -> None:
    facts = read_facts(CHAIN)
    assert facts.document == OfficialDocument(
        "云人社〔2020〕11号", "云岭县人力资源和社会保障局", date(2020, 6, 9)
    )
    assert facts.forwards == (
        OfficialDocument("青人社发〔2020〕25号", "青山市人力资源和社会保障局", date(2020, 5, 20)),
        OfficialDocument("江人社函〔2020〕88号", "江北省人力资源和社会保障厅", date(2020, 5, 6)),
    )


def test_a_chain_that_names_itself_ends() -> None:
    text = CHAIN.replace("江人社函〔2020〕88号", "云人社〔2020〕11号")
    assert 1 <= len(read_facts(text).forwards) <= 8


def test_a_title_alone_says_whose_document_is_forwarded() -> None:
    text = (
        "青山市人民政府办公室转发市水利局关于防汛工作意见的通知\n各有关单位：\n市水利局《意见》已经同意。\n"
    )
    facts = read_facts(text + "青山市人民政府办公室\n一九九八年四月一日\n")
    assert [document.issuer for document in facts.forwards] == ["市水利局"]


def test_a_form_above_a_document_gives_its_values() -> None:
    text = (
        "发文机关：青山市财政局\n成文日期：2021年04月02日\n发文字号：青财会〔2021〕9号\n各单位应当贯彻执行。"
    )
    document = read_facts(text, title="关于做好会计工作的通知").document
    assert document == OfficialDocument("青财会〔2021〕9号", "青山市财政局", date(2021, 4, 2))


def test_a_form_with_its_values_on_lines_of_their_own_is_read_too() -> None:
    text = """关于转发防汛意见的通知
发文机关：
青山市人民政府办公室
成文日期：
1998年04月02日
发文字号：
青政办发〔1998〕9号
发布日期：
2018年12月24日
青政办发〔1998〕9号
各县人民政府，各直属机构：
青山市水利局《关于防汛工作的意见》已经同意，现转发给你们，请认真贯彻执行。
青山市人民政府办公室
一九九八年四月二日
关于防汛工作的意见
各级主管部门应当加强巡查。
青山市水利局
一九九八年三月二十五日
"""
    facts = read_facts(text, title="青山市人民政府办公室转发青山市水利局关于防汛工作意见的通知")
    assert facts.document == OfficialDocument("青政办发〔1998〕9号", "青山市人民政府办公室", date(1998, 4, 2))
    assert facts.forwards == (OfficialDocument(None, "青山市水利局", date(1998, 3, 25)),)


def test_an_answer_to_a_proposal_says_who_answers() -> None:
    title = "青山市人民政府办公室对市人大第12号建议的答复"
    text = "青政办函〔2006〕71号\n各代表：\n有关主管部门应当贯彻执行，现答复如下。"
    assert read_facts(text, title=title).document.issuer == "青山市人民政府办公室"


def test_a_company_that_cites_a_number_has_none_of_its_own() -> None:
    text = "青禾贵金属有限公司是一家专业公司，公司成立于2013年。\n（青政函〔2014〕12号）\n主营产品：首饰。"
    assert read_facts(text, title="青禾贵金属有限公司").document == OfficialDocument()


def test_a_cited_number_is_not_the_documents_own() -> None:
    facts = read_facts(POSTING + "\n依据青劳发〔2010〕3号缴纳社保。", title="客房服务员")
    assert facts.document == OfficialDocument()


@pytest.mark.skipif(not POLICY.is_dir(), reason="the notices in ../shared/policy are not here")
@pytest.mark.parametrize(
    ("name", "document", "forwards"),
    [
        ("000", OfficialDocument("吉政办发〔2017〕54号", "吉林省人民政府办公厅", date(2017, 7, 14)), ()),
        ("001", OfficialDocument("吉政办发〔2017〕54号", "吉林省人民政府办公厅", date(2017, 7, 14)), ()),
        ("002", OfficialDocument(), ()),
        (
            "003",
            OfficialDocument("榕人社培〔2017〕139号", "福州市人力资源和社会保障局", date(2017, 12, 19)),
            (
                OfficialDocument("闽人社文〔2017〕320号", "福建省人力资源和社会保障厅", date(2017, 11, 17)),
                OfficialDocument("人社部发〔2017〕68号", "人力资源社会保障部", date(2017, 9, 12)),
            ),
        ),
    ],
)
def test_the_notices_behind_the_project_come_out_right(
    name: str, document: OfficialDocument, forwards: tuple[OfficialDocument, ...]
) -> None:
    text = next(POLICY.glob(f"{name}_*.txt")).read_text("utf-8")
    facts = read_facts(text)
    assert facts.document_kind is DocumentKind.POLICY
    assert facts.publisher_kind is PublisherKind.PUBLIC_BODY
    assert facts.document == document
    assert facts.forwards == forwards


@pytest.mark.parametrize(
    "unit",
    [
        "〔",
        "〔2017〕",
        "《",
        "》",
        "转发",
        "2017年",
        "\n",
        "　",
        "公司：",
        "发〔2017〕1号\n",
        "现转发《",
        "一月",
    ],
)
def test_hostile_repetition_is_read_in_linear_time(unit: str) -> None:
    head = "关于转发文件的通知\n青政发〔2019〕7号\n主管部门应当贯彻执行，现转发给你们：\n"
    started = time.process_time()
    read_facts(head + unit * 500_000, title="关于转发的通知")
    assert time.process_time() - started < 3.0


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="〔〕[]（）《》2017年月日号转发关于的通知局厅 \n　第条一〇十", max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    facts = read_facts("关于转发的通知\n" + text, title=text[:50])
    assert facts.document_kind in DocumentKind


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        (
            "石城区人力资源市场春季公益招聘会",
            "通知\n各有关单位：\n为贯彻落实就业政策，现将公益招聘会事项通知如下，请遵照执行。",
            DocumentKind.RECRUITMENT,
        ),
        (
            "机械工程师",
            "机械工程师\n公司：青禾机械有限公司\n地区：石城 学历：大专 经验：1-3年 职位类别：机械\n"
            "青禾机械有限公司成立于2008年，公司是一家制造企业，经营理念为诚信。产品远销海外。",
            DocumentKind.RECRUITMENT,
        ),
        (
            "石城5月起调整最低工资",
            "网站首页 简历 面试 劳动合同\n据悉，日前石城调整了最低工资。用人单位应当执行。",
            DocumentKind.NEWS,
        ),
        (
            "设计师薪酬行情",
            "设计师月薪多少？岗位职责与工作经验不同，薪资也不同，公司规模有影响。",
            DocumentKind.OTHER,
        ),
        (
            "",
            "\n技工\n发现\n计算机\n电工\n技工-摘要：电工是从事线路维修的人员。岗位职责：负责维修。任职要求：经验。",
            DocumentKind.OTHER,
        ),
        ("育才资格证考试报名中心", "安监局：电工等特种工操作证。工程师等。", DocumentKind.TRAINING_AD),
        (
            "石城育才研究所",
            "我中心专业从事学历培训，同时开展资格证培训，开设建造师等。",
            DocumentKind.TRAINING_AD,
        ),
    ],
)
def test_fairs_forms_and_news_on_pay_are_told_apart(title: str, text: str, kind: DocumentKind) -> None:
    assert read_facts(text, title=title).document_kind is kind
