"""The same notice on several sites, told by its text: near-duplicates that nothing else tells apart.

Candidates are found by MinHash signatures, kept in the database with their bands (locality-sensitive
hashing): memory stays flat, and only versions that agree in a band are looked at. These are compared sentence
by sentence, from the first that both have to the last: what stands before and behind is the site's.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import Match, SequenceMatcher
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urlsplit

import rensa  # type: ignore[import-untyped]
from sqlalchemy import Executable, bindparam, func, select
from sqlmodel import Session

from cases.postings import TELLING_TITLE, normal_number
from storage.rows import any_of, insert_all_once, rows, table_of
from storage.tables import Document, DocumentVersion, SketchBand, TextSketch

BANDS = 24
ROWS = 5
"""Numbers in a band: texts of 70 % the same shingles share a band in 99 of 100 cases, of 40 % in 22."""
NEAR = 0.9
"""Share of common sentences from which two texts are one, where title and publisher agree."""
ALMOST_EQUAL = 0.97
"""The same where a publisher is not said."""
_COVERED = 0.7
"""Share of the shorter text that must be common at all."""
REPRINTED_WITHIN = timedelta(days=60)
"""Mirrors follow within weeks; next year's notice has the same words."""
_PERMUTATIONS = BANDS * ROWS
_SEED = 42
_SHINGLE = 5
_LEAST_LINE = 15
"""Characters: menus, which differ from site to site, are made of shorter lines."""
_LEAST_TEXT = 60
_READ = 60_000
"""Characters that a signature is made of."""
_CANDIDATES = 200
_BEGINNINGS = {
    "own_http": ("http", "/"),
    "own_https": ("https", "/"),
    "own_http_port": ("http", ":"),
    "own_https_port": ("https", ":"),
}
"""How addresses of a site begin: what stands before and behind its host."""
_LIKE_MARKS = re.compile(r"[%_!]")
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[。；;!?\n]")
_LEAST_SENTENCE = 8
_LONGEST_SENTENCE = 500
_COMPARED = 50
"""Sentences of one gap whose numbers are compared."""
_NUMBERS = re.compile(r"[\d〇零一二两三四五六七八九十百]+")
_PUT_OTHERWISE = 0.6
"""Share of common characters from which two sentences are no site's own words but one with another date."""
_OF_THE_SITE = re.compile(
    r"(发布|更新|录入)(时间|日期)|来源:|浏览|点击|阅读|字号|打印|责任编辑|作者:|上一[篇条]|下一[篇条]"
)
"""What sites write between a title and the text."""
_SEPARATORS = frozenset(("", *"-_|—–·>:"))
"""What stands between a title and the name of a site."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What tells one notice from another beside its text."""

    title: str
    publisher: str
    number: str
    published_on: date | None
    site: str
    """Host of its address; empty for a message of the public."""


def signature(text: str) -> tuple[int, ...] | None:
    """MinHash of the shingles of the body of ``text``; None where it is too short to tell anything."""
    lines = (_SPACE.sub("", line) for line in unicodedata.normalize("NFKC", text[:_READ]).splitlines())
    body = "".join(line for line in lines if len(line) >= _LEAST_LINE and not _OF_THE_SITE.search(line))
    if len(body) < _LEAST_TEXT:
        return None
    sketch = rensa.RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
    sketch.update(list({body[start : start + _SHINGLE] for start in range(len(body) - _SHINGLE + 1)}))
    return tuple(sketch.digest())


def likeness(one: str, other: str) -> float:
    """Share of what stands between the first and the last common sentence that both texts have, 0 to 1.

    0 where they have little in common beside that, and where a sentence has other numbers than its
    counterpart: a date is what tells this year's notice from last year's.
    """
    first, second = _sentences(one), _sentences(other)
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()[:-1]
    common = sum(len(each) for block in blocks for each in first[block.a : block.a + block.size])
    if not common or common < _COVERED * min(sum(map(len, first)), sum(map(len, second))):
        return 0.0
    differing = 0
    for here, there in _between(first, second, blocks):
        if any(_has_other_numbers(*pair) for pair in zip(here[:_COMPARED], there[:_COMPARED], strict=False)):
            return 0.0
        differing += sum(map(len, (*here, *there)))
    return 2 * common / (2 * common + differing)


def _between(
    first: list[str], second: list[str], blocks: Sequence[Match]
) -> Iterator[tuple[list[str], list[str]]]:
    """What stands between the common parts, and at either end what is one sentence put otherwise."""
    begin, end = blocks[0], blocks[-1]
    yield _put_otherwise(first[: begin.a][-1:], second[: begin.b][-1:])
    for one, following in pairwise(blocks):
        yield first[one.a + one.size : following.a], second[one.b + one.size : following.b]
    yield _put_otherwise(first[end.a + end.size :][:1], second[end.b + end.size :][:1])


