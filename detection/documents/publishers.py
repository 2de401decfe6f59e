"""Which kind of body publishes a document: by the publisher's name, else by what the document is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

from detection.automata import Automaton, build_finder_of_all
from detection.documents.cues import read_table
from vocabulary.codes import DocumentKind, PublisherKind

MAX_NAME = 60
_MARGIN = " \t\r\n\u3000。．.，,；;"
_REMARK = re.compile(r"[（(][^（(）)]{0,40}[）)]$")
"""``…中心（参公）``: what stands in brackets behind a name."""
_TITLE_BODY = re.compile(
    r"[\s【\[]{0,4}(?:20\d\d(?:年度?)?)?(?:关于)?(?P<body>[\u4e00-\u9fff（）()·]{2,40}?(?:局|厅|委|委员会|办公室|办公厅|政府|中心|公司|集团|医院|卫生院|学校"
    r"|大学|学院|中学|小学|幼儿园|法院|检察院|研究院|研究所|银行|协会|学会|部|处|所|站|馆|社|院|会|场|队|园|系统|残联|妇联|工会|团委|街道办事处|管委会|省|市|县|区|镇|乡|街道))"
    r"(?:[（(][^（）()]{1,14}[）)])?"
    r"(?=(?:\d{4}|[二〇零一三四五六七八九]{4})年?|关于|公开|招聘|招考|招录|选聘|选调|所属|下属|直属|部分|面向|采购|购买|招标|比选|询价|的?公告|的?通知|的?通告|拟|[:：])"
)
"""``…卫生健康局2026年公开招聘…公告``: the body that a title begins with."""
_TITLE_BUYER = re.compile(
    r"[\s【\[]{0,4}(?P<body>[\u4e00-\u9fff]{2,24}?(?:局|厅|委员会|办公室|政府|医院|卫生院|学校|大学|学院|中学|小学|法院|检察院|街道办事处|管理处))"
    r"(?=[^，。：:\s]{2,24}(?:项目|服务|采购|招标|磋商|竞价|比选|询价))"
)
"""``…管理局物业服务项目竞争性磋商公告``: the body that a tender's title begins with."""
_CALLER = re.compile(
    r"(?:^|[\s。，,；：:])(?:受)?(?P<body>[\u4e00-\u9fff]{2,28}?(?:局|厅|委员会|政府|医院|卫生院|学校|大学|学院|中学|小学|幼儿园|法院|检察院|研究院|研究所|中心|公司|集团|银行|街道办事处|管委会))"
    r"(?:[（(][^（）()\n]{1,30}[）)])?(?:的委托|所属事业单位)?[，,]?(?:因|拟|现|决定|计划|面向|公开|根据|为|就)[^。\n]{0,40}?(?:招聘|招考|招录|选聘|招募|招标|采购|比选|询价|磋商)"
)
"""``某市人民医院因工作需要，面向社会公开招聘…``: who calls, in the text's first sentences."""
_DATE_BELOW = re.compile(
    r"\n[^\S\n]{0,40}(?:\d{4}|[二〇零一三四五六七八九○]{4})\s?[年./-]\s?[\d一二三四五六七八九十]{1,3}\s?[月./-]?"
)
_FOOTER = re.compile(
    r"(?:主办单位|主办|版权所有|主管单位)[:：©\s]{1,3}(?P<behind>[\u4e00-\u9fff]{4,30})"
    r"|(?P<before>[\u4e00-\u9fff]{4,24})\s{1,3}(?:版权所有|主办|技术支持[:：])"
)
_SOURCE = re.compile(
    r"(?:来源|信息来源|供稿)[：:]\s{0,2}(?P<body>[\u4e00-\u9fff]{3,24}?)(?=\s|发布|时间|日期|作者|浏览|字号|$)"
)
_FOOTER_WORDS = ("主办", "版权所有", "主管单位", "技术支持")
"""Without one of these :data:`_FOOTER` finds nothing."""
_PLACES = ("省", "市", "县", "区", "镇", "乡", "街道")
_LOCAL = re.compile(
    r".{0,12}(?:省|市|县|区|镇|乡|街道|州|旗).{1,16}(?:办|中心|站|所|队|馆|院|园|场|社|学校|部门|窗口|党校|学院)"
)
"""``某县融媒体中心``: a place, and an institution of it."""
_DISTRICT = re.compile(
    r"[\u4e00-\u9fff]县|[\u4e00-\u9fff]{2,10}(?:省|市|县|(?<![小校社景厂园街])区|自治州|旗)"
)
"""``某市某区``: a place as a publisher is its government."""
_TRADING = frozenset({DocumentKind.PERMIT_GUIDE, DocumentKind.OTHER})
_MEDIA = re.compile("报|新闻|电视|电台|杂志|周刊|公号|公众号|系统|频道")
_OPENING = 400
"""Characters of a text in which whoever calls says so."""
_SIGNED = 260
"""Characters from the end of a text in which a signature stands."""


