"""Markup whose elements are nested without end, kept within what parsers do in linear time.

libxml2 looks through all open elements for the one that an end tag means. A page of half a megabyte with
thousands of open elements and end tags for none of them takes it a minute; no page that people made has more
than some dozens open at once.
"""

from __future__ import annotations

import re
from collections import Counter

_FEWEST_TAGS = 4_000
"""Pages with fewer cost little, however they are nested."""
_DEEPEST = 400
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})\b[^<>]*>")
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_ENDING_THEMSELVES = frozenset(
    [
        "a",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "option",
        "optgroup",
        "thead",
        "tbody",
        "tfoot",
        "colgroup",
        "html",
        "head",
        "body",
        "caption",
        "rt",
        "rp",
    ]
)
"""Their next one ends them: however many stand open in the source, none are nested."""
_RAW = frozenset({"script", "style", "textarea", "xmp", "title", "iframe", "noscript"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "div",
        "dl",
        "fieldset",
        "form",
        "main",
        "nav",
        "ol",
        "section",
        "table",
        "ul",
    ]
)


def within_reason(markup: str) -> str:
    """The markup without end tags that end nothing and without elements nested deeper than any page has."""
    if markup.count("<") < _FEWEST_TAGS:
        return markup
    return "".join(_Nesting().kept(markup))


class _Nesting:
    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._depth = 0

    def kept(self, markup: str) -> list[str]:
        pieces: list[str] = []
        at = 0
        lowered = markup.lower()
        position = 0
        while match := _TAG.search(markup, position):
            position = match.end()
            is_end, name = bool(match[1]), match[2].lower()
            if name in _VOID:
                continue
            in_place = self._end(name) if is_end else self._start(name)
            if in_place is not None:
                pieces += (markup[at : match.start()], in_place)
                at = match.end()
            if not is_end and name in _RAW:
                # What stands in it is no markup; where it never ends, neither does what parsers skip.
                end = lowered.find(f"</{name}", position)
                position = end if end >= 0 else len(markup)
        pieces.append(markup[at:])
        return pieces

    def _start(self, name: str) -> str | None:
        """What stands in place of a start tag; None where it stays."""
        if name in _ENDING_THEMSELVES:
            self._open[name] += 1
            return None
        if self._depth >= _DEEPEST and name not in _RAW:
            self._left_out[name] += 1
            return "<br>" if name in _BLOCKS else ""
        self._open[name] += 1
        self._depth += 1
        return None

    def _end(self, name: str) -> str | None:
        if self._left_out[name]:
            self._left_out[name] -= 1
            return "<br>" if name in _BLOCKS else ""
        if not self._open[name]:
            return "<br>" if name in _BLOCKS or name == "p" else ""
        self._open[name] -= 1
        if name not in _ENDING_THEMSELVES:
            self._depth -= 1
        return None
