"""Names in lists: ``电工、焊工、登高证`` shares one certificate word, and ``A或B`` offers a choice."""

from __future__ import annotations

from itertools import pairwise

from detection.guards import guard
from detection.lexicon import Hit
from detection.linking import EntityLinker, squeeze
from detection.spans import Form, Span
from detection.wording import Wording

_JOINT = guard(r"\s{0,2}(?:等|以及|或者|及其|及|、|/|／|或|和|与|\+|＋|\|)\s{0,2}$")
_REACH = 26
_STUDIES = ("体检", "专业", "学历", "经验", "课程", "培训", "学位")
"""What a list of demands names beside certificates."""
_TITLES = guard("(?:相关|专业|系列|类)[^，。；\\n]{0,10}(?:职称|技术职务)")
"""Before these a list names fields, unless its items are titles: 机动车维修或相关专业中级职称."""
_MOST = 12
"""Names before one certificate word that are read as a list."""
_ABBREVIATION = guard(r"[（(][A-Za-z/&]{2,8}[）)]$")
_OPENS = guard(r"\s?[（(]")
_BETWEEN = guard(
    r"(?:[\s、/／和与及+＋|者的等《》“”\"（(]|[，,]?或者?|以及|持有?|具有|具备|有|取得|获得|拥有|相关|通过|考取|[一二三]级|证书?){1,6}"
)
_CHOICE = guard(r"或(?!以上|更高)|/|／|任意一|之一")
_CHOICE_BEFORE = guard(
    r"(?P<left>[^，,。；;\n]{0,30})(?:(?<=学历)[，,])?(?:或者?|或是)(?:[经由][^，,。；;\n]{0,26})?(?:持有?|具有|具备|有|取得|获得|拥有|通过|考取)?(?:者)?"
    r"(?:(?![持取具并且的年须需应])[一-龥]){0,10}[《“\"（(]?$"
)
_OPTION = guard("学历|学位|职称|证|资格|经验|经历|年|毕业|文凭|大专|本科|中专|高中|师|员")
"""What satisfies a demand in a certificate's place; 工程或者经济系列职称 are fields of one title."""
_FIELD_BETWEEN = guard(
    r"[）)》”]?\s?[（(]?(?:(?:[，,]?或者?|、|及|和)(?:持有?|具有|具备|取得|获得)?[一-龥]{1,12}(?:专业|系列|类)的?"
    r"|或者?(?:(?![持取具并且的年须需应])[一-龥]){1,10})[《“\"]?"
)
_EXAMPLES = guard(r"(?:如|例如|比如|诸如)[：:]?\s?$")
_EXAMPLE = guard(
    r"[》”）)]?[，,]?\s?[（(]?(?:主要|一般)?(?:包括|如|例如|比如|诸如|譬如|即|分别为|分别是)[：:]?"
)
_EXAMPLE_GAP = 14
_NUMBER = guard(
    r"[\s　]{0,4}(?:[（(]?(?:\d{1,2}(?:\.\d{1,2})?|[一二三四五六七八九十]{1,2})[、.．)）]"
    r"|第[一二三四五六七八九十]{1,3}[章节]|NO\.\d{1,2}[：:.]?|[-•·*①-⑳])?"
    r"[\s　]{0,3}"
)
_NUMBERED = 10
_PARAGRAPH = 24
"""Characters from which on a line is a paragraph and no item."""
_CHAPTER = guard(r"[\s　]{0,4}[一二三四五六七八九十]{1,2}、")
_NUMBERED_LINE = guard(r"[\s　]{0,4}(?:[（(]?[\d一二三四五六七八九十]{1,2}[、.．)）]|[-•·*①-⑳])")
_GAP, _CLAUSE = 22, 56
_CHOICE_AFTER = guard(
    r"(?:者|的|等)?(?:\d{1,2}年(?:及?以上)?)?(?:[（(][^）)]{0,12}[）)])?\s?(?:或(?!以上|更高|缺)|／|/(?!\d))"
)


def share_certificate_word(
    text: str, spans: list[Span], linker: EntityLinker, wording: Wording
) -> list[Span]:
    """Adds the names that stand in a list before a certificate word and share it, in the text's order."""
    out: list[Span] = []
    for span in spans:
        if span.form is Form.GENERIC and text.endswith("等", 0, span.start):
            names = _names_before(text, span, out, linker, wording)
            if names or _follows_names(span, out):
                out.extend(reversed(names))
                continue
        if span.form is Form.BARE or span.hit is Hit.LATIN or not (span.word or span.form is Form.LISTED):
            out.append(span)
            continue
        shared = _names_before(text, span, out, linker, wording)
        while out and shared and out[-1].start >= shared[-1].start:
            out.pop()
        out.extend(reversed(shared))
        out.append(span)
    return out


