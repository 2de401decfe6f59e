"""What a text must hold for a pattern to match: read off the pattern once, looked for before it runs.

A regular expression that tries a choice of verbs at every place of a window costs microseconds where it finds
nothing, and it mostly finds nothing; that the window has none of the verbs is known in a tenth of that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

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


class Guarded:
    """A pattern behind its guards: it answers as the pattern alone does, mostly without running it.

    Guards are read off a pattern once it has been used so often that they pay: a short file is read without.
    """

    __slots__ = ("_begins", "_uses", "_words", "pattern")

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self._uses = 0
        self._words: _Words = ()
        self._begins: frozenset[str] | None = None

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        if self._uses < _PAYS:
            self._count()
        if self._words:
            window = text[start:end]
            for word in self._words:
                if word in window:
                    break
            else:
                return None
        return self.pattern.search(text, start, end)

    def match(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        return self.pattern.match(text, start, end) if self._may_begin(text, start) else None

    def fullmatch(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        return self.pattern.fullmatch(text, start, end) if self._may_begin(text, start) else None

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        return iter(()) if self.search(text, start, end) is None else self.pattern.finditer(text, start, end)

    def _may_begin(self, text: str, start: int) -> bool:
        if self._uses < _PAYS:
            self._count()
        return self._begins is None or text[start : start + 1] in self._begins

    def _count(self) -> None:
        self._uses += 1
        if self._uses == _PAYS:
            self._words, self._begins = required_words(self.pattern), first_characters(self.pattern)


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
    if pattern.flags & re.IGNORECASE:
        return None
    try:
        characters, may_be_empty = _firsts(_parse(pattern))
    except _AnyError:
        return None
    return None if may_be_empty else characters


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


def _firsts(items: Iterable[tuple[Any, Any]]) -> tuple[frozenset[str], bool]:
    """The characters that may begin a sequence, and whether it may match nothing."""
    found: frozenset[str] = frozenset()
    for operation, argument in items:
        characters, may_be_empty = _firsts_of(str(operation), argument)
        found |= characters
        if not may_be_empty:
            return found, False
    return found, True


def _firsts_of(operation: str, argument: Any) -> tuple[frozenset[str], bool]:
    if operation in _NOTHING:
        return frozenset(), True
    if operation == _LITERAL:
        return frozenset(chr(argument)), False
    if operation == _IN:
        return _members(argument), False
    if operation == _GROUP and not argument[1]:
        return _firsts(argument[-1])
    if operation == _BRANCH:
        read = [_firsts(branch) for branch in argument[1]]
        return frozenset().union(*(characters for characters, _ in read)), any(empty for _, empty in read)
    if operation in _REPEATS:
        characters, may_be_empty = _firsts(argument[2])
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
