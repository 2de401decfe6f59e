"""Web pages: encodings, visible text, tables, links, facts, and pages that mean harm."""

from __future__ import annotations

import base64
import json
import time
from datetime import date
from urllib.parse import quote

import pytest

from extraction import Link, UnreadableError, extract
from extraction.model import StatedDays

URL = "http://www.example.gov.cn/zwgk/tz/index.html"


def text_of(markup: str) -> str:
    return extract(markup.encode(), url=URL, media_type="text/html").text


@pytest.mark.parametrize(
    ("codec", "declared", "meta"),
    [
        ("gb18030", "", "gb2312"),
        ("gb18030", "GBK", ""),
        ("gb18030", "", ""),
        ("gb18030", "ISO-8859-1", "gb2312"),
        ("gb18030", "utf-8", "gb2312"),
        ("utf-8", "gbk", "gb2312"),
        ("utf-8-sig", "", ""),
        ("utf-16", "", ""),
        ("big5hkscs", "big5", ""),
    ],
)
def test_chinese_is_read_whatever_the_page_declares(codec: str, declared: str, meta: str) -> None:
    words = (
        "應聘者須持有會計從業資格證書"
        if codec.startswith("big5")
        else "应聘者须持有会计从业资格证书，㙍先生联系"
    )
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={meta}">' if meta else ""
    body = f"<html><head>{head}</head><body><p>{words}</p><p>{words}</p></body></html>".encode(codec)
    assert extract(body, media_type="text/html", charset=declared).text == f"{words}\n{words}"


def test_utf8_cut_in_the_middle_of_a_character_stays_utf8() -> None:
    body = "<p>岗位要求：持有导游证，能够带团，服从安排</p>".encode()[:-6]
    extracted = extract(body, media_type="text/html", charset="gbk")
    assert extracted.charset == "utf-8"
    assert extracted.text.startswith("岗位要求：持有导游证")


def test_scripts_styles_comments_and_hidden_parts_are_not_text() -> None:
    markup = """<html><head><title>招聘</title><style>p{color:red}</style></head><body>
    <script>document.write('会计证')</script><!-- 电工证 --><noscript>请启用脚本</noscript>
    <div style="DISPLAY : none">藏起来的<p>焊工证</p></div><p hidden>也藏</p>
    <select><option>河北省</option></select>
    <p>看得见</p></body></html>"""
    assert text_of(markup) == "看得见"


def test_a_page_that_a_script_uncovers_is_read() -> None:
    assert text_of("<html><body style='display:none'><p>看得见</p></body></html>") == "看得见"


def test_block_elements_break_lines_and_inline_elements_do_not() -> None:
    assert (
        text_of("<div>一、<b>条件</b><br>持<i>证</i>上岗<p>二、待遇</div>面议")
        == "一、条件\n持证上岗\n二、待遇\n面议"
    )


def test_preformatted_lines_are_kept() -> None:
    assert text_of("<pre>岗位：会计\n要求：有初级职称</pre><p>x</p>") == "岗位：会计\n要求：有初级职称\nx"


def test_each_cell_of_a_data_table_stands_beside_its_heading() -> None:
    markup = """<table><tr><td>岗位名称</td><td>招聘人数</td><td>其他要求</td></tr>
    <tr><td>出纳</td><td>1</td><td>持有会计从业资格证</td></tr>
    <tr><td>司机</td><td>2</td><td>C1驾照</td></tr></table>"""
    assert text_of(markup).split("\n") == [
        "岗位名称\t招聘人数\t其他要求",
        "岗位名称：出纳\t招聘人数：1\t其他要求：持有会计从业资格证",
        "岗位名称：司机\t招聘人数：2\t其他要求：C1驾照",
    ]


