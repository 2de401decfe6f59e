"""Answers in place of a page: refusals, gone pages and stubs, with status 200 and in words of our own."""

from __future__ import annotations

import pytest

from crawling.fetching.block_pages import JAVASCRIPT_CHALLENGE, block_reason, is_missing_page
from crawling.fetching.redirects import refresh_target
from crawling.listing.addresses import absolute_url

HERE = "http://rsj.example.gov.cn/tzgg/index.html"


def page(body: str, charset: str = "utf-8") -> bytes:
    return f"<html><head><title>提示</title></head><body>{body}</body></html>".encode(charset)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "words",
    [
        "您的 IP：10.1.2.3 请求过快，系统已限制访问，请稍后重试。",
        "当前网络行为异常，请按住滑块完成拼图",
        "请求已被防火墙阻断，事件编号 88213",
        "服务器繁忙，请稍后再试",
        "您没有权限访问该页面",
        "Too Many Requests",
        "抱歉，您所在的地区暂不支持访问本网站。",
        "正在进行客户端环境检测",
        "本网站仅在工作时间开放",
        "Sorry, this site is not available in your region",
        "The requested URL was rejected. Your support ID is: 88213",
    ],
)
def test_a_refusal_in_whatever_words_is_a_block_page(words: str, charset: str) -> None:
    assert block_reason(200, page(f"<p>{words}</p>", charset), markup=True)


def test_a_notice_that_uses_such_words_is_none() -> None:
    notice = page("<h1>关于限制访问内网的通知</h1>" + "<p>各单位请于本月底前完成网络安全自查工作。</p>" * 12)
    assert block_reason(200, notice, markup=True) == ""
    listing = page("<a href='1.html'>关于防止恶意请求过多的公告</a>")
    assert block_reason(200, listing, markup=True) == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><script src='/x.dfe1675.js' r='m'></script></head><body></body></html>",
        b"<html><script>document.cookie=('_')+('_')+('j')+('s')+('l')+('_c')</script></html>",
        b'<html><body><input type=hidden id="__onload__" value=1></body></html>',
    ],
)
def test_a_challenge_whose_code_lies_elsewhere_is_known_by_what_stays(body: bytes) -> None:
    assert JAVASCRIPT_CHALLENGE in block_reason(200, body, markup=True)


@pytest.mark.parametrize(
    "words",
    [
        "您访问的公告已被管理员删除",
        "该职位已停止招聘，信息已下架",
        "抱歉，没有找到您要的页面",
        "404 - Not Found",
    ],
)
def test_a_page_that_says_in_whatever_words_that_it_is_gone_is_gone(words: str) -> None:
    assert is_missing_page(page(f"<div>{words}</div>"))


def test_a_notice_about_what_was_deleted_is_there() -> None:
    assert not is_missing_page(
        page("<p>有关资格考试报名页面已删除的链接，请考生改从新网址登录报名系统。</p>" * 5)
    )


@pytest.mark.parametrize(
    "body",
    [
        "<meta content='0;url=new.html' http-equiv='refresh'>",
        "<META HTTP-EQUIV=Refresh CONTENT=\"1; URL='new.html'\">",
        "<script>window.location.href='new.html';</script>",
        '<script>self.location = "/tzgg/new.html"</script><noscript>请启用脚本</noscript>',
        "<script>setTimeout(function(){ top.location.replace('new.html') }, 500)</script>",
        "<body onload=\"location.href='new.html'\">跳转中</body>",
    ],
)
def test_a_stub_sends_its_readers_on(body: str) -> None:
    assert refresh_target(HERE, body.encode()) == "http://rsj.example.gov.cn/tzgg/new.html"


@pytest.mark.parametrize(
    "body",
    [
        "<script>if (isMobile()) { location.href='/m/' }</script><p>公告</p>",
        "<script>location.href='/list?p='+page</script>",
        "<script>location.href='new.html'</script>" + "<p>公告全文</p>" * 100,
        "<meta http-equiv=refresh content='300;url=new.html'>",
    ],
)
def test_what_depends_on_the_reader_or_says_more_is_no_stub(body: str) -> None:
    assert refresh_target(HERE, body.encode()) == ""


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("a.aspx?id=5&PHPSESSID=8f2k", "/tzgg/a.aspx?id=5"),
        ("a.aspx?t=1795862400123", "/tzgg/a.aspx"),
        ("a.aspx?id=5&_=0.83716251", "/tzgg/a.aspx?id=5"),
        ("/(S(k2xzq4))/a.aspx?id=5", "/a.aspx?id=5"),
        ("a.aspx;jsessionid=77F0?id=5", "/tzgg/a.aspx?id=5"),
        ("a.aspx?t=5&v=2026", "/tzgg/a.aspx?t=5&v=2026"),
    ],
)
def test_sessions_and_moments_are_no_part_of_an_address(address: str, known: str) -> None:
    assert absolute_url(address, HERE) == f"http://rsj.example.gov.cn{known}"


@pytest.mark.parametrize(
    "script",
    [
        "document.cookie='verify=9f2;path=/';window.location.reload();",
        "var k=f(7);document.cookie='c='+k;location.href='/tzgg/?v='+k",
        "eval(function(p,a,c,k,e,d){return p}('0 1',2,2,''.split('|'),0,{}))",
    ],
)
def test_a_page_without_words_that_only_runs_a_script_is_a_challenge(script: str) -> None:
    body = f"<html><head><script>{script}</script></head><body></body></html>".encode()
    assert JAVASCRIPT_CHALLENGE in block_reason(200, body, markup=True)


@pytest.mark.parametrize(
    "words",
    [
        "Sorry, you have been blocked",
        "您的请求疑似攻击行为，已被记录",
        "抱歉，本站仅限中国大陆地区访问",
        "当前环境异常，完成验证后即可继续访问。<a href='#'>去验证</a>",
        "正在检查您的浏览器，5秒后自动跳转",
    ],
)
def test_refusals_of_regions_and_environments_are_known(words: str) -> None:
    assert block_reason(200, page(f"<p>{words}</p>"), markup=True)


@pytest.mark.parametrize("around", ["<!-- {} -->", "<noscript>{}</noscript>"])
def test_a_refresh_that_no_browser_does_sends_nobody_on(around: str) -> None:
    refresh = around.format("<meta http-equiv=refresh content='0;url=/old.html'>")
    assert refresh_target(HERE, page(f"{refresh}<p>招聘会计一名。</p>")) == ""


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ("<form name=f action=new.html></form><script>document.f.submit();</script>", "new.html"),
        (
            "<body onload='document.forms[0].submit()'>"
            "<form action='/s' method=GET><input name=k value=招聘></form>",
            "/s?k=%E6%8B%9B%E8%81%98",
        ),
        ("<form method=post action=new.html></form><script>document.f.submit();</script>", ""),
        ("<form action=new.html></form><script>if (ok()) document.f.submit()</script>", ""),
        ("<form action=a.html></form><form action=b.html></form><script>document.f.submit()</script>", ""),
        ("<form action=/search></form><script>document.f.submit()</script>" + "<p>公告全文</p>" * 100, ""),
    ],
)
def test_a_stub_may_submit_a_form_that_only_asks(body: str, target: str) -> None:
    wanted = target and f"http://rsj.example.gov.cn{target if target.startswith('/') else f'/tzgg/{target}'}"
    assert refresh_target(HERE, body.encode()) == wanted
