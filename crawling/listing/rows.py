"""Which link of a row is the item: beside a title stand regions, companies, categories and downloads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from posixpath import splitext
from urllib.parse import parse_qsl, urlsplit

from crawling.listing.dates import Printed, shows_date
from extraction.model import Link

_NUMBER = re.compile(r"[0-9a-fA-F-]{16,}|\d+")
ORGANISATION = re.compile(
    r"(?:公司|集团|厂|事务所|大学|学院|学校|医院|银行|商行|门店|协会|中心|工作室|研究院|研究所|合作社|人社局|管理局|委员会|酒店)"
    r"(?:[（(][^）)]{1,12}[）)])?(?:\.{2,}|…)?$"
)
_OF_AN_ORGANISATION = re.compile(
    r"/(?:co|com|comp|company|corp|firm|ent|enterprise|employer|unit|qiye|gongsi|danwei)s?[/_\-\d?.]",
    re.IGNORECASE,
)
"""Folders in which job boards keep the pages of employers."""
_FEWEST_ROWS = 3
_ALTERNATING = 0.8
_FAR_WORSE = 0.9
"""By so much less are names of people worth than titles, where a row shows a day for each of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link that may be an item."""

    link: Link
    url: str
    title: str
    day: Printed | None
    points: float
    dated: bool


def employer_of(links: Iterable[Link]) -> str:
    """The employer whose own page a posting links, by name; empty where it links none, or several."""
    names = {
        link.text
        for link in links
        if ORGANISATION.search(link.text) and _OF_AN_ORGANISATION.search(urlsplit(link.url).path)
    }
    return names.pop() if len(names) == 1 else ""


def without_companions(candidates: Sequence[Candidate]) -> list[Candidate]:
    """``candidates`` without those links of a row that only accompany its title."""
    kinds = [_kind(candidate) for candidate in candidates]
    worth = _worth_of_kinds(candidates, kinds)
    dropped = _companions_in_rows(candidates, kinds, worth) | _companions_by_turns(kinds, worth)
    dropped |= _companions_by_folder(candidates, kinds)
    return [candidate for place, candidate in enumerate(candidates) if place not in dropped]


def _companions_in_rows(
    candidates: Sequence[Candidate], kinds: list[str], worth: dict[str, float]
) -> set[int]:
    """Places of links that share a row with one of a better kind; a row with two days is two rows mostly."""
    rows: dict[int, list[int]] = defaultdict(list)
    for place, candidate in enumerate(candidates):
        if candidate.link.row:
            rows[candidate.link.row].append(place)
    dropped: set[int] = set()
    for places in rows.values():
        first, last = candidates[places[0]].link, candidates[places[-1]].link
        if len(places) < 2 or (shows_date(first.before, "") and shows_date("", last.after)):
            continue
        between = any(
            shows_date("", _between(candidates[a].link, candidates[b].link)) for a, b in pairwise(places)
        )
        best = max((kinds[place] for place in places), key=lambda kind: worth[kind])
        least = worth[best] - _FAR_WORSE if between else worth[best]
        dropped.update(place for place in places if kinds[place] != best and worth[kinds[place]] <= least)
    return dropped


def _companions_by_folder(candidates: Sequence[Candidate], kinds: list[str]) -> set[int]:
    """Places of links that a folder alone tells from a far better one of their row: ``/job/7``, ``/co/7``."""
    folders = [
        f"{kind} {urlsplit(each.url).path.rpartition('/')[0]}"
        for kind, each in zip(kinds, candidates, strict=True)
    ]
    worth = _worth_of_kinds(candidates, folders)
    rows: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, candidate in enumerate(candidates):
        if candidate.link.row:
            rows[candidate.link.row, kinds[place]].append(place)
    dropped: set[int] = set()
    for places in rows.values():
        best = max(worth[folders[place]] for place in places)
        dropped.update(place for place in places if worth[folders[place]] < best - _FAR_WORSE)
    return dropped


def _between(link: Link, other: Link) -> str:
    """The words between two links of one row."""
    return link.after.removesuffix(other.after).strip().removesuffix(other.text)


def _companions_by_turns(kinds: list[str], worth: dict[str, float]) -> set[int]:
    """Places of the worse of two kinds that take turns, as title and company do where rows are not marked."""
    dropped: set[int] = set()
    often = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) >= 2 * _FEWEST_ROWS]
    for number, kind in enumerate(often):
        for other in often[number + 1 :]:
            turns = [each for each in kinds if each in {kind, other}]
            changes = sum(a != b for a, b in pairwise(turns))
            if changes < _ALTERNATING * (len(turns) - 1):
                continue
            worse = min(kind, other, key=lambda each: worth[each])
            dropped.update(place for place, each in enumerate(kinds) if each == worse)
    return dropped


def _worth_of_kinds(candidates: Sequence[Candidate], kinds: list[str]) -> dict[str, float]:
    """How much links of each kind look like titles of documents."""
    members: dict[str, list[Candidate]] = defaultdict(list)
    for candidate, kind in zip(candidates, kinds, strict=True):
        members[kind].append(candidate)
    return {kind: _worth(group) for kind, group in members.items()}


def _worth(group: list[Candidate]) -> float:
    many = len(group)
    length = sum(min(len(candidate.title), 30) for candidate in group) / many
    organisations = sum(map(_is_organisation, group)) / many
    distinct = len({candidate.url for candidate in group}) / many
    points = sum(candidate.points for candidate in group) / many
    first = sum(not candidate.link.before for candidate in group) / many
    return length / 8 - 2.5 * organisations + 2 * distinct + points / 3 + 0.5 * first


def _is_organisation(candidate: Candidate) -> bool:
    folder = _OF_AN_ORGANISATION.search(urlsplit(candidate.url).path)
    return folder is not None or ORGANISATION.search(candidate.title) is not None


def _kind(candidate: Candidate) -> str:
    """What addresses of one column of a list have in common; names of folders may differ, as cities do."""
    parts = urlsplit(candidate.url)
    *folders, last = parts.path.split("/")
    stem, suffix = splitext(last)
    name = _NUMBER.sub("#", stem)
    keys = ",".join(sorted(key for key, _ in parse_qsl(parts.query)))
    return f"{parts.netloc}/{len(folders)}/{name}{suffix}?{keys}"