def test_grouped_headings_and_cells_that_span_rows_reach_every_position() -> None:
    markup = """<table><tr><td colspan=4>某市事业单位岗位表</td></tr>
    <tr><td rowspan=2>单位</td><td rowspan=2>岗位</td><td colspan=2>资格条件</td></tr>
    <tr><td>学历</td><td>其他要求</td></tr>
    <tr><td rowspan=2>市图书馆</td><td>会计</td><td>本科</td><td>有会计证</td></tr>
    <tr><td>馆员</td><td>硕士</td><td>无</td></tr></table>"""
    lines = text_of(markup).split("\n")
    assert lines[0] == "某市事业单位岗位表"
    assert "单位：市图书馆\t岗位：会计\t学历：本科\t其他要求：有会计证" in lines
    assert "单位：市图书馆\t岗位：馆员\t学历：硕士\t其他要求：无" in lines


def test_a_form_of_labels_and_values_is_not_taken_for_a_table_with_headings() -> None:
    markup = """<table><tr><td>岗位名称</td><td>会计</td><td>工作地点</td><td>长春</td></tr>
    <tr><td>学历要求</td><td>大专</td><td>招聘人数</td><td>2</td></tr>
    <tr><th>其他要求</th><td colspan=3>有会计证优先</td></tr></table>"""
    assert text_of(markup).split("\n") == [
        "岗位名称\t会计\t工作地点\t长春",
        "学历要求\t大专\t招聘人数\t2",
        "其他要求：有会计证优先",
    ]


def test_a_table_that_only_places_blocks_keeps_their_lines() -> None:
    markup = """<table><tr><td><ul><li>首页<li>公告</ul></td>
    <td><h2>公告</h2><p>一、条件</p><p>二、待遇</p></td></tr>
    <tr><td><table><tr><td>发文机关：</td><td>某省人民政府</td></tr></table></td></tr></table>"""
    assert text_of(markup).split("\n") == [
        "首页",
        "公告",
        "公告",
        "一、条件",
        "二、待遇",
        "发文机关：某省人民政府",
    ]


def test_links_are_absolute_and_carry_title_and_row() -> None:
    markup = """<base href="/zwgk/"><ul><li>
    <a href="t20180105_1.html" title="关于清理职业资格的通知">关于清理职业…</a>
    <span>2018-01-05</span></li></ul><a href="javascript:void(0)">打印</a><a href="mailto:x@example.cn">信</a>
    <a href="ftp://example.cn/a">旧</a><a href="#top">顶</a><a href="http://[bad">坏</a>
    <a href="../fj/表.xls#a">附件</a>
    <div style="display:none"><a href="/trap">陷阱</a></div>"""
    links = extract(markup.encode(), url=URL).links
    assert links[0] == Link(
        url="http://www.example.gov.cn/zwgk/t20180105_1.html",
        text="关于清理职业…",
        title="关于清理职业资格的通知",
        after="2018-01-05",
        row=1,
    )
    assert [link.url for link in links[1:]] == ["http://www.example.gov.cn/fj/表.xls"]


@pytest.mark.parametrize(
    "row",
    [
        "<tr><td><p><a href='1.html'>通知一</a></p></td><td>2019年3月1日</td></tr>",
        "<dl><dt><a href='1.html'>通知一</a></dt><dd>2019年3月1日</dd></dl>",
        "<div class=item><div><a href='1.html'>通知一</a></div><div>2019年3月1日</div></div>",
        "<p><a href='1.html'>通知一</a>（2019年3月1日）</p>",
    ],
)
def test_the_date_beside_a_link_is_in_its_context_however_the_list_is_built(row: str) -> None:
    table = row.startswith("<tr")
    markup = f"<table>{row}</table>" if table else f"<div>{row}</div>"
    (link,) = extract(markup.encode(), url=URL).links
    assert "2019年3月1日" in link.after


def test_links_without_an_address_of_the_page_are_left_out() -> None:
    assert extract("<p><a href='a.html'>公告</a></p>".encode()).links == ()


