"""The sample site over real sockets: what a visitor meets at each of its addresses."""

import re
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
import requests
from bs4 import BeautifulSoup

from sample import SampleSite
from sample.render import BOARD, LISTINGS, NOTICES, Listing, render_site
from settings.model import Settings


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


def fetch(address: str, **headers: str) -> requests.Response:
    with requests.get(address, headers=headers, timeout=10) as response:
        return response


def page(address: str) -> BeautifulSoup:
    response = fetch(address)
    assert response.status_code == 200, address
    encoding = "gb18030" if "charset=gb2312" in response.text else "utf-8"
    return BeautifulSoup(response.content.decode(encoding), "html.parser")


def links_of(address: str, selector: str) -> list[str]:
    return [urljoin(address, str(link["href"])) for link in page(address).select(selector)]


def list_pages(site: SampleSite, listing: Listing) -> list[str]:
    """All list pages, found as a visitor finds them: by following the page numbers or 下一页."""
    found = [site.address + listing.address_of(0)]
    for address in found:
        found += [each for each in links_of(address, ".pages noscript a, .pages a.next") if each not in found]
    return found


def details(site: SampleSite, listing: Listing) -> list[str]:
    selector = {NOTICES.name: ".list a", BOARD.name: "td.job a"}[listing.name]
    return [link for address in list_pages(site, listing) for link in links_of(address, selector)]


def test_each_list_leads_to_all_its_pages(site: SampleSite) -> None:
    assert [len(list_pages(site, listing)) for listing in LISTINGS] == [3, 2]
    assert [len(details(site, listing)) for listing in LISTINGS] == [15, 14]


def test_every_link_of_the_lists_answers_but_the_one_that_is_meant_to_be_dead(site: SampleSite) -> None:
    answers = {link: fetch(link).status_code for listing in LISTINGS for link in details(site, listing)}
    assert [link for link, status in answers.items() if status != 200] == [
        f"{site.address}/tzgg/202608/t20260811_1002.html"
    ]


def test_every_address_of_the_site_is_reached_from_its_welcome_page(site: SampleSite) -> None:
    reached = {f"{site.address}/", f"{site.address}/robots.txt"}
    reached |= set(links_of(f"{site.address}/", ".list a"))
    for listing in LISTINGS:
        reached |= set(list_pages(site, listing))
        for detail in details(site, listing):
            if fetch(detail).status_code == 200:
                reached |= {detail, *links_of(detail, ".files a")}
    assert {address.removeprefix(site.address) for address in reached} == set(render_site())


def test_attachments_are_served_as_their_kind_and_begin_like_it(site: SampleSite) -> None:
    linked = [
        (link, fetch(link))
        for detail in details(site, NOTICES)
        if fetch(detail).status_code == 200
        for link in links_of(detail, ".files a")
    ]
    beginnings = {"pdf": b"%PDF-", "docx": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "doc": b"\xd0\xcf\x11\xe0"}
    assert sorted(link.rpartition(".")[2] for link, _ in linked) == ["doc", "docx", "docx", "pdf", "xlsx"]
    for link, response in linked:
        assert response.content.startswith(beginnings[link.rpartition(".")[2]]), link
        assert not response.headers["Content-Type"].startswith("text/"), link


def test_the_notices_are_utf8_and_say_so_in_the_header(site: SampleSite) -> None:
    response = fetch(site.address + NOTICES.address_of(0))
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "物业服务项目经理备案办事指南" in response.content.decode("utf-8")


def test_the_board_is_gb18030_and_says_gb2312_in_the_page_alone(site: SampleSite) -> None:
    for address in [*list_pages(site, BOARD), *details(site, BOARD)]:
        response = fetch(address)
        assert response.headers["Content-Type"] == "text/html"
        assert b"charset=gb2312" in response.content
        assert "样例人才网" in response.content.decode("gb18030")
        with pytest.raises(UnicodeDecodeError):
            response.content.decode("utf-8")


def test_the_notices_page_themselves_as_many_official_sites_do(site: SampleSite) -> None:
    text = fetch(site.address + "/tzgg/index_1.html").content.decode()
    assert re.search(r'createPageHTML\(3, 1, "index", "html"\)', text)


def test_a_link_text_that_was_cut_short_has_its_whole_title(site: SampleSite) -> None:
    short = [link for link in page(site.address + "/tzgg/").select(".list a") if link.text.endswith("…")]
    assert short
    for link in short:
        assert str(link["title"]).startswith(link.text[:-1])


