"""Links that only call upon the reader (查看详情, 投递简历): they accompany a title, or stand for it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from crawling.listing.rows import ORGANISATION
from extraction.model import Link

_CALL = re.compile(
    r"[\[【(（<《]?(?:"
    r"(?:点击|点此|立即|马上|我要|在线|网上|快速|一键)?"
    r"(?:查看|浏览|阅读|办理|申办|申请|申报|报名|投递|应聘|预约|咨询|下载|收藏|分享|评价|沟通|举报|打印|预览|进入)"
    r"(?:职位|岗位|简历|详情|详细|全文|原文|正文|内容|信息|附件|文件|公告|更多)?"
    r"|(?:更多|职位|岗位|公告|项目|事项)?(?:详情|详细)(?:信息|内容|页)?|全文|原文|投简历"
    r"|(?:办事|办理|服务)指南|view|details?|more|read more|apply(?: now)?"
    r")\s*[\]】)）>》»→…\.]*",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"^\d{1,4}(?:[、.．]\s*|\s+)")
_SHORTEST = 2
_DAY = re.compile(r"(?:20\d\d|19\d\d)[-./年]\d{1,2}[-./月]\d{1,2}日?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?")


def without_calls(links: Sequence[Link]) -> list[Link]:
    """``links`` without the calls that stand beside a title.

    Where the title of a row is no link, its first call has it as text.
    """
    rows: dict[int, list[int]] = defaultdict(list)
    for place, link in enumerate(links):
        if link.row:
            rows[link.row].append(place)
    kept = list(links)
    dropped: set[int] = set()
    for places in rows.values():
        calls = [place for place in places if _CALL.fullmatch(links[place].text)]
        if not calls:
            continue
        others = [links[place] for place in places if place not in calls]
        title = "" if any(_is_title(link) for link in others) else _title_of(links, places, calls[0])
        if title:
            kept[calls[0]] = replace(links[calls[0]], text=title, title="")
        if title or others:
            dropped.update(calls[1:] if title else calls)
    return [link for place, link in enumerate(kept) if place not in dropped]


def _is_title(link: Link) -> bool:
    said = link.text or link.title
    return len(said) >= _SHORTEST and not said.isdigit() and ORGANISATION.search(said) is None


def _title_of(links: Sequence[Link], places: Sequence[int], call: int) -> str:
    """The longest piece of the row's own words; empty where it has none, or too many to be one row."""
    first = links[places[0]]
    words = first.before or links[call].before or (first.after if places[0] == call else "")
    pieces = _DAY.sub(" ", _SERIAL.sub("", words)).split()
    return max(pieces, key=len, default="") if pieces else ""