def test_the_page_says_title_publisher_and_date() -> None:
    markup = """<html><head><title>关于岗位招聘的公告_某市人社局</title></head>
    <body><h1>关于岗位招聘的公告</h1>
    <p>发布时间：2015年03月30日 来源：某市人力资源和社会保障局</p>
    <p>报名时间：2015年4月9日</p></body></html>"""
    page = extract(markup.encode(), url=URL)
    assert (page.title, page.publisher, page.days.printed) == (
        "关于岗位招聘的公告",
        "某市人力资源和社会保障局",
        date(2015, 3, 30),
    )


def test_metadata_of_government_sites_comes_first_but_for_the_day() -> None:
    markup = """<head><meta name="ArticleTitle" content="公告全文">
    <meta name="ContentSource" content="省教育厅">
    <meta name="PubDate" content="2018-02-01 09:30"><title>省政府</title></head>
    <p>发布时间：2017-01-01 来源：别处网</p>"""
    page = extract(markup.encode(), url=URL)
    assert (page.title, page.publisher) == ("公告全文", "省教育厅")
    assert page.days == StatedDays(printed=date(2017, 1, 1), in_meta=date(2018, 2, 1))


def test_the_address_tells_the_date_where_the_page_does_not() -> None:
    page = extract("<p>没有日期的公告</p>".encode(), url="http://x.example.cn/tz/201803/t20180305_77.html")
    assert page.days == StatedDays(in_address=date(2018, 3, 5))


def test_impossible_and_unset_dates_are_none() -> None:
    for words in ("发布时间：1970-01-01", "发布时间：2015年02月31日", "报名时间：2015年2月1日"):
        assert extract(f"<p>{words}</p>".encode(), url=URL).days == StatedDays()


def test_an_unfilled_label_takes_no_value_from_the_next_line() -> None:
    assert extract("<ul><li>公司：</li><li>地区：重庆</li></ul>".encode()).publisher == ""
    close = "<p><span>发布者：教务处</span><span>发布时间：2026-09-23</span></p>"
    assert extract(close.encode()).publisher == "教务处"


def test_bidi_overrides_zero_width_and_control_characters_vanish() -> None:
    markup = "<title>公\u202e告</title><p>会\u200b计\u2060从\ufeff业\x00资\x08格\u00ad证&#8203;书&#x202E;</p>"
    page = extract(markup.encode(), media_type="text/html")
    assert page.text == "会计从业资格证书"
    assert page.title == "公告"


@pytest.mark.parametrize(
    "body", [b"", b"\r\n \x00", b"dir", b"<html><body><script>x()</script></body></html>"]
)
def test_a_page_without_words_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="no text"):
        extract(body, media_type="text/html")


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000 + "深处" + "</div>" * 100_000 + "<p>后面</p>",
        "<table><tr><td>" * 30_000 + "深处<p>后面",
        "<ul><li>" * 50_000 + "深处<p>后面",
        "<p>深处" + "证" * 7_000_000 + "<p>后面",
        "<p>深处<a href='x' title='" + "长" * 3_000_000 + "'>后面</a>",
        "<div><a href='/x'>" * 20_000 + "深处<p>后面",
        "<!ENTITY a 'b'><p>深处" + "&amp;" * 1_000_000 + "后面",
        "<p>深处" + "<" * 1_000_000 + "<p>后面",
        "<p>深处<table><tr>" + "<td rowspan=60000 colspan=60000>证" * 3_000 + "</table><p>后面",
    ],
)
def test_hostile_markup_is_read_to_its_end_in_bounded_time(markup: str) -> None:
    started = time.process_time()
    page = extract(markup.encode(), url=URL, media_type="text/html")
    assert "深处" in page.text
    assert "后面" in page.text
    assert time.process_time() - started < 10


def test_a_page_of_endless_links_keeps_a_bounded_number() -> None:
    markup = "".join(f"<a href='/{number}.html'>第{number}条</a>" for number in range(20_000))
    assert len(extract(markup.encode(), url=URL).links) == 5_000


