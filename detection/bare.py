"""Names without a certificate word: mentions in adverts and beside certificate words, else jobs."""

from __future__ import annotations

import re

from detection.lexicon import Hit
from detection.model import DocumentKind
from detection.spans import Span

_HEADED = re.compile(
    r"(?:证书?|资格|职称)(?:[：:，,、（(\s]|如|例如|包括|之一|要求|为){1,3}[^。；;\n]{0,24}$"
)
_TRAILED = re.compile(
    r"[^。；;，,\n：:]{0,22}?等(?:相关|相应|国家|其他|有关)?(?:职业|执业|从业|专业|技术)?(?:资格|职称)?(?:证|认证|资格|职称)"
)
_HOLDING = re.compile(r"(?:持有?|具有|具备|拥有|取得|获得|考取|考过|通过|有)(?:效|国家|注册|全国)?[“\"《]?$")
_BY_ITSELF = re.compile(r"注册|执业|^[一二三]级|^国家|^全国")
_FAVOURED = re.compile(r"(?:者|的)?(?:优先|尤佳|更佳|佳|考试|及以上|以上|或以上|报考|报名)")
_AS_TITLE = re.compile(r"(?:者|的)?(?:优先|尤佳|及以上|以上|或以上|职称|资格)|[（(]?(?:及以上|以上)")
_ABBREVIATED = re.compile(r"(?:[^。；;\n]{0,10}?)(?:证|认证|资格|优先|考试|级|以上|成绩|分|者|水平)")
_ABBREVIATION_BEFORE = re.compile(
    r"(?:证书?|认证|资格|持有?|具有|具备|获得|通过|取得|考取|拥有|过|有)[^。；;\n]{0,10}$"
)
_JOB = re.compile(r"^\s*(?:\d{1,2}[人名位]|[一二两三四五六七八九十]名|助理|岗位|招聘|工作经[验历]|职位|经验)")
ADVERTS = frozenset({DocumentKind.TRAINING_AD, DocumentKind.EXAM_NOTICE})


def is_mention(text: str, span: Span, kind: DocumentKind) -> bool:
    """Whether a bare name is a certificate here."""
    before = text[max(0, span.start - 40) : span.start]
    after = text[span.end : span.end + 40]
    if _JOB.match(after):
        return False
    if span.hit is Hit.LATIN:
        return (
            bool(_ABBREVIATED.match(after) or _ABBREVIATION_BEFORE.search(before))
            or kind is DocumentKind.RESUME
        )
    if _HEADED.search(before) or _TRAILED.match(after):
        return True
    if span.hit is Hit.TITLE:
        return bool(_AS_TITLE.match(after)) or (
            bool(_HOLDING.search(before)) and span.start != span.core_start
        )
    if kind in ADVERTS:
        return is_offered(span, after)
    quote = text[span.start : span.end]
    return bool(_BY_ITSELF.search(quote) and (_HOLDING.search(before) or _FAVOURED.match(after)))


_COURSE = re.compile(
    r"[^。；;\n]{0,10}?(?:培训|考试|报名|报考|班|认证|课程|考证|鉴定|包过|招生|取证|培养|[、，/|])"
)


def is_offered(span: Span, after: str) -> bool:
    """In an advert: a qualification's name beside a word of teaching or examining, or in its title."""
    return _COURSE.match(after) is not None or span.end <= 40
