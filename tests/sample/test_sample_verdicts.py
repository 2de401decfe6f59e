"""What a supervisor should be told of the sample site, read and judged end to end, and what not."""

from datetime import date
from functools import cache
from urllib.parse import urljoin

import pytest

from detection import scan
from detection.model import Mention, ScanResult
from extraction import Extracted, extract
from sample.render import Answer, render_site

PAGES = {path: answer for path, answer in render_site().items() if path != "/robots.txt"}
BROKEN = "/tzgg/202611/P020261112_bmb.docx"

ALERTS: dict[str, set[tuple[str, str, str, str]]] = {
    "/tzgg/202611/t20261116_1015.html": {("物业管理师", "cancelled", "permit", "critical")},
    # A list, of which a title is an advert by itself.
    "/zhaopin/list_2.html": {("建造师", "access", "renting", "critical")},
    "/tzgg/202611/P020261112_gwb.xlsx": {
        ("会计从业资格", "cancelled", "required", "high"),
        ("心理咨询师", "exited", "required", "medium"),
    },
    "/tzgg/202611/t20261109_1013.html": {("育婴员", "exited", "required", "medium")},
    "/tzgg/202611/t20261105_1012.html": {("社会工作者职业资格", "level", "required", "medium")},
    "/tzgg/202611/P020261105_zwb.pdf": {("劳动关系协调员", "exited", "required", "medium")},
    "/tzgg/202609/t20260924_1006.html": {("物业管理师", "cancelled", "permit", "critical")},
    "/tzgg/202609/P020260924_zbwj.docx": {
        ("物业管理师", "cancelled", "permit", "critical"),
        ("企业法律顾问", "cancelled", "permit", "critical"),
    },
    "/tzgg/202609/P020260915_zwb.doc": {("企业人力资源管理师", "exited", "required", "medium")},
    "/zhaopin/10027.html": {("物业管理师", "cancelled", "required", "high")},
    "/zhaopin/10026.html": {("会计从业资格", "cancelled", "required", "high")},
    "/zhaopin/10025.html": {("育婴员", "exited", "required", "medium")},
    "/zhaopin/10021.html": {("物业管理师", "cancelled", "offered", "high")},
    "/zhaopin/10020.html": {("建造师", "access", "renting", "critical")},
    "/zhaopin/10018.html": {("保育员", "exited", "required", "medium")},
    "/zhaopin/10016.html": {("心理咨询师", "exited", "required", "medium")},
}
"""Every alert of these pages; a page that stands neither here nor in FOR_REVIEW deserves none."""

FOR_REVIEW: dict[str, set[tuple[str, str, str]]] = {
    "/tzgg/202610/t20261027_1010.html": {("全国建设工程造价员", "cancelled", "required")},
    "/zhaopin/10019.html": {("全国建设工程造价员", "cancelled", "required")},
    "/tzgg/202608/t20260820_1003.html": {("居室整理规划师", "off_catalogue", "offered")},
}
"""Alerts that a person has to confirm first, of whatever severity: the entry is unverified, or unknown."""

