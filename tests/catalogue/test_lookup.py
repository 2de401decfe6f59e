"""What a name means on a day."""

import subprocess
import sys
from datetime import date

import pytest

from catalogue import Catalogue, load_catalogue
from catalogue.book import Name
from catalogue.model import Entry, Period
from vocabulary.codes import Evidence, Status

TODAY = date(2026, 11, 1)

AS_DOMAIN_SAYS = {
    "cancelled": (
        "会计从业资格 会计证 会计上岗证 物业管理师 造价员 招标师 企业法律顾问 注册税务师 "
        "房地产经纪人 注册资产评估师 进网许可证 报关员证 经纪人资格证书 全国造价员资格证书 "
        "会计从业资格证书 注册物业管理师证书 秘书资格证"
    ),
    "exited": (
        "心理咨询师 企业人力资源管理师 育婴员 营养师 高级电工证 中级焊工 HR资格证书 "
        "食品检验工证 二级心理咨询师证书 维修电工证 化学检验工证书 高级育婴师 "
        "国家人力资源管理师(三级) 保健按摩师证 厨师资格证 电工职业资格证书"
    ),
    "access": (
        "教师资格 护士执业资格 法律职业资格 建造师 特种作业操作证 电工证 焊工证 登高证 "
        "叉车证 电梯证 道路运输从业资格证 保安员 律师证 律师执业证 司法考试 注册会计师 "
        "一建证 电工上岗证 高、低压证 监理工程师 二级建造师证书 执业药师资格证"
    ),
    "level": (
        "社会工作者 资产评估师 税务师 证券从业资格 基金从业资格证 银行从业资格证书 软考 "
        "房地产经纪专业人员 会计初级资格证"
    ),
    "lawful_other": (
        "驾驶证 B2驾照 C1以上驾照 健康证 普通话证 中级会计师 会计师证 高级工程师 "
        "ACCA PMP CCNA 职业技能等级证书 安全员 A证 安全员C证 CET NCRE "
        "经济师 英语六级 会计中级职称 1+X证书"
    ),
    "off_catalogue": (
        "催乳师 健身教练证 施工员 质检员 材料员 资料员 预算员 八大员 物业上岗证 瑜伽教练证书 物业经理证书"
    ),
    "generic": ("职业资格证书 从业资格证 相关证书 上岗证 中华人民共和国职业资格证书"),
}


@pytest.mark.parametrize(
    ("status", "name"), [(status, name) for status, names in AS_DOMAIN_SAYS.items() for name in names.split()]
)
def test_every_example_of_the_domain_has_its_status(status: str, name: str) -> None:
    standings = load_catalogue().as_of(TODAY).lookup(name)
    assert standings, name
    assert standings[0].status == status, standings[0].entry.key


@pytest.mark.parametrize(
    ("name", "day", "status"),
    [
        ("物业管理师", date(2016, 1, 1), "access"),
        ("物业管理师", date(2018, 1, 1), "cancelled"),
        ("会计证", date(2017, 11, 4), "access"),
        ("会计证", date(2017, 11, 5), "cancelled"),
        ("心理咨询师", date(2017, 9, 11), "level"),
        ("心理咨询师", date(2017, 9, 12), "exited"),
        ("企业人力资源管理师", date(2020, 9, 29), "level"),
        ("企业人力资源管理师", date(2020, 9, 30), "exited"),
        ("育婴员", date(2020, 12, 30), "level"),
        ("育婴员", date(2020, 12, 31), "exited"),
        ("矿业权评估师", date(2014, 7, 21), "access"),
        ("矿业权评估师", date(2015, 6, 1), "cancelled"),
        ("矿业权评估师", date(2016, 1, 1), "level"),
        ("矿业权评估师", date(2022, 1, 1), "level"),
        ("注册设备监理师", date(2018, 1, 1), "access"),
        ("设备监理师", date(2022, 1, 1), "level"),
        ("注册冶金工程师", date(2021, 11, 22), "access"),
        ("注册冶金工程师", date(2021, 11, 23), "exited"),
        ("保安员证", date(2019, 1, 1), "level"),
        ("保安员证", date(2022, 1, 1), "access"),
        ("叉车证", date(2019, 1, 1), "lawful_other"),
        ("叉车证", date(2022, 1, 1), "access"),
    ],
)
def test_a_standing_depends_on_the_day(name: str, day: date, status: str) -> None:
    assert load_catalogue().as_of(day).lookup(name)[0].status == status


def test_a_cancelled_name_keeps_its_status_though_its_field_returned_under_another() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert edition.lookup("注册税务师")[0].entry.key == "注册税务师"
    assert edition.lookup("税务师证书")[0].entry.key == "税务师"


def test_an_unverified_standing_says_so_and_a_published_one_does_not() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert edition.lookup("物业管理师")[0].certain
    assert not edition.lookup("营销师")[0].certain
    assert edition.lookup("模具设计师")[0].period.evidence is Evidence.DOUBTFUL


