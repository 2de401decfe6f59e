"""Which kind of document a text is: weighted cues in its title and in a bounded window of its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from detection.documents.cues import KINDS, YEAR_OPENERS, CueSet, Weights, load_cues
from vocabulary.codes import DocumentKind, PublisherKind

HEAD = 700
TAIL = 200
"""Characters read from each end of a text; what a document is shows there, and the cost stays bounded."""
MAX_TITLE = 120
_EXPLAINS = 2
"""Different words of one who explains to readers that make a text an article."""
_MAX_VALUE = 60
_MAX_HEAD = 14
_POLICY, _EXAM = KINDS.index(DocumentKind.POLICY), KINDS.index(DocumentKind.EXAM_NOTICE)
_HIRING, _GUIDE = KINDS.index(DocumentKind.RECRUITMENT), KINDS.index(DocumentKind.PERMIT_GUIDE)
_OTHER = KINDS.index(DocumentKind.OTHER)
_ANNOUNCED = 8
_CALLS = 5
_FEW_LETTERS = 60
"""A shorter text has too few letters to be like any kind."""
_ARTICLE = re.compile(r"\s{0,20}第[一二三四五六七八九十百零〇\d]{1,8}条(?:[\s（【]|之)")
_ARTICLES = re.compile(r"(?:^|\n)\s{0,8}第[二三四五六七八九十]{1,3}条")
_ENACTED = 3
"""Articles that begin a line, beside the first, by which a text is told to be a regulation."""
_COUNTED = re.compile(r"(?:不少于|不低于|至少)(?:应?有|配备)?\s?\d{1,3}\s?[人名]")
_STAFFED, _STANDARD = 3, 5
"""Numbers of people that a text about a body's own qualification (资质) asks for: a guide to it."""
_DASHES = "-_—|｜"
_SITE_NAME = re.compile(rf"[{_DASHES}][^{_DASHES}]{{2,30}}$")
_CLOSING_BRACKET = re.compile(r"[（(【\[][^（(【\[）)】\]]{0,30}[）)】\]]$")
_CALLED = re.compile(
    r"^[^，,。；：\n]{0,8}(?<![扩校秋春])招(?![办后生标商投租待牌股领手呼供远行数用录考])[^，,。；：\n]{0,12}"
    r"(?:师|员|工|人|手|嫂|姨|士|教练|会计|\d|老师|司机|数名)"
)
"""Titles and first lines that call for somebody: 招幼儿园保育老师, 饭店招炒锅师傅."""
_OPENS = re.compile(
    r"^(?!.*(?:从事|上岗|从业|应聘|招聘|报考|考取|取消|是什么|吊销)).*?(?:(?:开设|开办|设立|创办|成立|申办|筹办|新办|开一?[家个间]?)(?![师员工])[^，。？?师员]{0,12}"
    r"(?:工作室|机构|中心|店|馆|公司|医院|诊所|会所|学校|驾校|幼儿园|托育园|养老院|企业|事务所|加油站|[^学]校)"
    r"|(?:资质|许可证?|备案|准入)[^，。？?]{0,10}(?:如何|怎么|怎样|需要|要什么|哪些|条件|材料|流程|手续|指南|须知)"
    r"|(?:如何|怎么|怎样|需要什么|需要哪些|要哪些)[^，。？?师员证]{0,14}(?:资质|许可证|备案))"
)
"""Titles of guides to opening a business or to a body's licence, whatever they ask."""
_GUIDES = 9
_OF_ITS_OWN = re.compile(
    r"(?:师|员|工|资格|从业|执业|上岗|操作|作业|等级|驾驶|健康)(?!许可)[^，。？?：:、]{0,6}证书?(?:的|遗失|丢失|丢了|损坏)?[^，。？?、]{0,8}"
    r"(?:补办|补领|补发|换领|换发|换证|挂失|延期|年审|复审|注销|查询)"
    r"|(?:师|员|工|人员|资格)(?:的)?(?:年度)?(?:继续教育|再教育|年检|年审|复训)(?!机构|基地|学院|中心)"
    r"|(?:补办|补领|补发|换领|换发|查询)[^，。？?：:、许]{0,10}(?:师|员|工|资格|从业|执业|上岗|操作|作业|等级|驾驶|健康)证"
)
"""Titles of what is done with a person's certificate itself: nothing else rests on it there."""
_ANNOUNCES = re.compile("(?:考试|鉴定|考核|考评)[^，。；\\n]{0,14}(?:通知|公告|通告|简章)")
"""Titles of notices that announce an examination."""
_OF_THIS_TIME = re.compile(
    "^(?!.*(?:招聘|招录|录用|选聘|遴选|竞聘|培训))(?=.*(?:资格|职称|鉴定|等级))"
    "(?=.*(?:[0-9一二三四五六七八九〇零]年|半年|第.{1,3}[次批期]|报名|报考|考务))"
)
"""The same, of one that is sat for a certificate, and which one: not how all are to be held."""


