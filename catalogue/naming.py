"""How a certificate's name is written: one spelling for comparison, and the bare forms inside a long name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_NOISE = re.compile(r"[\s《》〈〉<>“”„\"'‘’「」『』【】·•]+")
_DASHES = re.compile(r"[‐‑‒–—―－]")

SUFFIXES = (
    "证书",
    "证件",
    "凭证",
    "证",
    "执照",
    "考试",
    "认证",
    "资格",
    "资质",
    "职业",
    "从业",
    "执业",
    "上岗",
    "岗位",
    "操作",
    "作业",
    "等级",
    "技能",
    "技术",
    "鉴定",
    "合格",
    "培训",
    "结业",
    "注册",
    "许可",
    "任职",
    "水平",
    "专业",
    "人员",
)
"""What may stand after the name proper, longest reading first; taken off one at a time."""

PREFIXES = ("中华人民共和国", "国家级", "国家", "全国", "注册", "执业", "省级")
"""What may stand before the name proper without changing which certificate is meant.

``国际`` is not taken off: an international certificate is another one.
"""

_OR_ABOVE = re.compile(r"(?:及其?|或|含|\(含\))?以上")
_PROVINCES = re.compile(
    "^(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    "|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)(?:省|市|自治区)?"
)

_JOIN = "[、,/和至及到或-]"
_LEVEL = rf"(?:[一二三四五六初中高特1-6](?:{_JOIN}?[一二三四五六初中高特1-6])*级|助理|见习)"
_LEVEL_BEFORE = re.compile(rf"^{_LEVEL}(?:{_JOIN}{_LEVEL})*的?")
_LEVEL_AFTER = re.compile(rf"\(?(?:国家)?(?:职业资格|职业技能)?(?:{_LEVEL}|高级技师|技师)\)?$")

LONGEST_NAME = 60
"""Characters; what is longer is no name but a sentence."""


def fold(name: str) -> str:
    """Returns ``name`` as it is compared: half width, lower case, without blanks, quotes and title marks."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    if folded.isalnum():
        return folded
    return _DASHES.sub("-", _NOISE.sub("", folded)).strip(",.;:、。，；：")


def bare_forms(folded: str) -> Iterator[str]:
    """Yields the forms under which a folded name may be listed, the closest to what is written first.

    Suffixes go first (``心理咨询师证书`` → ``心理咨询师``), then prefixes (``国家``, ``注册``), then levels.
    Where a level is taken off, the barest form comes first: ``高级电工证`` is the occupation ``电工``, while
    ``电工证`` without a level means another certificate.
    """
    if not 0 < len(folded) <= LONGEST_NAME:
        return
    written = without_suffixes(folded)
    yield from written
    if folded.endswith("职称"):
        yield "职称"
    unprefixed = [form for start in _without_prefix(folded) for form in without_suffixes(start)]
    yield from unprefixed
    for form in sorted({*written, *unprefixed}, key=len):
        unlevelled = _without_level(form)
        if unlevelled:
            yield from sorted(without_suffixes(unlevelled), key=len)


def without_region(name: str) -> str:
    """The name less the province that it begins with."""
    return _PROVINCES.sub("", name, count=1)


def without_suffixes(name: str) -> list[str]:
    """The name itself, then with one suffix less at a time, each also with a bare ``证``: the lists say both.

    At least two characters stay.
    """
    forms, current = [name], name
    while True:
        suffix = next((s for s in SUFFIXES if current.endswith(s) and len(current) - len(s) >= 2), None)
        if suffix is None:
            return forms
        current = current[: -len(suffix)]
        forms += [current, current + "证"]


def _without_prefix(name: str) -> list[str]:
    """The name without ``以上``, then without a province, then with one national prefix less at a time."""
    forms, current = [], name
    for pattern in (_OR_ABOVE, _PROVINCES):
        rest = pattern.sub("", current, count=1)
        if rest != current and len(rest) >= 2:
            current = rest
            forms.append(current)
    while True:
        prefix = next((p for p in PREFIXES if current.startswith(p) and len(current) - len(p) >= 2), None)
        if prefix is None:
            return forms
        current = current[len(prefix) :]
        forms.append(current)


def _without_level(name: str) -> str:
    for pattern in (_LEVEL_BEFORE, _LEVEL_AFTER):
        rest = pattern.sub("", name, count=1)
        if rest != name and len(rest) >= 2:
            return rest
    return ""
