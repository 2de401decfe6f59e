"""From a text to its mentions and the verdict on each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from detection.coordination import (
    drop_heads,
    has_way_out,
    heads_paragraph,
    is_choice,
    join_abbreviations,
    read_choices,
    share_certificate_word,
)
from detection.explanations import Letter, Publisher, say_contested, write_letter
from detection.folding import Folded, read_as
from detection.holders import keep_persons
from detection.inside_names import drop_inside_names, names_level_examination
from detection.joining import join_broken_names
from detection.lexicon import Lexicon, find_hits
from detection.linking import EntityLinker, LinkedName
from detection.model import DocumentFacts, Mention
from detection.spans import Form, Span, find_spans, read_lead, with_prefix
from detection.unmarked_names import ADVERTS, add_marked, is_advert, keep_mentions, sells_certificates
from detection.usage import (
    ARTICLE,
    Decision,
    decide_usage,
    find_headings,
    group_of,
    is_article,
    names_its_audience,
)
from detection.verdicts import Circumstances, decide_verdict
from detection.wording import load_wording
from vocabulary.codes import DocumentKind, PublisherKind, Severity, Status, Usage

_AROUND = 100
"""Characters on either side of a mention that its verdict may turn on."""
_REACH = 24
"""Characters before a name in which more of it may stand."""
_HEAD = 1200
"""Characters in which a text says whom it is for."""
_LAWFUL = frozenset({Status.ACCESS, Status.LEVEL, Status.LAWFUL_OTHER, Status.GENERIC})
"""With one of these among the options of a demand, it can be met lawfully."""
_IN_FORCE = frozenset({Status.ACCESS, Status.LEVEL, Status.LAWFUL_OTHER})
_SHORT = frozenset({"资格证", "资格证书"})
"""Behind a certificate's name these mean the same one, and no other that satisfies as well."""
_WRITTEN_OUT = frozenset({DocumentKind.OTHER, DocumentKind.PERMIT_GUIDE})
"""Kinds in which a line with a certificate's name alone may head what is said of it."""
_NO_LETTER = Letter((), "", "")
_DEMANDING = frozenset({Usage.REQUIRED, Usage.PERMIT, Usage.OFFERED})
"""Uses of a certificate that may be a violation if a contested entry turns out to have ended."""


@dataclass
class Place:
    """Where a text belongs, read when it is first asked for: most texts break no rule."""

    text: str
    title: str
    publisher: str
    known: str | None

    @cached_property
    def region(self) -> str | None:
        """Its own region where it says one, else the one that is known of its source."""
        from detection.documents.places import read_region  # noqa: PLC0415 - reads a table

        return read_region(self.text, title=self.title, publisher=self.publisher, known=self.known)


@dataclass(slots=True)
class Setting:
    """What is known of a text besides its words."""

    facts: DocumentFacts
    as_of: date
    place: Place


@dataclass(slots=True)
class Found:
    """A text as it is read, and the hits of the lexicon in it."""

    folded: Folded
    hits: list[tuple[int, int, int]]


def find_names(folded: Folded, lexicon: Lexicon) -> Found:
    """What the lexicon finds in a text, before anybody asks what it means."""
    hits = find_hits(folded.text, lexicon)
    joined = join_broken_names(folded, lexicon) if hits else folded
    return Found(folded, hits) if joined is folded else Found(joined, find_hits(joined.text, lexicon))


