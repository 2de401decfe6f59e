"""Pagers that a page's script writes: what it is told of counts and names, and so where the next page is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

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
    r"\b\w*pag\w*\s*(?:\(\s*(?:['\"][^'\"]{0,80}['\"]\s*,\s*)?|=\s*)\{([^{}]{5,600})\}", re.IGNORECASE
)
"""What a pager is told, or is to be told: ``Pager({…})``, ``var pager_options = {…}``."""
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
    "countpage",
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
_VARIABLE = re.compile(r"""\b(m_[ns]\w{4,16})\s*=\s*['"]?([\w./-]{1,80})['"]?""")
_PAGER = re.compile(
    r"\b(?:laypage|kkpager|pagination|paginator|twbsPagination|bootstrapPaginator|jqPaginator|createPage\w*|pager?|[A-Za-z]{0,12}Page(?:r|s|d)?)"
    r"\s*(?:\.\s*(?:render|generPageHtml)\s*)?\(\s*(?:['\"][^'\"]{0,80}['\"]\s*,\s*|\d{1,7}\s*,\s*)?(?:\{|function\s*\()",
    re.IGNORECASE,
)
_LONGEST_CALL = 1_500
_MANY = re.compile(
    r"\b(?:page_?total|page_?counts?|total_?pages?|page_?num_?total|pages|count_?page|m_nPageCount|nPageCount)"
    r"\b['\"]?\s*[:=]\s*['\"]?(\d{1,6})\b",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"\b(?:curr|cur_?page|current|current_?page|page_?no|page_?index|page_?num)\b['\"]?\s*:\s*['\"(]?\s?(\d{1,6})\b(?:\s*\+\s*(\d))?",
    re.IGNORECASE,
)
"""The page's own number; templates that count from 0 add one to it."""
_LEADS = re.compile(
    r"(?:(?:window|self|top|parent|document)\s*\.\s*)?\blocation(?:\s*\.\s*(?:href|assign|replace))?\s*(?:=(?!=)|\()"
    r"|\bhref(?:Former)?\s*[:=](?!=)"
)
_STRING_OR_NAME = re.compile(
    r"""\s*(?:'(?P<one>[^'\n]*)'|"(?P<two>[^"\n]*)"|`(?P<template>[^`]*)`|\(?(?P<name>[A-Za-z_$][\w$.]*)\)?)\s*"""
)
_IN_TEMPLATE = re.compile(r"\$\{\s*([A-Za-z_$][\w$.]*)\s*\}")
_OWN_NUMBER = re.compile(r"(?:[_=/-]|page|list|index)(\d{1,4})(?=\.[a-z]{3,5}(?:$|\?)|&|$)", re.IGNORECASE)
_LINK_TO = re.compile(
    r"""\b(?:link_to|href|url|pageUrl)\s*:\s*['"]([^'"]{0,200}?(__id__|\{\{number\}\}|\{page\}|\{num\}|\{0\})[^'"]{0,100})['"]"""
)
_IN_PARTS = re.compile(
    r"""hrefFormer\s*:\s*['"]([^'"]{1,200})['"]\s*,\s*hrefLatter\s*:\s*['"]([^'"]{1,60})['"]"""
)
_RECORDS = re.compile(
    r"\b(?:count|total|totalCount|totalData|dataTotal|totalRecords?)\b['\"]?\s*:\s*['\"]?(\d{1,7})\b"
)
_SIZE = re.compile(
    r"\b(?:limit|showData|page_?size|pageAmount|items_per_page|perPage)\b['\"]?\s*:\s*['\"]?(\d{1,4})\b",
    re.IGNORECASE,
)
_NOBODY_KNOWS = 1_000_000
_DRAWN_BY_SCRIPT = re.compile(r"<(?:el|a|van|n|t)-pagination\b|<Page\b(?=[^<>]{0,300}:total)")
_NUMBERS_SHOWN = re.compile(
    r"""<(?:ul|ol|div|nav|p)\b[^<>]{0,200}(?:class|id)\s*=\s*["']?[^"'<>]{0,80}(?:pagination|pager|paging|page-?list|pages)\b[^<>]{0,200}>""",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_NAMES = ("prefix", "name", "pagename", "page_name", "filename", "path", "url")
_SUFFIXES = ("suffix", "ext", "extname", "pageext", "page_ext", "postfix")
_PARSED = re.compile(r"""\b(?:parseInt|Number)\s*\(\s*['"]?(\d{1,7})['"]?\s*(?:,\s*10\s*)?\)""")
_SET = re.compile(r"""\bpagination\s*\(\s*['"]setPage['"]\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*\)""")
_NUMBERED = re.compile(r"(?:_\d{1,5})?(\.[a-z]{3,5})?$", re.IGNORECASE)
_RECORDS_SAID = re.compile(
    r"\b(?:data|records?|info)[_-]?(?:total|count)\b['\"]?\s*[:=]\s*['\"]?(\d{1,7})\b", re.IGNORECASE
)

_SELECT = re.compile(r"<select\b(?:(?!</select).){10,20000}", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(
    r"<option\b[^>]{0,200}?value=[\"']?(?P<value>[^\"'\s>]{0,300}?[./?][^\"'\s>]{0,300})[^>]{0,200}>\s{0,9}第?\s{0,9}(?P<number>\d{1,5})"
    r"\s{0,9}[页頁]?\s{0,9}<",
    re.IGNORECASE,
)
_MOST_OPTIONS = 5_000


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
    yield from _told_by_variables(markup, page_url)
    yield from _called_back(markup, page_url)
    yield from _linked_to(markup, page_url)
    for pager in islice(_SET.finditer(markup), _PLACES_LOOKED_AT):
        if int(pager[1]) < int(pager[2]):  # sites of Shanghai: index_2.html is the second page
            file = urlsplit(page_url).path.rpartition("/")[2] or "index.html"
            yield absolute_url(_NUMBERED.sub(rf"_{int(pager[1]) + 1}\1", file, count=1), page_url)


def with_plain_numbers(markup: str) -> str:
    """``markup`` with numbers as such where its scripts read them from strings: ``parseInt('3')``."""
    return _PARSED.sub(r"\1", markup) if "parseInt" in markup or "Number(" in markup else markup


def counts_to_its_end(markup: str, page_url: str) -> bool:
    """Whether a script that is understood says that this page is the last: nothing is left to follow."""
    for match in _SCRIPT.finditer(markup):
        if int(match["current"]) >= int(match["count"]) - (0 if match["element"] else 1):
            return True
    calls = [(number, count) for _, number, count in _calls(markup, page_url) if count < _NOBODY_KNOWS]
    if calls and all(number >= count for number, count in calls):
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


def _told_by_variables(markup: str, page_url: str) -> Iterator[str]:
    """TRS again: ``m_nRecordCount``, ``m_nPageSize``, ``m_nCurrPage`` (from 0), ``m_sPageName``."""
    said = {name.lower(): value for name, value in _VARIABLE.findall(markup)}
    current, size = said.get("m_ncurrpage", ""), said.get("m_npagesize", "")
    name, suffix = said.get("m_spagename", ""), said.get("m_spageext", "")
    records, pages = said.get("m_nrecordcount", ""), said.get("m_npagecount", "")
    if not (current.isdecimal() and name and suffix):
        return
    if not pages and records.isdecimal() and size.isdecimal() and int(size):
        pages = str(-(-int(records) // int(size)))
    if pages.isdecimal() and int(current) < int(pages) - 1:
        yield absolute_url(f"{name}_{int(current) + 1}.{suffix.lstrip('.')}", page_url)


def _called_back(markup: str, page_url: str) -> Iterator[str]:
    """Pagers that are told where a click leads: ``jump: o => { location.href = "list_" + o.curr }``."""
    for body, number, count in _calls(markup, page_url):
        if number >= count:
            continue
        following = str(number + 1)
        for leads in _LEADS.finditer(body):
            if address := _joined(body[leads.end() :], following):
                yield absolute_url(address, page_url)
        if parts := _IN_PARTS.search(body):  # kkpager
            yield absolute_url(f"{parts[1]}_{following}{parts[2]}", page_url)


def _calls(markup: str, page_url: str) -> Iterator[tuple[str, int, int]]:
    """What is told to each pager of the page, with the page's number and how many there are."""
    own = next((int(number) for number in _OWN_NUMBER.findall(page_url)[-1:]), 1)
    for pager in islice(_PAGER.finditer(markup), _PLACES_LOOKED_AT):
        body = markup[pager.start() : pager.start() + _LONGEST_CALL].partition("</script")[0]
        number = next((int(found[1]) + int(found[2] or 0) for found in _HERE.finditer(body)), 0) or own
        counts = [int(found[1]) for found in _MANY.finditer(body)]
        records, size = _RECORDS.search(body), _SIZE.search(body)
        if not counts and records and size and int(size[1]):
            counts = [-(-int(records[1]) // int(size[1]))]
        yield body, number, max(counts, default=_NOBODY_KNOWS)


def _joined(expression: str, number: str) -> str:
    """Strings joined to the one name that stands for the page's number; empty for other expressions."""
    address, place, names = "", 0, set[str]()
    while (part := _STRING_OR_NAME.match(expression, place)) is not None:
        if part["name"]:
            names.add(part["name"])
            address += number
        elif part["template"] is not None:
            names.update(_IN_TEMPLATE.findall(part["template"]))
            address += _IN_TEMPLATE.sub(number, part["template"])
        else:
            address += part["one"] if part["one"] is not None else part["two"] or ""
        place = part.end()
        if expression[place : place + 1] != "+":
            break
        place += 1
    ended = expression[place : place + 1] in {"", ";", "}", ")", "\n", ","}
    return address if ended and len(names) == 1 and address.strip(number) else ""


def _linked_to(markup: str, page_url: str) -> Iterator[str]:
    """Plugins of jQuery: ``pagination(240, {link_to: "list_p__id__.html"})``, which counts from 0, and
    ``twbsPagination({totalPages: 35, href: "?page={{number}}"})``.
    """
    for body, number, count in _calls(markup, page_url):
        for found in _LINK_TO.finditer(body):
            current = re.search(r"current_page\s*:\s*(\d{1,6})", body)
            following = (int(current[1]) + 1 if current else 1) if found[2] == "__id__" else number + 1
            if following <= count:
                yield absolute_url(found[1].replace(found[2], str(following)), page_url)


def says_that_pages_follow(markup: str, links: int) -> str:
    """The words with which a page counts more than one, or shows the numbers of others.

    ``links``: how many the page has, of all kinds; where it counts more records, others stand elsewhere.
    """
    for found in islice(_MANY.finditer(markup), _PLACES_LOOKED_AT):
        if int(found[1]) > 1:
            return " ".join(found[0].split())[:40]
    for found in islice(_RECORDS_SAID.finditer(markup), _PLACES_LOOKED_AT):
        if int(found[1]) > links:
            return " ".join(found[0].split())[:40]
    if drawn := _DRAWN_BY_SCRIPT.search(markup):
        return drawn[0]
    for pager in islice(_NUMBERS_SHOWN.finditer(markup), _PLACES_LOOKED_AT):
        words = _TAG.sub(" ", markup[pager.end() : pager.end() + _LONGEST_CALL]).split()
        if words[:3] == ["1", "2", "3"] or words[:2] == ["1", "2"]:
            return "1 2"
    return ""


def _counted_by_script(markup: str, page_url: str) -> Iterator[str]:
    """Older templates of TRS count ``currentPage`` from 0 and write ``"index_" + nextPage + ".htm"``."""
    counts = {name: int(number) for name, number in _COUNTED.findall(markup)}
    if len(counts) < 2 or counts["currentPage"] >= counts["countPage"] - 1:
        return
    places = islice(re.finditer("nextPage", markup), _PLACES_LOOKED_AT)
    around = (_WRITTEN.search(markup[max(place.start() - 120, 0) : place.end() + 40]) for place in places)
    if written := next(filter(None, around), None):
        yield absolute_url(f"{written['name']}_{counts['currentPage'] + 1}.{written['suffix']}", page_url)


def chosen_from_options(markup: str, page_url: str) -> Iterator[str]:
    """A pager that is a ``select`` of addresses: the option whose number follows that of the chosen one."""
    for found in islice(_SELECT.finditer(markup), _PLACES_LOOKED_AT):
        options = [
            (int(option["number"]), absolute_url(option["value"], page_url), "selected" in option[0].lower())
            for option in islice(_OPTION.finditer(found[0]), _MOST_OPTIONS)
        ]
        chosen = next((number for number, url, is_chosen in options if is_chosen or url == page_url), 1)
        yield from (url for number, url, _ in options if number == chosen + 1)
