"""Numbers of official documents: ``吉政办发〔2017〕54号``, in whichever brackets a text writes the year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from detection.documents.cues import read_table

_NUMBER = re.compile(
    r"[ \t\u3000]{0,3}[〔\[［（(【][ \t\u3000]{0,2}"
    r"(?P<year>(?:19|20|１９|２０)[0-9０-９]{2})[ \t\u3000]{0,2}[〕\]］）)】]"
    r"\s{0,3}(?:第[ \t\u3000]{0,2})?(?P<serial>[0-9０-９]{1,5})[ \t\u3000]{0,2}号"
)
_CODE = re.compile(r"[\u4e00-\u9fff]{1,16}$")
_ARABIC = str.maketrans("０１２３４５６７８９", "0123456789")
_LONGEST_CODE = 16


@dataclass(frozen=True, slots=True)
class Number:
    """A document number as offices cite it, and where it stands."""

    text: str
    start: int
    end: int


def is_number_at(text: str, offset: int) -> bool:
    """Whether the bracketed year of a document number begins at ``offset``."""
    return _NUMBER.match(text, offset) is not None


def find_numbers(text: str) -> list[Number]:
    """Every document number of a text, written alike: ``国办发[2018]1号`` becomes ``国办发〔2018〕1号``."""
    numbers = []
    for match in _NUMBER.finditer(text):
        code = _CODE.search(text, max(0, match.start() - _LONGEST_CODE), match.start())
        name = _without_lead(code[0]) if code else ""
        if len(name) >= 2:
            year, serial = (match[part].translate(_ARABIC) for part in ("year", "serial"))
            numbers.append(Number(f"{name}〔{year}〕{serial}号", match.start() - len(name), match.end()))
    return numbers


@cache
def _leads() -> tuple[str, ...]:
    return tuple(read_table("officials.toml")["number"]["leads"])


def _without_lead(code: str) -> str:
    """``根据国办发`` → ``国办发``: the words before a number are no part of it."""
    return code[max((code.rfind(lead) + len(lead) for lead in _leads() if lead in code), default=0) :]
