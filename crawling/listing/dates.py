"""Dates as list pages write them beside a link or inside its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

from crawling.listing.model import Item
from vocabulary.codes import DaySource

_YEAR = r"(?P<year>20\d\d|19[89]\d)"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = rf"(?P<name>{'|'.join(_NAMES)})[a-z]{{0,6}}\.?"
_WHOLE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_YEAR}\s*[-./年]\s*{_MONTH}\s*[-./月]\s*{_DAY}(?!\d)",
        r"(?<!\d)(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)",
        rf"(?<![\d\-./年月]){_DAY}\s*日?[\s/|]+{_YEAR}\s*[-./年]\s*{_MONTH}月?(?!\s*[-./月]?\d)",
        rf"(?<!\d){_YEAR}\s*[-./年]\s*{_MONTH}月?\s+{_DAY}日?(?![\d\-./:年月])",
        rf"(?<!\d){_YEAR}年?\s+{_MONTH}\s*[-./月]\s*{_DAY}(?!\d)",
        rf"(?<![\d\-./年]){_MONTH}\s*[-./月]\s*{_DAY}日?\s*[\s,，/]\s*{_YEAR}(?!\s?[\d\-./])",
        rf"(?<!\w){_NAME}\s*{_DAY}(?:st|nd|rd|th)?\s*,?\s*{_YEAR}",
        rf"(?<!\d){_DAY}\s*[-/]?\s*{_NAME}\s*[-,/]?\s*{_YEAR}",
        rf"(?<!\d){_YEAR}\s*[-/]?\s*{_NAME}\s*[-/]?\s*{_DAY}(?!\d)",
    )
)
"""Days with their year: as one, or with the day apart, as large type beside the month is written."""
_NAMED = _WHOLE[-3:]
"""Those whose month is a word."""
_SHORT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:^|[\s\[【(（:：]){_MONTH}\s?[-/月.]\s?{_DAY}日?(?=$|[\s\]】)）,，;；]|发布|更新)",
        rf"(?:^|[\s\[【(（]){_DAY}\s+{_MONTH}\s?月(?=$|[\s\]】)）])",
        rf"(?:^|\s){_DAY}\s*[-/]?\s*{_NAME}(?=$|\s)",
        rf"(?:^|\s){_NAME}\s*{_DAY}(?=$|\s)",
    )
)
_AGO = re.compile(
    r"(?P<days>\d{1,3})\s*天(?:以)?前|(?P<weeks>\d{1,2})\s*(?:周|星期)前|(?P<word>今天|昨天|前天|刚刚)"
    r"|\d{1,3}\s*(?:分钟|小时)(?:以)?前|(?:^|\s)\d{1,2}:\d\d\s*发布"
)
_SHORT_YEAR = re.compile(
    r"(?<![\w\-./])(?P<year>[0-3]\d)(?P<mark>[-./])(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?![\w\-./])"
)
"""``26-11-05``: of this century, and only where no day is written in full."""
_DAY_AND_MONTH = re.compile(r"(?<![\d.])(20\d\d|19[89]\d)\s*[-./]\s*(\d{1,2})(?!\d)")
_PUBLISHED = re.compile(r"(?:发布|公布|公开|刊登|更新|信息|发稿|上网)\s*(?:时间|日期|日)?\s*[:：]?\s*$")
_WRITTEN = re.compile(r"(?:发文|成文|生成|印发|签发)\s*(?:时间|日期|日)?\s*[:：]?\s*$")
_IN_A_SENTENCE = re.compile(r"[\u4e00-\u9fff，。、《“]$")
_ANOTHER = re.compile(
    r"(?:截止|截至|至|到|期限|报名|开标|开始|结束|有效期?|考试|面试|实施|施行|生效|失效|废止|投标|递交|获取|出生|~|—|～)"
    r"\s*(?:时间|日期|日)?\s*[:：]?\s*$"
)
_IN_URL = (
    re.compile(r"/(20\d\d|19[89]\d)[/-]?(\d{1,2})[/-](\d{1,2})(?=/)"),
    re.compile(r"/(20\d\d)(\d\d)/t\1\2(\d\d)_"),
    re.compile(r"/(20\d\d)/(\d\d)(\d\d)/"),
    re.compile(r"[/_t](20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\d{6})?[_./-]"),
)
_COLONLESS_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
_TIME_OF_DAY = re.compile(r"\d:\d\d")
_CHINA = timedelta(hours=8)
_NAMED_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年|[-—]\d)")
_CURRENT = timedelta(days=92)
"""A list whose newest day, without a year, is no older than this is taken to be of this year."""
_PINNED = timedelta(days=45)
"""So much later than the one before it may be a day in a list that begins with the newest."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A day as it stands beside a link; ``year`` is 0 where it is not given."""

    year: int
    month: int
    day: int
    source: DaySource = DaySource.LIST

    def in_year(self, year: int) -> date | None:
        return _day(year, self.month, self.day)

    @property
    def whole(self) -> date | None:
        """The day with the year that stands there."""
        return self.in_year(self.year) if self.year else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def date_in_url(url: str) -> date | None:
    """The day that an address carries, as ``/202611/t20261105_77.html`` or ``/2026/11/5/`` do."""
    for pattern in _IN_URL:
        if match := pattern.search(url):
            found = _day(*map(int, match.groups()))
            if found is not None:
                return found
    return None


