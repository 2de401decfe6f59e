"""When two texts are one posting, and two findings one case."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from vocabulary.codes import Violation
from vocabulary.presentation import passage

TELLING_TITLE = 8
"""Characters that a title needs to name one posting; ``招聘启事`` names any."""
_SPACE = re.compile(r"\s+")
_SPACE_AND_DIGITS = re.compile(r"[\s\d]+")
_YEAR = re.compile(r"(?:19|20)\d\d(?=年)")
_BRACKETS = str.maketrans("[【〔(（﹝", "〔〔〔〔〔〔") | str.maketrans("]】〕)）﹞", "〕〕〕〕〕〕")


@dataclass(frozen=True, slots=True)
class Posting:
    """What a document says that tells it from other postings, wherever it is published."""

    number: str
    """The document's own number (``榕人社培〔2017〕139号``); empty where it has none."""
    publisher: str
    title: str
    text: str

    def identity(self, start: int, end: int) -> tuple[str, ...]:
        """The posting as seen from a finding at ``text[start:end]``: equal on every site that carries it.

        A document number is an identity by itself. Else a publisher and a telling title are, with the
        sentence of the finding: the whole text would not do, since it comes with the menus of its site. Where
        publisher or title say too little, the whole text decides, so that no posting hides another, with the
        years that it names. Spaces and other digits of the text (counters, times of printing) do not matter.
        """
        if self.number:
            return "number", normal_number(self.number)
        publisher, title = _normal(self.publisher), _normal(self.title)
        if publisher and len(title) >= TELLING_TITLE:
            sentence = passage(self.text, start, end)
            return "title", publisher, title, _wording(sentence.text)
        return "text", publisher, title, *sorted(set(_YEAR.findall(self.text))), _wording(self.text)


def case_key(identity: tuple[str, ...], qualification: str, violation: Violation) -> str:
    """SHA-256, in hex, of a posting's identity with what is wrong in it: the unique key of a case."""
    parts = "\x1f".join((*identity, _normal(qualification), violation.value))
    return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()


def normal_number(number: str) -> str:
    """A document number with one kind of brackets and without spaces."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", number)).translate(_BRACKETS)


def page_title(title: str) -> str:
    """The title of the page that links an attachment, of the attachment's own; another title as it is."""
    return title.partition("（附件：")[0]


def same_title(one: str, other: str) -> bool:
    """Whether two titles differ in nothing but spaces and forms of characters."""
    return _normal(one) == _normal(other)


def _normal(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _wording(text: str) -> str:
    return _SPACE_AND_DIGITS.sub("", text)