PROSE = "招聘会计2名，须持有会计从业资格证书。"


@pytest.mark.parametrize(
    "hidden",
    [
        f'<div id="js_content" style="visibility: hidden; opacity: 0;"><p>{PROSE}</p></div>',
        f'<ul><li>甲</li></ul><div class="tab" style="display:none">{PROSE}</div>',
        f"<section hidden><div style='display:none'><p>{PROSE}</p></div></section>",
        f"<table style='display:none'><tr><td>{PROSE}</td></tr></table>",
        f"<p><span>甲</span></p><textarea style='display:none'>&lt;p&gt;{PROSE}{PROSE}&lt;/p&gt;</textarea>",
        f"<script type='text/html'><div><p>{PROSE}</p><p>{PROSE}</p></div></script>",
        f"<input type='hidden' value='&lt;p&gt;{PROSE}{PROSE}&lt;/p&gt;'>",
    ],
)
def test_words_that_a_script_shows_later_are_read(hidden: str) -> None:
    assert PROSE in text_of(f"<html><body><h1>公告</h1>{hidden}<p>结尾</p></body></html>")


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>" + "<a href='/x'>代办会计从业资格证书</a>" * 9 + "</div>",
        "<div style='display:none'>加载中，请稍候</div>",
        f"<div style='display:none'>{{{{title}}}}{PROSE}</div>",
        f"<script>var x = '<p>{PROSE}{PROSE}</p>'</script>",
        f"<span style='display:none'>{PROSE}</span>",
        f"<template><p>{PROSE}</p></template>",
    ],
)
def test_menus_templates_and_traps_stay_hidden(hidden: str) -> None:
    assert text_of(f"<html><body><h1>公告</h1>{hidden}<p>结尾</p></body></html>") == "公告\n结尾"


def test_what_is_hidden_keeps_its_links_where_it_is_read() -> None:
    markup = f"<body><div style='display:none'>{PROSE}<a href='/fj/a.docx'>附件</a></div></body>"
    assert [link.url for link in extract(markup.encode(), url=URL).links] == [
        "http://www.example.gov.cn/fj/a.docx"
    ]


@pytest.mark.parametrize(
    "struck",
    [
        f"<s>{PROSE}</s>",
        f"<del><p>{PROSE}</p></del>",
        f'<span style="text-decoration: line-through">{PROSE}</span>',
    ],
)
def test_struck_words_are_no_text(struck: str) -> None:
    assert text_of(f"<p>要求：{struck}不限</p>").replace("\n", "") == "要求：不限"


def test_a_page_ends_within_what_it_hides() -> None:
    assert PROSE in text_of(f"<body><p>公告</p><div style='display:none'><p>{PROSE}")


def page_in(*parts: tuple[str, str], damage: bytes = b"") -> bytes:
    return b"<html><body>" + damage + b"".join(f"<p>{text}</p>".encode(codec) for text, codec in parts)


@pytest.mark.parametrize("declared", ["", "utf-8", "gbk"])
def test_a_page_of_two_encodings_is_read_part_by_part(declared: str) -> None:
    long, footer = PROSE * 8, "版权所有：示例市人民政府办公室，技术支持：示例公司"
    mixed = page_in((long, "utf-8"), (footer, "gbk"))
    assert extract(mixed, media_type="text/html", charset=declared).text == f"{long}\n{footer}"
    turned = page_in((long, "gbk"), (footer, "utf-8"))
    assert extract(turned, media_type="text/html", charset=declared).text == f"{long}\n{footer}"


def test_damage_spoils_its_own_part_alone() -> None:
    body = (
        page_in((PROSE * 3, "utf-8"))
        + b"<p>"
        + "结尾".encode()[:-1]
        + b"\xff\xfe</p>"
        + page_in((PROSE, "utf-8"))
    )
    text = extract(body, media_type="text/html").text
    assert text.count("会计从业资格证书") == 4


