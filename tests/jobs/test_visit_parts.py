"""Visits to pages that are not what they seem: excuses, pages in frames, files without a suffix."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from storage.tables import Document, FetchRecord, Visit
from tests.parts.house import POSTING, House, posting
from tests.parts.loopback import Answer, Site, answer
from vocabulary.codes import Outcome

TITLES = ["示例县人民医院招聘会计公告", "示例县第二小学招聘厨师公告", "关于示例县道路运输考试安排的通知"]
PATHS = [f"/n/2026110{number}.html" for number in range(1, 4)]


def listing(*titles: str) -> Answer:
    rows = "".join(
        f"<li><a href='{path}'>{title}</a> 2026-11-0{number}</li>"
        for number, (path, title) in enumerate(zip(PATHS, titles, strict=False), 1)
    )
    return answer(f"<html><title>通知公告</title><ul>{rows}</ul></html>")


@pytest.fixture
def notices(site: Site) -> Site:
    site["/list/"] = listing(*TITLES)
    for path, title in zip(PATHS, TITLES, strict=True):
        site[path] = posting(f"{title}，{POSTING}", title=title)
    return site


def kept(house: House) -> set[str]:
    return {urlsplit(document.url).path for document in house.rows(Document)}


def test_a_short_page_without_its_title_is_not_kept(house: House, notices: Site) -> None:
    notices[PATHS[0]] = answer("<html><title>欢迎</title><p>请从官方渠道进入本系统。</p></html>")
    house.visit()
    assert kept(house) == set(PATHS[1:])
    (record,) = [each for each in house.rows(FetchRecord) if each.url.endswith(PATHS[0])]
    assert record.outcome is Outcome.EMPTY
    assert "title" in record.detail


def test_a_short_notice_that_bears_its_title_is_kept(house: House, notices: Site) -> None:
    notices["/list/"] = listing(f"{TITLES[0][:9]}…", *TITLES[1:])
    notices[PATHS[0]] = answer(
        f"<html><title>公告</title><p>{TITLES[0]}：须持有会计从业资格证书。</p></html>"
    )
    house.visit()
    assert kept(house) == set(PATHS)


def test_one_long_text_in_place_of_several_items_is_not_kept(house: House, notices: Site) -> None:
    portal = "<p>本平台提供办事大厅、企业服务与便民查询，首次使用请阅读操作手册并完成注册。</p>" * 30
    for path in PATHS[:2]:
        notices[path] = answer(f"<html><title>统一门户</title>{portal}</html>")
    summary = house.visit()
    assert kept(house) == {PATHS[2]}
    assert house.outcomes()[PATHS[0]] is house.outcomes()[PATHS[1]] is Outcome.BLOCKED
    assert summary.errors == 2


def test_a_long_page_of_another_title_is_kept(house: House, notices: Site) -> None:
    body = "<p>本单位因工作需要，面向社会选用财务人员，须持有会计从业资格证书。</p>" * 20
    notices[PATHS[0]] = answer(f"<html><title>招贤启事</title>{body}</html>")
    house.visit()
    assert kept(house) == set(PATHS)


def test_a_posting_that_leads_back_to_its_list_is_gone(house: House, notices: Site) -> None:
    notices[PATHS[0]] = answer("", status=302, Location="/list/")
    house.visit()
    assert house.outcomes()[PATHS[0]] is Outcome.GONE


def test_what_stands_in_a_frame_is_read_with_its_page(house: House, notices: Site) -> None:
    notices[PATHS[0]] = answer(
        f"<html><title>{TITLES[0]}</title><iframe src='/top.html'></iframe>"
        "<iframe src='/body/1.html'></iframe></html>"
    )
    notices["/body/1.html"] = answer(f"<html><body><p>{POSTING}</p></body></html>")
    summary = house.visit()
    assert kept(house) == {*PATHS, "/body/1.html"}
    (part,) = [each for each in house.rows(Document) if each.url.endswith("/body/1.html")]
    (page,) = [each for each in house.rows(Document) if each.url.endswith(PATHS[0])]
    assert (part.parent_id, part.title, part.published_on) == (page.id, page.title, page.published_on)
    assert summary.findings == 3


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/down/download.jsp?wbfileid=88'>岗位一览</a>",
        "<a href='/dl?id=7'>岗位表.docx（32KB）</a>",
        "<a href='/dl?id=7' title='岗位表.docx'>点此</a>",
        "<a onclick=\"window.open('/files/gw.docx')\">岗位表</a>",
        "<a href='#' onclick=\"down('/dl?id=7')\">附件1：岗位表</a>",
        "<div pdfsrc='/files/gw.pdf' sudyfile-attr=\"{'title':'岗位表.pdf'}\"></div>",
        "<iframe src='/viewer/web.html?file=/files/gw.pdf'></iframe>",
        "<embed src='/files/gw.pdf'>",
    ],
)
def test_files_are_asked_for_whatever_their_address_looks_like(
    house: House, notices: Site, link: str
) -> None:
    notices[PATHS[0]] = posting(title=TITLES[0], text=TITLES[0], below=link)
    file = answer("岗位：出纳\n条件：须持有会计从业资格证书。\n".encode(), media_type="text/plain")
    for path in ("/down/download.jsp", "/dl", "/files/gw.docx", "/files/gw.pdf"):
        notices[path] = file
    assert house.visit().attachments == 1


def test_a_page_that_was_taken_for_a_file_is_no_failure(house: House, notices: Site) -> None:
    notices[PATHS[0]] = posting(title=TITLES[0], text=TITLES[0], below="<a href='/fj.do?id=1'>附件：说明</a>")
    notices["/fj.do"] = posting()
    summary = house.visit()
    assert summary.errors == 0
    (record,) = [each for each in house.rows(FetchRecord) if "/fj.do" in each.url]
    assert "web page in place of the file" in record.detail


def test_paging_that_is_not_followed_reaches_the_visit(house: House, notices: Site) -> None:
    notices["/list/"] = answer(
        "<html><title>公告</title><ul>"
        + "".join(f"<li><a href='{p}'>{t}</a> 2026-11-01</li>" for p, t in zip(PATHS, TITLES, strict=True))
        + "</ul><a href='javascript:turn(2)'>下一页</a></html>"
    )
    house.visit()
    (visit,) = house.rows(Visit)
    assert "paging not followed" in visit.detail


@pytest.mark.parametrize("part", ["token=s{}", "kx=9{}&lang=zh"])
def test_a_part_that_is_new_at_each_visit_makes_no_new_documents(
    house: House, notices: Site, part: str
) -> None:
    def listed(visit: int) -> Answer:
        rows = "".join(
            f"<li><a href='{path}?{part.format(visit)}'>{title}</a> 2026-11-01</li>"
            for path, title in zip(PATHS, TITLES, strict=True)
        )
        return answer(f"<html><title>通知公告</title><ul>{rows}</ul></html>")

    for visit in range(3):
        notices["/list/"] = listed(visit)
        house.visit()
    assert len(house.rows(Document)) == 3


def test_an_id_that_alone_tells_notices_apart_is_no_such_part(house: House, notices: Site) -> None:
    for first in (1, 4):
        rows = "".join(
            f"<li><a href='/show?id={first + n}&c=7'>{title}</a> 2026-11-01</li>"
            for n, title in enumerate(TITLES)
        )
        notices["/list/"] = answer(f"<html><title>通知公告</title><ul>{rows}</ul></html>")
        notices["/show"] = posting("".join(TITLES) + POSTING, title="公告")
        house.visit()
    assert len(house.rows(Document)) == 6


def test_a_server_that_answers_with_one_notice_for_all_refuses_nothing(house: House, notices: Site) -> None:
    for path in PATHS:
        notices[path] = posting(f"{TITLES[0]}，{POSTING}", title=TITLES[0])
    house.visit()
    assert kept(house) == set(PATHS)


def test_a_list_in_place_of_a_notice_is_not_kept(house: House, notices: Site) -> None:
    titles = ["示例县林业站防火巡查情况", "示例县水务局招标结果公示"]
    notices["/list/"] = listing(*titles, TITLES[2])
    for path in PATHS[:2]:
        notices[path] = answer(f"<html><title>门户</title><p>{titles[0]}</p><p>{TITLES[2]}</p></html>")
    house.visit()
    assert PATHS[1] not in kept(house)
