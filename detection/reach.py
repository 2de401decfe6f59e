"""How far a cue reaches: the ends of phrases, clauses and lines around a mention."""

from __future__ import annotations

import re

from detection.guards import guard

_TOUCH = 7
_NEXT = 2
_PHRASE_END_AFTER = re.compile(r"[ \u3000]{2}|[，,。；;！!？?…\n\r\t）)]|\.{2,}|\d[、.．)）](?!\d)|[①-⑳]")
_CLAUSE_END = re.compile(r"[ \u3000]{2}|[。；;！!？?…\n\r\t]|\.{2,}|\d[、.．)）](?!\d)|[①-⑳]")
_LAST_PHRASE_END = re.compile(
    r"(?s:.*)(?:[ \u3000]{2}|[，,。；;！!？?：:…\n\r\t（(]|\.{2,}|\d[、.．)）](?!\d)|[①-⑳])"
)
_LAST_CLAUSE_END = re.compile(rf"(?s:.*)(?:{_CLAUSE_END.pattern})")
_LINE_END = re.compile(r"[\n\r]")
_SPILL = guard(
    r"(?:[，,]并(?:且)?[^，,。；;\n]{1,14}者(?=优先|尤佳|更佳|佳)|[者的]?[，,]|(?:[（(][^（()）\n]{1,10})?[）)])\s{0,2}"
    r"(?:者|的)?(?:可|则|将|均|者|予以|给予|给与|可以)?(?=优先|尤佳|更佳|加分|佳)"
)
"""``有电工证者，优先``, ``持驾驶证，并能熟练驾驶者优先``: the comma before the cue is no end."""
_ASIDE = guard(r"[》”\s]{0,2}[（(](?P<inside>[^（()）\n]{3,40})[）)]")
_OF_ANOTHER = re.compile(
    r"^(?:若|如)?(?:有|持有?|具有|具备|取得|获得)[^，,；;]{2,}(?:优先|尤佳|更佳|佳|加分)|^[^，,；;]{2,}者优先"
)
_OF_ITSELF = re.compile(r"^(?:有|持|持有|具有)?(?:该|此|本|上述|以上)?(?:证书?|者)")


def without_aside(after: str) -> str:
    """The text behind a mention, a bracket that prefers holders of something else blanked out.

    ``持会计证（有初级职称者优先）``: the preference reaches what stands in the brackets.
    """
    match = _ASIDE.match(after)
    if match is None or ("优" not in match["inside"] and "佳" not in match["inside"]):
        return after
    inside = match["inside"]
    if _OF_ANOTHER.search(inside) is None or _OF_ITSELF.match(inside) is not None:
        return after
    begin, end = match.span("inside")
    return f"{after[:begin]}{'·' * (end - begin)}{after[end:]}"


def reach_before(window: str) -> dict[str, int]:
    """From which place on a cue before the mention reaches it, by scope."""
    phrase = _last_end(_LAST_PHRASE_END, window)
    return {
        "next": max(phrase, len(window) - _NEXT),
        "touch": max(phrase, len(window) - _TOUCH),
        "phrase": phrase,
        "clause": _last_end(_LAST_CLAUSE_END, window),
        "line": max(window.rfind("\n"), window.rfind("\r")) + 1,
    }


def reach_after(window: str, *, held: bool) -> dict[str, int]:
    """Up to which place a cue behind the mention reaches it, by scope."""
    phrase = _first_start(_PHRASE_END_AFTER, window)
    spill = _SPILL.match(window)
    clause = _first_start(_CLAUSE_END, window)
    return {
        "held": clause if held else -1,
        "next": min(phrase, _NEXT),
        "touch": min(phrase, _TOUCH),
        "phrase": max(phrase, spill.end()) if spill else phrase,
        "clause": clause,
        "line": _first_start(_LINE_END, window),
    }


def _last_end(pattern: re.Pattern[str], window: str) -> int:
    match = pattern.match(window)
    return 0 if match is None else match.end()


def _first_start(pattern: re.Pattern[str], window: str) -> int:
    match = pattern.search(window)
    return len(window) if match is None else match.start()
