"""Days that pages name as that of their publication, wherever sites put them; in texts of our own."""

from __future__ import annotations

from datetime import date

import pytest

from extraction import extract
from extraction.model import StatedDays

URL = "http://rsj.example.gov.cn/tzgg/88.html"
TITLE = "示例县卫生系统公开招聘会计公告"
BODY = "<p>因工作需要，经2016年1月5日会议研究，决定招聘会计一名，报名时间为2016年2月1日。</p>" * 4
DAY = date(2017, 3, 8)


def stated(below: str, head: str = "", body: str = BODY) -> StatedDays:
    title = f"<title>{TITLE}-示例县政府网</title>"
    markup = f"<html><head>{title}{head}</head><body><h1>{TITLE}</h1>{below}{body}</body></html>"
    return extract(markup.encode(), url=URL).days


@pytest.mark.parametrize(
    "below",
    [
        "<p>发布日期：2017-03-08</p>",
        "<table><tr><td>发文日期：</td><td>2017-03-08</td></tr></table>",
        "<p>生成日期：2017年03月08日</p>",
        "<p>公开时间 [2017/3/8]</p>",
        "<p>发布时间&nbsp;2017-03-08 10:41:27</p>",
        "<p>2017-03-08 09:12:33 文章来源：示例县卫健局</p>",
        "<p>来源：本站　作者：办公室<br>时间：2017年3月8日 23:00　浏览：15</p>",
        "<div>2017-03-08 09:12</div>",
        "<div>示例县卫健局 2017.03.08 浏览 33 次 字号：大 中 小</div>",
        "<span>[ 2017-03-08 ]</span><span>打印</span>",
        "<p>发布日期：20170308</p>",
        "<time class=d title='2017-03-08 10:00:00'>9年前</time>",
        "<p>发布时间：２０１７－０３－０８</p>",
        "<p>2017年3月8日 星期三</p>",
        "<p>颁布日期：2017-03-08 实施日期：2017-05-01</p>",
        "<p>发布时间：17-03-08</p>",
        "<p>发布时间：二〇一七年三月八日</p>",
        "<p>Published: Mar 8, 2017</p>",
        "<p>08 March 2017</p>",
        "<p>Poſted on 08 MAR 2017</p>",
        "<p>发布日期：3-8-2017</p>",
        "<p>发布时间：3/8/2017</p>",
        "<div><b>08</b><span>2017-03</span></div>",
        "<p>发布时间：<script>document.write('2017-03-08')</script></p>",
        "<span id='day'></span><script>var pubDate = '2017-03-08';</script>",
    ],
)
def test_the_day_that_readers_see_is_read(below: str) -> None:
    assert stated(below).printed == DAY


def test_a_month_in_old_letters_is_no_failure() -> None:
    assert stated("<p>08 ſep 2017</p>").printed == date(2017, 9, 8)


@pytest.mark.parametrize(
    "below",
    [
        "",
        "<p>今天是2026年11月28日 星期六</p>",
        "<p>网页生成时间：2026-11-28 10:00</p>",
        "<p>您访问本页的时间：2026-11-28</p>",
        "<p>打印日期：2026-11-28</p>",
        "<script>a = 1; pubDate = '2017-03-08'; pubDate = '2018-03-08';</script>",
        "<p>公开2026年预算的单位如下。</p>",
    ],
)
def test_other_days_are_none_of_publication(below: str) -> None:
    assert stated(below).printed is None


def test_the_label_of_publication_counts_before_that_of_a_change() -> None:
    assert stated("<p>更新时间：2026-11-01 发布时间：2017-03-08</p>").printed == DAY
    assert stated("<p>更新时间：2017-03-08</p>").printed == DAY


def test_the_day_on_which_a_text_was_made_is_another() -> None:
    assert stated("<p>成文日期：2017-03-08</p>") == StatedDays(written=DAY)


def test_the_time_at_which_a_page_was_made_anew_is_no_day_of_publication() -> None:
    made = (
        '<meta name="PubDate" content="2026-05-16 12:34:05"><meta name="{}" content="{}2026-05-16 12:34:05">'
    )
    assert stated("", made.format("others", "页面生成时间 ")).in_meta is None
    assert stated("", made.format("Maketime", "")).in_meta is None
    assert stated("<p>页面生成时间：2026-05-16 12:34:05</p>", made.format("x", "")).in_meta is None
    other = (
        '<meta name="PubDate" content="2017-03-08 09:53"><meta name="Maketime" content="2019-03-22 12:28:37">'
    )
    assert stated("", other).in_meta == DAY


@pytest.mark.parametrize(
    "day", ["2017年3月8日", "二〇一七年三月八日", "二○一七年 三月 八日", "2017-03-08", "2017.3.8"]
)
def test_the_signature_is_the_day_that_a_text_bears(day: str) -> None:
    signed = stated("", body=f"{BODY}<p>示例县卫生健康局</p><p>{day}</p><p>版权所有 示例县政府网</p>")
    assert (signed.printed, signed.written) == (None, DAY)


