"""Names without a certificate word: mentions in adverts and beside certificate words, else jobs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from detection.guards import Guarded, guard
from detection.lexicon import Hit
from detection.model import DocumentFacts
from detection.rulebook import read_rules
from detection.spans import Form, Span
from vocabulary.codes import DocumentKind, PublisherKind

ADVERTS = frozenset({DocumentKind.TRAINING_AD, DocumentKind.EXAM_NOTICE})
_LICENSING = frozenset({DocumentKind.PERMIT_GUIDE, DocumentKind.POLICY, DocumentKind.TENDER})
_BEFORE = 48
_AFTER = 48
_HEADLINE = 40
"""Characters of an advert's first line."""
_LIST, _PAIR = 3, 2
_GAP = 20
_MARKED = 65_536
"""Characters of an advert in which titles in marks are looked for."""


@dataclass(frozen=True, slots=True)
class UnmarkedRules:
    headed: Guarded
    """Before a name: a certificate word that opens a list."""
    listed_behind: Guarded
    """After a name that a certificate word before it heads."""
    trailed: Guarded
    """After a name: a certificate word that closes a list."""
    holding: Guarded
    held_paper: Guarded
    obtained: Guarded
    by_itself: Guarded
    portrait: Guarded
    """Before a name: a person is introduced."""
    examined_before: Guarded
    """Before a name: a verb that only an examination takes."""
    demanded: Guarded
    phrase_ends: Guarded
    """Around a name that stands among the demands of a posting."""
    composed: Guarded
    """After a name: somebody is made up of such people."""
    staffed: Guarded
    counted: Guarded
    """Around a name: so many of them a company has."""
    posts: Guarded
    """Before a name: a paper of posts, of which the list that follows names the posts and no papers."""
    wanted_behind: Guarded
    wanted_before: Guarded
    """Around a licensed name: so many of them a licence or a bid asks for, or somebody has to be one."""
    quota: Guarded
    """Before a title: so many of them."""
    examined_for: Guarded
    """Titles that nobody has without an examination, and that are no everyday job."""
    is_item: Guarded
    item_ends: Guarded
    """Around a title that is a whole item of a list."""
    sat_for: Guarded
    """The same before a name that is no everyday job."""
    sought: Guarded
    """Before a name in an advert: a verb that an examination or its certificate takes."""
    asked: Guarded
    """Behind a name in an advert: a question about the examination."""
    prospects: Guarded
    """Before a name in an advert: the jobs that pupils may take up."""
    favoured: Guarded
    lent_before: Guarded
    lent_behind: Guarded
    lent_here: Guarded
    """Around a name: words of lending its paper."""
    idle_before: Guarded
    idle_behind: Guarded
    """Around a name that means a certificate by itself: who is sought need not come to work."""
    levelled: Guarded
    titled: Guarded
    """After a title: a word that makes it a professional title."""
    as_title: Guarded
    abbreviation_before: Guarded
    abbreviation_after: Guarded
    job: Guarded
    course: Guarded
    examined: Guarded
    eligible: Guarded
    """After an occupation with its level: who may sit for the examination."""
    sells: Guarded
    advertises: Guarded
    reports: Guarded
    """Titles of texts that tell of trainings and sell none."""
    joint: Guarded
    """Between two names of a list."""
    pair: Guarded
    """Between the names of a list of two."""
    studies_before: Guarded
    studies_after: Guarded
    """Fields of study beside a list of two."""
    marked: Guarded
    """A title in marks that may be a certificate's."""
    marked_before: Guarded
    marked_behind: Guarded
    """Beside such a title: a word of certificates."""
    everyday: Guarded
    """Jobs whose names say nothing of a certificate outside a list or title."""


@cache
def load_unmarked_rules() -> UnmarkedRules:
    rules = read_rules("unmarked_names.toml")
    return UnmarkedRules(**{name: guard(rules[name]) for name in UnmarkedRules.__slots__})


def sells_certificates(text: str, title: str, kind: DocumentKind) -> bool:
    """Whether an advert sells examinations or certificates, and not only skills."""
    return kind in ADVERTS and load_unmarked_rules().sells.search(f"{title}\n{text[:1200]}") is not None


def is_advert(text: str, title: str, facts: DocumentFacts) -> bool:
    """Whether a text of no known kind offers certificates: a school's, or one that says so."""
    if facts.document_kind is not DocumentKind.OTHER:
        return False
    if facts.publisher_kind is PublisherKind.TRAINING_SCHOOL:
        return True
    rules = load_unmarked_rules()
    return rules.reports.search(title) is None and rules.advertises.search(text[:1200]) is not None


