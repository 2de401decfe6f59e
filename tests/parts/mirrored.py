"""Notices as several sites carry them, and notices that only look like others: with what is really one.

All of it is constructed: bodies from a grammar, pages in the make of three kinds of sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

PLACES = "东南西北中前后左右上下高低长短大小新老青红白黑金木水火土山川河海江湖林田园城"
BODIES = ("财政局", "街道办事处", "第一中学", "妇幼保健院", "水务集团有限公司")
JOBS = ("出纳", "财务会计", "收费员", "审计助理")
_DUTIES = (
    "负责本单位日常收支核算、票据管理和凭证装订，按月编制资金报表并报送主管部门。",
    "负责各类费用的审核与报销，配合做好年度预算、决算和国有资产清查工作。",
    "负责与开户银行、税务机关的往来联络，及时整理归档会计资料并做好保密。",
    "协助负责人完成内部控制制度的修订，参与合同付款条款的审核和项目竣工结算。",
)


@dataclass(frozen=True)
class Page:
    """A page of a site, and which notice it carries: pages of one ``notice`` are one case."""

    notice: str
    url: str
    html: str


@dataclass(frozen=True)
class Text:
    """A notice before any site carries it."""

    key: str
    title: str
    publisher: str
    lines: tuple[str, ...]
    day: date
    number: str = ""


def reprints() -> Iterator[Page]:
    """Each notice on the site of its publisher, on an official collection and on a private one."""
    for number, (place, body) in enumerate(product(PLACES[:16], BODIES[:4])):
        text = _notice(place, body, JOBS[number % 4], date(2026, 3, 1) + timedelta(days=number), number)
        yield _own_site(text, f"http://www.{place_code(place)}{number}.gov.example/zwgk/{number}.html")
        yield _collection(text, f"http://rsrc.city.example/gkzp/{number}.html", days=1 + number % 5)
        yield _job_board(text, f"http://www.jobs.example/a/{number}.html", days=2 + number % 9)


def edited() -> Iterator[Page]:
    """Reprints whose editors shortened the text: a sentence of five left out, or a word put otherwise."""
    for number, (place, body) in enumerate(product(PLACES[:12], BODIES[:4])):
        text = _notice(place, body, JOBS[number % 4], date(2026, 3, 1) + timedelta(days=number), number)
        yield _own_site(text, f"http://www.{place_code(place)}{number}.gov.example/zwgk/{number}.html")
        if number % 2:
            lines = (*text.lines[:4], *text.lines[5:])
        else:
            lines = (*text.lines[:5], text.lines[5].replace("择优录用", "择优聘用"))
        changed = replace(text, lines=lines)
        yield _job_board(changed, f"http://www.jobs.example/a/{number}.html", days=1 + number % 5)


def templates() -> Iterator[Page]:
    """Postings of one company's template, for different jobs and branches, each on two boards."""
    for number, (place, job, branch) in enumerate(product(PLACES[:12], JOBS, ("一", "二"))):
        publisher = f"示例市{place}城商贸连锁有限公司"
        text = Text(
            f"template-{place}-{job}-{branch}",
            f"{place}城商贸连锁第{branch}分店招聘{job}",
            publisher,
            (
                f"{publisher}成立于二〇〇八年，是集采购、配送、零售于一体的综合性连锁企业，门店遍布全市各区。",
                f"现因第{branch}分店业务发展需要，诚聘{job}若干名，待遇从优，欢迎有志之士加入我们的团队。",
                "任职要求：大专及以上学历，须持有会计从业资格证书，工作细致，有责任心，能熟练使用办公软件。",
                "福利待遇：入职即缴纳五险一金，享受带薪年假、节日礼品、年度体检和完善的晋升通道。",
                f"工作地点：{place}城第{branch}分店，有意者请将简历投递至公司邮箱，合则约见，未尽事宜面议。",
            ),
            date(2026, 5, 1) + timedelta(days=number % 20),
        )
        yield _job_board(text, f"http://www.jobs.example/t/{number}.html", days=0)
        yield _collection(text, f"http://www.work.example/t/{number}.html", days=1)


