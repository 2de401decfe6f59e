"""Lists that a page carries in its own script: JSON or an object literal, or HTML that a script writes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from html import unescape
from itertools import islice

from crawling.listing.forms import json_interface, markup_in_data
from crawling.listing.forms.tables_in_data import records_of_rows
from crawling.listing.model import ListError, ListPage
from settings.sources import Listing

_SCRIPT = re.compile(r"<(script|textarea|xmp)\b([^>]{0,500})>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_HELD = re.compile(
    r"""<input\b[^>]{0,300}?\bvalue\s*=\s*(?:"(\s*\[[^"]{20,})"|'(\s*\[[^']{20,})')""", re.IGNORECASE
)
"""A hidden field that holds the list as JSON, escaped, for a script to draw."""
_BEGINS = re.compile(r"(?:=|:|\(|,|^)\s*(?=\[\s*\{|\{\s*[\"'\w])", re.MULTILINE)
_WRITES = re.compile(
    r"document\s*\.\s*write(?:ln)?\s*\(|innerHTML\s*\+?=|\.(?:html|append)\s*\(|\+=", re.IGNORECASE
)
_STRING = re.compile(
    r"""'((?:[^'\\\n]++|\\.)*+)(?:'|(?=\n)|\Z|\\\Z)|"((?:[^"\\\n]++|\\.)*+)(?:"|(?=\n)|\Z|\\\Z)|`((?:[^`\\]++|\\.)*+)(?:`|\Z|\\\Z)""",
    re.DOTALL,
)
"""Also one that is never closed, so that it is looked through once and not from each of its quotes."""
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_$][\w$]*)\s*:")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_MOST_SCRIPTS = 60
_ROW = re.compile(
    r"""([\w$.]{0,60})\s*[(\[]\s*((?:'[^'\n]*'|"[^"\n]*")(?:\s*,\s*(?:'[^'\n]*'|"[^"\n]*"|\d{1,9})){1,9})\s*[)\]]"""
)
_MOST_ROWS = 2_000
_MOST_BEGINNINGS = 200
_LONGEST = 2 * 2**20
_FEWEST = 3
"""Records below which an object in a script is a setting rather than a list."""


def read(markup: str, url: str, listing: Listing, today: date | None = None) -> ListPage | None:
    """The longest list that the page's scripts hold; None where they hold none."""
    best: ListPage | None = None
    for number, found in enumerate(_SCRIPT.finditer(markup[:_LONGEST])):
        if number >= _MOST_SCRIPTS:
            break
        for page in _lists(found[3], url, listing, today):
            best = _longer(best, page)
        drawn = (
            markup_in_data.read(unescape(found[3]), url, listing, today)
            if found[1].lower() != "script"
            else None
        )
        best = _longer(best, drawn) if drawn is not None else best
    for held in _HELD.finditer(markup[:_LONGEST]):
        for page in _lists(f"={unescape(held[1] or held[2])}", url, listing, today):
            best = _longer(best, page)
    if best is None:
        return None
    following = best.next_pages if listing.page_key else ()
    return ListPage(url, "", best.items, following, min(best.sureness, 0.7), "script")


def _longer(best: ListPage | None, page: ListPage) -> ListPage | None:
    is_list = len(page.items) >= _FEWEST and (best is None or len(page.items) > len(best.items))
    return page if is_list else best


def _lists(script: str, url: str, listing: Listing, today: date | None) -> Iterator[ListPage]:
    place = 0
    alone: list[dict[str, object]] = []
    for _ in range(_MOST_BEGINNINGS):
        begins = _BEGINS.search(script, place)
        if begins is None:
            break
        content, place = _value(script, begins.end())
        if isinstance(content, dict):
            alone.append(content)
        if isinstance(content, dict | list):
            try:
                yield json_interface.read_content(content, url, listing, today)
            except ListError:
                continue
    for records in (alone, _called_rows(script)):  # list.push({…}); list.push({…});
        if len(records) >= _FEWEST:
            yield json_interface.read_content(records, url, listing, today)
    if _WRITES.search(script) and (written := _written(script)):
        page = markup_in_data.read(written, url, listing, today)
        if page is not None:
            yield page


def _called_rows(script: str) -> list[dict[str, object]]:
    """Rows that a script draws one by one: ``row("/a/7.html", "title", "2026-11-05")``, or arrays of such."""
    rows: dict[tuple[str, int], list[list[str]]] = defaultdict(list)
    for call in islice(_ROW.finditer(script), _MOST_ROWS):
        words = [_unescaped(string) for string in _STRING.finditer(call[2])]
        rows[call[1], len(words)].append(words)
    longest = max(rows.values(), key=len, default=[])
    if len(longest) < _FEWEST:
        return []
    return records_of_rows(longest)


def _value(script: str, start: int) -> tuple[object, int]:
    """The value of JSON or of an object literal that begins at ``start``, and where to look on."""
    try:
        return json.JSONDecoder().raw_decode(script, start)
    except (ValueError, RecursionError):
        end = _closing(script, start)
        if end < 0:
            return None, start + 1
        try:
            return json.loads(_as_json(script[start:end])), end
        except (ValueError, RecursionError):
            return None, start + 1


def _closing(script: str, start: int) -> int:
    """Where the bracket at ``start`` is closed, strings passed over; -1 where it is not."""
    depth, place = 0, start
    while place < len(script):
        letter = script[place]
        if letter in "\"'`":
            string = _STRING.match(script, place)
            if string is None:
                return -1
            place = string.end()
            continue
        depth += (letter in "[{") - (letter in "]}")
        place += 1
        if not depth:
            return place
    return -1


def _as_json(literal: str) -> str:
    """An object literal with its keys and strings quoted as JSON wants them."""
    pieces, place = [], 0
    for string in _STRING.finditer(literal):
        pieces += [_BARE_KEY.sub(r'\1"\2":', literal[place : string.start()]), json.dumps(_unescaped(string))]
        place = string.end()
    return _TRAILING_COMMA.sub(r"\1", "".join([*pieces, literal[place:]]))


def _written(script: str) -> str:
    """The HTML that a script writes, its strings joined; those that need a variable lack it."""
    return "".join(_unescaped(string) for string in _STRING.finditer(script))


def _unescaped(string: re.Match[str]) -> str:
    words = next((group for group in string.groups() if group is not None), "")
    return unescape(_ESCAPED.sub(_letter, words)) if "\\" in words or "&" in words else words


def _letter(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)
