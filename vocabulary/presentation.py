"""Words from outside, made fit to be shown: cut to their sentence, cleaned of controls, masked.

What is stored stays as it came; these functions are for what people read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PASSAGE_LIMIT = 160
"""Characters kept on each side of a quote where its sentence is longer."""
_SENTENCE_END = frozenset("。！？!?；;\n\r\t\v\f\x85\u2028\u2029")
_BIDI_AND_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Unicode's categories Cc, Zl, Zp and Cs: closed sets."""
_DIGIT = re.compile(r"\d")
_PERSONAL_NUMBERS = re.compile(
    r"(?<!\d)(?:"
    r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dX]"  # identity card, GB 11643
    r"|1[3-9]\d(?:[-\s]?\d{4}){2}"  # mobile telephone
    r"|0\d{2,3}[-)\s]{0,2}[2-9]\d{6,7}"  # telephone with area code
    r"|(?<=[话真线机]:)[2-9]\d{2,3}-?\d{4}"  # 电话:, 传真:, 热线:, 手机: before a local one
    r")(?!\d)"
)
_FORMS = str.maketrans("０１２３４５６７８９ＸｘxX－—（）：", "0123456789XXXX--():")
"""One character for one, so that offsets stay."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or cell; the quote is ``text[start:end]``."""

    text: str
    start: int
    end: int


def passage(text: str, start: int, end: int) -> Passage:
    """The sentence or cell around ``text[start:end]``, up to PASSAGE_LIMIT longer on either side."""
    first = start
    while first > max(0, start - PASSAGE_LIMIT) and text[first - 1] not in _SENTENCE_END:
        first -= 1
    last = end
    while last < min(len(text), end + PASSAGE_LIMIT) and text[last] not in _SENTENCE_END:
        last += 1
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return Passage(text[first:last], start - first, end - first)


def mask_personal_numbers(text: str) -> str:
    """``text`` with the middle of telephone and identity numbers starred; offsets stay as they are."""
    if not _DIGIT.search(text):
        return text
    found = list(_PERSONAL_NUMBERS.finditer(text.translate(_FORMS)))
    if not found:
        return text
    characters = list(text)
    for match in found:
        kept = 3 if match.end() - match.start() > 9 else 1
        first, last = match.start() + kept, match.end() - 2
        characters[first:last] = "*" * (last - first)
    return "".join(characters)


def displayable(text: str, *, limit: int = 0) -> str:
    """``text`` on one line, without control, bidirectional and invisible characters, cut at ``limit``."""
    visible = _BIDI_AND_INVISIBLE.sub("", text)
    line = " ".join(_CONTROLS.sub(" ", visible).split())
    if limit and len(line) > limit:
        return line[: limit - 1] + "…"
    return line


def displayable_lines(text: str) -> str:
    """The same for a text of several lines, which stay; every other character keeps its place or goes."""
    visible = _BIDI_AND_INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub(lambda found: found[0] if found[0] == "\n" else " ", visible)


def safe_link(url: str) -> str:
    """``url`` where it is plain http or https with a host and without credentials, else an empty string."""
    if len(url) > 2048 or any(char.isspace() or not char.isprintable() for char in url):
        return ""
    try:
        parts = urlsplit(url)
        trustworthy = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None
    except ValueError:
        return ""
    return url if trustworthy else ""