def yearly() -> Iterator[Page]:
    """The notice of each year in the words of the year before; some have a number or a year in the title."""
    for number, (place, body, year) in enumerate(product(PLACES[:12], BODIES[:3], (2024, 2025, 2026))):
        every_year, told = number // 3, (number // 3) % 3
        text = _notice(
            place,
            body,
            JOBS[0],
            date(year, 4, 8 + number % 10),
            every_year,
            year_in_title=told == 0,
            numbered=told == 1,
        )
        yield _own_site(text, f"http://www.{place_code(place)}.gov.example/{body_code(body)}/{year}.html")
        yield _job_board(text, f"http://www.jobs.example/y/{number}.html", days=3)


def place_code(place: str) -> str:
    return f"p{PLACES.index(place)}"


def body_code(body: str) -> str:
    return f"b{BODIES.index(body)}"


def _notice(
    place: str,
    body: str,
    job: str,
    day: date,
    number: int,
    *,
    year_in_title: bool = True,
    numbered: bool | None = None,
) -> Text:
    publisher = f"示例市{place}城区{body}"
    has_number = number % 3 == 0 if numbered is None else numbered
    document = f"发文字号：示人社发〔{day.year}〕{number + 10}号" if has_number else ""
    lines = (
        f"因工作需要，经研究决定，{publisher}现面向社会公开招聘{job}{number % 5 + 1}名，有关事项公告如下。",
        f"一、岗位职责：{_DUTIES[number % 4]}",
        "二、报名条件：遵纪守法，品行端正，身体健康，大专及以上学历，须持有会计从业资格证书，年龄三十五周岁以下。",
        f"三、报名时间：{day.year}年{day.month}月{day.day}日起七个工作日内，节假日除外，逾期不再受理报名申请。",
        f"四、报名地点：{place}城区行政中心{number % 9 + 1}号楼人事科，报名须带身份证、毕业证原件和复印件。",
        "五、考核办法：采取笔试和面试相结合的方式进行，择优录用，试用期三个月，合格者签订劳动合同。",
    )
    title = f"{publisher}{f'{day.year}年' if year_in_title else ''}公开招聘{job}公告"
    return Text(f"{title}-{day.year}", title, publisher, lines, day, document)


def _own_site(text: Text, url: str) -> Page:
    number = f"<p>{text.number}</p>" if text.number else ""
    body = "".join(f"<p>{line}</p>" for line in text.lines)
    html = (
        f"<html><head><title>{text.title}</title><meta name='PubDate' content='{text.day}'>"
        f"<meta name='ContentSource' content='{text.publisher}'></head><body>"
        "<div class='nav'><a href='/'>网站首页</a> <a href='/zwgk/'>政务公开</a> <a href='/bsfw/'>服务</a>"
        "</div>"
        f"<h1>{text.title}</h1>{number}<div class='content'>{body}<p>{text.publisher}</p></div>"
        f"<div class='foot'>主办：{text.publisher} 网站标识码：35010000{len(text.title)}</div></body></html>"
    )
    return Page(text.key, url, html)


def _collection(text: Text, url: str, days: int) -> Page:
    day = text.day + timedelta(days=days)
    number = f"<p>{text.number}</p>" if text.number else ""
    body = "<br>　　".join(text.lines)
    html = (
        f"<html><head><title>{text.title} - 示例市人事人才网</title></head><body>"
        "<ul><li>首页</li><li>考试公告</li><li>招聘信息</li><li>下载中心</li></ul>"
        f"<h2>{text.title}</h2><p>发布时间：{day} 来源：{text.publisher} 浏览次数：{days * 137}</p>"
        f"{number}<div>　　{body}</div>"
        "<p>上一篇：没有了　下一篇：示例市事业单位招聘面试成绩及进入考察体检人员名单公示</p></body></html>"
    )
    return Page(text.key, url, html)


def _job_board(text: Text, url: str, days: int) -> Page:
    day = text.day + timedelta(days=days)
    body = "".join(f"<div>{line}</div>" for line in text.lines)
    number = f"<div>{text.number}</div>" if text.number else ""
    html = (
        f"<html><head><title>{text.title}_示例人才网</title></head><body>"
        "<table><tr><td>首页</td><td>找工作</td><td>登录</td><td>注册会员即可查看更多优质职位和企业联系方式</td></tr></table>"
        f"<h1>{text.title}</h1><span>{day}</span>{number}{body}"
        "<div>免责声明：本站内容由用户发布或转载自网络，请自行核实真伪，谨防以任何名义收取费用的行为。</div>"
        "</body></html>"
    )
    return Page(text.key, url, html)