def test_one_posting_stands_on_both_lists(site: SampleSite) -> None:
    notice = page(site.address + "/tzgg/202610/t20261027_1010.html")
    posting = page(site.address + "/zhaopin/10019.html")
    assert notice.h1 is not None
    assert posting.h1 is not None
    assert notice.h1.text == posting.h1.text
    assert [p.text for p in notice.select(".TRS_Editor p")] == [p.text for p in posting.select(".content p")]


def test_robots_txt_allows_the_lists(site: SampleSite) -> None:
    response = fetch(f"{site.address}/robots.txt")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.text.splitlines() == ["User-agent: *", "Disallow: /admin/"]


def test_a_visitor_who_knows_the_etag_gets_304_without_a_body(site: SampleSite) -> None:
    address = f"{site.address}/zhaopin/10027.html"
    first = fetch(address)
    again = fetch(address, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_visitor_who_knows_the_date_gets_304(site: SampleSite) -> None:
    address = f"{site.address}/zhaopin/10027.html"
    first = fetch(address)
    assert fetch(address, **{"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    assert fetch(address, **{"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}).status_code == 200


@pytest.mark.parametrize("date", ["yesterday", "", "Sat, 01 Jan 2000 00:00:00", "99999999999999999999"])
def test_a_date_that_cannot_be_read_is_passed_over(site: SampleSite, date: str) -> None:
    assert fetch(f"{site.address}/", **{"If-Modified-Since": date}).status_code == 200


def test_an_etag_that_does_not_fit_outranks_a_date_that_does(site: SampleSite) -> None:
    address = f"{site.address}/zhaopin/10027.html"
    date = fetch(address).headers["Last-Modified"]
    assert fetch(address, **{"If-None-Match": '"other"', "If-Modified-Since": date}).status_code == 200


def test_head_answers_like_get_without_a_body(site: SampleSite) -> None:
    address = f"{site.address}/tzgg/index.html"
    with requests.head(address, timeout=10) as response:
        assert response.content == b""
        assert int(response.headers["Content-Length"]) == len(fetch(address).content)


@pytest.mark.parametrize(
    "path", ["/absent", "/tzgg/../server.py", "/%2e%2e/render.py", "/files/positions.xlsx"]
)
def test_nothing_but_the_site_can_be_read(site: SampleSite, path: str) -> None:
    host, port = site.host_and_port.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert b" 404 " in connection.recv(100)


def test_an_address_may_carry_a_query(site: SampleSite) -> None:
    assert fetch(f"{site.address}/tzgg/index.html?from=mail").status_code == 200


def test_many_visitors_are_served_at_once(site: SampleSite) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: fetch(f"{site.address}/tzgg/").status_code, range(40))) == {200}


def test_a_silent_visitor_does_not_hold_up_the_others_or_the_end() -> None:
    with SampleSite() as site:
        host, port = site.host_and_port.split(":")
        silent = socket.create_connection((host, int(port)))
        assert fetch(f"{site.address}/").status_code == 200
        silent.close()


def test_a_visitor_who_goes_away_leaves_no_trace_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with SampleSite() as site:
        host, port = site.host_and_port.split(":")
        for _ in range(5):
            hasty = socket.create_connection((host, int(port)))
            hasty.sendall(b"GET /tzgg/index.html HTTP/1.1\r\n")
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            hasty.close()  # With a linger of zero this is a reset, not a polite end.
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind(site: SampleSite) -> None:
    with pytest.raises(OSError, match="in use"):
        SampleSite(int(site.host_and_port.rpartition(":")[2]))


def test_after_the_end_nobody_answers() -> None:
    with SampleSite() as site:
        address = site.address
    with pytest.raises(requests.ConnectionError):
        fetch(address)


def test_the_sources_are_valid_settings_and_name_the_two_lists(site: SampleSite) -> None:
    sources = site.sources(every_minutes=7)
    watched = Settings(sources=sources).watched()
    assert [source.name for source in watched] == ["sample-notices", "sample-board"]
    assert {source.every_minutes for source in watched} == {7}
    for source in watched:
        assert fetch(str(source.url)).status_code == 200
    board = watched[1]
    assert len(links_of(str(board.url), board.selectors.items)) == BOARD.per_page
    assert links_of(str(board.url), board.selectors.next_page) == [f"{site.address}/zhaopin/list_2.html"]


def test_publishers_and_telephone_numbers_are_plainly_invented() -> None:
    for path, answer in render_site().items():
        if answer.media_type.startswith("text/html"):
            text = answer.body.decode("gb18030" if path.startswith(BOARD.root) else "utf-8")
            assert "均为虚构" in text
            assert set(re.findall(r"(\d{3,4})-\d{7,8}", text)) <= {"0000"}, path
            assert set(re.findall(r"@([\w.]+\.\w+)", text)) <= {"example.com"}, path
