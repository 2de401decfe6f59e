"""Who wrote a message of the public: every name and address that must not reach anybody else.

Told from each header that names a writer, in every way in which its bytes can be read, and from what stands
under the letter. Hiding a word too many costs nothing: the message itself is kept as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from assessment.person_names import ADDRESS, DOTS, is_number, is_person, names_in, pieces_of
from extraction.mime import HeaderText, header_text

_WRITERS = re.compile(
    r"(?:^|-)(?:from|sender|author|nick\w*|reply-to|return-path|errors-to|organi[sz]ation|user|login)(?:$|-(?!agent))"
    r"|notification-to|receipt-to",
    re.IGNORECASE,
)
"""Headers that name who wrote a message, also those that mailers have made up."""
_ANY_ADDRESS = re.compile(r"[^\s<>\"]{1,64}@[^\s<>\"]{3,190}")
"""Also one with a name in Chinese before the @ (RFC 6532); within a text the words before it would be its."""
_MOST_WORDS = 200
_MASK = "＊"
_LONGEST_OFFICE = 4
"""Letters of an address that may stand for an office: ``hr``, ``info``."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a message, as its headers claim."""

    name: str
    """Empty where none is given, or none could be decoded."""
    address: str
    private: frozenset[str]
    """Every word and address of the headers that name a writer, in each of their readings."""


def writer_of(message: Message) -> Writer:
    """The writer by ``From``, and everything that any header says of writers."""
    private: set[str] = set()
    name = address = ""
    for key, value in message.raw_items():
        if _WRITERS.search(key):
            line = header_text(str(value))
            private |= _words_of(line)
            if key.strip().lower() == "from" and not address:
                name, address = _person(line)
    return Writer(name, address, frozenset(private))


def _person(line: HeaderText) -> tuple[str, str]:
    found = ADDRESS.search(line.text) or _ANY_ADDRESS.search(line.text)
    address = found[0] if found else ""
    parsed = next((name for name, _ in getaddresses([line.text]) if name), "")
    name = parsed or " ".join(ADDRESS.sub(" ", line.text).replace("<", " ").replace(">", " ").split())
    return (name.strip(" \"'") if line.is_whole else ""), address


def inner_persons(message: Message) -> frozenset[str]:
    """Persons whom the headers of a mail within the message name as its writers, and their addresses.

    A hotline sends on what the public wrote; a company's office that wrote to the reporter is no person.
    """
    found = writer_of(message).private
    persons = {word for word in found if is_person(word) or (word.isascii() and " " in word)}
    return frozenset(persons | {word for word in found if "@" in word}) if persons else frozenset()


def _words_of(line: HeaderText) -> set[str]:
    found: set[str] = set()
    for reading in (line.text, *line.others):
        addresses = [address.strip(".") for address in ADDRESS.findall(reading)]
        found |= set(addresses) | names_in(reading)
        for local in (address.partition("@")[0] for address in addresses):
            found |= _telling(local)
    return {word for word in found if len(word) > 1}


def _telling(local: str) -> set[str]:
    """What stands before the @ where it tells who somebody is: a QQ number, a name, no ``hr``."""
    letters = [piece for piece in pieces_of(local) if not piece.isdecimal()]
    together = {" ".join(letters), " ".join(reversed(letters))} if 1 < len(letters) < 4 else set()
    alone = {piece for piece in letters if len(piece) > _LONGEST_OFFICE + 1}
    return {local} | together | alone if len(local) > _LONGEST_OFFICE else set()


def in_order(private: Iterable[str]) -> tuple[str, ...]:
    """What is to be hidden, the longest first, at most some hundred words."""
    return tuple(sorted(private, key=lambda word: (-len(word), word))[:_MOST_WORDS])


def masked(text: str, private: Iterable[str], keep: Iterable[tuple[int, int]] | None = None) -> str:
    """``text`` with every private word starred, as long as before, so that offsets stay.

    Characters within a span of ``keep`` stay: else somebody who calls himself like a certificate hid it.
    """
    kept = {at for start, end in keep or () for at in range(start, end)}
    for word in private:
        text = _pattern(word).sub(lambda match: _stars(match, kept), text)
    return text


def _stars(match: re.Match[str], kept: set[int]) -> str:
    return "".join(
        character if at in kept else _MASK for at, character in enumerate(match.group(), match.start())
    )


def _pattern(word: str) -> re.Pattern[str]:
    """The word however it is spaced and in whichever case; a Latin one only where it stands by itself."""
    if "@" in word:
        return re.compile(re.escape(word), re.IGNORECASE)
    if is_number(plain := re.sub(r"[ -]", "", word)):
        return re.compile(rf"(?<!\d){'[ -]?'.join(plain)}(?!\d)")
    if word.isascii():
        spelt = r"[\s.,_-]{0,3}".join(map(re.escape, word.split()))
        return re.compile(rf"(?<![A-Za-z0-9]){spelt}(?![A-Za-z0-9])", re.IGNORECASE)
    letters = re.sub(rf"[{DOTS}]", "", word)
    return re.compile(rf"[ \t\u3000_.{DOTS}-]*".join(map(re.escape, letters)), re.IGNORECASE)