@dataclass(frozen=True, slots=True)
class NameRules:
    """The lists of ``publishers.toml`` in the file's order; the first list with a hit decides."""

    kinds: tuple[PublisherKind | None, ...]
    """By list; None for sites that carry what others publish."""
    teaching: frozenset[int]
    """Lists whose bodies are schools where they sell courses."""
    within: Automaton
    lists_within: tuple[int, ...]
    """By word of ``within``."""
    list_of_ending: dict[str, int]
    ending_lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NamedAs:
    kind: PublisherKind | None
    is_carrier: bool = False
    """Whether the name is that of a site which carries what others publish."""
    teaches: bool = False
    """Whether a body of such a name that sells courses is a school."""


@cache
def _load_rules() -> NameRules:
    """Raises ValueError where a list names no publisher kind."""
    kinds: list[PublisherKind | None] = []
    teaching: set[int] = set()
    terms: dict[str, int] = {}
    endings: dict[str, int] = {}
    for position, rule in enumerate(read_table("publishers.toml")["names"]):
        kinds.append(PublisherKind(rule["kind"]) if "kind" in rule else None)
        if rule.get("teaches", False) or kinds[-1] is PublisherKind.COMPANY:
            teaching.add(position)
        for term in rule.get("contains", ()):
            terms.setdefault(term, position)
        for ending in rule.get("ends", ()):
            endings.setdefault(ending, position)
    lengths = tuple(sorted({len(ending) for ending in endings}))
    within, lists_within = build_finder_of_all(terms), tuple(terms.values())
    return NameRules(tuple(kinds), frozenset(teaching), within, lists_within, endings, lengths)


@cache
def _load_voices() -> tuple[tuple[PublisherKind, DocumentKind | None, tuple[str, ...]], ...]:
    return tuple(
        (
            PublisherKind(row["kind"]),
            DocumentKind(row["document"]) if "document" in row else None,
            tuple(row["says"]),
        )
        for row in read_table("publishers.toml")["voices"]
    )


@lru_cache(maxsize=8192)
def classify_name(name: str) -> NamedAs:
    """The kind that a body's name shows; its kind is None where it shows none."""
    rules = _load_rules()
    bare = name.strip(_MARGIN)[:MAX_NAME]
    if bare.endswith(("）", ")")):
        bare = _REMARK.sub("", bare)
    hits = [rules.lists_within[term] for _, _, term in rules.within.find_overlapping(bare)]
    ends = (rules.list_of_ending.get(bare[-length:]) for length in rules.ending_lengths)
    hits += [position for position in ends if position is not None]
    if not hits and (_LOCAL.fullmatch(bare) or _DISTRICT.fullmatch(bare)):
        return NamedAs(PublisherKind.PUBLIC_BODY)
    if not bare or not hits:
        return NamedAs(None)
    kind = rules.kinds[min(hits)]
    return NamedAs(kind, is_carrier=kind is None, teaches=min(hits) in rules.teaching)


def body_of_title(title: str) -> str:
    """The body that a title begins with (``某市人社局所属事业单位公开招聘公告``); empty where none does."""
    match = _TITLE_BODY.match(title) or _TITLE_BUYER.match(title)
    if match is None:
        return ""
    body = match["body"]
    if body.endswith(_PLACES):
        return f"{body}人民政府"
    return body


