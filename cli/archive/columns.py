"""What the columns of a job board's export mean, whatever that board calls them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from cli.checking.model import Document
from extraction import ExtractionError, extract

HEADING_ROWS = 10
"""Rows among which the heading is looked for: titles may stand above it."""
_BRACKETED = re.compile(r"[(（\[【].*?[)）\]】]")
_FILLING = re.compile(r"[\s_\-.:：*#/]+")
_MARKUP = re.compile(r"</?(?:p|br|div|li|ul|ol|span|strong|b|em|h[1-6]|table|tr|td)\b[^>]*>", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2}))?(?:[-/.月](\d{1,2}))?")
_COMPACT_DAY = re.compile(r"(?:19|20)\d{2}[01]\d[0-3]\d")
_SECONDS, _MILLISECONDS = 10, 13
"""Digits of a moment in seconds and in milliseconds since 1970."""
_CHINA = timedelta(hours=8)


class Meaning(StrEnum):
    """What a column holds of a posting."""

    ID = "id"
    TITLE = "title"
    PUBLISHER = "publisher"
    URL = "url"
    DATE = "date"
    TEXT = "text"


_HEADINGS: Mapping[Meaning, str] = {
    Meaning.ID: (
        "id 编号 序号 职位编号 岗位编号 招聘编号 记录编号 流水号 "
        "职位id 岗位id jobid positionid postingid uuid"
    ),
    Meaning.TITLE: (
        "title 标题 职位 职位名称 岗位 岗位名称 招聘岗位 招聘职位 招聘标题 公告标题 工种 "
        "jobtitle jobname position positionname postname name"
    ),
    Meaning.PUBLISHER: (
        "publisher 单位 单位名称 公司 公司名称 企业 企业名称 用人单位 用人单位名称 招聘单位 招聘单位名称 "
        "发布单位 发布机构 雇主 company companyname corpname employer employername organization brandname"
    ),
    Meaning.URL: "url link href 网址 链接 原文链接 详情链接 页面地址 joburl sourceurl detailurl",
    Meaning.DATE: (
        "date 日期 发布日期 发布时间 刊登日期 刊登时间 招聘日期 更新日期 更新时间 "
        "publishdate publishtime publishedat publishedon postedat dateposted createdat createtime pubdate"
    ),
    Meaning.TEXT: (
        "text 正文 内容 公告内容 描述 职位描述 岗位描述 职位详情 岗位职责 工作内容 工作职责 任职要求 "
        "任职资格 任职条件 岗位要求 岗位条件 职位要求 招聘条件 招聘要求 应聘条件 资格条件 资格要求 "
        "其他要求 其他条件 "
        "证书要求 职业资格 职业资格要求 执业资格 备注 要求 text content body html description jobdescription "
        "positiondescription requirement requirements jobrequirements qualification qualifications "
        "responsibilities detail details jd"
    ),
}
_MEANINGS = {heading: meaning for meaning, headings in _HEADINGS.items() for heading in headings.split()}
_WHOLE = frozenset({"text", "正文", "内容", "公告内容", "content", "body", "html"})
"""Columns that hold the whole posting, so that nothing is written before them."""


def meaning_of(heading: str) -> Meaning | None:
    """What a column under that heading holds; None where nobody knows."""
    return _MEANINGS.get(_plain(heading))


def heading_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the row that is the heading of a table of postings; None where none is."""
    best, place = 0, None
    for number, cells in enumerate(rows[:HEADING_ROWS]):
        meanings = {meaning for cell in cells if (meaning := meaning_of(cell)) is not None}
        is_heading = len(meanings) > 1 or Meaning.TEXT in meanings
        if is_heading and len(meanings) > best and all(len(cell) < 40 for cell in cells):
            best, place = len(meanings), number
    return place


def to_document(fields: Iterable[tuple[str, object]], name: str) -> Document | None:
    """The posting that the named cells make; None where they hold no text at all.

    What no column is known to mean is judged too, under its heading: a certificate that is demanded in a
    column of its own is demanded. ``name`` is said of it where it has no identity of its own.
    """
    known: dict[Meaning, str] = {}
    parts: list[tuple[str, str]] = []
    for heading, value in fields:
        meaning, written = meaning_of(heading), _written(value)
        if not written:
            continue
        if meaning is None or meaning is Meaning.TEXT:
            parts.append((heading, _without_markup(written)))
        else:
            known.setdefault(meaning, written)
    whole = [text for heading, text in parts if _plain(heading) in _WHOLE]
    if len(parts) == 1 and whole:
        text = whole[0]
    else:
        title = known.get(Meaning.TITLE, "")
        lines = [title] if title else []
        lines += [text if _plain(heading) in _WHOLE else f"{heading}：{text}" for heading, text in parts]
        text = "\n".join(lines)
    if not text.strip():
        return None
    identity = known.get(Meaning.ID, name)
    return Document(
        identity=identity,
        name=f"{name}#{identity}" if Meaning.ID in known else name,
        text=text,
        title=known.get(Meaning.TITLE, ""),
        publisher=known.get(Meaning.PUBLISHER, ""),
        url=known.get(Meaning.URL, ""),
        published_on=read_day(known.get(Meaning.DATE, "")),
    )


def read_day(written: str) -> date | None:
    """The day as boards write it, in China; None where it is none: the posting is judged all the same."""
    try:
        if written.isdecimal() and len(written) in {_SECONDS, _MILLISECONDS}:
            seconds = int(written) / (1000 if len(written) == _MILLISECONDS else 1)
            return (datetime.fromtimestamp(seconds, UTC) + _CHINA).date()
        if _COMPACT_DAY.fullmatch(written):
            return date.fromisoformat(written)
        found = _DAY.match(written)
        if found is None or (written.isdecimal() and len(written) != 4):
            return None
        year, month, day = found.groups(default="1")
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def _plain(heading: str) -> str:
    return _FILLING.sub("", _BRACKETED.sub("", heading)).lower()


def _written(value: object) -> str:
    """A cell as text; lists and objects of JSON by what they hold."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "\n".join(filter(None, map(_written, value)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _without_markup(text: str) -> str:
    if not _MARKUP.search(text):
        return text
    try:
        page = f"<html><body>{text}</body></html>".encode("utf-8", "replace")
        return extract(page, media_type="text/html", charset="utf-8").text
    except ExtractionError:
        return text
