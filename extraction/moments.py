"""Moments of publication that a page states by an element or a script, and not in its text."""

from __future__ import annotations

import re
from itertools import islice

from extraction.stated import SHOWN

_PUBLISHED = re.compile(r'"(?:datePublished|pubDate|datePosted)"\s*:\s*"([^"]{8,40})"')
"""JSON-LD, as search engines read it."""
_CREATED = re.compile(r'"(?:dateCreated|uploadDate)"\s*:\s*"([^"]{8,40})"')
_ITEM = re.compile(
    r"""<meta\b[^<>]{0,200}\bitemprop\s*=\s*["']?date(?:Published|Posted)["'][^<>]{0,200}?\bcontent\s*=\s*["']([^"'<>]{8,40})""",
    re.IGNORECASE,
)
_PRINTS = re.compile(
    r"""(?:发布|更新|发文|公开)(?:时间|日期)\s?[:：]?(?:\s|&nbsp;|</?(?:span|b|em|i|font|div|td|p)\b[^<>]*>){0,6}<script\b[^<>]*>[^<]{0,200}?["']"""
    r"""((?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})""",
    re.IGNORECASE,
)
"""A script that prints the day where a label stands."""
_NAMES = re.compile(
    r"""(?i)\b(?:pub(?:lish)?_?(?:date|time)|release_?(?:date|time)|fbsj|fbrq)\s*=\s*["']((?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})"""
)
"""A variable that says so; of several a list is made."""
_KEPT = re.compile(
    r"""<input\b(?=[^<>]{0,200}\b(?:id|name)\s*=\s*["']?(?:pub(?:lish)?_?(?:date|time)|fbsj|fbrq|release_?(?:date|time))["'\s>])"""
    r"""[^<>]{0,300}?\bvalue\s*=\s*["']?((?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})""",
    re.IGNORECASE,
)
"""A hidden field of that name, for a script to show."""
_TIME = re.compile(
    r"""<time\b[^<>]{0,300}?\b(?:datetime|title)\s*=\s*["']?([^"'<>\s]{8,40}(?:\s[\d:.]{5,12})?)""",
    re.IGNORECASE,
)
_MOST_TIMES = 2
"""Elements: a page with more of them lists others."""
_WRITES_ITSELF = re.compile(
    r"""\b(?:ct|create_?time|ori_?create_?time|publish_?time)\s*[:=]\s*["'](\d{10}|20\d\d-\d\d-\d\d[^"']{0,9})["']""",
    re.IGNORECASE,
)
_IS_WECHAT = re.compile(r"rich_media_(?:title|content|meta)|id=[\"']?js_content")


def note_moments(metas: dict[str, str], markup: str) -> None:
    """Add what is found to the facts that the page states of itself."""
    if found := _PUBLISHED.search(markup) or _CREATED.search(markup):
        metas.setdefault("datepublished", found[1])
    if found := _ITEM.search(markup):
        metas.setdefault("datepublished", found[1])
    if "<script" in markup and (found := _PRINTS.search(markup) or _alone(markup)):
        metas.setdefault(SHOWN, found[1])
    if "<input" in markup and (found := _KEPT.search(markup)):
        metas.setdefault(SHOWN, found[1])
    times = _TIME.findall(markup) if "<time" in markup else []
    if times and len(times) <= _MOST_TIMES:
        metas.setdefault(SHOWN, times[0])
    elif _IS_WECHAT.search(markup) and (written := _WRITES_ITSELF.search(markup)):
        metas.setdefault(SHOWN, written[1])  # WeChat's script prints it under the title


def _alone(markup: str) -> re.Match[str] | None:
    """The variable of a script that holds the day, where there is one alone."""
    found = list(islice(_NAMES.finditer(markup), 2))
    return found[0] if len(found) == 1 else None
