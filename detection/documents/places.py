"""Where a document belongs: the region that its publisher, its place of work or its title names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from vocabulary.regions import GROUPS, known_regions

_PEOPLES = "朝鲜|藏|羌|彝|布依|苗|侗|土家|哈尼|壮|傣|白|景颇|傈僳|回|蒙古"
_SUFFIX = re.compile(
    rf"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|(?:(?:{_PEOPLES})族|蒙古|哈萨克|柯尔克孜){{0,3}}自治州|地区|省|市|盟)$"
)
_WORDS = frozenset({"安康", "吉安", "来宾", "大同", "文山", "中山", "金华", "长治", "宜春"})
"""Prefectures whose short names begin other names as well."""
_BETWEEN = re.compile(r"[\s\-—·/，,、>]{0,3}")
_WORKPLACE = re.compile(
    r"(?:工作|上班|办公|任职|用工)(?:地点|地址|地区|区域|城市|所在地)\s{0,3}[：:]\s{0,4}([^\n。；;]{2,60})"
)
_BRANCH = re.compile(r"([一-龥]{2,10}?)(?:分公司|分行|支公司|支行|分校|分院|分店|分部)")
_ORGAN = re.compile(r"(?:局|委|委员会|政府|办公室|厅|院|校|学|园|中心|站|所|队|馆|会|街道|镇|乡|处|科)$")
_OPENING = re.compile(r"[\s\d年（(【\[《“\"度季春秋关于]{0,12}")
_LONGEST = 15
"""Characters of the longest name of a region."""
_READ = 20_000
"""Characters of a text in which a place of work is looked for."""


@dataclass(frozen=True, slots=True)
class _Names:
    above: Mapping[str, str]
    """Provinces and prefectures by their full and short names."""
    full: frozenset[str]
    """Full names of provinces and prefectures."""
    openings: frozenset[str]
    """The first two characters of each of ``full``."""
    counties: Mapping[str, tuple[str, ...]]
    """Codes of the counties of a name."""


@cache
def _names() -> _Names:
    above: dict[str, str] = {}
    full: set[str] = set()
    counties: dict[str, list[str]] = defaultdict(list)
    for code, region in known_regions().items():
        if region.listed_until or region.name in GROUPS:
            continue
        if not code.endswith("00") or code.startswith(("4190", "4290", "4690", "6590")):
            counties[region.name].append(code)
            continue
        above.setdefault(region.name, code)
        full.add(region.name)
        above.setdefault(_SUFFIX.sub("", region.name), code)
    openings = frozenset(name[:2] for name in full)
    return _Names(above, frozenset(full), openings, {name: tuple(codes) for name, codes in counties.items()})


def _longest(names: Collection[str], words: str, place: int) -> str:
    """The longest of ``names`` that stands at ``place``; empty where none does."""
    most = min(_LONGEST, len(words) - place)
    return next((part for size in range(most, 1, -1) if (part := words[place : place + size]) in names), "")


def read_region(text: str, *, title: str, publisher: str, known: str | None) -> str | None:
    """GB/T 2260 code of where the document says that it belongs, else ``known``, the source's.

    A body's own name says most, then the place of work, then a company's name, then the title. A region that
    only holds ``known`` says less than it does, unless it is that of the body itself.
    """
    own = _of_name(publisher, known)
    if own is not None and _ORGAN.search(publisher):
        return own
    for found in (_of_workplace(text, known), own, _of_title(title, known)):
        if found is not None:
            return known if known is not None and known.startswith(_stem(found)) else found
    return known


def _of_name(name: str, known: str | None) -> str | None:
    """The region that a publisher's name begins with; a branch belongs to where it is."""
    branch = _BRANCH.search(name)
    if branch is not None:
        place = branch[1].removesuffix("市").removesuffix("省")
        for size in range(min(_LONGEST, len(place)), 1, -1):
            if (code := _names().above.get(place[-size:])) is not None:
                return code
    return _at(name, 0, known, is_name=True)


def _of_workplace(text: str, known: str | None) -> str | None:
    found = _WORKPLACE.search(text, 0, _READ)
    if found is None:
        return None
    codes = {
        code
        for part in re.split(r"[、/;；]|或|及|和", found[1])
        if (code := _at(part.strip(), 0, known, is_name=False)) is not None
    }
    if len(codes) <= 1:
        return next(iter(codes), None)
    provinces = {code[:2] for code in codes}
    return f"{provinces.pop()}0000" if len(provinces) == 1 else None


def _of_title(title: str, known: str | None) -> str | None:
    opening = _OPENING.match(title)
    begun = _at(title, opening.end() if opening else 0, known, is_name=True)
    if begun is not None:
        return begun
    full, openings = _names().full, _names().openings
    places = (place for place in range(len(title)) if title[place : place + 2] in openings)
    named = next((place for place in places if _longest(full, title, place)), None)
    return None if named is None else _at(title, named, known, is_name=True)


def _at(words: str, start: int, known: str | None, *, is_name: bool) -> str | None:
    """The smallest region that is named from ``start`` on: province, prefecture and county in a row.

    ``is_name``: a publisher's or a title's words, in which a short name may begin another one.
    """
    names = _names()
    code = ""
    place = start
    while name := _longest(names.above, words, place):
        found = names.above[name]
        is_short = name == _SUFFIX.sub("", name)
        if code and not found.startswith(code[:2]):
            break
        if not code and is_name and is_short and not _may_begin(name, words, place + len(name)):
            break
        code, place = found, place + len(name)
        gap = _BETWEEN.match(words, place)
        place = gap.end() if gap else place
        if not found.endswith("0000"):
            break
    county = _longest(names.counties, words, place)
    if county:
        return _county(names.counties[county], code, known) or code or None
    return code or None


def _may_begin(name: str, words: str, end: int) -> bool:
    return name not in _WORDS and len(words) - end >= 2


def _county(codes: tuple[str, ...], within: str, known: str | None) -> str | None:
    """The one in what was named before it, in the source's region, or the only one of this name."""
    areas = [_stem(within)] if within else [known[:4], known[:2]] if known else []
    for area in areas:
        inside = [code for code in codes if code.startswith(area)]
        if len(inside) == 1:
            return inside[0]
    return codes[0] if len(codes) == 1 and not within else None


def _stem(code: str) -> str:
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code
