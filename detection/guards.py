"""What a text must hold for a pattern to match: read off the pattern once, looked for before it runs.

A regular expression that tries a choice of verbs at every place of a window costs microseconds where it finds
nothing, and it mostly finds nothing; that the window has none of the verbs is known in a tenth of that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol

_parser: Any = import_module("re._parser")  # the standard library's own reading of a pattern
_MOST_WORDS = 12
"""A choice of more words is no guard: looking for them all costs what the pattern costs."""
_GROUP, _BRANCH, _LITERAL, _IN = "SUBPATTERN", "BRANCH", "LITERAL", "IN"
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_NOTHING = frozenset({"ASSERT", "ASSERT_NOT", "AT"})
"""They match no character: whatever they demand besides makes a guard no wrong one."""
_PAYS = 64
"""Uses of a pattern from which on its guards are worth reading them off."""
_Words = tuple[str, ...]
_FORWARDS, _BACKWARDS = 1, -1
_TEXT_ENDS = frozenset({"AT_END", "AT_END_STRING"})
_NEWLINE = frozenset("\n")
"""``$`` matches before a last line end as well."""


class _Look(Protocol):
    """A pattern's ``search``, ``match`` or ``fullmatch``."""

    def __call__(self, text: str, start: int = 0, end: int = sys.maxsize, /) -> re.Match[str] | None: ...


class Guarded:
    """A pattern behind its guards: it answers as the pattern alone does, mostly without running it.

    Guards are read off a pattern once it has been used so often that they pay: a short file is read without.
    From then on ``search``, ``match`` and ``fullmatch`` are the guarded ones, or the pattern's own where
    nothing guards it.
    """

    __slots__ = ("_uses", "fullmatch", "match", "pattern", "search")

    search: _Look
    match: _Look
    fullmatch: _Look

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self._uses = 0
        self.search = self._counting(pattern.search)
        self.match = self._counting(pattern.match)
        self.fullmatch = self._counting(pattern.fullmatch)

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        return iter(()) if self.search(text, start, end) is None else self.pattern.finditer(text, start, end)

    def _counting(self, look: _Look) -> _Look:
        def look_and_count(text: str, start: int = 0, end: int = sys.maxsize, /) -> re.Match[str] | None:
            self._uses += 1
            if self._uses >= _PAYS:
                self._read_guards()
            return look(text, start, end)

        return look_and_count

    def _read_guards(self) -> None:
        pattern = self.pattern
        begins, ends = first_characters(pattern), last_characters(pattern)
        anchored = not pattern.flags & re.MULTILINE and _ends_with_text(_parse(pattern))
        at_end = ends | _NEWLINE if anchored and ends is not None else None
        self.search = _search_behind(pattern, required_words(pattern), at_end)
        self.match = pattern.match if begins is None else _match_behind(pattern, begins)
        self.fullmatch = _fullmatch_behind(pattern, begins, ends)


def _search_behind(pattern: re.Pattern[str], words: _Words, ends: frozenset[str] | None) -> _Look:
    """The pattern's ``search``, where one of the words stands and the last character is one of ``ends``."""
    look = pattern.search
    if not words and ends is None:
        return look

    def search(text: str, start: int = 0, end: int = sys.maxsize, /) -> re.Match[str] | None:
        if ends is not None and (text[-1:] if end >= len(text) else text[end - 1 : end]) not in ends:
            return None
        if words:
            window = text[start:end]
            for word in words:
                if word in window:
                    break
            else:
                return None
        return look(text, start, end)

    return search


def _match_behind(pattern: re.Pattern[str], begins: frozenset[str]) -> _Look:
    look = pattern.match

    def match(text: str, start: int = 0, end: int = sys.maxsize, /) -> re.Match[str] | None:
        return look(text, start, end) if text[start : start + 1] in begins else None

    return match


def _fullmatch_behind(
    pattern: re.Pattern[str], begins: frozenset[str] | None, ends: frozenset[str] | None
) -> _Look:
    look = pattern.fullmatch
    if begins is None and ends is None:
        return look

    def fullmatch(text: str, start: int = 0, end: int = sys.maxsize, /) -> re.Match[str] | None:
        if begins is not None and text[start : start + 1] not in begins:
            return None
        if ends is not None and (text[-1:] if end >= len(text) else text[end - 1 : end]) not in ends:
            return None
        return look(text, start, end)

    return fullmatch


def guard(pattern: str) -> Guarded:
    """``pattern`` compiled, behind its guards."""
    return Guarded(re.compile(pattern))


