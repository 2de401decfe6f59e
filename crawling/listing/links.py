"""Finding the items of a list without selectors: by what their addresses, titles and dates have in common.

Each link is given points for what items of Chinese sites look like; links whose addresses have the same shape
stand or fall together, because a list repeats one pattern and navigation does not. Of the links of one row
(title, company, region, download) only the title's is an item.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from posixpath import splitext
from urllib.parse import parse_qsl, urlsplit

from crawling.listing.actions import opened_address
from crawling.listing.addresses import absolute_url, is_attachment, same_site
from crawling.listing.calls import without_calls
from crawling.listing.dates import Printed, date_in_url, printed_day, shows_date, with_years
from crawling.listing.model import Item
from crawling.listing.rows import Candidate, without_companions
from extraction.model import Link
from vocabulary.codes import DaySource

_NAVIGATION = re.compile(
    r"首页|网站地图|联系我们|关于我们|设为首页|加入收藏|收藏本站|登录|注册|返回|繁体|无障碍|长者|手机版|客户端"
    r"|微信|微博|更多|more|上一页|下一页|上页|下页|尾页|末页|最后一?页|版权|隐私|法律声明|友情链接|打印|关闭|English"
    r"|ICP备|公网安备|网站标识码|RSS|订阅|搜索|投稿|广告服务|帮助中心|服务热线",
    re.IGNORECASE,
)
_LONGEST_NAVIGATION = 12
"""Characters: a title that merely contains such a word is longer."""
_SHORTEST_TITLE = 2
_SHORT_TITLE = 4
_ENOUGH_POINTS = 3.0
_ENOUGH_BESIDE_DATED = 4.5
_ENOUGH_UNDATED = 2.0
"""Points of a link without a date among dated ones: a menu's page may be called like a notice."""
_MANY = 5
_CUT = re.compile(r"(?:\.{2,}|…+|·{3,}|。{2,})\s*(?P<behind>[\]】)）]?)$")
_CALLS_IT = re.compile(r"[:：\s]|标题|名称|点击|查看|阅读|打开")
"""Before the same words in a tooltip: what says that they are a title belongs to none."""
_LETTERS = re.compile(r"\W+")
_MARK = re.compile(
    r"^(?:[\[【(（](?:置顶|推荐|最新|热点?|荐|图文?|顶|新|new|hot)[\]】)）]\s*|(?:置顶|new|hot)\s+)+",
    re.IGNORECASE,
)
"""What a site puts before the titles that it wants to be seen first."""
_TITLE_SIGN = re.compile(
    r"公告|公示|通知|通告|简章|启事|招聘|招录|选聘|采购|招标|中标|名单|意见|办法|细则|方案|规定|指南|须知|许可|审批|核发"
    r"|备案|认定|核定|登记|资格|资质|考试|报名|注册|培训|证书?$|申请|复函|批复"
)
_LONG_ENOUGH_FOR_SIGNS = 6
"""Characters: shorter ones with such a word are names of columns (招聘信息)."""
_POSTING = re.compile(
    r"\d(?:\.\d+)?\s*[-~—～至到]\s*\d+(?:\.\d+)?\s*(?:k|千|万|元)|元\s*/\s*月|/月|面议|(?:学历|经验)不限|不限(?:学历|经验)"
    r"|(?:中专|高中|大专|本科|硕士)(?:及以上|以上)?(?:学历)?(?=[\s|/,，]|$)|\d年(?:以上|及以上)?(?:工作)?经验|招\s?\d+\s?人",
    re.IGNORECASE,
)
"""What stands beside the name of a post in a row of a job board."""
_RUN = 4
"""So many links without a day, at one end of a dated list, are another list of the same page."""
_CLOCK = re.compile(r"(?<!\d)\d{1,2}:\d\d(?!\d)")
_NO_TITLE = re.compile(r"[\W\d年月日时分秒天周前昨今]+")
"""A number, or the time at which somebody wrote last: a link of forums."""


@dataclass(frozen=True, slots=True)
class Found:
    """The items of a page, and what else was seen of them."""

    items: tuple[Item, ...]
    sureness: float
    """0 to 1: how sure that the items are the list."""
    rows_without_address: int = 0
    """Dated rows that only a script opens, by a call that nothing here explains."""
    elsewhere: tuple[str, ...] = ()
    """Addresses on other sites to which dated rows lead."""