def _printed(match: re.Match[str]) -> Printed | None:
    """None where the calendar has no such day."""
    said = match.groupdict()
    month = _NAMES.index(said["name"].lower()) + 1 if said.get("name") else int(said["month"])
    found = Printed(int(said.get("year") or 0), month, int(said["day"]))
    return found if found.in_year(found.year or 2024) else None


def _whole_days(text: str) -> Iterator[tuple[int, date]]:
    """Days with their year, and where they begin; a text that one pattern explains is left by the others."""
    for pattern in _WHOLE:
        found = [(match.start(), _printed(match)) for match in pattern.finditer(text)]
        days = [(start, printed.whole) for start, printed in found if printed is not None]
        if days:
            yield from ((start, day) for start, day in days if day is not None)
            return


def first_date(text: str) -> date | None:
    """The first whole day in ``text``; None where it names none that exists."""
    return next((day for _, day in _whole_days(text)), None)


def day_in_china(text: str) -> date | None:
    """The day of a moment with its time of day and zone; None where ``text`` is none.

    Moments in UTC come from programs that count so, and name a day where the publisher is; in any other zone
    the day is the one that is written.
    """
    text = text.strip()
    moment = None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(_COLONLESS_ZONE.sub(r"\1:\2", text) if read is not parsedate_to_datetime else text)
            break
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    if moment is None or not _TIME_OF_DAY.search(text):
        return None
    is_utc = moment.tzinfo is not None and not moment.utcoffset()
    is_utc = is_utc or (moment.tzinfo is None and text.endswith("-0000"))
    return (moment + _CHINA if is_utc else moment).date()


def printed_day(before: str, after: str, url: str, today: date | None = None) -> Printed | None:
    """The day of publication that stands beside a link or in its address; None where there is none.

    A day with its year beats one without; one that is labelled as that of publication beats others, then one
    that stands by itself, one in a sentence, and one labelled otherwise (a deadline). ``today`` tells what
    ``3天前`` means.
    """
    best: tuple[int, date] | None = None
    for text in (after, before):
        for start, day in _whole_days(text):
            rank = _rank(text[max(start - 12, 0) : start])
            if best is None or rank > best[0]:
                best = (rank, day)
    if best is not None:
        return Printed(best[1].year, best[1].month, best[1].day)
    from_url = date_in_url(url)
    short = _short_day(after) or _short_day(before)
    if from_url is not None:
        if short is not None and short.in_year(from_url.year):
            return Printed(from_url.year, short.month, short.day)
        return Printed(from_url.year, from_url.month, from_url.day, DaySource.ADDRESS)
    return short or _short_year(after) or _short_year(before) or _days_ago(f"{after} {before}", today)


