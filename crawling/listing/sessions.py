"""Addresses that carry something new at each visit, told by comparing them with earlier ones. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from crawling.listing.model import Item

_ENOUGH = 3
"""Items whose address differs in the same part alone: fewer may be chance."""


def under_known_addresses(items: Sequence[Item], known: Iterable[str]) -> tuple[Item, ...]:
    """``items``, under their earlier address where the query differs from it in one volatile part alone.

    A part is volatile where the rest of the address tells all items of the page apart (an ``id`` is none, for
    without it they would be one), and several of them are known with another value in it.
    """
    places = set(known)
    fresh = [item.url for item in items if item.url not in places and "?" in item.url]
    if len(fresh) < _ENOUGH:
        return tuple(items)
    earlier: dict[str, str] = {}
    for key in {key for url in fresh for key in _keys(url)}:
        rest = [_without(item.url, key) for item in items]
        if len(set(rest)) < len(rest):
            continue
        met: dict[str, list[str]] = defaultdict(list)
        for place in places:
            if key in _keys(place):
                met[_without(place, key)].append(place)
        found = {
            url: met[_without(url, key)][0] for url in fresh if len(met.get(_without(url, key), ())) == 1
        }
        if len(found) >= _ENOUGH:
            earlier |= found
    return tuple(replace(item, url=earlier.get(item.url, item.url)) for item in items)


def _keys(url: str) -> set[str]:
    return {pair.partition("=")[0] for pair in urlsplit(url).query.split("&") if "=" in pair}


def _without(url: str, key: str) -> str:
    address, _, query = url.partition("?")
    return f"{address}?{'&'.join(pair for pair in query.split('&') if pair.partition('=')[0] != key)}"
