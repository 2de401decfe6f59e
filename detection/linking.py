"""Which certificate a span means, and what standing it has on the day asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from catalogue import Edition
from catalogue.model import Standing
from catalogue.naming import bare_forms, without_region
from detection.forms import load_forms
from detection.fuzzy import FuzzyNames
from detection.lexicon import Lexicon
from detection.occupations import occupation_of
from detection.spans import Form, Span
from detection.wording import Wording
from vocabulary.codes import Status


@dataclass(frozen=True, slots=True)
class LinkedName:
    """What a span was read as."""

    qualification: str
    status: Status
    since: date | None = None
    document: str = ""
    certain: bool = True
    """Rests on a published document, or on a convention about a name that is written out."""
    foreign: bool = False
    doubt: str = ""
    """What another source says against it and nobody could settle, in Chinese; empty where none does."""
    led: bool = False
    """The words before the listed name belong to it."""


class EntityLinker:
    """Reads spans against one edition. Answers are kept by name, so a name costs its lookup once."""

    def __init__(self, edition: Edition, lexicon: Lexicon, wording: Wording, fuzzy: FuzzyNames) -> None:
        self._edition = edition
        self.lexicon = lexicon
        self._wording = wording
        self._fuzzy = fuzzy
        self._forms = load_forms()
        self._answers: dict[tuple[str, str], LinkedName | None] = {}

    def read(self, span: Span, text: str, *, advert: bool = False) -> LinkedName:
        """What the span names; an open name that nothing explains is off the catalogue.

        ``advert``: the text sells certificates.
        """
        quote = _squeeze_more(text[span.start : span.end])
        if span.form is Form.GENERIC:
            return self._read_generic(quote, text, span)
        if self._forms.vendor_before.search(text, max(0, span.start - _VENDOR_REACH), span.start):
            return LinkedName(quote, Status.LAWFUL_OTHER, certain=False)
        if self._forms.skill.search(quote):
            return LinkedName(_SKILL, Status.LAWFUL_OTHER, led=bool(span.lead))
        core = _squeeze_more(span.core)
        quote += span.shared
        answer = (self._read_lead(span, core, quote) if span.lead else None) or self.read_name(core, quote)
        if answer is not None and answer.status is Status.ACCESS and self._is_of_association(span, text):
            part_of_name = not span.lead.endswith("的")  # …协会颁发的 says whose it is, and is no part of it
            return LinkedName(
                squeeze(span.lead) + quote, Status.OFF_CATALOGUE, certain=False, led=part_of_name
            )
        if advert and answer and answer.status is _LAWFUL and self._is_of_a_field(span, core, text):
            name = squeeze(span.lead) + quote
            return LinkedName(name, Status.OFF_CATALOGUE, certain=False, led=bool(span.lead))
        return answer or LinkedName(quote, Status.OFF_CATALOGUE, certain=False)

    def _is_of_association(self, span: Span, text: str) -> bool:
        """Whether an association's own certificate is meant; its name becomes the span's lead."""
        issuer = self._forms.association.search(text, max(0, span.start - _ISSUER_REACH), span.start)
        if issuer is None or self._forms.designated.search(issuer[0]):
            return False
        span.lead = issuer[0]
        return True

    def _is_of_a_field(self, span: Span, core: str, text: str) -> bool:
        """Whether a title is a school's certificate by its field: CAD机械制图工程师; 职称 has a level."""
        title = self._forms.field_title.fullmatch(core)
        if title is None or not (span.lead or title[1]):
            return False
        if self._wording.level.search(text, span.start, span.end):
            return False
        around = text[max(0, span.start - _TITLE_REACH) : span.end + _TITLE_REACH]
        return self._forms.titles_sold.search(around) is None

    def _read_lead(self, span: Span, core: str, quote: str) -> LinkedName | None:
        """A longer name that ends in the listed one (瑜伽教师); None where the lead adds nothing."""
        longer = squeeze(span.lead) + core
        if without_region(longer) == core:
            return None
        near = self._by_convention(longer) or self._listed(longer)
        if near is not None:
            return replace(near, led=True)
        if self._forms.other_nature.search(span.lead):
            tested = self._forms.vendor.search(core) and not self._wording.person.search(core)
            status = _LAWFUL if tested else Status.OFF_CATALOGUE  # 国际日语三级 is a test of language
            return LinkedName(squeeze(span.lead) + quote, status, certain=False, led=True)
        if span.form is Form.BARE:
            return None
        itself = self.read_name(core, quote)
        if itself is not None and itself.status is Status.ACCESS:
            return None  # 小学教师证 is a teacher's, and no slip of 科学教师证
        return self._by_slip(longer, squeeze(span.lead) + quote)

    def _listed(self, name: str) -> LinkedName | None:
        """The reading of a name that is listed just as it is written."""
        listed = [standing for standing in self._edition.lookup(name) if standing.matched == name]
        return from_standing(listed[0]) if listed else None

    def read_name(self, core: str, quote: str) -> LinkedName | None:
        """The reading of a name by its core and its whole spelling; None where nothing known fits."""
        key = (core, quote)
        if key not in self._answers:
            if len(self._answers) > 20_000:
                self._answers.clear()
            self._answers[key] = self._read_name(core, quote)
        return self._answers[key]

    def lists(self, core: str) -> bool:
        """Whether ``core`` is a name that the catalogue or a convention knows as it stands."""
        return (
            core in self.lexicon.known
            or bool(self._edition.lookup(core))
            or bool(self._edition.lookup(core + "证"))
        )

    def _read_name(self, core: str, quote: str) -> LinkedName | None:
        if self._forms.skill.search(quote):
            return LinkedName(_SKILL, Status.LAWFUL_OTHER)
        if self._forms.vague_stem.match(quote):
            return LinkedName(quote, Status.GENERIC)
        levelled = "等级" in quote or bool(self._wording.level.search(quote))
        graded = levelled or self._forms.graded.search(quote) is not None
        trade = self._forms.trade.search(quote) if graded else None
        if trade is not None and not self._forms.operation.search(quote):
            return self._catalogued(trade[0])
        known = (
            self._by_convention(quote)
            or self._listed(quote)
            or self._by_convention(_up_to(core, quote))
            or self._by_convention(core)
            or self._catalogued(quote)
        )
        if known is not None:
            return self._unless_another(known, core, quote)
        return self._read_unlisted(core, quote)

    def _unless_another(self, known: LinkedName, core: str, quote: str) -> LinkedName:
        """``known``, except where a word of the quote makes it a professional title or a name of its own."""
        if self._forms.course_paper.search(quote) and known.status is not _LAWFUL:
            trained = self._forms.trained_by_law.search(known.qualification)
            return known if trained else LinkedName(quote, Status.OFF_CATALOGUE, certain=False)
        if known.status is not _LAWFUL and ("职称" in quote or "技术职务" in quote):
            return LinkedName("专业技术职务任职资格（职称）", Status.LAWFUL_OTHER)
        if known.qualification in self._forms.as_titles:
            return LinkedName(known.qualification, Status.LAWFUL_OTHER)
        own = core in self.lexicon.known or not known.certain
        if own and self._is_of_society(known, quote):
            return LinkedName(quote, Status.OFF_CATALOGUE, certain=False)  # 中国平面设计师 is no 广告设计师
        return known

    def _read_unlisted(self, core: str, quote: str) -> LinkedName | None:
        if self._forms.foreign.match(quote):
            lawful = self._forms.vendor.search(quote) is not None
            status = Status.LAWFUL_OTHER if lawful else Status.OFF_CATALOGUE
            return LinkedName(quote, status, certain=False, foreign=True)
        if self._forms.vendor_name.search(quote):
            return LinkedName(quote, Status.LAWFUL_OTHER, certain=False)
        if self._forms.titled.search(quote) and not self._forms.no_title.search(quote):
            return LinkedName("专业技术职务任职资格（职称）", Status.LAWFUL_OTHER)
        part = self._by_catalogue(core, quote) or self._by_part(core)
        if part is not None and self._is_of_society(part, quote):
            return LinkedName(quote, Status.OFF_CATALOGUE, certain=False)  # 中国注册室内设计师 is a society's
        return part or self._by_slip(core, quote) or self._by_form(core)

    def _is_of_society(self, known: LinkedName, quote: str) -> bool:
        """Whether a society's own is meant; some names in 中国注册 were cancelled themselves."""
        if known.status not in _LOST or not quote.startswith(_SOCIETY):
            return False
        rest = quote.removeprefix(_SOCIETY)
        listed = next(iter(self._edition.lookup(rest)), None)
        own = listed is not None and listed.certain and listed.matched.startswith("注册")
        return not (own and listed is not None and rest.startswith(listed.matched))

    def _by_convention(self, name: str) -> LinkedName | None:
        known = self.lexicon.known.get(name)
        if known is None:
            return None
        try:
            standing = self._edition.standing(known.qualification)
        except KeyError:
            return LinkedName(known.qualification or name, known.status, foreign=known.foreign)
        return from_standing(standing)

    def _by_catalogue(self, core: str, quote: str) -> LinkedName | None:
        return self._catalogued(quote) or (self._catalogued(core) if len(core) >= 2 else None)

    def _catalogued(self, name: str) -> LinkedName | None:
        standings = self._edition.lookup(name)
        return from_standing(standings[0]) if standings else None

    def _by_part(self, core: str) -> LinkedName | None:
        """The longest known name that the core ends in, or begins with where the rest adds nothing."""
        for start in range(1, len(core) - 1):
            part = core[start:]
            if self._forms.other_nature.search(core[:start]):
                continue
            answer = self._by_convention(part) or self._catalogued(part)
            if answer is not None:
                return answer
        for end in range(len(core) - 1, 1, -1):
            part, rest = core[:end], core[end:]
            if self._forms.added.fullmatch(rest):
                answer = self._by_convention(part) or self._catalogued(part)
                if answer is not None:
                    return answer
        return None

    def _by_slip(self, core: str, quote: str) -> LinkedName | None:
        """A name one character away from a listed one; never certain."""
        if len(core) < _SLIPPED and len(quote) < 2 * _SLIPPED:
            return None  # 基础资格证 is no slip of 基金资格证: its name itself has two characters
        near = next((near for form in (*bare_forms(quote), core) if (near := self._fuzzy.near(form))), None)
        reading = self._catalogued(near) if near else None
        return replace(reading, certain=False) if reading else None

    def _by_form(self, core: str) -> LinkedName | None:
        for pattern, status, name in self._forms.endings:
            if pattern.search(core):
                return LinkedName(name or core, status, certain=False)
        return None

    def _by_context(self, quote: str, around: str) -> LinkedName | None:
        """The certificate that the words around a generic one tie it to; never certain."""
        for pattern, contexts, qualification in self._forms.contexts:
            if pattern.search(quote) and contexts.search(around):
                answer = self._by_convention(qualification) or self._catalogued(qualification)
                if answer is not None:
                    return replace(answer, certain=False)
        return None

    def _by_field(self, text: str, span: Span) -> LinkedName | None:
        """The certificate of those who have, or have to have, a generic one: 持有资格证书的专职会计人员."""
        if self._forms.field_words.search(_squeeze_more(text[span.start : span.end])) is None:
            return None
        for behind, before, qualification in self._forms.fields:
            held = behind.match(text, span.end, span.end + _CONTEXT)
            if held or before.search(text, max(0, span.start - _CONTEXT), span.start):
                answer = self._by_convention(qualification) or self._catalogued(qualification)
                return replace(answer, certain=False) if answer else None
        return None

    def _read_generic(self, quote: str, text: str, span: Span) -> LinkedName:
        around = self._by_context(quote, _cell(text, span))
        listed = around is not None and "岗位" in quote  # a paper of posts: the list beside it says which
        place = (span.start, span.end)
        occupation = "" if listed else occupation_of(text, place, self.lexicon, self._wording)
        named = self.read_name(occupation, occupation + quote) if occupation else None
        known = (around if named is None else named) or self._by_field(text, span)
        if known is not None:
            return known
        if self._forms.vendor_name.search(quote):
            return LinkedName(quote, Status.LAWFUL_OTHER, certain=False)
        if self._forms.title.search(quote):
            return LinkedName("专业技术职务任职资格（职称）", Status.LAWFUL_OTHER)
        if self._forms.skill.search(quote):
            return LinkedName(_SKILL, Status.LAWFUL_OTHER)
        return LinkedName(quote, Status.GENERIC)