def read_mentions(
    original: str, title: str, found: Found, linker: EntityLinker, setting: Setting
) -> list[Mention]:
    """The mentions of a text with their verdicts, in order of their start; offsets count ``original``."""
    if not found.hits:
        return []
    lexicon, wording, folded, hits = linker.lexicon, load_wording(), found.folded, found.hits
    text, title = folded.text, read_as(title)
    spans = find_spans(text, hits, lexicon, wording)
    if not spans and "《" not in text:
        return []
    spans = share_certificate_word(text, spans, linker, wording)
    kind = setting.facts.document_kind
    explains = setting.facts.explains
    if not explains and is_advert(text, title, setting.facts) and not names_its_audience(text[:_HEAD]):
        kind = DocumentKind.TRAINING_AD
        school = replace(setting.facts, publisher_kind=PublisherKind.TRAINING_SCHOOL)
        setting = replace(setting, facts=school)
    elif is_article(kind, title):
        kind = DocumentKind.OTHER
    sells = sells_certificates(text, title, kind)
    spans = join_abbreviations(text, spans)
    spans = _keep(text, spans, kind, sells=sells)
    if not spans:
        return []
    told = setting.facts.of_itself or (setting.facts.tells and kind not in ADVERTS)
    group = ARTICLE if explains or told else group_of(kind, title)
    headings = find_headings(text, group, title)
    mentions: list[Mention] = []
    for listed in read_choices(text, spans):
        readings = [_read_whole(text, span, linker, advert=kind in ADVERTS) for span in listed]
        choice = _is_lawful_choice(text, listed, readings)
        for span, reading in zip(listed, readings, strict=True):
            if kind is DocumentKind.EXAM_NOTICE and _is_subject(text, span, reading):
                continue
            place, narrow = (span.start, span.end), setting.facts.narrow
            decision = decide_usage(text, place, group, headings, alternative=choice, narrow=narrow)
            place = folded.original(span.start, span.end)
            mentions.append(_judge(original, place, (reading, decision), setting))
    return mentions


def _keep(text: str, spans: list[Span], kind: DocumentKind, *, sells: bool) -> list[Span]:
    """The spans that name a person's certificate in a text of this kind."""
    spans = keep_persons(text, keep_mentions(text, spans, kind, sells=sells), kind)
    spans = drop_inside_names(text, drop_heads(text, spans, hires=kind is DocumentKind.RECRUITMENT), kind)
    if kind in _WRITTEN_OUT:
        spans = [span for span in spans if not heads_paragraph(text, span)]
    return add_marked(text, spans) if sells else spans


def _is_subject(text: str, span: Span, reading: LinkedName) -> bool:
    """Whether a notice names what it examines in; where that has ended, the notice itself offers it."""
    return reading.status in _IN_FORCE and names_level_examination(text, span)


def _is_lawful_choice(text: str, listed: list[Span], readings: list[LinkedName]) -> bool:
    """Whether 或 offers a way to meet the demand lawfully."""
    if not is_choice(text, listed):
        return False
    if len(listed) == 1 or has_way_out(text, listed):
        return True
    return any(
        reading.status in _LAWFUL and text[span.start : span.end] not in _SHORT
        for span, reading in zip(listed, readings, strict=True)
    )


def _read_whole(text: str, span: Span, linker: EntityLinker, *, advert: bool) -> LinkedName:
    """What the span names; words before it that belong to the name join it."""
    if span.form is Form.BARE:
        span.lead = read_lead(text, span, max(0, span.start - _REACH), load_wording())
    reading = linker.read(span, text, advert=advert)
    if reading.led:
        begin = span.start - len(span.lead)
        span.start = with_prefix(text, begin, max(0, begin - _REACH), load_wording())
    return reading


def _judge(text: str, place: tuple[int, int], said: tuple[LinkedName, Decision], setting: Setting) -> Mention:
    reading, decision = said
    start, end = place
    quote = text[start:end]
    around = text[max(0, start - _AROUND) : end + _AROUND]
    publisher = setting.facts.publisher_kind
    certain = reading.certain and not setting.facts.narrow
    case = Circumstances(publisher, quote, around, reading.foreign, certain, setting.as_of)
    verdict = decide_verdict(reading.status, decision.usage, case)
    if setting.facts.narrow and not decision.evident and verdict.severity.is_alert:
        verdict = replace(verdict, severity=Severity.LOW)
    letter = _NO_LETTER
    if verdict.violation is not None:
        issuer = Publisher(publisher, setting.place.region)
        letter = write_letter(quote, reading, decision.usage, verdict, issuer)
    elif reading.doubt and decision.usage in _DEMANDING:
        letter = replace(letter, explanation=say_contested(reading))
    return Mention(
        start=start,
        end=end,
        quote=quote,
        qualification=reading.qualification,
        status=reading.status,
        since=reading.since,
        status_document=reading.document,
        usage=decision.usage,
        cue=decision.cue,
        violation=verdict.violation,
        severity=verdict.severity,
        legal_basis=letter.legal_basis,
        explanation=letter.explanation,
        advice=letter.advice,
        needs_review=bool(letter.explanation) and not certain,
        foreign=reading.foreign,
    )
