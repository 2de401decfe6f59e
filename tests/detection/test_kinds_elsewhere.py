"""Kinds and publishers of documents as other sites than job boards have them: guides, questions, tenders."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from detection.documents import read_facts
from vocabulary.codes import DocumentKind, PublisherKind, Usage

KINDS = [
    ("other", "茶艺师证值得考吗", "茶艺师证书由第三方机构发放。年龄、学历不限，通常学习一个月就能参加考核。"),
    ("other", "", "茶艺师证书由第三方机构发放。年龄、学历不限。"),
    ("other", "保育员和育婴员有什么区别", "保育员在幼儿园任职，育婴员多在家庭工作，很多人两个证都考。"),
    ("other", "安全员证多少钱", "各地收费不同，一般来说八百元左右，岗位不同价格也不同。"),
    (
        "permit_guide",
        "开一家小型宠物医院要办哪些手续",
        "先到市场监管部门领营业执照，再向农业农村部门申请动物诊疗许可证，需要准备以下材料：执业兽医师资格证书、场所平面图。",
    ),
    (
        "permit_guide",
        "人力资源服务许可证怎么办",
        "一、核心条件：有固定的办公场所；有三名以上专职人员。二、需提交下列材料：申请表、营业执照复印件、章程、人员资格证书复印件。",
    ),
    (
        "permit_guide",
        "旅行社设立的办理条件",
        "申请人应当有固定的经营场所，注册资本不少于三十万元，有取得导游证的人员三名。递交申请表、章程和租赁合同。",
    ),
    (
        "permit_guide",
        "某区房地产估价机构备案须知",
        "提交资料：备案申请表、营业执照、估价师注册证书复印件，核对原件。",
    ),
    (
        "tender",
        "评分细则",
        "项目经理具有高级工程师职称的得2分，不具有的不得分；投标人近三年类似业绩每个得1分，最高得3分。",
    ),
    (
        "tender",
        "",
        "拟派项目负责人须具备二级建造师注册证书；供应商须提供营业执照复印件，响应文件正本一份。",
    ),
    ("recruitment", "", "急招茶艺师两名，月薪面议，须持茶艺师证，包吃住。"),
    (
        "recruitment",
        "",
        "会计主管：三十五岁以下，大专以上学历，须有会计从业资格证，待遇面谈。\n电话联系人事部。",
    ),
    (
        "recruitment",
        "某县教育局2026年公开招聘幼儿园教师公告",
        "为补充师资力量，经研究，面向社会公开招聘教师12名。报名时间为3月1日至5日，笔试、面试后进行资格复审。",
    ),
    (
        "other",
        "建议放宽网约车驾驶员的年龄",
        "尊敬的领导：您好！我是一名出租车司机，恳请有关部门考虑我们的实际困难。",
    ),
    (
        "resume",
        "",
        "张某某，男，汉族，1970年出生，本科学历，高级会计师，曾任某集团财务科科长，现任副总经理。",
    ),
    (
        "policy",
        "档案人员上岗管理",
        "第一条为加强管理，制订本办法。\n第二条单位的专兼职人员适用本办法。\n第三条资格每三年复核。\n第四条自发布之日起执行。",
    ),
    (
        "permit_guide",
        "",
        "评估公司想升资质，人要先凑齐。\n一级：专职人员不少于30人；\n二级：专职人员不少于20人；\n三级：不少于10人。",
    ),
    ("policy", "", "第十二条 从事家政服务的人员应当具备下列条件：（一）身体健康；（二）经培训合格。"),
]


@pytest.mark.parametrize(("kind", "title", "text"), KINDS, ids=[text[:12] for _, _, text in KINDS])
def test_a_text_is_told_by_what_it_is_for(kind: str, title: str, text: str) -> None:
    assert read_facts(text, title=title).document_kind is DocumentKind(kind)


PUBLISHERS = [
    ("public_body", "临江市卫生健康局2026年公开招聘编外人员公告", "", "因工作需要，公开招聘编外人员8名。"),
    ("public_body", "东河市人力资源和社会保障局所属事业单位公开招聘公告", "", "岗位要求见附件。"),
    ("public_body", "南山县人民政府办公室关于招聘的公告", "", "现面向社会招聘工作人员2名，年龄35周岁以下。"),
    ("public_body", "2019年朝阳街道办事处招聘劳务派遣人员公告", "", "招聘文员2名，大专以上学历。"),
    ("public_body", "关于城关第二小学招聘教师的公告", "", "招聘教师2名，面试时间另行通知。"),
    ("public_body", "东河市机关事务管理局物业服务项目竞争性磋商公告", "", "投标人须具有独立法人资格。"),
    ("public_body", "东河区行政审批局：办学许可服务指南", "", "办理条件：有固定的场所。申请材料：申请表。"),
    ("public_body", "招聘公告", "", "现招聘辅助人员5名，要求大专以上学历。\n东河市档案馆\n2026年5月6日"),
    ("public_body", "招聘公告", "东河市星河技工学校", "因工作需要，公开招聘电工实习指导教师2名。"),
    ("individual", "月嫂需求", "", "预产期6月5日，找有经验的月嫂一名，须持有育婴员证，月薪面议。"),
    ("company", "会计", "星河医院", "公司性质：民营 学历要求：大专\n任职要求：持有会计证。"),
    (
        "unknown",
        "证书管理办法",
        "",
        "一、证书的种类。二、证书应当妥善保管，不得转借。三、本办法自发布之日起施行。",
    ),
    ("individual", "为何办证这么慢", "", "您好！请问贵局，我的证书何时能拿到？我是去年报名的，恳请答复。"),
]


@pytest.mark.parametrize(
    ("publisher", "title", "name", "text"), PUBLISHERS, ids=[title for _, title, *_ in PUBLISHERS]
)
def test_a_publisher_is_read_where_the_document_names_it(
    publisher: str, title: str, name: str, text: str
) -> None:
    assert read_facts(text, title=title, publisher=name).publisher_kind is PublisherKind(publisher)


@pytest.mark.parametrize(
    "text",
    [
        "示例县劳动人事争议仲裁委员会办公室招聘会计1名，须持有会计从业资格证书，年龄35周岁以下。",
        "根据岗位空缺情况，示例县教育局为各级各类学校公开招聘会计2名，须持有会计从业资格证书。",
        "示例市某局招聘出纳1名，须持有会计从业资格证书。资格由县人社局统一审核；有异议的，可投诉至该局。",
        "示例市某公司招聘会计，王某前去应聘，被告知须持有会计从业资格证书。",
        "示例市某局公开招聘会计1名，持证人员不受户籍限制，须持有会计从业资格证书，年龄35周岁以下。",
    ],
)
def test_a_sign_of_a_dispute_or_an_article_within_a_longer_word_hides_no_demand(text: str) -> None:
    (finding,) = scan(text, as_of=date(2026, 11, 1)).findings
    assert finding.severity.is_alert
    assert finding.usage is Usage.REQUIRED
