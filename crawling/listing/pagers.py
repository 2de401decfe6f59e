"""Pagers that a page's script writes: what it is told of counts and names, and so where the next page is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from crawling.listing.addresses import absolute_url

_SCRIPT = re.compile(
    r"createPage(?:HTML)?\w{0,12}\s*\(\s*"
    r"(?:(?P<element>['\"][^'\"]*['\"])\s*,\s*)?"
    r"(?P<count>\d{1,6})\s*,\s*(?P<current>\d{1,6})\s*,\s*"
    r"['\"](?P<name>[^'\"]{1,80})['\"]\s*,\s*['\"](?P<suffix>[A-Za-z]{2,6})['\"]",
    re.IGNORECASE,
)
_BY_NAMES = re.compile(
    r"createPage\w*\s*\(\s*(?P<count>[A-Za-z_]\w*)\s*,\s*(?P<current>[A-Za-z_]\w*)\s*,\s*"
    r"['\"](?P<name>[^'\"]{1,80})['\"]\s*,\s*['\"](?P<suffix>[A-Za-z]{2,6})['\"]",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b(countPage|currentPage)\s*=\s*(\d{1,6})\s*;")
_COUNTED_NAMES = ("countPage", "currentPage")
_WRITTEN = re.compile(
    r"(?P<name>\w[\w-]{0,60})(?:_|[\"']\s*\+\s*[\"']_)\\?[\"']\s*\+\s*nextPage\s*\+\s*\\?[\"']\."
    r"(?:[\"']\s*\+\s*[\"'])?(?P<suffix>[A-Za-z]{2,6})"
)
_PLACES_LOOKED_AT = 50
_OBJECT = re.compile(
    r"\b\w*pag\w*\s*\(\s*(?:['\"][^'\"]{0,80}['\"]\s*,\s*)?\{([^{}]{5,600})\}", re.IGNORECASE
)
_FIELD = re.compile(r"""['"]?(\w{2,20})['"]?\s*:\s*(?:'([^']*)'|"([^"]*)"|(\d{1,6}))""")
_COUNTS = (
    "size",
    "count",
    "total",
    "pagecount",
    "totalpage",
    "totalpages",
    "pages",
    "totalpagenum",
    "pagetotal",
)
_CURRENTS = (
    "current",
    "curr",
    "cur",
    "page",
    "pageindex",
    "currentpage",
    "curpage",
    "index",
    "pageno",
    "currpage",
)
_NAMES = ("prefix", "name", "pagename", "filename", "path", "url")
_SUFFIXES = ("suffix", "ext", "extname", "pageext", "postfix")


def numbered_by_script(markup: str, page_url: str) -> Iterator[str]:
    """TRS WCM writes page links as ``createPageHTML(count, current, name, suffix)``.

    Called so, pages count from 0 (``index.htm``, ``index_1.htm``); called with an element first, from 1
    (``xlist.shtml``, ``xlist_2.shtml``). Either way the next page is called ``name_(current + 1)``.
    """
    for match in _SCRIPT.finditer(markup):
        count, current = int(match["count"]), int(match["current"])
        last = count if match["element"] else count - 1
        if current < last:
            yield absolute_url(f"{match['name']}_{current + 1}.{match['suffix']}", page_url)
    for match in islice(_BY_NAMES.finditer(markup), _PLACES_LOOKED_AT):
        said = [
            re.search(rf"\b{match[each]}\s*=\s*['\"]?(\d{{1,6}})", markup) for each in ("count", "current")
        ]
        if said[0] and said[1] and int(said[1][1]) < int(said[0][1]) - 1:
            yield absolute_url(f"{match['name']}_{int(said[1][1]) + 1}.{match['suffix']}", page_url)
    yield from _told_by_an_object(markup, page_url)
    yield from _counted_by_script(markup, page_url)


def counts_to_its_end(markup: str) -> bool:
    """Whether a script that is understood says that this page is the last: nothing is left to follow."""
    for match in _SCRIPT.finditer(markup):
        if int(match["current"]) >= int(match["count"]) - (0 if match["element"] else 1):
            return True
    counts = {name: int(number) for name, number in _COUNTED.findall(markup)}
    return len(counts) == len(_COUNTED_NAMES) and counts["currentPage"] >= counts["countPage"] - 1


def _told_by_an_object(markup: str, page_url: str) -> Iterator[str]:
    """``Pager({size: 25, current: 0, prefix: 'index', suffix: 'htm'})``, counted from 0 or 1."""
    for match in islice(_OBJECT.finditer(markup), _PLACES_LOOKED_AT):
        fields = {name.lower(): one or two or number for name, one, two, number in _FIELD.findall(match[1])}
        count, current, name, suffix = (
            next((fields[key] for key in keys if fields.get(key)), "")
            for keys in (_COUNTS, _CURRENTS, _NAMES, _SUFFIXES)
        )
        if not (count.isdecimal() and current.isdecimal() and name and suffix):
            continue
        last = int(count) - (0 if current[:1] >= "1" and f"_{current}." in page_url else 1)
        if int(current) < max(last, int(count) - 1):
            yield absolute_url(f"{name}_{int(current) + 1}.{suffix.lstrip('.')}", page_url)


def _counted_by_script(markup: str, page_url: str) -> Iterator[str]:
    """Older templates of TRS count ``currentPage`` from 0 and write ``"index_" + nextPage + ".htm"``."""
    counts = {name: int(number) for name, number in _COUNTED.findall(markup)}
    if len(counts) < 2 or counts["currentPage"] >= counts["countPage"] - 1:
        return
    places = islice(re.finditer("nextPage", markup), _PLACES_LOOKED_AT)
    around = (_WRITTEN.search(markup[max(place.start() - 120, 0) : place.end() + 40]) for place in places)
    if written := next(filter(None, around), None):
        yield absolute_url(f"{written['name']}_{counts['currentPage'] + 1}.{written['suffix']}", page_url)