def from_standing(standing: Standing) -> LinkedName:
    period = standing.period
    return LinkedName(
        standing.entry.name,
        period.status,
        period.since,
        period.document,
        standing.certain,
        standing.entry.foreign,
        period.contested,
    )


def _cell(text: str, span: Span) -> str:
    """What stands around a span; of a short line only itself: cells and fields say nothing of each other."""
    low, high = max(0, span.start - _CONTEXT), min(len(text), span.end + _CONTEXT)
    begin, end = text.rfind("\n", low, span.start) + 1, text.find("\n", span.end, high)
    is_short = begin > 0 and end >= 0 and end - begin <= _SHORT_LINE
    return text[begin:end] if is_short else text[low:high]


def _up_to(core: str, quote: str) -> str:
    """``quote`` as far as ``core`` reaches: 二级造价 of 二级造价职业资格证书."""
    place = quote.find(core)
    return quote[: place + len(core)] if place > 0 else core


def squeeze(text: str) -> str:
    """``text`` without blanks, line ends and quotation marks."""
    return text if text.isalnum() else _BLANKS.sub("", text)


def _squeeze_more(text: str) -> str:
    """``text`` without its abbreviation in brackets either."""
    squeezed = squeeze(text)
    return squeezed if squeezed.isalnum() else _ABBREVIATION.sub("", squeezed)


_CONTEXT, _VENDOR_REACH, _TITLE_REACH, _ISSUER_REACH = 40, 14, 150, 32
_SLIPPED = 3
"""Characters that a name without its certificate word has to have for a slip in it to be told."""
_SHORT_LINE = 24
"""Characters of a line that may be a cell."""
_SOCIETY = "中国"
"""No cancelled or exited qualification was named so; societies name theirs so."""
_SKILL = "职业技能等级证书"
_LAWFUL = Status.LAWFUL_OTHER
_LOST = frozenset({Status.CANCELLED, Status.EXITED})
_ABBREVIATION = re.compile(r"(?<=[一-龥])[（(][A-Za-z/&]{2,8}[）)]")
_BLANKS = re.compile(r"[\s《》“”\"「」『』【】〈〉]+")
