"""The days that a page names as that of its publication, told apart by where it names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from extraction.model import StatedDays
from extraction.written_days import in_figures, with_plain_days

_DATE = r"((?:19|20)\d\d)\s{0,2}[-/.年]\s{0,2}(\d{1,2})\s{0,2}[-/.月]\s{0,2}(\d{1,2})(?!\d)"
_READ_DATE = re.compile(_DATE)
_BEHIND = r"(?:\s{0,4}[:：]\s{0,6}|\s{1,6})?[\[（(]?\s{0,2}"
_NOT_OF_THE_PAGE = r"(?<!页面)(?<!静态)(?<!网页)"
_LABELS = (
    re.compile(
        rf"{_NOT_OF_THE_PAGE}(?:发\s?布|发\s?文|发稿|发表|公布|颁布|公开|刊登|登载|发行|生成|上网|信息)"
        rf"(?:\s?(?:时\s?间|日\s?期|于)|日?(?=\s{{0,4}}[:：])){_BEHIND}{_DATE}"
    ),
    re.compile(
        rf"(?<![A-Za-z])(?:Publish(?:ed)?|Posted|Released?)(?:\s?(?:on|at|date|time|by[^\n]{{0,30}}on))?{_BEHIND}{_DATE}",
        re.IGNORECASE,
    ),
    re.compile(_DATE + r"[日\s\d:：]{0,20}(?:(?:信息|文章|稿件)?来源|作者|编辑|浏览|阅读|点击|字号|发布者)"),
    re.compile(
        rf"(?:更新|上传|录入|修改|编辑)(?:\s?(?:时\s?间|日\s?期|于)|(?=\s{{0,4}}[:：])){_BEHIND}{_DATE}"
        rf"|(?<![\u4e00-\u9fff])(?:时\s{{0,2}}间|日\s{{0,2}}期){_BEHIND}{_DATE}"
    ),
)
"""Labels of the day of publication, those that say so first."""
_WRITTEN = re.compile(
    rf"(?:成文|印发|签发|制发)(?:\s?(?:时\s?间|日\s?期)|(?=\s{{0,4}}[:：])){_BEHIND}{_DATE}"
)
_BESIDE = re.compile(
    r"来\s?源|作\s?者|编\s?辑|责\s?编|浏\s?览|阅\s?读|点\s?击|访问|字\s?号|字\s?体|大\s?中\s?小|分享|打印|关闭|收藏|发\s?布|供稿|审核"
    r"|校对|时\s?间|日\s?期|星期.|次数?|人气|评论|微信|微博|转载|原创|本站|[\d:：\s\[\]【】()（）|/.,，\-—年月日+]"
)
"""Words of the line under a title; what they leave is the name of an office or a person."""
_WEEKDAY = re.compile(r"星期[一二三四五六日天]")
_MOST_LINES_BELOW = 5
_LONGEST_LINE = 140
_LONGEST_NAME = 40
_SENTENCE = re.compile(r"[。；;！？]")
_ANOTHER_DAY = re.compile(
    r"今天|今日|星期|(?:打印|访问|当前|查询|下载|登录|检索|服务器|北京|现在)(?:的|本页|本站)?(?:时间|日期|是)|您.{0,4}访问|成文|印发|签发|制发|(?:页面|网页|静态)生成|截[止至]|有效|报名|考试|笔试|面试|体检|[开投招评]标|期限|起止|举[办行]|培训"
    r"|施行|实施|生效|开[始庭]|结束|[日号午点]\s?[至到~—]|出生|成立"
)
"""Words of a line whose day is another than that of publication."""
_SIGNED = re.compile(
    r"(?:[12]\s?\d\s?\d\s?\d|[一二三四五六七八九〇○◯零Oo0\u041e\u043e\u039f\u03bfＯｏ]{4})\s{0,3}年\s{0,3}(?:\d{1,2}|[一二三四五六七八九十元]{1,2})\s{0,3}月\s{0,3}"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s{0,3}日(?:印发|印)?"
)
_ANNEXES = re.compile(r"附\s?[件表录：:]|抄送|（此件|\(此件|（联系")
_SIGNED_SHORT = re.compile(r"(?:19|20)\d\d\s?([-./])\s?\d{1,2}\s?\1\s?\d{1,2}")
"""So written it is a signature only below the name of an office."""
_SIGNS = re.compile(
    r"(?:局|厅|部|委|委员会|办|办公室|政府|中心|院|校|大学|学院|公司|集团|所|站|处|科|会|社|馆|队|银行|法院|小组|厂|园|店|支行|分行)"
    r"(?:[（(][^（()）]{1,20}[）)])?$"
)
_META_NAMES = (
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "article:published_time",
    "firstpublishedtime",
    "og:published_time",
    "weibo:article:create_at",
    "bytedance:published_time",
    "og:release_date",
    "pubtime",
    "publishtime",
    "releasedate",
    "dateposted",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "date",
    "createdate",
)
_MADE_NAMES = (
    "maketime",
    "others",
    "generatetime",
    "createtime",
    "lastmodified",
    "last-modified",
    "updatetime",
)
"""Metas in which content systems say when they made the page anew."""
_MADE = re.compile(r"(?:页面|静态|网页)?生成(?:时间|日期|于)?[:：\s]*$")
_MOMENT = re.compile(r"(?:19|20)\d\d\D{1,3}\d{1,2}\D{1,3}\d{1,2}\D{0,3}(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?")
_URL_DATES = (
    re.compile(r"/t(20\d\d)([01]\d)([0-3]\d)_"),
    re.compile(r"/(20\d\d)[-/]?([01]\d)[-/]([0-3]\d)/"),
    re.compile(r"/(20\d\d)/([01]\d)([0-3]\d)/"),
    re.compile(r"/(20\d\d)/(\d{1,2})/(\d{1,2})/"),
    re.compile(r"[?&](?:date|day|time|rq|fbrq)=(20\d\d)-?(\d\d)-?(\d\d)(?!\d)"),
    re.compile(r"[/_t](20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\d{6})?[_./-]"),
)
SHOWN = "shown"
"""Under this name a page's facts hold the moment that it shows by an element or a script of its own."""
_CHINA = timedelta(hours=8)
_UNSET = date(1970, 1, 2)
"""Content systems print the epoch where nobody has set a date."""
_HEAD, _TAIL = 6_000, 1_200
"""Characters in which labels are looked for: they stand above the body, seldom below it."""
_BELOW = 400
"""Characters below the title whose labels count before those of lists beside it."""
_SHORTEST = 4
"""Characters of a line that may be the title."""
_NO_LETTERS = re.compile(r"[\W_]+")
_NO_WORD_OF_LINE = re.compile(r"[^\w\n]+")
_MOMENT_ALONE = re.compile(r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?\s{1,3}\d{1,2}:\d\d")
_BIG_DAY = re.compile(r"(?m)^(\d{1,2})日?\s?((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})月?$")
"""The day in large type above its month."""


def stated_days(
    metas: Mapping[str, str], text: str, url: str, title: str = "", headings: Sequence[str] = ()
) -> StatedDays:
    """The days that a page or file names as that of its publication.

    Args:
        metas: its meta tags, names in small letters.
        text: its visible text.
        url: its address.
        title: its own title; the line under it may be a time without a label.
        headings: its headings, of which one may be the title as readers see it.
    """
    said = _Said(text, (title, *headings[:3]))
    written = _first_day(_WRITTEN.finditer(said.head)) or signed_day(text)
    printed = _printed(said) or (read_day(metas[SHOWN]) if SHOWN in metas else None)
    printed = printed or (None if written else _printed(said, with_weekday=True) or _alone_above(said))
    return StatedDays(
        printed=printed,
        written=written,
        in_address=_first_day(match for pattern in _URL_DATES if (match := pattern.search(url))),
        in_meta=_in_meta(metas, text),
    )


class _Said:
    """The text of a page as its days are looked for."""

    def __init__(self, text: str, titles: Sequence[str]) -> None:
        self.text = text
        self.titles = titles
        self.head = with_plain_days(text[:_HEAD])
        self.lines = [line.strip() for line in text[: 3 * _HEAD].split("\n")]
        self.places = _places_of(titles, self.lines)
        """The lines of the title."""


def _printed(said: _Said, *, with_weekday: bool = False) -> date | None:
    """By a label below the title, by one elsewhere, by the line under the title, by a label at the end.

    ``with_weekday``: a day of the week in that line is none of a banner, which says what day it is today.
    """
    lines, text = said.lines, said.text
    below = ("\n".join(lines[place : place + 3 * _MOST_LINES_BELOW])[:_BELOW] for place in said.places)
    return (
        _first_day(_labelled(map(with_plain_days, below)))
        or _first_day(_labelled([said.head]))
        or _under_title(said, with_weekday=with_weekday)
        or _first_day(_LABELS[3].finditer(said.head))
        or (_first_day(_LABELS[0].finditer(text[-_TAIL:])) if len(text) > _HEAD else None)
    )


def _labelled(texts: Iterable[str]) -> Iterator[re.Match[str]]:
    return (match for text in texts for pattern in _LABELS[:3] for match in pattern.finditer(text))


def _places_of(titles: Sequence[str], lines: Sequence[str]) -> list[int]:
    """The lines that are the title, or begin it where the name of the site follows."""
    wanted = [plain for title in titles if len(plain := _plain(title)) >= _SHORTEST]
    if not wanted:
        return []
    plain_lines = _NO_WORD_OF_LINE.sub("", "\n".join(lines)).replace("_", "").split("\n")
    return [
        place for place, line in enumerate(plain_lines) if any(_is_title(line, title) for title in wanted)
    ]


def _is_title(plain: str, wanted: str) -> bool:
    if len(plain) < min(len(wanted), 6):
        return False
    return wanted.endswith(plain[-30:]) or wanted.startswith(plain) or plain.startswith(wanted)


def _under_title(said: _Said, *, with_weekday: bool) -> date | None:
    """A line below the title that holds a time, and beside it a source or a counter at most."""
    for place in said.places:
        below = [line for line in said.lines[place + 1 : place + 3 * _MOST_LINES_BELOW] if line]
        below = below[:_MOST_LINES_BELOW]
        for line in (_behind(said.titles, said.lines[place]), *map(with_plain_days, below)):
            plain = _WEEKDAY.sub("", line) if with_weekday else line
            if (day := read_date(plain)) and _is_time_line(plain):
                return day
        if big := _BIG_DAY.search("\n".join(below)):
            return _first_day(_READ_DATE.finditer(f"{big[2]}-{big[3]}-{big[1]}"))
    return None


def _alone_above(said: _Said) -> date | None:
    """A moment above the first sentence of a page that shows no title: such templates leave it to the tab."""
    if said.places:
        return None
    lines = [line for line in said.lines if line]
    above = list(takewhile(lambda line: not _SENTENCE.search(line), lines[: _MOST_LINES_BELOW + 1]))
    if len(above) == len(lines[: _MOST_LINES_BELOW + 1]):
        return None
    days = {
        day
        for line in above
        if _MOMENT_ALONE.match(line) and _is_time_line(line) and (day := read_date(line)) is not None
    }
    return days.pop() if len(days) == 1 else None


def _behind(titles: Sequence[str], line: str) -> str:
    """What stands behind the title in its own line, as ``公告（2017-03-08）``."""
    return next((line[len(title) :] for title in titles if title and line.startswith(title)), "")


def _is_time_line(line: str) -> bool:
    if len(line) > _LONGEST_LINE or _SENTENCE.search(line) or _ANOTHER_DAY.search(line):
        return False
    return len(_BESIDE.sub("", line)) <= _LONGEST_NAME


def _plain(line: str) -> str:
    return _NO_LETTERS.sub("", line)


def _in_meta(metas: Mapping[str, str], text: str) -> date | None:
    """The day in a meta tag, unless it is the time at which the page was made."""
    made = {moment for name in _MADE_NAMES if name in metas for moment in _moments(metas[name])}
    made |= {
        moment[0][:16]
        for moment in _MOMENT.finditer(text)
        if _MADE.search(text[max(moment.start() - 12, 0) : moment.start()])
    }
    for name in _META_NAMES:
        said = metas.get(name)
        if said and (day := read_day(said)) and not made.intersection(_moments(said)):
            return day
    return None


def _moments(said: str) -> Iterator[str]:
    """Days with their time of day; a day alone is no moment that could be told from another's."""
    for moment in _MOMENT.findall(said):
        if re.search(r"[:：]\d", moment):
            yield moment[:16]


def signed_day(text: str) -> date | None:
    """The day of the signature: a line of its own in the later half or above annexes, below who signs.

    Where no line above it is a name, the day counts only if it is the only one that stands so.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    alone: list[date] = []
    for place, line in enumerate(lines):
        day = _signing_day(line)
        if day is None:
            continue
        above = lines[place - 1] if place else ""
        is_below = len(above) <= _LONGEST_NAME and _SIGNS.search(above) is not None
        is_at_end = place >= len(lines) // 2 or _ANNEXES.match(lines[place + 1]) is not None
        if is_below and is_at_end:
            return day
        if place >= len(lines) // 2 and _SIGNED.fullmatch(line):
            alone.append(day)
    return alone[0] if len(alone) == 1 else None


def _signing_day(line: str) -> date | None:
    if _SIGNED.fullmatch(line):
        day = in_figures(line)
        return day if day is not None and day > _UNSET else None
    return read_date(line) if _SIGNED_SHORT.fullmatch(line) else None


def read_day(text: str) -> date | None:
    """The day of a moment as programs write it, counted from 1970 or with a zone, where the publisher is."""
    if text.isascii() and text.isdecimal() and len(text) in {10, 13}:
        return (datetime.fromtimestamp(int(text[:10]), UTC) + _CHINA).date()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return read_date(text)
    is_utc = moment.tzinfo is not None and not moment.utcoffset()
    return (moment + _CHINA if is_utc else moment).date()


def read_date(text: str) -> date | None:
    """The first whole date in a text (``2015年03月30日``, ``2015-3-30``, ``2015/03/30``, ``2015.3.30``)."""
    return _first_day(_READ_DATE.finditer(text))


def _first_day(matches: Iterable[re.Match[str]]) -> date | None:
    return next((day for match in matches if (day := _as_date(match)) is not None), None)


def _as_date(match: re.Match[str]) -> date | None:
    year, month, day = [group for group in match.groups() if group is not None][:3]
    try:
        read = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return read if read > _UNSET else None
