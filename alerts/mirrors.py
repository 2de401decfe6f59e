"""The same notice on several sites, told by its text: near-duplicates that nothing else tells apart.

Texts are compared by MinHash signatures, kept in the database with their bands (locality-sensitive hashing):
memory stays flat, and only versions that agree in a band are looked at.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from urllib.parse import urlsplit

import rensa  # type: ignore[import-untyped]
from sqlmodel import Session, col, select

from alerts.postings import TELLING_TITLE, normal_number
from storage.rows import insert_once
from storage.tables import Document, DocumentVersion, SketchBand, TextSketch

BANDS = 20
ROWS = 6
"""Numbers in a band: texts of 80 % the same shingles share a band in 99.7 of 100 cases, of 40 % in 8."""
NEAR = 0.8
"""Share of common shingles from which two texts are one, where title and publisher agree."""
ALMOST_EQUAL = 0.95
"""The same where a publisher is not said."""
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
_SPACE = re.compile(r"\s+")
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
    body = "".join(line for line in lines if len(line) >= _LEAST_LINE)
    if len(body) < _LEAST_TEXT:
        return None
    sketch = rensa.RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
    sketch.update(list({body[start : start + _SHINGLE] for start in range(len(body) - _SHINGLE + 1)}))
    return tuple(sketch.digest())


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated share of shingles that two texts have in common, 0 to 1."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


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


def find_mirrors(
    session: Session, document: Document, version: DocumentVersion, number: str
) -> tuple[int, ...]:
    """Versions of other documents that are the same notice, the likest first; keeps the sketch of this one.

    For versions that a case is about to be opened for, in the caller's transaction; doing it twice changes
    nothing.
    """
    own = signature(version.text)
    if own is None or version.id is None:
        return ()
    bands = _bands(own)
    found = session.exec(
        select(TextSketch, DocumentVersion, Document)
        .join(DocumentVersion, col(DocumentVersion.id) == col(TextSketch.version_id))
        .join(Document, col(Document.id) == col(DocumentVersion.document_id))
        .where(
            col(TextSketch.version_id).in_(
                select(SketchBand.version_id).where(col(SketchBand.value).in_(bands)).distinct()
            )
        )
        .where(DocumentVersion.document_id != document.id)
        .order_by(col(TextSketch.version_id).desc())
        .limit(_CANDIDATES)
    ).all()
    notice = _notice(document, number)
    alike = [
        (similarity(own, _unpacked(sketch.signature)), version_met, document_met)
        for sketch, version_met, document_met in found
    ]
    mirrors = [
        (share, met.id)
        for share, met, at in alike
        if met.id and is_mirror(notice, _notice(at, str(met.facts.get("number") or "")), share)
    ]
    _keep(session, version.id, own, bands)
    return tuple(version_id for _, version_id in sorted(mirrors, key=lambda pair: (-pair[0], pair[1])))


def _notice(document: Document, number: str) -> Notice:
    site = urlsplit(document.url).hostname or ""
    return Notice(document.title, document.publisher, number, document.published_on, site)


def _keep(session: Session, version_id: int, own: tuple[int, ...], bands: list[int]) -> None:
    packed = struct.pack(f"<{_PERMUTATIONS}I", *own)
    if insert_once(session, TextSketch(version_id=version_id, signature=packed)) is None:
        return
    for number, value in enumerate(bands):
        insert_once(session, SketchBand(version_id=version_id, band=number, value=value))


def _bands(own: tuple[int, ...]) -> list[int]:
    """A 64-bit number for each part of the signature; the algorithm's version keeps those of others apart."""
    parts = (own[start : start + ROWS] for start in range(0, _PERMUTATIONS, ROWS))
    named = (
        struct.pack(f"<HI{ROWS}I", number, rensa.RMinHash.ALGORITHM_VERSION, *part)
        for number, part in enumerate(parts)
    )
    return [int.from_bytes(blake2b(name, digest_size=8).digest(), "little", signed=True) for name in named]


def _unpacked(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{_PERMUTATIONS}I", packed)


def _publishers(one: Notice, other: Notice) -> bool | None:
    """Whether the publishers agree; None where one is not said."""
    first, second = _plain(one.publisher), _plain(other.publisher)
    if not first or not second:
        return None
    return first in second or second in first


def _plain(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()