def _names_before(
    text: str, span: Span, earlier: list[Span], linker: EntityLinker, wording: Wording
) -> list[Span]:
    shared: list[Span] = []
    end = span.start
    floor = next((other.end for other in reversed(earlier) if other.form is not Form.BARE), 0)
    tail = squeeze(text[span.core_end : span.end]) or "证"
    is_title = _TITLES.search(text, span.start, span.end) is not None
    while len(shared) < _MOST:
        low = max(floor, end - _REACH)
        window = text[low:end]
        joint = _JOINT.search(window)
        if joint is None:
            break
        piece_end = joint.start()
        bracket = _ABBREVIATION.search(window, 0, piece_end)
        if bracket is not None:
            piece_end = bracket.start()
        begin = max(0, wording.last_limit(window, 0, piece_end))
        core = squeeze(window[begin:piece_end])
        if (
            len(core) < 2
            or core.endswith(_STUDIES)
            or wording.generic.fullmatch(core)
            or (is_title and wording.person.search(core) is None)
            or linker.read_name(core, core + tail) is None
            or not linker.lists(core)
        ):
            break
        shared.append(
            Span(
                low + begin,
                low + (bracket.end() if bracket else piece_end),
                low + begin,
                low + piece_end,
                span.word,
                Form.LISTED,
                Hit.NAME,
                core,
                shared=tail,
            )
        )
        end = low + begin
    return shared


def join_abbreviations(text: str, spans: list[Span]) -> list[Span]:
    """A name with its abbreviation in brackets, or the other way round, is one: 注册会计师（CPA）."""
    out: list[Span] = []
    for span in spans:
        before = out[-1] if out else None
        if (
            before is not None
            and _OPENS.fullmatch(text, before.end, span.start)
            and text[span.end : span.end + 1] in {"）", ")"}
            and (before.core.isascii() or span.core.isascii())
        ):
            main, other = (span, before) if before.core.isascii() else (before, span)
            if main.form is Form.BARE and other.form is not Form.BARE:
                main.form = other.form
            main.start, main.end = before.start, span.end + 1
            out[-1] = main
            continue
        out.append(span)
    return out


def drop_heads(text: str, spans: list[Span], *, hires: bool) -> list[Span]:
    """The spans without generic words that head examples (相关证书，如甲证) or are a line of their own."""
    kept: list[Span] = []
    for position, span in enumerate(spans):
        if span.form is Form.GENERIC:
            following = spans[position + 1] if position + 1 < len(spans) else None
            if following is not None and _heads_examples(text, span, following, hires=hires):
                continue
            if _is_heading(text, span):
                continue
        kept.append(span)
    return kept


def _heads_examples(text: str, span: Span, following: Span, *, hires: bool) -> bool:
    """Whether the names behind 如 or 包括 are examples of what the generic word says."""
    if following.start - span.end > _EXAMPLE_GAP or following.form is Form.GENERIC:
        return False
    if hires and "证" in text[span.start : span.end] and text.startswith(("，如", ",如"), span.end):
        return False  # an employer's demand of its own, which the examples only illustrate
    return _EXAMPLE.match(text, span.end, following.start) is not None


def heads_paragraph(text: str, span: Span) -> bool:
    """Whether a numbered line has nothing but the name, and a paragraph without a number follows."""
    begin = text.rfind("\n", max(0, span.start - _NUMBERED - 1), span.start) + 1
    if begin in {0, span.start} or not _NUMBER.fullmatch(text, begin, span.start):
        return False
    if text[span.end : span.end + 1] != "\n":
        return False
    if span.form is Form.LISTED and _CHAPTER.match(text, begin) is None:
        return False  # an item with its explanation
    end = text.find("\n", span.end + 1, span.end + _PARAGRAPH)
    return end < 0 and _NUMBERED_LINE.match(text, span.end + 1) is None


def _is_heading(text: str, span: Span) -> bool:
    """Whether a line has nothing but the generic word and its number, and others follow it."""
    begin = text.rfind("\n", max(0, span.start - _NUMBERED - 1), span.start) + 1
    if (begin == 0 and span.start > _NUMBERED) or not _NUMBER.fullmatch(text, begin, span.start):
        return False
    return text[span.end : span.end + 1] in {"\n", "\r", "：", ":"} and span.start > 0


def _follows_names(span: Span, earlier: list[Span]) -> bool:
    """Whether a name stands right before ``等``, so that what follows is the head noun of its list."""
    return bool(earlier) and span.start - earlier[-1].end <= 2 and earlier[-1].end > 0


def read_choices(text: str, spans: list[Span]) -> list[list[Span]]:
    """Mentions in groups: those of one list that 或 joins; every other mention alone."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups:
            between = text[groups[-1][-1].end : span.start]
            if len(between) <= _GAP and (
                not between or _BETWEEN.fullmatch(between) or _FIELD_BETWEEN.fullmatch(between)
            ):
                groups[-1].append(span)
                continue
        groups.append([span])
    return groups


def is_choice(text: str, group: list[Span]) -> bool:
    """Whether 或 joins the names of a list, or the list with something else that satisfies the demand."""
    for left, right in pairwise(group):
        if _CHOICE.search(text, left.end, right.start):
            return True
    first = group[0]
    if len(group) > 1 and _EXAMPLES.search(text[max(0, first.start - 4) : first.start]):
        return True
    return has_way_out(text, group)


def has_way_out(text: str, group: list[Span]) -> bool:
    """Whether 或 joins the whole list with something else that satisfies the demand: 或大专以上学历."""
    first, last = group[0], group[-1]
    before = _CHOICE_BEFORE.search(text, max(0, first.start - _CLAUSE), first.start)
    if before is not None and (not before["left"].strip() or _OPTION.search(before["left"])):
        return True
    return _CHOICE_AFTER.match(text, last.end, last.end + 20) is not None