def find_items(
    links: Iterable[Link], page_url: str, *, markup: str = "", pattern: str = "", today: date | None = None
) -> Found:
    """Items in the order of the page, and how sure that they are the list.

    ``markup`` defines what a click calls, ``pattern`` is the configuration's for that; days without a year
    are given one where ``today`` is known.
    """
    opened = without_calls([_opened(link, page_url, markup, pattern) for link in links])
    closed = sum(not link.url and shows_date(link.before, link.after) for link in opened)
    candidates = [
        candidate for link in opened if (candidate := _candidate(link, page_url, today)) is not None
    ]
    groups: dict[str, dict[str, Candidate]] = defaultdict(dict)
    order: list[str] = []
    for candidate in without_companions(candidates):
        group = groups[_shape(candidate.url)]
        known = group.get(candidate.url)
        if known is None:
            order.append(candidate.url)
        if known is None or known.points < candidate.points:  # picture and title link to the same page
            group[candidate.url] = candidate
    chosen = _choose([list(group.values()) for group in groups.values()])
    ordered = _without_neighbours([chosen[url] for url in order if url in chosen])
    return Found(_dated(ordered, today), _sureness(ordered), closed, _elsewhere(opened, page_url))


def _elsewhere(links: Iterable[Link], page_url: str) -> tuple[str, ...]:
    return tuple(
        link.url
        for link in links
        if link.url and not same_site(link.url, page_url) and shows_date(link.before, link.after)
    )


def link_title(link: Link) -> str:
    """The text of a link; its title attribute where the text is cut, or there is none.

    A tooltip that says something else than a cut text goes on with (``公告标题：…发布时间：…``) is no title.
    """
    text, title = (_MARK.sub("", said.strip()) for said in (link.text, link.title))
    cut = _CUT.search(text)
    if not text or not title or len(title) < (cut.start() if cut else len(text) + 1):
        return text or title
    if not cut and title.endswith(text) and not _CALLS_IT.search(title.removesuffix(text)):
        return title
    begin = _LETTERS.sub("", text[: cut.start()] if cut else text)
    if _LETTERS.sub("", title).startswith(begin) or (
        cut and begin[:8] and begin[-8:] in _LETTERS.sub("", title)
    ):
        return title
    return title if cut and len(begin) < _SHORT_TITLE else text


def _opened(link: Link, page_url: str, markup: str, pattern: str) -> Link:
    """``link`` with the address that a click opens, where it has none of its own.

    One that shows nothing but a day has its tooltip for a title.
    """
    if link.title and _NO_TITLE.fullmatch(link.text) and shows_date(link.text, ""):
        link = replace(link, text="", after=f"{link.text} {link.after}")
    if link.url or not link.action:
        return link
    address = opened_address(link.action, markup, pattern)
    return replace(link, url=absolute_url(address, page_url)) if address else link


def _dated(chosen: Sequence[Candidate], today: date | None) -> tuple[Item, ...]:
    days = [candidate.day for candidate in chosen]
    if today is None:
        years = [day.whole if day is not None else None for day in days]
    else:
        years = with_years(days, [candidate.title for candidate in chosen], today)
    return tuple(
        Item(candidate.url, candidate.title, year, _source(day))
        for candidate, day, year in zip(chosen, days, years, strict=True)
    )


def _source(day: Printed | None) -> DaySource:
    if day is None:
        return DaySource.LIST
    return day.source if day.year else DaySource.LIST_WITHOUT_YEAR


def _choose(groups: list[list[Candidate]]) -> dict[str, Candidate]:
    """Groups that look like lists; beside one with dates, one without must look very much like it."""
    has_dated_list = any(sum(candidate.dated for candidate in group) >= _MANY for group in groups)
    chosen: dict[str, Candidate] = {}
    for group in groups:
        average = sum(candidate.points for candidate in group) / len(group)
        average += 1.0 if len(group) >= _MANY else 0.5 if len(group) >= 2 else 0.0
        is_dated = sum(candidate.dated for candidate in group) * 2 >= len(group)
        enough = _ENOUGH_POINTS if is_dated or not has_dated_list else _ENOUGH_BESIDE_DATED
        if average >= enough:
            chosen.update(
                (candidate.url, candidate)
                for candidate in group
                if candidate.dated or not is_dated or candidate.points >= _ENOUGH_UNDATED
            )
    return chosen


