"""What shows the title that its list gives is no refusal, whatever it talks about; what lacks it may be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assessment.reading import Answer, Assessment, Known, ReadingError, assess
from crawling.fetching.block_pages import block_reason, is_missing_page
from crawling.fetching.model import Fetched
from jobs.visits.answers import refuse_excuse
from jobs.visits.held_back import HeldPage, is_another

URL = "http://rsj.example.gov.cn/tzgg/88.html"
TITLE = "示例县公开招聘会计公告"


def page(body: str) -> bytes:
    return f"<html><head><title>提示</title></head><body>{body}</body></html>".encode()


def read(body: str, title: str = TITLE) -> tuple[Known, Assessment]:
    known = Known(URL, title=title)
    return known, assess(Answer(page(body), "text/html", "utf-8"), known, date(2026, 11, 28))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("招聘系统维护工程师公告", "因工作需要，招聘一名，须持有相关证书。系统升级请稍后关注，薪资面议。"),
        ("考试报名须知及办法", "登录系统后请输入验证码，完成人机验证即可报名，须持有会计从业资格证书。"),
        ("会计从业资格证书已失效说明", "会计从业资格证书信息已失效，相关文件不存在。"),
        ("关于撤销招聘公告的说明", "原公告已撤销，会计岗位不再要求会计证。"),
    ],
)
def test_a_notice_that_talks_like_a_refusal_is_read(title: str, body: str) -> None:
    markup = page(f"<h1>{title}</h1><p>{body}</p>")
    assert not block_reason(200, markup, markup=True, title=title)
    assert not is_missing_page(markup, title=title)
    assert not block_reason(200, markup, markup=True, title=f"{title[:8]}……")


def test_an_excuse_may_name_what_is_gone() -> None:
    assert is_missing_page(page(f"<p>您访问的“{TITLE}”已下线，请看其他职位</p>"), title=TITLE)


@pytest.mark.parametrize(
    "body",
    [
        "<h1>HTTP Status 500</h1>" + "<p>at com.example.Page.read(Page.java:11)</p>" * 20,
        "".join(
            f"<li><a href='/n/{number}.html'>示例县关于第{number}件事的通知</a> 2026-11-05</li>"
            for number in range(40)
        ),
        "<p>喝杯茶，马上回来</p><img src='/images/404.png'>",
    ],
)
def test_a_failure_a_list_or_a_short_page_without_the_title_is_no_notice(body: str) -> None:
    known, reading = read(body)
    assert not reading.bears_title
    with pytest.raises(ReadingError, match="without the title"):
        refuse_excuse(known, reading)


def test_a_notice_under_another_title_and_one_that_is_a_picture_are_kept() -> None:
    sentences = "<p>卫生局招聘护士，须持有护士执业证书；身体健康，遵纪守法。</p>" * 20
    refuse_excuse(*read(sentences))
    refuse_excuse(*read("<img src='/upload/88.jpg' width=800>"))


AROUND = "<p><a href='/'>首页</a> <a href='/zp/'>招聘信息</a></p>{}<p>主办单位：示例县人社局　备案号 88</p>"


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>{TITLE}</h1><p>该信息正在审核中，暂不可见。</p>",
        f"<h1>{TITLE}</h1>",
        f"<h1>{TITLE}</h1><p>加载中...</p>",
        f"<h1>{TITLE}</h1><p>该内容仅对会员开放，请登录或注册后查看全文</p>",
        f"<h1>{TITLE}</h1><p>访问人数过多，请稍后重试</p>",
        f"<p>首页 &gt; {TITLE}</p><p>该职位已停止招聘，可以看看：<a href=/a>会计</a></p>",
    ],
)
def test_a_page_that_says_of_its_subject_nothing_or_only_why_not_is_no_notice(body: str) -> None:
    known, reading = read(AROUND.format(body))
    assert not reading.bears_title
    with pytest.raises(ReadingError):
        refuse_excuse(known, reading)


def test_a_notice_that_has_ended_and_still_stands_there_is_read() -> None:
    demand = "<p>招聘会计一名，须持有会计从业资格证书，大专以上学历，熟悉财务软件，三年以上工作经验。</p>" * 4
    assert read(AROUND.format(f"<h1>{TITLE}</h1><p>该职位已停止招聘</p>{demand}"))[1].bears_title
    assert read(AROUND.format(f"<h1>{TITLE}</h1><p>报名者请登录系统后查看考场。</p>{demand}"))[1].bears_title
    assert read(f"<h1>{TITLE}</h1><p>本公告由县人社局解释，报名结束后不再受理。</p>")[1].bears_title


def test_a_title_in_the_tab_alone_asks_for_words_of_the_page() -> None:
    def tab(body: str) -> bool:
        markup = f"<html><head><title>{TITLE}</title></head><body>{AROUND.format(body)}</body></html>"
        known = Known(URL, title=TITLE)
        return assess(Answer(markup.encode(), "text/html", "utf-8"), known, date(2026, 11, 28)).bears_title

    assert not tab("<div id=app></div><script src=/app.js></script>")
    assert tab("<p>因工作需要，招聘会计一名，须持有会计从业资格证书，请于本月底前报名。</p>")


def test_a_page_under_another_items_title_is_a_notice_and_an_empty_one_under_its_own_is_none() -> None:
    titles = [TITLE, "关于调整供水价格的通知"]
    fetched = Fetched(URL, URL, 200, "OK", (), b"", (), datetime(2026, 11, 28, tzinfo=UTC))

    def another(body: str) -> bool:
        known, reading = read(AROUND.format(body))
        return is_another(HeldPage(known, fetched, reading), titles)

    assert another("<h1>关于调整供水价格的通知</h1><p>自下月起执行。</p>")
    assert not another(f"<h1>{TITLE}</h1><p>该信息正在审核中，暂不可见。</p>")
    assert not another("<p>喝杯茶，马上回来</p>")


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>{TITLE}</h1><a href='/f/1.docx'>附件1</a>",
        f"<h1>{TITLE}</h1><img src='/images/notice-scan.jpg' width='900' height='1300'>",
        f"<h1>{TITLE}</h1><iframe src='/notice/body-88.html'></iframe>",
    ],
    ids=["file", "picture", "frame"],
)
def test_a_notice_may_say_all_in_a_file_a_picture_or_a_frame(body: str) -> None:
    _, reading = read(body)
    assert reading.bears_title


def test_a_file_below_a_few_words_is_a_notice_although_only_the_tab_has_its_title() -> None:
    shown = "<p>附件见下。</p><a href='/f/1.docx'>附件1</a>"
    body = f"<html><head><title>{TITLE}</title></head><body>{shown}</body></html>"
    known = Known(URL, title=TITLE)
    assert assess(Answer(body.encode(), "text/html", "utf-8"), known, date(2026, 11, 28)).bears_title
    bare = body.replace("<a href='/f/1.docx'>附件1</a>", "<a href='/'>首页</a>")
    assert not assess(Answer(bare.encode(), "text/html", "utf-8"), known, date(2026, 11, 28)).bears_title
