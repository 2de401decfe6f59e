"""The sample site as the program reads it: its lists, its pages and its attachments."""

from collections.abc import Iterator
from datetime import date

import pytest
import requests

from crawling.listing.reading import read_list_page
from extraction import Extracted, ExtractionError, extract
from sample import SampleSite
from sample.render import BOARD, LISTINGS, NOTICES, render_site
from settings.sources import Source


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


def read(address: str) -> tuple[bytes, Extracted]:
    """Fetch and extract as a visit does, with what the answer's header says of its kind."""
    with requests.get(address, timeout=10) as response:
        assert response.status_code == 200, address
        media_type, _, parameter = response.headers["Content-Type"].partition("; charset=")
        name = address.rpartition("/")[2]
        body = response.content
        return body, extract(body, url=address, media_type=media_type, charset=parameter, name=name)


def visited(source: Source) -> list[tuple[str, str, date | None]]:
    """Address, title and date of each item, list page after list page."""
    address, found = str(source.url), []
    while address:
        body, extracted = read(address)
        page = read_list_page(body, address, extracted, source.selectors)
        found += [(item.url, item.title, item.published_on) for item in page.items]
        address = next(iter(page.next_pages), "")
    return found


@pytest.mark.parametrize("index", [0, 1])
def test_every_posting_of_a_list_is_found_with_its_title_and_date(site: SampleSite, index: int) -> None:
    listing = LISTINGS[index]
    items = visited(site.sources()[index])
    pages = render_site()
    assert len(items) == len({url for url, _, _ in items}) == {NOTICES: 15, BOARD: 14}[listing]
    for url, title, day in items:
        assert not title.endswith("…"), title
        assert day is not None, url
        answer = pages.get(url.removeprefix(site.address))
        if answer is not None:
            assert title in answer.body.decode(listing.encoding)
            assert day == answer.modified.date()


@pytest.mark.parametrize("path", sorted(path for path, a in render_site().items() if "html" in a.media_type))
def test_pages_are_read_without_a_broken_character(site: SampleSite, path: str) -> None:
    _, page = read(site.address + path)
    assert "\N{REPLACEMENT CHARACTER}" not in page.text
    assert "均为虚构" in page.text
    assert page.charset == ("gb18030" if path.startswith(BOARD.root) else "utf-8")


@pytest.mark.parametrize(
    ("path", "title", "publisher", "day"),
    [
        (
            "/tzgg/202611/t20261109_1013.html",
            "示例市社会福利院公开招聘护理人员公告",
            "示例市社会福利院",
            date(2026, 11, 9),
        ),
        (
            "/tzgg/201505/t20150518_1001.html",
            "示例市会计核算中心2015年公开招聘工作人员公告",
            "示例市财政局",
            date(2015, 5, 18),
        ),
        ("/zhaopin/10026.html", "诚聘会计一名", "样例财务咨询有限公司", date(2026, 11, 17)),
    ],
)
def test_a_page_says_its_title_publisher_and_date(
    site: SampleSite, path: str, title: str, publisher: str, day: date
) -> None:
    _, page = read(site.address + path)
    assert (page.title, page.publisher, page.days.printed) == (title, publisher, day)


@pytest.mark.parametrize(
    ("path", "position", "requirement"),
    [
        ("/tzgg/202611/P020261112_gwb.xlsx", "心理服务岗", "其他要求：须持有二级心理咨询师证书"),
        ("/tzgg/202611/P020261112_gwb.xlsx", "出纳", "其他要求：持有会计从业资格证书"),
        ("/tzgg/202611/P020261105_zwb.pdf", "劳动关系协调岗", "须持有三级劳动关系协调员职业资格证书"),
        ("/tzgg/202609/P020260924_zbwj.docx", "法律事务负责人", "资格条件：须具有企业法律顾问执业资格证书"),
        ("/tzgg/202609/P020260915_zwb.doc", "人事干事", "须持有二级企业人力资源管理师职业资格证书"),
    ],
)
def test_an_attachment_keeps_a_requirement_beside_its_position(
    site: SampleSite, path: str, position: str, requirement: str
) -> None:
    _, attachment = read(site.address + path)
    lines = [line for line in attachment.text.splitlines() if position in line]
    assert any(requirement in line for line in lines), attachment.text


def test_the_broken_attachment_cannot_be_read(site: SampleSite) -> None:
    with pytest.raises(ExtractionError):
        read(f"{site.address}/tzgg/202611/P020261112_bmb.docx")
