"""What a page says of itself: title, who published it, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from extraction.cleaning import clean_line
from extraction.model import StatedDays

_PUBLISHER_METAS = ("contentsource", "source", "article:author", "publisher")
_DATE_METAS = (
    "pubdate",
    "publishdate",
    "publish_date",
    "article:published_time",
    "firstpublishedtime",
    "date",
)
_DATE = r"((?:19|20)\d\d)\s{0,2}[-/.年]\s{0,2}(\d{1,2})\s{0,2}[-/.月]\s{0,2}(\d{1,2})"
_READ_DATE = re.compile(_DATE)
_PUBLISHED = re.compile(
    r"(?:(?:发布|发稿|发表|公布|刊登|更新|上传|录入)(?:时间|日期|于)?|(?<![\u4e00-\u9fff])(?:时\s{0,2}间|日\s{0,2}期))"
    r"\s{0,4}[:：]?\s{0,4}[\[（(]?" + _DATE
)
_DATE_BESIDE_SOURCE = re.compile(_DATE + r"[日\s\d:：]{0,20}(?:信息|文章|稿件)?来源")
_PUBLISHER_LABELS = (
    r"发文机关|发布机构|发布单位|发文单位|信息来源|文章来源|稿件来源|(?<![\u4e00-\u9fff])来\s{0,2}源",
    r"招录机关|招聘单位|招考单位|用人单位|企业名称|公司名称|单位名称|(?<![\u4e00-\u9fff])公\s{0,2}司",
)
_PUBLISHERS = tuple(
    re.compile(rf"(?:{labels})[ \t]{{0,4}}[:：][ \t]{{0,4}}([^\s:：|<>【】，,。；;]{{2,40}})(?![:：\w])")
    for labels in _PUBLISHER_LABELS
)
_NOT_A_NAME = re.compile(
    r"https?://|www\.|^[\W\d_]+$|^[\w.-]+$(?<![\u4e00-\u9fff])|^(?:本站|本网|网络|互联网|原创|转载|未知|佚名|不详|admin)$"
)
_URL_DATES = (
    re.compile(r"/t(20\d\d)([01]\d)([0-3]\d)_"),
    re.compile(r"/(20\d\d)[-/]?([01]\d)[-/]([0-3]\d)/"),
    re.compile(r"/(20\d\d)/([01]\d)([0-3]\d)/"),
)
_UNSET = date(1970, 1, 2)
"""Content systems print the epoch where nobody has set a date."""
_ATTACHMENT_MARK = re.compile(r"附\s?件\s?[\d一二三四五六七八九十\-－—]{0,4}\s?[:：]?$")
_LONGEST_TITLE = 80
_HEAD = 6_000
"""Characters of a text in which its labels are looked for: they stand above the body."""


def page_title(metas: Mapping[str, str], title: str, headings: Iterable[str]) -> str:
    """The page's own title: its heading where the ``title`` element repeats it before the site's name."""
    if own := clean_line(metas.get("articletitle", "")):
        return own
    title = clean_line(title or metas.get("og:title", ""))
    cleaned = [clean_line(heading) for heading in headings]
    repeated = [heading for heading in cleaned if len(heading) > 2 and title.startswith(heading)]
    if repeated:
        return max(repeated, key=len)
    return title or next((heading for heading in cleaned if heading), "")


def text_title(text: str) -> str:
    """The title of a file without metadata to trust: its first line, past the mark of an attachment."""
    for line in text.split("\n")[:5]:
        if line.strip() and not _ATTACHMENT_MARK.match(line):
            return line if len(line) <= _LONGEST_TITLE else ""
    return ""


def page_publisher(metas: Mapping[str, str], text: str) -> str:
    """Who published the page, as it says itself; empty where it does not."""
    for name in _PUBLISHER_METAS:
        if (value := clean_line(metas.get(name, ""))) and not _NOT_A_NAME.search(value):
            return value[:80]
    head = text[:_HEAD]
    for pattern in _PUBLISHERS:
        for match in pattern.finditer(head):
            if not _NOT_A_NAME.search(match[1]):
                return match[1].strip("，,。；;、()（）[]")
    return ""


def stated_days(metas: Mapping[str, str], text: str, url: str) -> StatedDays:
    """The days that a page names as that of its publication: in its labels, its address, its metadata."""
    head = text[:_HEAD]
    labelled = (match for pattern in (_PUBLISHED, _DATE_BESIDE_SOURCE) for match in pattern.finditer(head))
    addressed = (match for pattern in _URL_DATES if (match := pattern.search(url)))
    return StatedDays(
        printed=_first_day(labelled),
        in_address=_first_day(addressed),
        in_meta=next((day for name in _DATE_METAS if (day := read_date(metas.get(name, "")))), None),
    )


def _first_day(matches: Iterable[re.Match[str]]) -> date | None:
    return next((day for match in matches if (day := _as_date(match[1], match[2], match[3]))), None)


def read_date(text: str) -> date | None:
    """The first whole date in a text (``2015年03月30日``, ``2015-3-30``, ``2015/03/30``, ``2015.3.30``)."""
    for match in _READ_DATE.finditer(text):
        if day := _as_date(match[1], match[2], match[3]):
            return day
    return None


def _as_date(year: str, month: str, day: str) -> date | None:
    try:
        read = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return read if read > _UNSET else None
