"""Titles of official documents: where they stand, which body they begin with, what they say they forward."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from detection.documents.cues import read_table

MAX_TITLE = 160
_MAX_LINES = 14
_MAX_ISSUER = 60
_SUBJECTS = ("转发", "批转", "关于", "印发", "公布")
_ALSO = ("对",)
"""Words that may follow an issuer but do not make a title: ``国务院办公厅对…建议的答复``."""
_FORWARDS = ("转发", "批转")
_NOT_IN_A_NAME = frozenset('《》“”"，。；：:,;！？!?0123456789')


@dataclass(frozen=True, slots=True)
class TitleParts:
    issuer: str | None
    """The body that the title begins with."""
    forwarded: str
    """Title of the document that this one forwards; empty where it forwards none."""


@cache
def title_endings() -> tuple[str, ...]:
    return tuple(read_table("officials.toml")["title"]["ends"])


@cache
def _issuer_endings() -> tuple[str, ...]:
    return tuple(read_table("officials.toml")["issuer"]["ends"])


def as_issuer(name: str) -> str | None:
    """The name of an issuing body, two joined by ``、``; None where it cannot be one."""
    bare = "、".join(name.split())
    if not 2 <= len(bare) <= _MAX_ISSUER or _NOT_IN_A_NAME & set(bare):
        return None
    return bare if bare.endswith(_issuer_endings()) else None


def split_title(title: str) -> TitleParts:
    """``福州市…局转发人力资源社会保障部关于…的通知`` → the first body, and the title after ``转发``."""
    found = sorted((title.find(subject), subject) for subject in (*_SUBJECTS, *_ALSO) if subject in title)
    named = ((as_issuer(title[:at].strip(" 　《")), at, subject) for at, subject in found)
    issuer, at, subject = next((parts for parts in named if parts[0]), (None, *(found or [(0, "")])[0]))
    forwards = next((verb for verb in _FORWARDS if verb in title[at:]), None)
    if subject == "关于" and title[at + 2 : at + 4] not in _FORWARDS:
        forwards = None
    forwarded = title[title.find(forwards, at) + 2 :].strip("《》 ") if forwards else ""
    return TitleParts(issuer, forwarded)


def read_title(text: str) -> str:
    """The title at the beginning of a text, its broken lines joined; empty where none is found."""
    joined = ""
    for line in [line.strip() for line in text[:2000].split("\n") if line.strip()][:_MAX_LINES]:
        if line.endswith(("：", ":")) or "。" in line or len(line) > MAX_TITLE:
            break
        joined = _join(joined, line)
        if len(joined) > MAX_TITLE:
            joined = line
        if joined.endswith(title_endings()) and any(subject in joined for subject in _SUBJECTS):
            return joined
    return ""


def _join(before: str, line: str) -> str:
    """A line that ends with a document number belongs to the head, not to the title after it."""
    return line if not before or before.endswith(("号", "日", "）", ")")) else before + line
