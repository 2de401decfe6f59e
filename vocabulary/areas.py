"""What regions are called, and which lies in which, also where codes have changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Mapped

from vocabulary.regions import GROUPS, full_name, known_regions, present_code


@cache
def province_names() -> Mapping[str, str]:
    """The provinces by code."""
    return {code: region.name for code, region in known_regions().items() if code.endswith("0000")}


def region_name(code: str | None) -> str:
    """``350102`` → ``福建省福州市鼓楼区``; the province and the code where only the province is known."""
    return full_name(code) if code else ""


def province_code(code: str | None) -> str:
    """``350102`` → ``350000``; ``none`` where no known province is meant, so that the values stay few."""
    province = f"{(code or '')[:2]}0000"
    return province if province in province_names() else "none"


def prefecture_code(code: str) -> str:
    """``350102`` → ``350100``; itself where no prefecture stands between it and the province: ``110105``."""
    above = f"{code[:4]}00"
    region = known_regions().get(above)
    return code if region is not None and region.name in GROUPS else above


def covers(area: str, code: str) -> bool:
    """Whether region ``area`` is ``code`` or holds it: 220000 covers 220100 and 220102, 220100 not 220000.

    A code that is no longer in force counts where its place lies today: 220113 covers 220181.
    """
    return present_code(code).startswith(code_prefix(present_code(area)))


def lies_within(column: Mapped[str | None], area: str) -> ColumnElement[bool]:
    """The same for a column of codes."""
    prefix = code_prefix(present_code(area))
    changed = [region for region in known_regions().values() if region.now]
    came = [
        region.code
        for region in changed
        if region.now.startswith(prefix) and not region.code.startswith(prefix)
    ]
    went = [
        region.code
        for region in changed
        if region.code.startswith(prefix) and not region.now.startswith(prefix)
    ]
    # As a range, which an index serves on every database.
    within = and_(column >= prefix, column < f"{int(prefix) + 1:0{len(prefix)}}")
    if went:
        within = and_(within, column.not_in(went))
    return or_(within, column.in_(came)) if came else within


def code_prefix(area: str) -> str:
    """What every code in ``area`` begins with: ``350000`` → ``35``, ``350100`` → ``3501``."""
    prefix = area
    while len(prefix) > 2 and prefix.endswith("00"):
        prefix = prefix[:-2]
    return prefix