@dataclass(slots=True)
class Reading:
    """What one pass over the window saw."""

    kind: DocumentKind
    values: dict[str, str]
    """Values of the form labels met, by field: the first of each."""
    year_openers: set[str]
    """Openings of bracketed years met: a document number may stand there."""
    stated: PublisherKind | None
    """What a form states of the publisher's nature."""
    scores: tuple[float, ...]
    """By position in :data:`KINDS`."""
    is_article: bool = False
    """Whether the text begins as an article of a law does."""
    asks: bool = False
    """Whether the title asks or explains."""
    tells: bool = False
    """Whether the text has several words of one who explains to readers."""
    narrow: bool = False
    """Whether the kind was won narrowly."""
    doubtful: bool = False
    """Whether another kind is so near that what the letters are like counts too."""
    of_itself: bool = False
    """Whether the title is of what is done with a certificate itself: replaced, renewed, looked up."""


def read_window(text: str, title: str, publisher_kind: PublisherKind | None = None) -> Reading:
    """Reads title, head and tail once: the document's kind, its form's values, where numbers may stand.

    A cue counts once however often it stands there, so that repetition cannot outweigh variety.

    Args:
        text: the whole text.
        title: empty where there is none; the first line stands in for it.
        publisher_kind: what the publisher's name shows, None where it shows nothing.
    """
    cues = load_cues()
    window = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    title = title.strip()[:MAX_TITLE] or _first_line(window)
    of_title, asks = _read_title(title)
    scores = list(of_title)
    hits = {term for _, _, term in cues.in_text.find(window)}
    tells = len(hits & cues.explaining) >= _EXPLAINS
    usual = cues.publisher_weights.get(publisher_kind or "", ())
    _score_words(scores, hits, usual, cues)
    is_article = "第" in text[:20] and _ARTICLE.match(text) is not None
    of_itself = _OF_ITS_OWN.search(title) is not None
    if not asks and _CALLED.match(title or window):
        scores[_HIRING] += _CALLS
    _score_guides(scores, title, window, of_itself=of_itself)
    if is_article or _is_enacted(window):
        scores[_POLICY] += 12  # part of a law, or a regulation
    announces = _ANNOUNCES.search(title) is not None
    if announces and _OF_THIS_TIME.match(title):
        scores[_EXAM] += _ANNOUNCED
    kind = _choose(scores, cues)
    narrow = KINDS.index(kind) not in dict(usual) and _is_narrow(kind, scores, cues)
    doubtful = _lead(scores) < cues.doubt and len(window) >= _FEW_LETTERS
    if announces and kind is DocumentKind.EXAM_NOTICE:
        narrow = doubtful = False  # an office's other notices read alike; what this one does its title says
    form = {cues.text_terms[term] for term in hits & cues.form_terms}
    values, nature = _read_form(form, window, cues) if form else ({}, None)
    opened = form & YEAR_OPENERS
    return Reading(
        kind, values, opened, nature, tuple(scores), is_article, asks, tells, narrow, doubtful, of_itself
    )


def _score_words(scores: list[float], hits: set[int], usual: Weights, cues: CueSet) -> None:
    """Adds what each word of the text speaks for, and what the publisher's kind mostly does."""
    weights = cues.text_weights
    for hit in hits:
        for position, weight in weights[hit]:
            scores[position] += weight
    for position, weight in usual:
        if scores[position]:  # what a publisher mostly does speaks only where the text speaks too
            scores[position] += weight


def _read_form(form: set[str], window: str, cues: CueSet) -> tuple[dict[str, str], PublisherKind | None]:
    """What the form's labels hold, and what it states of the publisher's nature."""
    values = _read_values(form & cues.labels.keys(), window, cues)
    return values, next((cues.stated[term] for term in sorted(form & cues.stated.keys())), None)


