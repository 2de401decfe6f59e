"""What a page tells of the site it belongs to: who runs it, and in which region. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import unescape

from vocabulary.areas import covers
from vocabulary.regions import GROUPS, known_regions

_META = re.compile(r"<meta\b[^<>]{0,400}>", re.IGNORECASE)
_NAMED = re.compile(
    r"""\b(?:name|property)\s*=\s*["'](?:sitename|og:site_name|application-name)["']""", re.IGNORECASE
)
_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]{2,60})"|'([^']{2,60})')""", re.IGNORECASE)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_RUN_BY = re.compile(
    r"(?:主办单位|主办方|主办|版权所有|Copyright\s?[©@]?)\s{0,3}[:：©@]?\s{0,3}(?:\d{4}[-~—\d]{0,8}\s{0,3})?([\u4e00-\u9fff（）()]{4,30})"
)
_ORGANISATION = re.compile(
    r"(?:局|厅|部|委|会|政府|办公室|中心|大学|学院|学校|医院|公司|集团|网|银行|院|所)[）)]?$"
)
_OFFICE = re.compile(r"(?<=政府)办公[室厅]$")
_FOOT = 20_000
"""Characters at a page's end in which it says who runs it."""
_SHORTEST = 3
_FEWEST_NAMED, _OF_ALL, _MOST_OF = 3, 0.4, 0.8
"""Titles that name a place of one prefecture, their share of all, and of those that name any place."""


def site_name(markup: str) -> str:
    """Who runs the site, as it says itself; empty where it does not."""
    for meta in _META.findall(markup):
        if _NAMED.search(meta) and (content := _CONTENT.search(meta)):
            return unescape(content[1] or content[2]).strip()
    foot = " ".join(_TAG.sub(" ", markup[-_FOOT:]).split())
    names = (_OFFICE.sub("", found[1]) for found in _RUN_BY.finditer(unescape(foot)))
    return next((name for name in names if _ORGANISATION.search(name)), "")


def region_of_most(titles: Sequence[str]) -> str:
    """The code of the prefecture in which most places lie that a list's titles name; empty without one.

    A county's name among them says that the office of its prefecture lists it as well.
    """
    named = [code for title in titles if (code := region_named(title))]
    prefectures = Counter(f"{code[:4]}00" for code in named if code[2:4] != "00")
    if not prefectures:
        return ""
    code, times = prefectures.most_common(1)[0]
    region = known_regions().get(code)
    enough = max(_FEWEST_NAMED, _OF_ALL * len(titles), _MOST_OF * len(named))
    if region is None or times < enough:
        return ""
    return f"{code[:2]}0000" if region.name in GROUPS else code


def region_named(words: str) -> str:
    """The code of the one place in force that ``words`` name; empty where they name none, or several."""
    named = [
        region
        for region in known_regions().values()
        if not region.listed_until
        and len(region.name) >= _SHORTEST
        and region.name not in GROUPS
        and region.name in words
    ]
    inside = [
        each for each in named if any(covers(other.code, each.code) for other in named if other != each)
    ]
    kept = inside or named
    smallest = {
        each.code
        for each in kept
        if not any(covers(each.code, other.code) for other in kept if other != each)
    }
    return smallest.pop() if len(smallest) == 1 else ""