def keep_mentions(text: str, spans: list[Span], kind: DocumentKind, *, sells: bool) -> list[Span]:
    """The spans without the bare names that name a job, a subject or a trade only."""
    kept: list[Span] = []
    for position in reversed(range(len(spans))):
        span = spans[position]
        following = kept[-1] if kept and kept[-1] is spans[position + 1] else None
        if (
            span.form is not Form.BARE
            or (not _says_whose(spans, position) and _is_mention(text, spans, position, kind, sells=sells))
            or (following is not None and _heads_list(text, span, following))
        ):
            kept.append(span)
    return kept[::-1]


def _says_whose(spans: list[Span], position: int) -> bool:
    """Whether the bare name says whose the certificate right behind it is: 西式面点师|专项职业能力证书."""
    following = spans[position + 1] if position + 1 < len(spans) else None
    return (
        following is not None and following.start == spans[position].end and following.form is not Form.BARE
    )


def add_marked(text: str, spans: list[Span]) -> list[Span]:
    """Adds what an advert names in title marks without a certificate word, in the text's order."""
    rules = load_unmarked_rules()
    added: list[Span] = []
    taken = {place for span in spans for place in range(span.start, span.end)}
    for match in rules.marked.finditer(text, 0, _MARKED):
        start, end = match.span(1)
        named = rules.marked_behind.match(text, match.end()) or rules.marked_before.search(
            text, max(0, match.start() - _BEFORE), match.start()
        )
        if named and taken.isdisjoint(range(start, end)):
            added.append(Span(start, end, start, end, "", Form.OPEN, Hit.ANCHOR, match[1]))
    return sorted([*spans, *added], key=lambda span: span.start) if added else spans


def _heads_list(text: str, span: Span, following: Span) -> bool:
    """Whether the bare name stands in one list with the bare name behind it, which is a mention."""
    if following.form is not Form.BARE or span.hit in {Hit.TITLE, Hit.LATIN}:
        return False
    rules = load_unmarked_rules()
    gap = text[span.end : following.start]
    return (
        len(gap) <= _GAP and rules.pair.fullmatch(gap) is not None and not rules.everyday.fullmatch(span.core)
    )


def _is_mention(text: str, spans: list[Span], position: int, kind: DocumentKind, *, sells: bool) -> bool:
    rules = load_unmarked_rules()
    span = spans[position]
    before = text[max(0, span.start - _BEFORE) : span.start]
    after = text[span.end : span.end + _AFTER]
    wanted = _is_lent(text, span, before, after)
    wanted = wanted or (kind in _LICENSING and _is_wanted(text, span, before, after))
    if wanted or rules.job.match(after):
        return wanted or _is_counted(text, span, before, after)
    listed = kind in ADVERTS or rules.listed_behind.match(after)
    if (listed and _is_headed(before, kind)) or ("等" in after and rules.trailed.match(after)):
        return True
    if span.hit is Hit.LATIN:
        taught = kind in ADVERTS and rules.course.match(after) is not None
        return (
            kind is DocumentKind.RESUME
            or taught
            or bool(rules.abbreviation_after.match(after) or rules.abbreviation_before.search(before))
        )
    if kind in ADVERTS and _is_offered(text, spans, position, after, sells=sells):
        return True
    if kind is DocumentKind.RESUME and _is_cell(before, after) and _is_under_certificates(text, span):
        return True
    return _is_held(text, span, before, after)


def _is_headed(before: str, kind: DocumentKind) -> bool:
    """Whether a certificate word before the bare name opens a list of certificates, and not of posts."""
    rules = load_unmarked_rules()
    if kind not in ADVERTS and ("岗位" in before or "大员" in before) and rules.posts.search(before):
        return False
    return ("证" in before or "资格" in before) and rules.headed.search(before) is not None


def _is_held(text: str, span: Span, before: str, after: str) -> bool:
    """Whether somebody holds, or passes the examination for, what the bare name names."""
    rules = load_unmarked_rules()
    if "持" in before and rules.held_paper.search(before):
        return True  # nobody holds a job
    if span.hit is Hit.TITLE:
        levelled = span.start != span.core_start or rules.levelled.search(span.core) is not None
        held = rules.as_title.match(after) or rules.holding.search(before)
        return rules.titled.match(after) is not None or (levelled and held is not None)
    if rules.examined.match(after):
        named = rules.by_itself.search(text[span.start : span.end]) is not None
        return named or not rules.everyday.fullmatch(span.core)
    if _is_sat_for(span, before, after):
        return True
    by_itself = rules.by_itself.search(text[span.start : span.end]) is not None
    return by_itself and _is_asked(text, span, before, after)


def _is_asked(text: str, span: Span, before: str, after: str) -> bool:
    """Whether the words around a name that means a certificate by itself ask for it or have it."""
    rules = load_unmarked_rules()
    asked = rules.phrase_ends.match(after) and rules.demanded.search(before)
    if asked and not _is_among_studies(text, span):
        return True
    held = rules.holding.search(before) or rules.favoured.match(after) or rules.portrait.search(before)
    return held is not None or rules.composed.match(after) is not None