BODY = (
    "<p>一、岗位要求：具有大专以上学历，须持有会计从业资格证书，年龄在三十五周岁以下，身体健康。</p>"
    "<p>二、报名时间另行通知，请持身份证原件和复印件到现场报名，逾期不再受理。</p>"
)


@pytest.mark.parametrize(
    "kept",
    [
        f"<script>var content = '{BODY}'; show(content);</script>",
        f"<script>window.state = {json.dumps({'detail': {'content': BODY}})};</script>",
        f"<script>put(decodeURIComponent('{quote(BODY)}'));</script>",
        f"<script>put(Base64.decode('{base64.b64encode(BODY.encode()).decode()}'));</script>",
        f"<div><template shadowrootmode=open>{BODY}</template></div>",
        f'<iframe srcdoc="{BODY.replace("<", "&lt;")}"></iframe>',
    ],
)
def test_a_body_that_a_script_puts_in_its_place_is_read(kept: str) -> None:
    assert "须持有会计从业资格证书" in text_of(f"<h1>示例局公告</h1><div id=here></div>{kept}")


def test_scripts_of_a_page_with_a_body_of_its_own_say_nothing() -> None:
    text = text_of(
        f"<div>{'<p>公告正文的一句话，与脚本无关。</p>' * 30}</div><script>var x = '{BODY}';</script>"
    )
    assert "会计从业资格证书" not in text


@pytest.mark.parametrize("tag", ["s", "strike", "del"])
def test_whole_paragraphs_may_be_struck(tag: str) -> None:
    assert text_of(f"<p>甲</p><{tag}>{BODY}</{tag}><p>乙</p>") == "甲\n乙"


@pytest.mark.parametrize(
    ("markup", "publisher"),
    [
        (
            "<table><tr><td>实施主体</td><td>示例县公安局</td><td>办结时限</td><td>20日</td></tr></table>",
            "示例县公安局",
        ),
        ("<p>作者：人事处 时间：2026-05-12 点击：12</p>", "人事处"),
        ("<p>作者：张三 时间：2026-05-12 点击：12</p>", ""),
        ("<dl><dt>发布机构</dt><dd>示例县人社局</dd></dl>", "示例县人社局"),
        ("<p>发布部门：示例县人社局　发布时间：2026-05-12</p>", "示例县人社局"),
        ("<p>来源于：示例县人社局 发布于2026-05-12</p>", "示例县人社局"),
        ("<p>供稿：示例县人社局　时间：2026-05-12</p>", "示例县人社局"),
        ("<p>信息发布人：示例县人社局 2026-05-12</p>", "示例县人社局"),
        ("<p>发布人：李四 2026-05-12</p>", ""),
        ("<p>采购人：示例县第一医院</p><p>代理机构：示例招标有限公司</p>", "示例县第一医院"),
        ("<p>招标人：（盖章）</p>", ""),
        ("<p>作者：某某部长 时间：2026-05-12</p>", ""),
    ],
)
def test_an_office_is_named_by_a_cell_or_as_author(markup: str, publisher: str) -> None:
    assert extract(f"<html><body><h1>办事指南</h1>{markup}</body></html>".encode()).publisher == publisher


def test_an_object_names_the_file_that_it_shows_and_a_script_the_frame_that_it_writes() -> None:
    shown = "<object classid=x><param name=wmode value=a.swf><param name=src value='/files/gw.pdf'></object>"
    assert [link.url for link in extract(f"<p>公告</p>{shown}".encode(), url="http://a.cn/b.html").links] == [
        "http://a.cn/files/gw.pdf"
    ]
    written = "<p>公告</p><script>document.write(\"<iframe src='/body.html' width=100%></iframe>\")</script>"
    assert extract(written.encode(), url="http://a.cn/b.html").frames == ("http://a.cn/body.html",)