def _rank(label: str) -> int:
    """How likely the day behind these words is that of publication."""
    if _PUBLISHED.search(label):
        return 4
    if _WRITTEN.search(label):
        return 3
    if _ANOTHER.search(label):
        return 0
    return 1 if _IN_A_SENTENCE.search(label) else 2


def _short_year(text: str) -> Printed | None:
    for match in _SHORT_YEAR.finditer(text):
        if (found := _printed(match)) is not None:
            return Printed(2000 + found.year, found.month, found.day)
    return None


def _short_day(text: str) -> Printed | None:
    for pattern in _SHORT:
        for match in pattern.finditer(text):
            if (found := _printed(match)) is not None:
                return found
    return None


def _days_ago(text: str, today: date | None) -> Printed | None:
    match = _AGO.search(text)
    if match is None or today is None:
        return None
    word = {"昨天": 1, "前天": 2}.get(match["word"] or "", 0)
    then = today - timedelta(days=word + int(match["days"] or 0) + 7 * int(match["weeks"] or 0))
    return Printed(then.year, then.month, then.day)


def item_beside(url: str, title: str, before: str, after: str, today: date | None = None) -> Item:
    """An item with the day beside its link; one without a year is only believed where the address has it."""
    printed = printed_day(before, after, url, today)
    if printed is None or printed.whole is None:
        return Item(url, title)
    return Item(url, title, printed.whole, printed.source)


def item_of(url: str, title: str, day: date | None) -> Item:
    """An item of a list that has fields, with its day, or else the one that its address holds."""
    if day is not None:
        return Item(url, title, day)
    return Item(url, title, date_in_url(url), DaySource.ADDRESS)


def shows_date(before: str, after: str) -> bool:
    """Whether something like a date stands beside a link, with its year or without."""
    return any(
        pattern.search(text)
        for text in (after, before)
        for pattern in (*_WHOLE[:2], *_SHORT, _SHORT_YEAR, _DAY_AND_MONTH, _AGO, *_NAMED)
    )


def with_years(days: Sequence[Printed | None], titles: Sequence[str], today: date) -> list[date | None]:
    """The days of a list in its order, those without a year given the one that order and ``today`` allow.

    Lists begin with the newest, seldom with the oldest: from there on, a day that would be later than the
    one before it lies in the year before. The first is the last such day that is not in the future; where
    that is months ago, an old page is more likely, and the year that most titles name decides.
    """
    if not any(printed is not None and not printed.year for printed in days):
        return [printed.whole if printed is not None else None for printed in days]
    order = list(range(len(days)))
    if _rises([days[place] for place in order]):
        order.reverse()
    dated: list[date | None] = [None] * len(days)
    latest: date | None = None
    for place in order:
        printed = days[place]
        if printed is None:
            continue
        if printed.year:
            dated[place] = latest = printed.whole
            continue
        limit = latest + _PINNED if latest is not None else today + timedelta(days=1)
        found = _last_before(printed, min(limit, today + timedelta(days=1)))
        if latest is None and found is not None and today - found > _CURRENT:
            found = _as_titles_say(printed, found, titles)
        dated[place] = latest = found
    return dated


def _rises(days: Sequence[Printed | None]) -> bool:
    """Whether the list goes from old to new; days of one year's end and the next's beginning fall."""
    known = [(printed.month, printed.day) for printed in days if printed is not None]
    steps = [1 if later > earlier else -1 for earlier, later in pairwise(known) if later != earlier]
    return sum(steps) > 0


def _last_before(printed: Printed, limit: date) -> date | None:
    years = (printed.in_year(limit.year - back) for back in range(5))  # 29 February may need four
    return next((day for day in years if day is not None and day <= limit), None)


def _as_titles_say(printed: Printed, found: date, titles: Sequence[str]) -> date | None:
    named = [int(year[1]) for title in titles if (year := _NAMED_YEAR.search(title))]
    if len(named) * 2 < len(titles) or not named:
        return found
    usual = max(set(named), key=lambda each: (named.count(each), each))
    return printed.in_year(usual) if usual <= found.year else found
