"""Data that is XML of a make of its own: its elements are read as JSON's records would be.

``<rows><row><title>…</title><url>…</url></row></rows>``, or the same in attributes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from crawling.listing.forms.json_interface import read_content
from crawling.listing.model import ListPage
from crawling.listing.unpacking import local_name, parse_xml
from settings.sources import Listing

if TYPE_CHECKING:
    from lxml.etree import _Element

_DECLARED = re.compile(
    r"\s*<\?xml\b[^>]{0,200}\?>\s*(?:<!--(?:[^-]|-(?!->)){0,4096}-->\s*)*<(?!!DOCTYPE)([\w:.-]+)",
    re.IGNORECASE,
)
_PAGES = frozenset({"html", "head", "body", "wml"})
_DEEPEST = 20


def recognises(head: str) -> bool:
    found = _DECLARED.match(head)
    return found is not None and found[1].lower() not in _PAGES


def read(text: str, url: str, listing: Listing, today: date | None = None) -> ListPage:
    """The longest run of elements that have an address. Raises :class:`ListError`."""
    page = read_content(_value(parse_xml(text), 0), url, listing, today)
    return replace(page, found_by="xml") if page.items else page


def _value(element: _Element, depth: int) -> object:
    """Text where an element holds nothing else; a list for those of its children that bear one name."""
    said: dict[str, object] = {str(name).rpartition("}")[2]: value for name, value in element.attrib.items()}
    inside = [child for child in element if local_name(child)]
    words = "".join(element.itertext()).strip() if not inside or depth >= _DEEPEST else ""
    if not said and (not inside or depth >= _DEEPEST):
        return words
    if words:
        said.setdefault("text", words)
    if depth < _DEEPEST:
        _add_children(said, inside, depth)
    return said


def _add_children(said: dict[str, object], inside: list[_Element], depth: int) -> None:
    for child in inside:
        name, value = local_name(child), _value(child, depth + 1)
        known = said.get(name)
        if known is None:
            said[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            said[name] = [known, value]