NO_ALERT: dict[str, set[tuple[str, str, str]]] = {
    "/tzgg/202611/t20261109_1013.html": {("护士执业资格", "access", "required")},
    "/tzgg/202611/P020261112_gwb.xlsx": {("社会工作者职业资格", "level", "preferred")},
    "/tzgg/202610/t20261030_1011.html": {
        ("教师资格", "access", "required"),
        ("心理咨询师", "exited", "preferred"),
    },
    "/tzgg/202610/t20261020_1009.html": {
        ("物业管理师", "cancelled", "informative"),
        ("会计从业资格", "cancelled", "negated"),
    },
    "/tzgg/202610/t20261009_1007.html": {
        ("特种作业人员", "access", "permit"),
        ("保安员", "access", "permit"),
    },
    "/tzgg/202609/t20260924_1006.html": {("建造师", "access", "preferred")},
    "/tzgg/202609/t20260902_1004.html": {
        ("消防设施操作员", "access", "required"),
        ("会计从业资格", "cancelled", "negated"),
    },
    "/tzgg/201505/t20150518_1001.html": {("会计从业资格", "access", "required")},
    "/zhaopin/10025.html": {("催乳师", "off_catalogue", "required")},
    "/zhaopin/10024.html": {
        ("特种作业操作证（低压电工作业）", "access", "required"),
        ("特种作业操作证（高处作业）", "access", "required"),
    },
    "/zhaopin/10023.html": {("会计从业资格", "cancelled", "alternative")},
    "/zhaopin/10022.html": {
        ("法律职业资格", "access", "required"),
        ("企业法律顾问", "cancelled", "preferred"),
    },
    "/zhaopin/10017.html": {("项目管理专业人士", "lawful_other", "preferred")},
    "/zhaopin/10015.html": {("会计从业资格", "cancelled", "held")},
    "/zhaopin/10014.html": {("特种设备作业人员证（叉车司机）", "access", "required")},
}
"""Mentions that must be seen and left in peace; the page may have others."""


def read(path: str, answer: Answer) -> Extracted:
    return extract(
        answer.body, url=f"http://127.0.0.1{path}", media_type=answer.media_type, name=path.rpartition("/")[2]
    )


@cache
def page_of_attachment() -> dict[str, str]:
    """Which page links each attachment: an attachment is judged with the facts of its page."""
    return {
        link.url.removeprefix("http://127.0.0.1"): path
        for path, answer in PAGES.items()
        if "html" in answer.media_type
        for link in read(path, answer).links
        if not urljoin("/", link.url).endswith((".html", "/"))
    }


@cache
def judged(path: str) -> ScanResult:
    text = read(path, PAGES[path])
    home = page_of_attachment().get(path, path)
    page = text if home == path else read(home, PAGES[home])
    return scan(
        text.text,
        as_of=page.days.printed or date(2026, 11, 20),
        title=text.title,
        publisher=text.publisher or page.publisher,
        url=f"http://127.0.0.1{path}",
    )


def name_of(mention: Mention) -> str:
    """The entry; of the certificate that is on no list, the part of its name that is not in doubt."""
    unknown = "居室整理规划师"
    return unknown if unknown in mention.qualification else mention.qualification


@pytest.mark.parametrize("path", sorted(set(PAGES) - {BROKEN} - set(FOR_REVIEW)))
def test_a_page_raises_just_the_alerts_that_it_deserves(path: str) -> None:
    alerts = {
        (name_of(each), each.status.value, each.usage.value, each.severity.value)
        for each in judged(path).mentions
        if each.severity.is_alert
    }
    assert alerts == ALERTS.get(path, set())


@pytest.mark.parametrize("path", sorted(FOR_REVIEW))
def test_an_uncertain_verdict_is_an_alert_for_review(path: str) -> None:
    alerts = [each for each in judged(path).mentions if each.severity.is_alert]
    assert {(name_of(each), each.status.value, each.usage.value) for each in alerts} == FOR_REVIEW[path]
    assert all(each.needs_review for each in alerts)


@pytest.mark.parametrize("path", sorted(NO_ALERT))
def test_lawful_and_minor_mentions_are_seen_and_left_in_peace(path: str) -> None:
    quiet = {
        (name_of(each), each.status.value, each.usage.value)
        for each in judged(path).mentions
        if not each.severity.is_alert
    }
    assert quiet >= NO_ALERT[path]


def test_the_posting_that_stands_on_both_lists_is_judged_alike() -> None:
    one, other = (
        [(each.quote, each.usage, each.violation, each.severity) for each in judged(path).findings]
        for path in ("/tzgg/202610/t20261027_1010.html", "/zhaopin/10019.html")
    )
    assert one == other != []


def test_every_alert_can_be_sent_on() -> None:
    for path in {*ALERTS, *FOR_REVIEW}:
        for each in judged(path).findings:
            assert each.legal_basis, (path, each.quote)
            assert each.explanation.endswith("。"), (path, each.quote)
            assert each.advice, (path, each.quote)
