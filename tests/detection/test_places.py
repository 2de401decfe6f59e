"""Where a document says that it belongs."""

import pytest

from detection.documents.places import read_region


@pytest.mark.parametrize(
    ("publisher", "known", "region"),
    [
        ("福州市鼓楼区卫生健康局", None, "350102"),
        ("福州市鼓楼区卫生健康局", "100000", "350102"),
        ("长春市人力资源和社会保障局", "220000", "220100"),
        ("吉林省人民医院", "220100", "220000"),
        ("吉林市昌邑区教育局", None, "220202"),
        ("延边朝鲜族自治州民政局", None, "222400"),
        ("北京市朝阳区建设委员会", None, "110105"),
        ("福建省福州第一中学", None, "350100"),
        ("鼓楼区住房保障局", "350100", "350102"),
        ("鼓楼区住房保障局", None, None),
        ("闽侯县林业局", None, "350121"),
        ("厦门海风旅游有限公司", "350000", "350200"),
        ("东海银行股份有限公司福州分行", None, "350100"),
        ("福建晨光五金有限公司", "350200", "350200"),
        ("安康医院", "350200", "350200"),
        ("晨光五金有限公司", "350200", "350200"),
        ("", None, None),
    ],
)
def test_a_publisher_says_where_it_is(publisher: str, known: str | None, region: str | None) -> None:
    assert read_region("", title="招聘启事", publisher=publisher, known=known) == region


@pytest.mark.parametrize(
    ("line", "region"),
    [
        ("工作地点：福州市仓山区金山大道", "350104"),
        ("工作地点：福建福州", "350100"),
        ("工作地址：长春-朝阳区", "220104"),
        ("上班地点：福州、厦门", "350000"),
        ("工作地点：福州、长春", None),
        ("工作地点：公司总部", None),
    ],
)
def test_a_posting_says_where_the_work_is(line: str, region: str | None) -> None:
    text = f"招聘文员\n{line}\n要求：大专"
    assert read_region(text, title="招聘文员", publisher="晨光五金有限公司", known=None) == region


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("2026年福州市台江区公开招聘编外人员公告", "350103"),
        ("关于南平市物业服务招标的公告", "350700"),
        ("晨光物业长春市分部招聘", "220100"),
        ("招聘会计的启事", None),
    ],
)
def test_a_title_says_where_a_notice_belongs(title: str, region: str | None) -> None:
    assert read_region("", title=title, publisher="", known=None) == region
