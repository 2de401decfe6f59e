"""Pages that are asked for by submitting a form, or by a script of the server's own framework.

A form with ``method="get"`` is an address like any other. Only GET is ever sent to a site that is watched, so
that nothing there is changed by mistake: a list that goes on by POST is noted, with what to do about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from crawling.listing.addresses import absolute_url, same_site

if TYPE_CHECKING:
    from lxml.html import FormElement

_KEY = r"(?:page|pageno|page_no|pagenum|pagenumber|pageindex|page_index|curpage|currentpage|currpage|pn|pg|p)"
_NAMES_A_PAGE = re.compile(rf"""name\s*=\s*["']?(?:[\w.]{{1,40}}\.)?{_KEY}["'\s/>]""", re.IGNORECASE)
_PAGE_FIELD = re.compile(rf"^(?:[\w.]{{1,40}}\.)?{_KEY}$", re.IGNORECASE)
_PAGING_WORDS = re.compile(r"下一?页|尾页|末页|共\s*\d+\s*页|跳转|转到|第\s*\d*\s*页")
_COUNT = re.compile(r"共\s*(\d{1,6})\s*页|第?\s*\d{1,6}\s*/\s*(\d{1,6})\s*页")
_POST_BACK = re.compile(r"__doPostBack\s*\(\s*(?:'|&#39;)[^'&]{0,200}(?:'|&#39;)")
_SENT = frozenset({"hidden", "text", "search", "number", ""})
_MOST_FORMS = 50
_MOST_FIELDS = 60
_WINDOW = 1_000
"""Characters around a form's page field in which words of paging are looked for."""


def submitted_pages(markup: str, page_url: str, charset: str = "utf-8") -> tuple[tuple[str, ...], str]:
    """Addresses of the next page by GET forms, and a note where the list goes on by POST alone.

    ``charset`` is the page's own: a browser sends its fields in it.
    """
    if _NAMES_A_PAGE.search(markup) and "<form" in markup.lower():
        found, note = _by_forms(markup, page_url, charset)
        if found or note:
            return found, note
    if _POST_BACK.search(markup) and _PAGING_WORDS.search(markup) and not _is_last(markup, 1):
        return (), _cannot_follow("__doPostBack")
    return (), ""


def _cannot_follow(what: str) -> str:
    return (
        f"the next page is asked for by POST ({what}), which is not sent: "
        "look in the browser's network view for an address that answers GET, and name that one as url"
    )


def _by_forms(markup: str, page_url: str, charset: str) -> tuple[tuple[str, ...], str]:
    from lxml.etree import ParserError  # noqa: PLC0415 - few pages have such forms
    from lxml.html import HTMLParser, document_fromstring  # noqa: PLC0415

    try:
        document = document_fromstring(markup.encode("utf-8", "replace"), HTMLParser(encoding="utf-8"))
    except ParserError:  # markup without any element
        return (), ""
    note = ""
    for form in document.forms[:_MOST_FORMS]:
        fields = _fields(form)
        key = next((name for name in fields if _PAGE_FIELD.match(name)), "")
        words = " ".join(form.itertext())
        if not key or not (_PAGING_WORDS.search(words) or _PAGING_WORDS.search(_around(markup, key))):
            continue
        number = fields[key].strip()
        current = int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 1
        if _is_last(words if _COUNT.search(words) else markup, current):
            continue
        action = urljoin(page_url, form.get("action") or page_url)
        if form.method.upper() != "GET":
            note = _cannot_follow(f"the form's field {key[:40]!r}")
            continue
        parts = urlsplit(action)
        query = urlencode({**fields, key: str(current + 1)}, encoding=charset, errors="replace")
        target = urlunsplit(parts._replace(query=query, fragment=""))
        url = absolute_url(target, page_url)
        if url and same_site(url, page_url):
            return (url,), ""
    return (), note


def _fields(form: FormElement) -> dict[str, str]:
    """Names and values that a browser would send, without buttons."""
    fields: dict[str, str] = {}
    for field in form.iter("input"):
        if field.get("name") and (field.get("type") or "").lower() in _SENT and len(fields) < _MOST_FIELDS:
            fields.setdefault(field.get("name"), field.get("value") or "")
    return fields


def _around(markup: str, key: str) -> str:
    """The source near the page field: words of paging often stand outside the form."""
    match = re.search(rf"""name\s*=\s*["']?{re.escape(key)}["'\s/>]""", markup, re.IGNORECASE)
    return markup[max(match.start() - _WINDOW, 0) : match.end() + _WINDOW] if match else ""


def _is_last(words: str, current: int) -> bool:
    """Whether the page says how many pages there are, and this is the last."""
    count = _COUNT.search(words)
    return count is not None and int(count[1] or count[2]) <= current
