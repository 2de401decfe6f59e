"""A guarded pattern answers as the pattern alone does."""

from __future__ import annotations

import re
from random import Random

import pytest

from detection.guards import first_characters, guard, last_characters, required_words
from detection.usage_rules import load_usage
from detection.wording import load_wording


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("须持有", ("须持有",)),
        ("(?:持有?|取得)[^。]{0,6}$", ("持", "取得")),
        ("(?:甲|乙丙)丁戊", ("丁戊",)),
        ("[须需]要?", ("须", "需")),
        ("(?:证书?)?", ()),
        ("甲|.", ()),
        (r"(?<=甲)\d", ()),
        ("(?i:abc)|(?!乙)丙", ()),
        ("(?i:abc)(?!乙)丙", ("丙",)),
        ("(?:甲乙){2}", ("甲乙",)),
        ("", ()),
    ],
)
def test_every_match_holds_one_of_the_required_words(pattern: str, words: tuple[str, ...]) -> None:
    assert required_words(re.compile(pattern)) == words


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("持有|取得", {"持", "取"}),
        ("的?证书", {"的", "证"}),
        ("(?<=师)证|[一二]级", {"证", "一", "二"}),
        (r"[①-③]{2}", {"①", "②", "③"}),
        ("(?:的|者)?", None),
        ("[^。]{0,4}证", None),
        (r"\d级", None),
        (".证", None),
        (r"(甲)\1?", {"甲"}),
        ("(?i:a)b", None),
    ],
)
def test_a_match_begins_with_one_of_the_first_characters(pattern: str, characters: set[str] | None) -> None:
    expected = None if characters is None else frozenset(characters)
    assert first_characters(re.compile(pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("持有|取得", {"有", "得"}),
        ("(?:持有?|取得)[“《]?$", {"持", "有", "得", "“", "《"}),
        ("证(?!书)|(?:甲|乙丙)丁?$", {"证", "甲", "丙", "丁"}),
        ("(?:的|者)?$", None),
        ("证[^。]{0,4}", None),
        ("(?i:a)b", {"b"}),
    ],
)
def test_a_match_ends_with_one_of_the_last_characters(pattern: str, characters: set[str] | None) -> None:
    expected = None if characters is None else frozenset(characters)
    assert last_characters(re.compile(pattern)) == expected


@pytest.mark.parametrize(
    "pattern", ["(?:持|取得)$", "(?:甲$|乙$)", "甲$|乙", r"(?:持|得)\Z", "甲(?=\n)", "(?m:甲$)"]
)
def test_a_guarded_search_looks_at_the_end_only_where_every_match_reaches_it(pattern: str) -> None:
    guarded, bare = guard(pattern), re.compile(pattern)
    for _ in range(20):
        for text in ("持", "取得", "得取", "取得\n", "甲\n乙", "乙甲", "", "甲\n\n", "持有"):
            for end in range(-1, 5):
                assert _place(guarded.search(text, 0, end)) == _place(bare.search(text, 0, end)), text
            assert _place(guarded.search(text)) == _place(bare.search(text)), text


def test_letters_of_either_case_have_no_guard() -> None:
    pattern = re.compile("CET", re.IGNORECASE)
    assert required_words(pattern) == ()
    assert first_characters(pattern) is None
    assert last_characters(pattern) is None


def test_blanks_that_begin_a_match_are_all_known() -> None:
    begins = first_characters(re.compile(r"\s"))
    assert begins == frozenset(character for character in map(chr, range(0x10000)) if character.isspace())
    assert re.fullmatch(r"\s+", "".join(sorted(begins or ()))) is not None


def test_guarded_patterns_of_the_rules_answer_as_bare_ones() -> None:
    wording = load_wording()
    patterns = [
        wording.forward,
        wording.prefix,
        wording.level_behind,
        wording.person,
        wording.had,
        wording.trimmings,
        wording.generic,
        wording.holding,
        wording.marked,
        *(shape.before for shape in load_usage().shapes["exam"]),
        *(shape.after for shape in load_usage().shapes["exam"]),
    ]
    guarded = [pattern for pattern in patterns if pattern is not None]
    letters = "的持有取得须需要证书资格（二级）以上或者员师，。、；：\n 1均都已是由优先人考取"
    chance = Random(7)  # noqa: S311 - texts, no secret
    for _ in range(100):
        text = "".join(chance.choices(letters, k=30))
        place, end = chance.randrange(30), chance.randrange(31)
        for pattern in guarded:
            bare = pattern.pattern
            for left, right in (
                (pattern.search(text), bare.search(text)),
                (pattern.search(text, place, end), bare.search(text, place, end)),
                (pattern.match(text), bare.match(text)),
                (pattern.match(text, place), bare.match(text, place)),
                (pattern.fullmatch(text, place, end), bare.fullmatch(text, place, end)),
            ):
                assert _place(left) == _place(right), (bare.pattern, text)
            places = [match.span() for match in pattern.finditer(text, place)]
            assert places == [match.span() for match in bare.finditer(text, place)]


def _place(match: re.Match[str] | None) -> tuple[int, int] | None:
    return match.span() if match is not None else None


def test_the_last_limit_is_no_word_that_only_looks_like_one() -> None:
    wording = load_wording()
    assert wording.last_limit("须有电工", 0, 4) == 2
    assert wording.last_limit("有机产品", 0, 4) == -1
    assert wording.last_limit("甲，乙", 0, 3) == 2
    assert wording.last_limit("甲，乙", 2, 3) == -1


def test_a_limit_ends_sooner_where_its_end_begins_another_word() -> None:
    wording = load_wording()
    assert wording.last_limit("须持有资格证", 0, 6) == 3
    assert wording.last_limit("须持有关证书", 0, 6) == 2
    assert wording.last_limit("持有关专业、证书", 0, 8) == 6
    assert wording.last_limit("持有关专业证书", 0, 4) == 2