def required_words(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Words of which every match of ``pattern`` holds at least one; () where it needs none of a few."""
    if pattern.flags & re.IGNORECASE:
        return ()
    words = min(_choices(_parse(pattern)), key=_cost, default=())
    return words if len(words) <= _MOST_WORDS else ()


def first_characters(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """The characters with which a match of ``pattern`` may begin; None where any may, or none needs to."""
    return _edge(pattern, _FORWARDS)


def last_characters(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """The characters that a match of ``pattern`` may end with; None where any may, or none needs to."""
    return _edge(pattern, _BACKWARDS)


def _edge(pattern: re.Pattern[str], way: int) -> frozenset[str] | None:
    if pattern.flags & re.IGNORECASE:
        return None
    try:
        characters, may_be_empty = _firsts(_parse(pattern), way)
    except _AnyError:
        return None
    return None if may_be_empty else characters


def _ends_with_text(items: Sequence[tuple[Any, Any]]) -> bool:
    """Whether every match of a sequence reaches to the end of what is searched, a last line end apart."""
    if not items:
        return False
    operation, argument = items[-1]
    if str(operation) == _BRANCH:
        return all(_ends_with_text(list(branch)) for branch in argument[1])
    if str(operation) == _GROUP:
        return not argument[1] and _ends_with_text(list(argument[-1]))
    return str(operation) == "AT" and str(argument) in _TEXT_ENDS


def _parse(pattern: re.Pattern[str]) -> list[tuple[Any, Any]]:
    return list(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))


def _cost(words: _Words) -> tuple[int, int]:
    """The fewer the words and the longer the shortest of them, the better they guard."""
    return len(words), -min(map(len, words))


def _choices(items: Iterable[tuple[Any, Any]]) -> Iterator[_Words]:
    """Sets of words; every match of a sequence holds at least one of each set."""
    run = ""
    for operation, argument in items:
        if str(operation) == _LITERAL:
            run += chr(argument)
            continue
        if run:
            yield (run,)
        run = ""
        yield from _choices_of(str(operation), argument)
    if run:
        yield (run,)


def _choices_of(operation: str, argument: Any) -> Iterator[_Words]:
    if operation == _GROUP:
        _, flags, _, inside = argument
        yield from _choices(inside) if not flags else ()
    elif operation in _REPEATS and argument[0] > 0:
        yield from _choices(argument[2])
    elif operation == _BRANCH:
        best = [min(_choices(branch), key=_cost, default=()) for branch in argument[1]]
        words = tuple(dict.fromkeys(word for each in best for word in each))
        if all(best) and len(words) <= _MOST_WORDS:
            yield words
    elif operation == _IN and {str(kind) for kind, _ in argument} == {_LITERAL}:
        yield tuple(chr(code) for _, code in argument)


class _AnyError(Exception):
    """Any character may begin a match, or too many to name."""


def _firsts(items: Iterable[tuple[Any, Any]], way: int) -> tuple[frozenset[str], bool]:
    """The characters that may begin a sequence (backwards: end it), and whether it may match nothing."""
    found: frozenset[str] = frozenset()
    for operation, argument in list(items)[::way]:
        characters, may_be_empty = _firsts_of(str(operation), argument, way)
        found |= characters
        if not may_be_empty:
            return found, False
    return found, True


def _firsts_of(operation: str, argument: Any, way: int) -> tuple[frozenset[str], bool]:
    if operation in _NOTHING:
        return frozenset(), True
    if operation == _LITERAL:
        return frozenset(chr(argument)), False
    if operation == _IN:
        return _members(argument), False
    if operation == _GROUP and not argument[1]:
        return _firsts(argument[-1], way)
    if operation == _BRANCH:
        read = [_firsts(branch, way) for branch in argument[1]]
        return frozenset().union(*(characters for characters, _ in read)), any(empty for _, empty in read)
    if operation in _REPEATS:
        characters, may_be_empty = _firsts(argument[2], way)
        return characters, may_be_empty or argument[0] == 0
    raise _AnyError


def _members(members: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """The characters of a set that names them; blanks are the only class that it may name."""
    found: set[str] = set()
    for kind, argument in members:
        if str(kind) == _LITERAL:
            found.add(chr(argument))
        elif str(kind) == "RANGE" and argument[1] - argument[0] < 256:
            found.update(map(chr, range(argument[0], argument[1] + 1)))
        elif str(argument) == "CATEGORY_SPACE":
            found.update(_SPACES)
        else:
            raise _AnyError
    return frozenset(found)


_SPACES = tuple(character for character in map(chr, range(0x3001)) if character.isspace())