def test_between_the_two_dates_of_exit_the_batch_is_unverified() -> None:
    catalogue = load_catalogue()
    assert not catalogue.as_of(date(2020, 10, 15)).standing("茶艺师").certain
    assert catalogue.as_of(date(2021, 1, 1)).standing("茶艺师").certain


@pytest.mark.parametrize(
    "written",
    [
        "物业管理师",
        "《物业管理师证书》",
        "物 业 管 理 师",
        "物业\n管理师证",
        "全国物业管理师资格证书",
        "国家注册物业管理师执业资格",
    ],
)
def test_marks_blanks_prefixes_and_suffixes_do_not_hide_a_name(written: str) -> None:
    assert load_catalogue().as_of(TODAY).lookup(written)[0].entry.key == "物业管理师"


def test_full_width_and_case_do_not_hide_a_name() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert edition.lookup("ｃｅｔ－４")[0].entry.key == edition.lookup("CET-4")[0].entry.key
    assert (
        edition.lookup("工程咨询(投资)专业技术人员职业资格")[0].entry.key
        == "工程咨询（投资）专业技术人员职业资格"
    )


def test_a_level_turns_the_operation_certificate_into_the_skill_qualification() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert edition.lookup("电工证")[0].entry.key == "特种作业操作证（低压电工作业）"
    for levelled in ("高级电工证", "中级电工资格证书", "电工中级证"):
        assert edition.lookup(levelled)[0].entry.key == "电工"


@pytest.mark.parametrize("name", ["", "  ", "证", "营业执照", "毕业证书", "食用菌协会理事", "师" * 5000])
def test_what_is_no_listed_certificate_is_not_found(name: str) -> None:
    assert load_catalogue().as_of(TODAY).lookup(name) == ()


def test_an_ambiguous_name_gives_every_standing_it_may_mean() -> None:
    found = {standing.entry.key for standing in load_catalogue().as_of(TODAY).lookup("N1")}
    assert found == {"特种设备作业人员证（叉车司机）", "日本语能力测试"}


def test_an_international_certificate_is_not_taken_for_the_national_one() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert edition.lookup("国际注册心理咨询师")[0].status is Status.OFF_CATALOGUE
    assert edition.lookup("国际注册珠宝设计大师") == ()


def test_an_unknown_key_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_catalogue().as_of(TODAY).standing("没有这一项")


def test_foreign_and_vendor_certificates_are_marked() -> None:
    edition = load_catalogue().as_of(TODAY)
    assert all(edition.lookup(name)[0].entry.foreign for name in ("ACCA", "CFA", "PMP", "CCNA", "N2"))
    assert not edition.lookup("教师资格证")[0].entry.foreign


def _entry(key: str, status: Status, region: str | None = None) -> Entry:
    name = key.partition(":")[2] or key
    period = Period(status, None, "某文件", Evidence.PUBLISHED, "某处")
    return Entry(key, name, (), (period,), region=region)


def test_a_provinces_own_list_holds_in_that_province_alone() -> None:
    catalogue = Catalogue([_entry("220000:参茸加工师", Status.CANCELLED, "220000")], [])
    assert catalogue.as_of(TODAY).lookup("参茸加工师") == ()
    assert catalogue.as_of(TODAY, "350000").lookup("参茸加工师") == ()
    for region in ("220000", "220100", "220102"):
        assert catalogue.as_of(TODAY, region).lookup("参茸加工师证")[0].status is Status.CANCELLED
    with pytest.raises(KeyError):
        catalogue.as_of(TODAY).standing("220000:参茸加工师")


@pytest.mark.parametrize(
    ("national", "first"), [(Status.ACCESS, "access"), (Status.OFF_CATALOGUE, "cancelled")]
)
def test_a_national_standing_comes_first_unless_no_national_list_has_the_item(
    national: Status, first: str
) -> None:
    entries = [_entry("参茸加工师", national), _entry("220000:参茸加工师", Status.CANCELLED, "220000")]
    standings = Catalogue(entries, []).as_of(TODAY, "220000").lookup("参茸加工师")
    assert len(standings) == 2
    assert standings[0].status == first


def test_a_catalogue_refuses_names_without_entries_and_keys_twice() -> None:
    with pytest.raises(ValueError, match="belongs to no entry"):
        Catalogue([], [Name("某某证", "没有")])
    with pytest.raises(ValueError, match="share a key"):
        Catalogue([_entry("某师", Status.LEVEL)] * 2, [])


def test_the_catalogue_is_light_to_import() -> None:
    heavy = "typer", "rich", "requests", "sqlmodel", "pydantic", "kreuzberg", "lxml"
    code = (
        f"import sys, catalogue; catalogue.load_catalogue(); print([m for m in {heavy} if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