def _is_sat_for(span: Span, before: str, after: str) -> bool:
    """Whether the bare name's examination is taken, or passed, or who may sit for it follows."""
    rules = load_unmarked_rules()
    if span.start != span.core_start and rules.eligible.match(after):
        return True
    if rules.everyday.fullmatch(span.core):
        return "考" in before and rules.examined_before.search(before) is not None
    if "考" in before and (rules.sat_for.search(before) or rules.examined_before.search(before)):
        return True
    return rules.obtained.search(before) is not None


def _is_lent(text: str, span: Span, before: str, after: str) -> bool:
    """Whether the bare name's paper is offered or sought without the one who holds it (挂证)."""
    rules = load_unmarked_rules()
    if rules.lent_here.match(after) or rules.lent_before.search(before):
        return True
    if rules.everyday.fullmatch(span.core) is None and rules.lent_behind.match(after):
        return True
    idle = rules.idle_behind.match(after) or rules.idle_before.search(before)
    return idle is not None and rules.by_itself.search(text[span.start : span.end]) is not None


def _is_counted(text: str, span: Span, before: str, after: str) -> bool:
    """Whether a company says how many of them it has: its people hold what they are."""
    rules = load_unmarked_rules()
    if rules.counted.match(after) is None or rules.staffed.search(before) is None:
        return False
    return rules.by_itself.search(text[span.start : span.end]) is not None


def _is_wanted(text: str, span: Span, before: str, after: str) -> bool:
    """Whether a licence, a bid or a law asks for people who are registered as what the bare name says."""
    rules = load_unmarked_rules()
    if rules.is_item.search(before) and rules.item_ends.match(after) and rules.levelled.search(span.core):
        return span.hit is Hit.TITLE
    if rules.by_itself.search(text[span.start : span.end]) is not None:
        return bool(rules.wanted_behind.match(after) or rules.wanted_before.search(before))
    counted = rules.wanted_behind.match(after) or rules.quota.search(before)
    return counted is not None and rules.examined_for.fullmatch(span.core) is not None


def _is_under_certificates(text: str, span: Span) -> bool:
    """Whether a résumé's table of certificates is near before the name."""
    return text.find("证书", max(0, span.start - 400), span.start) >= 0


def _is_cell(before: str, after: str) -> bool:
    """Whether the name fills a table's cell or a line."""
    return before[-1:] in "\n\t" and after[:1] in "\n\t"


def _is_offered(text: str, spans: list[Span], position: int, after: str, *, sells: bool) -> bool:
    """In an advert: a name in its title, in a list, or where an examination is meant."""
    rules = load_unmarked_rules()
    span = spans[position]
    everyday = rules.everyday.fullmatch(span.core) is not None
    if span.hit is not Hit.TITLE and not everyday and rules.examined.match(after):
        return True
    if not sells or rules.prospects.search(text, max(0, span.start - 2 * _BEFORE), span.start):
        return False
    least = _LIST if everyday or span.hit is Hit.TITLE else _PAIR
    if _is_listed(text, spans, position, least):
        return True
    return span.hit is not Hit.TITLE and _is_examined(text, span, after, everyday=everyday)


def _is_examined(text: str, span: Span, after: str, *, everyday: bool) -> bool:
    """Whether an advert's title names it, or a word of examining, asking or teaching stands beside it."""
    rules = load_unmarked_rules()
    if rules.sought.search(text, max(0, span.start - _BEFORE), span.start) or rules.asked.match(after):
        return True
    taught = rules.course.match(after) is not None
    if span.end <= text.find("\n", 0, 2 * _HEADLINE) and span.end <= _HEADLINE:
        return taught or not everyday
    return taught and not everyday


def _is_listed(text: str, spans: list[Span], position: int, least: int) -> bool:
    """Whether the name stands in a list of at least so many names."""
    rules = load_unmarked_rules()
    if least == _PAIR and _is_among_studies(text, spans[position]):
        least = _LIST
    length = _list_length(text, spans, position, rules.joint, _LIST)
    return length >= _LIST or (
        least == _PAIR and _list_length(text, spans, position, rules.pair, _PAIR) >= _PAIR
    )


def _list_length(text: str, spans: list[Span], position: int, joint: Guarded, most: int) -> int:
    """Names in the list around the name, not counted beyond ``most``."""
    length = 1
    for step in (-1, 1):
        here = position
        while length < most and 0 <= here + step < len(spans):
            left, right = sorted((here, here + step))
            gap = text[spans[left].end : min(spans[right].start, spans[left].end + _GAP + 1)]
            if len(gap) > _GAP or not joint.fullmatch(gap):
                break
            length += 1
            here += step
    return length


def _is_among_studies(text: str, span: Span) -> bool:
    rules = load_unmarked_rules()
    before = text[max(0, span.start - _GAP) : span.start]
    return bool(rules.studies_before.search(before) or rules.studies_after.match(text, span.end))