def _without_neighbours(ordered: list[Candidate]) -> list[Candidate]:
    """Without the links of another list, as 热门阅读 is, that lead to pages of the same kind."""
    dated = [place for place, candidate in enumerate(ordered) if candidate.dated or _shows_clock(candidate)]
    if len(dated) < _MANY:
        return ordered
    first = dated[0] if dated[0] >= _RUN else 0
    last = dated[-1] if len(ordered) - 1 - dated[-1] >= _RUN else len(ordered) - 1
    return ordered[first : last + 1]


def _shows_clock(candidate: Candidate) -> bool:
    return _CLOCK.search(f"{candidate.link.before} {candidate.link.after}") is not None


def _sureness(chosen: list[Candidate]) -> float:
    if not chosen:
        return 0.0
    dated = sum(candidate.dated for candidate in chosen) / len(chosen)
    points = sum(candidate.points for candidate in chosen) / len(chosen)
    many = min(len(chosen) / _MANY, 1.0)
    return round(min(0.2 * many + 0.4 * dated + 0.4 * min(points / 6.0, 1.0), 1.0), 2)


def _candidate(link: Link, page_url: str, today: date | None) -> Candidate | None:
    """The link with its points; None for what can be no item."""
    url = absolute_url(link.url, page_url) if link.url else ""
    title = link_title(link)
    if not url or url == absolute_url(page_url) or not same_site(url, page_url):
        return None
    if len(title) < _SHORTEST_TITLE or _NO_TITLE.fullmatch(title):
        return None
    if len(title) <= _LONGEST_NAVIGATION and _NAVIGATION.search(title):
        return None
    day = printed_day(link.before, link.after, url, today)
    shown = shows_date(link.before, link.after)
    beside = shown or _POSTING.search(f"{link.before} {link.after}") is not None
    points = _points(url, page_url, title, has_company=beside)
    return Candidate(link, url, title, day, points, shown or date_in_url(url) is not None)


def _points(url: str, page_url: str, title: str, *, has_company: bool) -> float:
    """About 0 for navigation, 3 to 7 for an item; ``has_company``: a day or words of a posting beside it."""
    parts = urlsplit(url)
    last = parts.path.rpartition("/")[2]
    points = 2.5 if has_company else 0.0
    if date_in_url(url):
        points += 1.5
    if is_attachment(url):
        points += 1.0
    elif not last or splitext(last)[0].lower() in {"index", "default", "list"}:
        points -= 1.5  # the front page of a column
    if sum(letter.isdigit() for letter in last) >= 3 or _has_number(parts.query):
        points += 1.0
    if len(title) >= 16:
        points += 1.5
    elif len(title) >= 9:
        points += 1.0
    elif len(title) < _SHORT_TITLE and not has_company:
        points -= 1.0
    if len(title) >= _LONG_ENOUGH_FOR_SIGNS and _TITLE_SIGN.search(title):
        points += 1.0
    folder = urlsplit(page_url).path.rpartition("/")[0]
    if folder and parts.path.startswith(f"{folder}/"):
        points += 0.5
    return points


def _has_number(query: str) -> bool:
    return any(sum(letter.isdigit() for letter in value) >= 2 for _, value in parse_qsl(query))


def _shape(url: str) -> str:
    """What addresses of one list have in common: numbers and names of files replaced, folders kept."""
    parts = urlsplit(url)
    *folders, last = parts.path.split("/")
    folders = ["#" if any(letter.isdigit() for letter in folder) else folder for folder in folders]
    stem, suffix = splitext(last)
    name = "#" if any(letter.isdigit() for letter in stem) else ("@" if stem else "")
    keys = ",".join(sorted(key for key, _ in parse_qsl(parts.query)))
    return f"{parts.netloc}{'/'.join(folders)}/{name}{suffix}?{keys}"