def test_days_of_a_list_below_a_text_are_no_signature() -> None:
    others = "<p>示例县公开招聘公告</p><p>2017年3月8日</p><p>示例县考试通知</p><p>2017年3月9日</p>"
    assert stated("", body=BODY + others).written is None


def test_the_days_of_an_examination_below_the_title_are_none_of_publication() -> None:
    assert stated("<p>报名时间：2017年4月1日至2017年4月10日</p>").printed is None


def test_moments_that_only_programs_read_count() -> None:
    in_data = '<script type="application/ld+json">{"datePublished": "2017-03-07T16:30:00Z"}</script>'
    assert stated("", in_data).in_meta == DAY
    assert stated("<time datetime='2017-03-08T09:00:00+08:00'>九年前</time>").printed == DAY
    wechat = "<div class='rich_media_meta'></div><script>var ct = \"1488935000\";</script>"
    assert stated(wechat).printed == DAY


def test_the_label_below_the_title_counts_before_those_of_lists_above_it() -> None:
    markup = f"<title>{TITLE}_示例网</title><ul><li>又一公告 发布时间：2026-11-01</li></ul>"
    markup += f"<div>首页 > {TITLE}</div>"
    markup += f"<div>{TITLE}</div><p>发布时间：2017-03-08</p>{BODY}"
    assert extract(markup.encode(), url=URL).days.printed == DAY
    assert extract(markup.replace("<p>发布时间：", "<p>").encode(), url=URL).days.printed == date(2026, 11, 1)


def test_a_day_stands_behind_the_title_or_under_a_heading_that_says_more_than_the_title() -> None:
    behind = f"<title>{TITLE}</title><p>{TITLE}（2017-03-08）</p>{BODY}"
    assert extract(behind.encode(), url=URL).days.printed == DAY
    longer = f"<title>招聘公告</title><h1>{TITLE}</h1><p>2017-03-08</p>{BODY}"
    assert extract(longer.encode(), url=URL).days.printed == DAY


@pytest.mark.parametrize(
    "address",
    ["art/2017/3/8/art_1_2.html", "tzgg/20170308/88.html", "20170308112233.html", "t20170308_1.htm"],
)
def test_the_day_of_an_address_is_read(address: str) -> None:
    page = extract(f"<title>{TITLE}</title>{BODY}".encode(), url=f"http://rsj.example.gov.cn/{address}")
    assert page.days == StatedDays(in_address=DAY)


@pytest.mark.parametrize(
    "head",
    [
        '<meta itemprop="datePublished" content="2017-03-08T10:00:00+08:00">',
        '<meta property="bytedance:published_time" content="2017-03-08T10:00:00+08:00">',
        '<meta name="DC.date.issued" content="2017-03-08">',
        '<script type="application/ld+json">{"pubDate":"2017-03-08T09:00:00"}</script>',
        '<script type="application/ld+json">{"@type":"JobPosting","datePosted":"2017-03-08"}</script>',
    ],
)
def test_what_pages_say_to_programs_is_read(head: str) -> None:
    assert stated("", head) == StatedDays(in_meta=DAY)


def test_a_signature_stands_above_annexes_too_and_counts_before_a_banner() -> None:
    signed = "<p>示例县人社局</p><p>2017年3月8日</p>"
    annexes = "<p>附件</p>" + "<p>岗位一：会计二名，要求见公告</p>" * 20
    assert stated("", body=f"{BODY}{signed}{annexes}") == StatedDays(written=DAY)
    assert stated("<p>2026年11月28日 星期六</p>", body=f"{BODY}{signed}") == StatedDays(written=DAY)
    assert stated("", body=f"{BODY}{signed.replace('8日', '8日印发')}").written == DAY


def test_a_moment_above_a_text_without_its_title_is_the_day_where_nothing_else_is() -> None:
    def above(line: str) -> date | None:
        markup = (
            f"<html><head><title>{TITLE}</title></head><body><p>首页 &gt; 招聘</p>{line}{BODY}</body></html>"
        )
        return extract(markup.encode(), url=URL).days.printed

    assert above("<div>2017-03-08 15:30:00 医疗卫生</div>") == DAY
    assert above("<div>2017-03-08 15:30 教育</div><div>2017-03-09 09:00 卫生</div>") is None
    assert above("<div>服务器时间是 2017-03-08 15:30:00</div>") is None


@pytest.mark.parametrize("zero", ["〇", "○", "О", "Ο", "Ｏ", "O"])
def test_a_signature_is_read_whatever_sign_stands_for_zero(zero: str) -> None:
    signed = f"<p>示例县卫健局</p><p>二{zero}一七年三月八日</p>"
    assert stated("", body=f"{BODY}{signed}").written == DAY


def test_a_hidden_field_of_the_days_name_holds_it() -> None:
    assert stated("<input type=hidden id=pubtime value='2017-03-08 10:11:12'>").printed == DAY
    assert stated("<input type=hidden value='2017/3/8' name=fbsj>").printed == DAY
    assert stated("<input type=hidden id=endtime value='2017-03-08'>").printed is None
