"""Provinces, prefectures and counties by their codes of GB/T 2260: those in force and those that were."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

GROUPS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names that codes of four digits bear where no prefecture stands between a province and its counties."""


@dataclass(frozen=True, slots=True)
class Region:
    """A code with its place's name, without the names of what it lies in."""

    code: str
    name: str
    listed_until: str = ""
    """Month of the last list that has an abolished code; empty for those in force."""
    now: str = ""
    """The code in force that an abolished one became; empty where its area was divided."""


@cache
def known_regions() -> Mapping[str, Region]:
    """All regions by code, in order of their codes; read at the first call, in some milliseconds."""
    rows = files("vocabulary.regions").joinpath("codes.csv").read_text(encoding="utf-8").splitlines()
    return {row[0]: Region(*row) for row in csv.reader(rows[1:])}


def present_code(code: str) -> str:
    """The code in force for ``code``; itself where it is in force, unknown or divided."""
    region = known_regions().get(code)
    return region.now if region is not None and region.now else code


def full_name(code: str) -> str:
    """``350102`` → ``福建省福州市鼓楼区``, ``110105`` → ``北京市朝阳区``, ``419001`` → ``河南省济源市``.

    Where the code is not known: what it lies in, with the code in brackets.
    """
    regions = known_regions()
    levels = dict.fromkeys((f"{code[:2]}0000", f"{code[:4]}00", code))
    parts = [regions[each].name for each in levels if each in regions and not _is_passed_over(each, code)]
    return "".join(parts) + ("" if code in regions else f"（{code}）")


def _is_passed_over(level: str, code: str) -> bool:
    return level != code and known_regions()[level].name in GROUPS


def find_regions(name: str) -> Iterator[Region]:
    """Every region in force whose full name has ``name`` in it."""
    return (
        region
        for region in known_regions().values()
        if not region.listed_until and name in full_name(region.code)
    )


def region_in_force(code: str) -> str:
    """``code``, or what it became; raises ``ValueError`` that says what to write where it means nothing."""
    if problem := region_problem(code):
        raise ValueError(problem)
    return present_code(code)


def region_problem(code: str) -> str:
    """Why ``code`` means no region of today, and what to write; empty where it means one."""
    region = known_regions().get(code)
    if region is None:
        return f"no place{_above(code)} has this code: write a code of GB/T 2260{_LOOK_UP}"
    if region.listed_until and not region.now:
        return (
            f"{full_name(code)} was divided after {region.listed_until}: "
            f"write the codes of the places that took it over{_LOOK_UP}"
        )
    return ""


_LOOK_UP = ", `qualwatch routing regions NAME` looks them up"


def _above(code: str) -> str:
    for above in (f"{code[:4]}00", f"{code[:2]}0000"):
        if len(code) == 6 and above in known_regions():
            return f" in {full_name(above)} ({above})"
    return ""


@cache
def region_code(text: str) -> str:
    """The code of a place by its code or name, with or without what it lies in. Raises ``ValueError``."""
    if re.fullmatch(r"\d{6}", text):
        return text
    found = {region.code: region for region in find_regions(text) if _is_called(region, text)}
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise ValueError(f"没有叫“{text}”的地区：请写六位行政区划代码（qualwatch routing regions 名称 可查）")
    some = "、".join(f"{code} {full_name(code)}" for code in list(found)[:5])
    raise ValueError(f"叫“{text}”的地区有 {len(found)} 个，请写代码：{some}")


def _is_called(region: Region, text: str) -> bool:
    """Whether ``text`` is its name in full, or ends with all of its own name."""
    name, full = region.name, full_name(region.code)
    if text == full or (full.endswith(text) and text.endswith(name)):
        return True
    return bool(re.fullmatch(f"{re.escape(text)}(?:省|市|区|县|自治区|自治州|地区|盟|特别行政区)", name))