def _score_guides(scores: list[float], title: str, window: str, *, of_itself: bool) -> None:
    """Whether the title opens a business or tells of a certificate, and whether a body's staff is counted."""
    if of_itself:
        scores[_OTHER] += _GUIDES
        scores[_GUIDE] -= _GUIDES
    elif _OPENS.search(title) is not None and scores[_GUIDE] > 0:
        scores[_GUIDE] += _GUIDES
    if _is_standard(window):
        scores[_GUIDE] += _STANDARD


def _is_enacted(window: str) -> bool:
    """Whether the text is numbered in articles, as a regulation is; a page that quotes one or two is none."""
    return "第二条" in window and len(_ARTICLES.findall(window)) >= _ENACTED


def _is_standard(window: str) -> bool:
    """Whether the text says how many people of which kind a body's own qualification takes."""
    return "资质" in window and len(_COUNTED.findall(window)) >= _STAFFED


def _lead(scores: list[float]) -> float:
    """By how much the highest score leads the next one."""
    *_, second, first = sorted(scores)
    return first - second


def _first_line(window: str) -> str:
    """A text without a title has its first line for one, where that is short."""
    head = window[:MAX_TITLE].lstrip()
    line, newline, _ = head.partition("\n")
    if not newline and "：" in head[:_MAX_HEAD]:
        return head
    return line.rstrip() if newline else ""


def _read_values(labels: set[str], window: str, cues: CueSet) -> dict[str, str]:
    """The value behind each form label; of two labels of one field the first in the text counts."""
    values: dict[str, str] = {}
    for start, label in sorted((window.find(label) + len(label), label) for label in labels):
        line, _, rest = window[start : start + _MAX_VALUE].partition("\n")
        below = rest.partition("\n")[0]
        value = line.strip() or ("" if "：" in below or ":" in below else below.strip())
        values.setdefault(cues.labels[label], value)
    return values


def _is_narrow(kind: DocumentKind, scores: list[float], cues: CueSet) -> bool:
    """Whether another kind, or the kind's own threshold, is near below its score."""
    if kind is DocumentKind.OTHER:
        return False
    own = KINDS.index(kind)
    others = max(*scores[:own], *scores[own + 1 :], cues.thresholds[own])
    return scores[own] - others < cues.narrow


@lru_cache(maxsize=4096)
def _read_title(title: str) -> tuple[tuple[float, ...], bool]:
    """What a title alone says for each kind, and whether it asks; titles of postings come again and again."""
    scores = [0.0] * len(KINDS)
    asks = _score_title(title, load_cues(), scores)
    return tuple(scores), asks


def _score_title(title: str, cues: CueSet, scores: list[float]) -> bool:
    """Cues within the title, and its longest ending that the cues know; whether it asks or explains."""
    hits = {cues.title_terms[term] for _, _, term in cues.in_title.find(title)}
    signs: set[int] = set()
    for hit in hits:
        signs.update(cues.title_signs.get(hit, ()))
        for position, weight in cues.title_weights.get(hit, ()):
            scores[position] += weight
    for sign in signs:
        for position, weight in cues.sign_weights[sign]:
            scores[position] += weight
    bare = _without_trimmings(title)
    for length in cues.ending_lengths:
        ending = cues.ending_weights.get(bare[-length:])
        if ending is not None:
            for position, weight in ending:
                scores[position] += weight
            break
    return not cues.asking.isdisjoint(signs)


def _without_trimmings(title: str) -> str:
    """A title less the site's name behind a dash and a remark in brackets at its end.

    Of a first line that goes on behind a colon (``会计主管：大专以上学历，…``) what stands before it.
    """
    title = title.removesuffix("的模板")
    if len(title) > _MAX_HEAD and 0 < (colon := title.find("：")) <= _MAX_HEAD:
        title = title[:colon]
    if not title.isalpha() and any(dash in title for dash in _DASHES):
        title = _SITE_NAME.sub("", title).rstrip()
    if title.endswith(("）", ")", "】", "]")):
        title = _CLOSING_BRACKET.sub("", title).rstrip()
    return title


def _choose(scores: list[float], cues: CueSet) -> DocumentKind:
    """The kind with the highest score among those that reach their threshold, else ``other``."""
    best = scores.index(max(scores))
    if scores[best] >= cues.thresholds[best]:
        return KINDS[best]
    reached = [position for position, score in enumerate(scores) if score >= cues.thresholds[position]]
    return KINDS[max(reached, key=scores.__getitem__)] if reached else DocumentKind.OTHER