def signer(text: str) -> str:
    """The name that stands alone on the line above a date at a text's end; empty where none does."""
    tail = text[-_SIGNED:]
    dates = list(_DATE_BELOW.finditer(tail))
    if not dates:
        return ""
    name = tail[: dates[-1].start()].rstrip().rpartition("\n")[2].strip()
    return name if 3 <= len(name) <= MAX_NAME and classify_name(name).kind is not None else ""


def caller(text: str) -> str:
    """The body that hires or buys by the text's first sentences; empty where none says so."""
    match = _CALLER.search(text, 0, _OPENING)
    return match["body"] if match is not None else ""


def source(text: str) -> str:
    """The body of the state that the line under a title names as the source; empty where it names none.

    Other names there are sites that the text was taken from.
    """
    match = _SOURCE.search(text, 0, _SIGNED)
    is_public = match is not None and classify_name(match["body"]).kind is PublisherKind.PUBLIC_BODY
    return match["body"] if match is not None and is_public else ""


def footer(text: str) -> str:
    """The body that a page's foot names as its own: ``某省财政厅 版权所有``; empty where it names none."""
    tail = text[-_SIGNED:]
    if not any(word in tail for word in _FOOTER_WORDS):
        return ""  # most pages: no pattern runs over them
    match = _FOOTER.search(tail)
    return (match["before"] or match["behind"] or "") if match is not None else ""


def decide_publisher_kind(
    kind: DocumentKind, names: Iterable[str], text: str, *, says_law: bool = False
) -> PublisherKind:
    """Publisher kind from the names found, best first, else from the kind of document and its voice.

    Args:
        kind: what the document is.
        names: the publisher given, the issuer, the form's value; empty ones are skipped. They are asked for
            one by one, no further than is needed.
        text: the beginning of the text, in which a publisher speaks of itself.
        says_law: whether the text is a law's or speaks as an authority does.
    """
    if kind is DocumentKind.RESUME:
        return PublisherKind.INDIVIDUAL
    left = filter(None, names)
    passed: list[str] = []
    for name in left:
        named = classify_name(name)
        passed.append(name)
        if named.kind is not None:
            return _in_its_role(named.kind, kind, chain(passed, left), teaches=named.teaches)
    if kind is DocumentKind.POLICY and says_law:
        return PublisherKind.PUBLIC_BODY
    if kind is DocumentKind.TRAINING_AD:
        return PublisherKind.TRAINING_SCHOOL
    carried = any(classify_name(name).is_carrier for name in passed)
    is_own_page = carried is (kind is not DocumentKind.RECRUITMENT)
    writes_guides = kind in _TRADING and passed and _MEDIA.search(passed[0]) is None
    if passed and (is_own_page or writes_guides):
        return PublisherKind.COMPANY  # an employer with a name like any other; a site's own page or guide
    return _by_voice(kind, text)


def _in_its_role(
    named: PublisherKind, kind: DocumentKind, names: Iterable[str], *, teaches: bool
) -> PublisherKind:
    """A company that sells courses is a school; one of the education trade that hires is an employer.

    A school that buys by tender is one of the state: 某市工业学校物业服务采购项目.
    """
    if kind is DocumentKind.TENDER and named is PublisherKind.TRAINING_SCHOOL:
        is_school = any(name.endswith("学校") and "培训" not in name for name in names)
        return PublisherKind.PUBLIC_BODY if is_school else named
    if kind is DocumentKind.TRAINING_AD and teaches:
        return PublisherKind.TRAINING_SCHOOL
    if kind is DocumentKind.RECRUITMENT and named is PublisherKind.TRAINING_SCHOOL:
        is_company = any(word in name for name in names for word in ("公司", "集团"))
        return PublisherKind.COMPANY if is_company else named
    return named


def _by_voice(kind: DocumentKind, text: str) -> PublisherKind:
    for publisher_kind, document_kind, phrases in _load_voices():
        if document_kind in (None, kind) and any(phrase in text for phrase in phrases):
            return publisher_kind
    return PublisherKind.UNKNOWN
