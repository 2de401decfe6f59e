"""Where a list goes on: a link that says so, a script that numbers its pages, or a series of addresses."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import islice
from posixpath import splitext
from urllib.parse import parse_qsl, unquote_plus, urlsplit, urlunsplit

from crawling.listing.actions import opened_address
from crawling.listing.addresses import absolute_url, same_site
from crawling.listing.model import Note, NoteKind
from crawling.listing.pagers import (
    chosen_from_options,
    counts_to_its_end,
    numbered_by_script,
    says_that_pages_follow,
    with_plain_numbers,
)
from extraction.model import Link

_NEXT = re.compile(
    r"^[\[【(（<«‹|]*(?:下一?[页頁]|下[页頁]|[后後]一?[页頁]|次[页頁]|next(?:page)?|>|>>|›|»|→|&gt;|&gt;&gt;)[\]】)）>»›→|]*$",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[\s\u00a0\u3000]+")
_BRACKETS = " []【】()（）"
_BARE_NUMBER = re.compile(r"""[(,]\s*['"]?\d{1,6}['"]?\s*(?=[,)])""")
_NUMBERED_FILE = re.compile(r"^(?P<name>.*?)(?:(?P<mark>[_-]|(?<=[A-Za-z]))(?P<number>\d{1,4}))?$")
_PAGE_KEYS = re.compile(
    r"(?i)(?P<before>(?:^|[?&])(?:[a-z]{0,9}page(?:_?no|_?num|number|_?index|_?id)?|[a-z]{0,6}page_?n(?:o|um)?|paging|p|pn"
    r"|pg)=)(?P<number>\d{1,5})(?=&|$)"
)
_WORDS = re.compile(
    r"下\s{0,3}一?\s{0,3}[页頁]|[尾末]\s{0,3}[页頁]|共\s{0,3}\d+\s{0,3}[页頁]|第\s{0,3}\d*\s{0,3}[页頁]|\d{1,5}\s{0,3}/\s{0,3}\d{1,6}\s{0,3}[页頁]|跳转到?|转到第"
    r"|(?:加载|载入|查看|点击|展开|显示|获取)更多|(?:点击|上拉|继续)加载|更多数据|next\s?page"
)
_SCRIPTED = re.compile(
    r"\b(?:laypage|createPage\w*|Pager|pagination|paginator|twbsPagination|jqPaginator|toPage|goPage|gotoPage|turnPage"
    r"|executePage|kkpager|generPageHtml|bootstrapPaginator|jpage|queryArticleByCondition|jumpPage|showPage|pageTo|pageNavigate|getPageList)\s*[.(]"
)
_RECORDS = re.compile(r"(?:共|总计|合计|总数)\s{0,3}[:：]?\s{0,3}(\d{1,7})\s{0,3}[条项篇]")
_EACH_PAGE = re.compile(r"每\s{0,3}[页頁]\s{0,3}(?:显示)?\s{0,3}(\d{1,4})")
_COUNT = re.compile(
    r"共\s{0,3}(\d{1,6})\s{0,3}[页頁]|[第当前页\s:：]\s{0,3}\d{1,6}\s{0,3}/\s{0,3}(?:共\s{0,3})?(\d{1,6})(?:\s{0,3}[页頁]|\s*$|\s)"
)
_CURRENT = re.compile(
    r"第\s{0,3}(\d{1,6})\s{0,3}(?:[页頁]|/)|当前(?:第|页)?\s{0,3}[:：]?\s{0,3}(\d{1,6})|(\d{1,6})\s{0,3}/\s{0,3}\d{1,6}\s{0,3}[页頁]"
)
_PREVIOUS = re.compile(
    r"^[\[【(（<«‹|]*(?:上一?[页頁]|前一?[页頁]|prev(?:ious)?(?:page)?|<|<<|‹|«)[\]】)）]*$", re.IGNORECASE
)
_LAST = re.compile(
    r"^[\[【(（<]*(?:[尾末][页頁]|最[后後]一?[页頁]|last(?:page)?)[\]】)）>»]*$", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")
_PACKED = re.compile(r">\s*([A-Za-z0-9+/]{40,20000}={0,2})\s*<")
_LINKED = re.compile(r"""<a\b[^<>]{0,300}?\bhref\s*=\s*["']?([^"'<>\s]{1,500})[^<>]{0,300}>([^<>]{1,20})<""")
_MOST_PACKED = 10
_MOST_NUMBERS = 25
"""Numbers that a pager shows: a calendar has more."""


def next_pages(links: Iterable[Link], markup: str, page_url: str) -> tuple[str, ...]:
    """Addresses at which the list may go on, the surest first; the page itself is never among them.

    ``markup`` is the page's source: some sites write their page links by script only.
    """
    links, markup = tuple(links), with_plain_numbers(markup)
    here = absolute_url(page_url)
    found = [
        *_said_by_a_link(links, markup),
        *numbered_by_script(markup, page_url),
        *_series(links, markup, page_url),
        *_counted_by_query(links, here),
        *_numbers(links, markup, here),
        *chosen_from_options(markup, page_url),
        *_towards_the_last(links, here),
        *_unpacked_by_script(markup),
    ]
    addresses = (absolute_url(url, page_url) for url in found)
    return tuple(dict.fromkeys(url for url in addresses if url and url != here and same_site(url, page_url)))


def paging_note(links: Iterable[Link], text: str, markup: str, page_url: str) -> Note | None:
    """A note where the page speaks of further pages, for a list of which no next address is known.

    None where it says that it is the last. ``text`` is the page's visible text.
    """
    links, markup = tuple(links), with_plain_numbers(markup)
    words = _WORDS.search(text)
    said = words[0] if words else next((_label(link) for link in links if _says_next(link)), "")
    said = said or _more_records(text, len(links))
    called = _SCRIPTED.search(markup) if not said else None
    scripted = called[0][:-1] if called else "" if said else says_that_pages_follow(markup, len(links))
    if not (said or scripted) or _is_last(links, text, page_url) or counts_to_its_end(markup, page_url):
        return None
    what = f"the page says «{_BLANKS.sub('', said)[:20]}»" if said else f"a script numbers pages ({scripted})"
    return Note(
        NoteKind.PAGING_NOT_FOLLOWED,
        f"{what}, and gives no address for the next: look in the browser's network view for one that answers "
        "GET, and name that as url, or set selectors.next_page",
    )


def _more_records(text: str, links: int) -> str:
    """The words by which a page counts more records than it has links, or than it says that a page shows."""
    counted = _RECORDS.search(text)
    if counted is None:
        return ""
    each = _EACH_PAGE.search(text)
    return counted[0] if int(counted[1]) > (int(each[1]) if each else links) else ""


def _is_last(links: Sequence[Link], text: str, page_url: str) -> bool:
    """Whether the page says how many pages there are and is the last, or only leads back."""
    count, current, own = _COUNT.search(text), _CURRENT.search(text), _own_number(page_url)
    if count is not None:
        number = int(next(filter(None, current.groups()))) if current is not None else max(own, 1)
        return int(count[1] or count[2]) <= number
    words = [link.text.strip(_BRACKETS) for link in links]
    numbers = [int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 5]
    if numbers and own > max(numbers):
        return True
    leads_back = any(link.url and _PREVIOUS.match(_label(link)) for link in links)
    return leads_back and not any(_says_next(link) for link in links)


def _own_number(page_url: str) -> int:
    """The number that a page has in its own address; 0 where it has none."""
    parts = urlsplit(page_url)
    keyed = _PAGE_KEYS.search(parts.query)
    named = _NUMBERED_FILE.match(splitext(parts.path.rpartition("/")[2])[0])
    found = keyed["number"] if keyed else named["number"] if named else None
    return int(found) if found else 0


def _label(link: Link) -> str:
    return _BLANKS.sub("", link.text or link.title)


def _says_next(link: Link) -> bool:
    return any(_NEXT.match(_BLANKS.sub("", words)) for words in (link.text, link.title) if words)


def _said_by_a_link(links: Iterable[Link], markup: str) -> Iterator[str]:
    for link in links:
        if not _says_next(link):
            continue
        if link.url and not _needs_more(link):
            yield link.url
        elif link.action:
            yield opened_address(link.action, markup)


def _needs_more(link: Link) -> bool:
    """Whether the address is only a part of what a script asks for: ``executePage(2, 15, "/servlet/…")``."""
    return (
        bool(link.action)
        and _BARE_NUMBER.search(link.action) is not None
        and link.url != ""
        and not _is_href(link)
    )


def _is_href(link: Link) -> bool:
    """Whether the address stands in the link itself and not in the call."""
    tail = urlsplit(link.url).path.rpartition("/")[2]
    return bool(tail) and tail not in link.action


def _series(links: Iterable[Link], markup: str, page_url: str) -> Iterator[str]:
    """The address that follows this one in its series, where the page itself speaks of it."""
    known = {absolute_url(link.url, page_url) for link in links if link.url}
    for successor in _successors(page_url):
        file = urlsplit(successor)
        spoken_of = file.path.rpartition("/")[2] if not file.query else f"?{file.query}"
        if absolute_url(successor) in known or (spoken_of and spoken_of in markup):
            yield successor


def _counted_by_query(links: Iterable[Link], here: str) -> Iterator[str]:
    """A link to this very page with the next number, as ``?id=7&pageIndex=2`` from ``?id=7``."""
    own = _PAGE_KEYS.search(urlsplit(here).query)
    following = int(own["number"]) + 1 if own else 2
    for link in links:
        url = absolute_url(link.url, here) if link.url else ""
        parts = urlsplit(url)
        keyed = _PAGE_KEYS.search(parts.query)
        if parts.path != urlsplit(here).path or link.text.strip(_BRACKETS) != str(following):
            continue
        if keyed and int(keyed["number"]) == following:
            yield url


def _numbers(links: Sequence[Link], markup: str, here: str) -> Iterator[str]:
    """The link that follows in a pager of numbers alone: the number behind the one that is no link."""
    numbered: dict[int, str] = {}
    for link in links:
        words = link.text.strip(_BRACKETS)
        if not (words.isascii() and words.isdecimal() and len(words) < 5):
            continue
        url = absolute_url(link.url or opened_address(link.action, markup), here)
        if url and _speaks_of(url, int(words)) and not (link.url and _needs_more(link)):
            numbered.setdefault(int(words), url)
    if not numbered or len(numbered) > _MOST_NUMBERS:
        return
    own = next((number for number, url in numbered.items() if url == here), 0)
    current = own or next((number for number in range(1, max(numbered) + 1) if number not in numbered), 0)
    if current and current + 1 in numbered:
        yield numbered[current + 1]


def _towards_the_last(links: Iterable[Link], here: str) -> Iterator[str]:
    """The next number where only the last page is linked, and its address is this page's but for a number."""
    for link in links:
        url = absolute_url(link.url, here) if link.url and _LAST.match(_label(link)) else ""
        if not url or _DIGITS.sub("#", url) != _DIGITS.sub("#", here):
            continue
        pairs = zip(_DIGITS.finditer(here), _DIGITS.findall(url), strict=True)
        differing = [(own, last) for own, last in pairs if own[0] != last]
        if len(differing) == 1 and int(differing[0][0][0]) < int(differing[0][1]):
            own = differing[0][0]
            yield f"{here[: own.start()]}{int(own[0]) + 1}{here[own.end() :]}"


def _unpacked_by_script(markup: str) -> Iterator[str]:
    """The link in a pager that stands in the page as base64, for a script to unpack."""
    if "atob(" not in markup:
        return
    for packed in islice(_PACKED.finditer(markup), _MOST_PACKED):
        try:
            written = unquote_plus(b64decode(packed[1], validate=True).decode("utf-8"))
        except ValueError:  # binascii's and Unicode's own among them
            continue
        for link in _LINKED.finditer(written):
            if _NEXT.match(_BLANKS.sub("", link[2])):
                yield unescape(link[1])


def _speaks_of(url: str, number: int) -> bool:
    """Whether an address holds a page's number, or the one before it, where pages are counted from 0."""
    parts = urlsplit(url)
    said = re.findall(r"\d+", parts.path.rpartition("/")[2])
    said += [value for _, value in parse_qsl(parts.query) if value.isdecimal()]
    said += re.findall(r"(?<=/)\d+(?=/)", parts.path)[-1:]
    return any(int(each) in {number, number - 1} for each in said if len(each) < 6)


def _successors(page_url: str) -> Iterator[str]:
    """``/list/`` → ``index_1.html``, ``list_26_1.html`` → ``list_26_2.html``, ``?page=3`` → ``?page=4``."""
    parts = urlsplit(page_url)
    if keyed := _PAGE_KEYS.search(parts.query):
        query = _PAGE_KEYS.sub(lambda m: f"{m['before']}{int(m['number']) + 1}", parts.query, count=1)
        yield urlunsplit(parts._replace(query=query))
        if keyed["number"] not in {"0", "1"}:
            return
    elif not parts.query:
        for key in ("page", "pageNo", "p"):
            yield urlunsplit(parts._replace(query=f"{key}=2"))
    folder, _, file = parts.path.rpartition("/")
    stem, suffix = splitext(file)
    names = [(stem, suffix)] if file else [("index", ".html"), ("index", ".htm"), ("index", ".shtml")]
    for name, ending in names:
        match = _NUMBERED_FILE.match(name)
        if match is None:
            continue
        marks = [match["mark"]] if match["number"] else ["_", "-", *([""] if name[-1:].isalpha() else [])]
        numbers = [int(match["number"]) + 1] if match["number"] else [1, 2]
        for number in numbers:
            for mark in marks:
                yield urlunsplit(
                    parts._replace(path=f"{folder}/{match['name']}{mark}{number}{ending}", query="")
                )