def _put_otherwise(one: list[str], other: list[str]) -> tuple[list[str], list[str]]:
    return (one, other) if one and other and _is_put_otherwise(one[0], other[0]) else ([], [])


def _is_put_otherwise(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _PUT_OTHERWISE


def _has_other_numbers(one: str, other: str) -> bool:
    return _NUMBERS.findall(one) != _NUMBERS.findall(other) and _is_put_otherwise(one, other)


def _sentences(text: str) -> list[str]:
    """What a text says, each sentence once, without what sites write around it."""
    plain = unicodedata.normalize("NFKC", text[:_READ])
    found = (_SPACE.sub("", each)[:_LONGEST_SENTENCE] for each in _SENTENCE_END.split(plain))
    telling = (each for each in found if len(each) >= _LEAST_SENTENCE and not _OF_THE_SITE.search(each))
    return list(dict.fromkeys(telling))  # A text that repeats one sentence would take the matcher for ever.


def is_mirror(one: Notice, other: Notice, alike: float) -> bool:
    """Whether texts as ``alike`` as that are one notice: nothing that both say of themselves may differ."""
    if one.site == other.site or not _is_same_title(one.title, other.title):
        return False
    if one.number and other.number and normal_number(one.number) != normal_number(other.number):
        return False
    if one.published_on and other.published_on:
        apart = abs(one.published_on - other.published_on)
        if apart > REPRINTED_WITHIN:
            return False
    publishers = _publishers(one, other)
    return publishers is not False and alike >= (NEAR if publishers else ALMOST_EQUAL)


def _is_same_title(one: str, other: str) -> bool:
    """Whether two titles are one, but for the name of a site behind or before it (``…公告_某某网``)."""
    shorter, longer = sorted((_plain(one), _plain(other)), key=len)
    if len(shorter) < TELLING_TITLE:
        return False
    before, found, behind = longer.partition(shorter)
    return bool(found) and before[-1:] in _SEPARATORS and behind[:1] in _SEPARATORS


class Sketch(NamedTuple):
    """A signature as it is kept, and its bands: texts that share none are not alike."""

    packed: bytes
    bands: tuple[int, ...]


class Sketched(NamedTuple):
    """A version for which a case is about to be opened."""

    version_id: int
    document_id: int
    text: str
    notice: Notice
    sketch: Sketch


def sketch_of(text: str) -> Sketch | None:
    """None where ``text`` is too short to tell anything."""
    own = signature(text)
    if own is None:
        return None
    return Sketch(struct.pack(f"<{_PERMUTATIONS}I", *own), _bands(own))


def find_mirrors(session: Session, sketched: Sequence[Sketched]) -> dict[int, tuple[int, ...]]:
    """By version: versions of other documents that are the same notice, the likest first.

    Keeps the sketches, in the caller's transaction; doing it twice changes nothing. None of ``sketched`` is
    looked for among the others.
    """
    if not sketched:
        return {}
    alike = _alike(session, sketched)
    likely = {
        each.version_id: [
            other
            for other in alike[each.version_id]
            # Titles, sites and dates are told apart at less cost than texts.
            if is_mirror(each.notice, other.notice, 1.0)
        ]
        for each in sketched
    }
    texts = _texts(session, {other.version_id for others in likely.values() for other in others})
    mirrors: dict[int, tuple[int, ...]] = {}
    for each in sketched:
        shares = [(likeness(each.text, texts[other.version_id]), other) for other in likely[each.version_id]]
        met = [(-share, it.version_id) for share, it in shares if is_mirror(each.notice, it.notice, share)]
        mirrors[each.version_id] = tuple(version_id for _, version_id in sorted(met))
    _keep(session, sketched)
    return mirrors


class _Other(NamedTuple):
    """A version that agrees in a band, with what tells notices apart."""

    version_id: int
    document_id: int
    notice: Notice


def _alike(session: Session, sketched: Sequence[Sketched]) -> dict[int, list[_Other]]:
    """By version: those of other sites that agree in a band, the newest first."""
    agreeing = _agreeing_with(session, sketched)
    newest = {
        each.version_id: sorted(
            {key for band in each.sketch.bands for key in agreeing.get((each.notice.site, band), ())},
            reverse=True,
        )[:_CANDIDATES]
        for each in sketched
    }
    keys = {key for each in newest.values() for key in each}
    others = {
        key: _Other(key, document_id, notice_of(url, title, publisher, day, str(facts.get("number") or "")))
        for key, document_id, facts, url, title, publisher, day in (
            rows(session, _others(), keys=list(keys)) if keys else ()
        )
    }
    return {
        each.version_id: [
            others[key] for key in newest[each.version_id] if others[key].document_id != each.document_id
        ]
        for each in sketched
    }


def _agreeing_with(session: Session, sketched: Sequence[Sketched]) -> dict[tuple[str, int], list[int]]:
    """By site and band: the newest versions of other sites that have it.

    Most of what agrees is of the same site, which says the same things in the same words, and is no mirror.
    """
    bands: dict[str, list[int]] = {}
    for each in sketched:
        bands.setdefault(each.notice.site, []).extend(each.sketch.bands)
    agreeing: dict[tuple[str, int], list[int]] = {}
    for site, of_site in bands.items():
        named = _LIKE_MARKS.sub(r"!\g<0>", site)
        own = {name: f"{start}://{named}{end}%" for name, (start, end) in _BEGINNINGS.items()}
        for band, version_id in rows(session, _agreeing(), bands=of_site, **own):
            agreeing.setdefault((site, band), []).append(version_id)
    return agreeing


@cache
def _agreeing() -> Executable:
    """Bands and the versions that have them, of each band the newest that are not of one site."""
    band, version, document = table_of(SketchBand), table_of(DocumentVersion), table_of(Document)
    place = func.row_number().over(partition_by=band.c.value, order_by=band.c.version_id.desc())
    last = (
        select(band.c.value, band.c.version_id, place.label("place"))
        .select_from(band)
        .join(version, version.c.id == band.c.version_id)
        .join(document, document.c.id == version.c.document_id)
        .where(band.c.value.in_(any_of("bands")))
        .where(*(document.c.url.not_like(bindparam(name), escape="!") for name in _BEGINNINGS))
        .subquery()
    )
    return select(last.c.value, last.c.version_id).where(last.c.place <= _CANDIDATES)


@cache
def _others() -> Executable:
    version, document = table_of(DocumentVersion), table_of(Document)
    return (
        select(
            version.c.id,
            version.c.document_id,
            version.c.facts,
            document.c.url,
            document.c.title,
            document.c.publisher,
            document.c.published_on,
        )
        .select_from(version)
        .join(document, document.c.id == version.c.document_id)
        .where(version.c.id.in_(any_of("keys")))
    )


def _texts(session: Session, keys: Set[int]) -> dict[int, str]:
    found = rows(session, _texts_of(), keys=list(keys)) if keys else ()
    return {key: text for key, text in found}  # noqa: C416 - typed as tuples of any length


@cache
def _texts_of() -> Executable:
    version = table_of(DocumentVersion).c
    return select(version.id, version.text).where(version.id.in_(any_of("keys")))


def notice_of(url: str, title: str, publisher: str, published_on: date | None, number: str) -> Notice:
    """What a document at ``url`` says of itself."""
    return Notice(title, publisher, number, published_on, urlsplit(url).hostname or "")


def _keep(session: Session, sketched: Sequence[Sketched]) -> None:
    sketches = [{"version_id": each.version_id, "signature": each.sketch.packed} for each in sketched]
    written = {key for (key,) in insert_all_once(session, TextSketch, sketches, ("version_id",))}
    bands = [
        {"version_id": each.version_id, "band": number, "value": value}
        for each in sketched
        if each.version_id in written
        for number, value in enumerate(each.sketch.bands)
    ]
    insert_all_once(session, SketchBand, bands, ("band",))


def _bands(own: tuple[int, ...]) -> tuple[int, ...]:
    """A 64-bit number for each part of the signature; the algorithm's version keeps those of others apart."""
    parts = (own[start : start + ROWS] for start in range(0, _PERMUTATIONS, ROWS))
    named = (
        struct.pack(f"<HI{ROWS}I", number, rensa.RMinHash.ALGORITHM_VERSION, *part)
        for number, part in enumerate(parts)
    )
    return tuple(
        int.from_bytes(blake2b(name, digest_size=8).digest(), "little", signed=True) for name in named
    )


def _publishers(one: Notice, other: Notice) -> bool | None:
    """Whether the publishers agree; None where one is not said, and its title does not name the other."""
    first, second = _plain(one.publisher), _plain(other.publisher)
    if not first or not second:
        title = _plain(other.title if first else one.title)
        return True if (first or second) and (first or second) in title else None
    return first in second or second in first


def _plain(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()
