"""What an official document says of itself: its number, issuer and date, and the documents that it forwards.

A notice that forwards another reprints it below itself, each with its own number, title, signature and date.
The text is therefore cut where a number stands alone on its line, and the chain is followed by what each
document says it forwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from detection.documents.dates import DATE, read_date, to_date
from detection.documents.numbers import Number, find_numbers
from detection.documents.titles import as_issuer, read_title, split_title, title_endings
from detection.model import OfficialDocument

MAX_LENGTH = 200_000
"""Characters read of an official document; beyond are annexes."""
MAX_CHAIN = 8
LEAD = 2000
"""Characters of a document in which it says what it forwards."""
_DATE_LINE = re.compile(rf"^[^\S\n]{{0,80}}[（(]?{DATE}[）)]?[^\S\n]{{0,80}}$", re.MULTILINE)
_ISSUED_ON = re.compile(rf"(?P<issuer>[\u4e00-\u9fff、]{{2,40}})于{DATE}(?:印发|发布|下发|公布|制定)")
_FORWARDING = re.compile(r"(?:现|一并|予以)(?:转发|批转)|(?:转发|批转)(?:给|你们|如下|至)")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class OfficialFacts:
    document: OfficialDocument
    forwards: tuple[OfficialDocument, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One document of a text that may reprint several."""

    facts: OfficialDocument
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Signature:
    signer: str | None
    signed_on: date


def read_official(text: str, title: str, values: dict[str, str]) -> OfficialFacts:
    """Number, issuer, date and forwarding chain, nearest first.

    Args:
        text: the whole text; what lies beyond :data:`MAX_LENGTH` is not read.
        title: the page's title, may be empty.
        values: the values of the form that some sites put above a document (``发文字号：…``).
    """
    parts = _split(text[:MAX_LENGTH], title)
    first = parts[0].facts
    labelled = next(iter(find_numbers(values.get("number", ""))), None)
    document = OfficialDocument(
        labelled.text if labelled else first.number,
        as_issuer(values.get("issuer", "")) or first.issuer,
        read_date(values.get("date", "")) or first.date or read_date(values.get("posted", "")),
    )
    return OfficialFacts(document, _follow_chain(parts))


def _split(text: str, title: str) -> list[_Part]:
    """The documents of a text, in its order; the first may have no number."""
    cuts: list[tuple[int, Number]] = []
    for number in find_numbers(text):
        # A form above a document gives the number that the document gives again.
        if _is_own(text, number) and (not cuts or cuts[-1][1].text != number.text):
            cuts.append((_document_start(text, number), number))
    if not cuts or cuts[0][1].start > LEAD:
        cuts.insert(0, (0, Number("", 0, 0)))
    starts = [0, *(start for start, _ in cuts[1:]), len(text)]
    return [
        _read_part(text[starts[index] : starts[index + 1]], number, "" if index else title)
        for index, (_, number) in enumerate(cuts)
    ]


def _is_own(text: str, number: Number) -> bool:
    """Whether nothing but brackets, a label or the title shares the number's line."""
    before = text[max(text.rfind("\n", 0, number.start) + 1, number.start - 200) : number.start]
    stop = text.find("\n", number.end, number.end + 100)
    after = text[number.end : stop if stop >= 0 else number.end + 100]
    bare = before.strip(" \t\r\u3000（(【[文发字号编：:")
    return not after.strip(" \t\r\u3000）)】]") and (not bare or bare.endswith(title_endings()))


def _document_start(text: str, number: Number) -> int:
    """Where the document of this number begins: at its line, or at the title that stands above it."""
    start = text.rfind("\n", 0, number.start) + 1
    above = text[max(0, start - 300) : start]
    if not above.rstrip().endswith(title_endings()):
        return start
    for line in reversed(above.splitlines(keepends=True)):
        bare = line.strip()
        if bare and (len(bare) > 60 or bare[-1] in "。；：:）)日"):
            break
        start -= len(line)
    return start


def _read_part(text: str, number: Number, given_title: str) -> _Part:
    read = read_title(text)
    title = given_title if split_title(given_title).issuer or not read else read
    issuer = split_title(title).issuer
    signature = _own_signature(_signatures(text), issuer)
    signer = signature.signer if signature else None
    facts = OfficialDocument(
        number.text or None, issuer or signer, signature.signed_on if signature else None
    )
    return _Part(facts, title, text)


def _signatures(text: str) -> list[_Signature]:
    """Every line that is nothing but a date, with the body that stands above it."""
    found = []
    for match in _DATE_LINE.finditer(text):
        day = to_date(match)
        if day is not None:
            above = text[max(0, match.start() - 160) : match.start()].rstrip().rpartition("\n")[2]
            found.append(_Signature(as_issuer(above.strip()), day))
    return found


def _own_signature(signatures: list[_Signature], issuer: str | None) -> _Signature | None:
    """The issuer's own signature before that of any other body; a bare date only where nobody signed."""
    own = [found for found in signatures if issuer is not None and found.signer == issuer]
    signed = [found for found in signatures if found.signer is not None]
    return next(iter(own or signed or signatures), None)


def _follow_chain(parts: list[_Part]) -> tuple[OfficialDocument, ...]:
    """The documents forwarded, nearest first: each as it is reprinted, else as it is cited."""
    chain: list[OfficialDocument] = []
    current, left = parts[0], parts[1:]
    while len(chain) < MAX_CHAIN:
        cited = _cited(current)
        if cited is None:
            break
        reprinted = next((part for part in left if part.facts.number == cited.facts.number), None)
        if reprinted is None:
            chain.append(cited.facts)
            current = cited
            continue
        left.remove(reprinted)
        own, known = reprinted.facts, cited.facts
        chain.append(OfficialDocument(own.number, own.issuer or known.issuer, own.date or known.date))
        current = reprinted
    return tuple(chain)


def _cited(part: _Part) -> _Part | None:
    """The document that a part says it forwards: ``现将《…》（…号）转发给你们``, else by its title."""
    from_title = split_title(part.title).forwarded
    lead = _SPACES.sub("", part.text[:LEAD])
    forwarding = _FORWARDING.search(lead)
    said = lead[: forwarding.start()] if forwarding else ""
    close = said.rfind("》")
    if close < 0:
        return _cited_by_title(part, from_title)
    opening = _opening(said, close)
    title = said[opening + 1 : close]
    number = next(iter(find_numbers(said[close : close + 60])), None)
    issued = _ISSUED_ON.search(said, max(0, opening - 100), opening + 1)
    issuer = split_title(title).issuer or (as_issuer(issued["issuer"]) if issued else None)
    issuer = issuer or split_title(from_title).issuer
    day = (to_date(issued) if issued else None) or _signed_by(part.text, issuer)
    return _Part(OfficialDocument(number.text if number else None, issuer, day), title, "")


def _cited_by_title(part: _Part, title: str) -> _Part | None:
    issuer = split_title(title).issuer
    if not title or issuer is None:
        return None
    return _Part(OfficialDocument(None, issuer, _signed_by(part.text, issuer)), title, "")


def _opening(text: str, close: int) -> int:
    """Offset of the book-title mark that the one at ``close`` closes; titles stand within titles."""
    depth = 0
    for offset in range(close, -1, -1):
        depth += (text[offset] == "》") - (text[offset] == "《")
        if depth == 0:
            return offset
    return -1


def _signed_by(text: str, issuer: str | None) -> date | None:
    """When a body signed in the text that reprints its document without a number."""
    signed = [found.signed_on for found in _signatures(text) if issuer is not None and found.signer == issuer]
    return signed[-1] if signed else None
