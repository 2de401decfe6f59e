"""GB/T 2260 codes: what they are called and which lies in which."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def region_names() -> dict[str, str]:
    """Names by code: all provinces, and the prefectures of Fujian and Jilin."""
    rows = files("alerts").joinpath("regions.csv").read_text(encoding="utf-8").splitlines()
    return {row["code"]: row["name"] for row in csv.DictReader(rows)}


def region_name(code: str | None) -> str:
    """``350100`` → ``福建省福州市``; the province and the code where only the province is known."""
    if not code:
        return ""
    names = region_names()
    province, prefecture = names.get(f"{code[:2]}0000", ""), names.get(f"{code[:4]}00", "")
    if prefecture == province:
        prefecture = ""
    known = province + prefecture
    whole = names.get(code) is not None
    return known if whole else f"{known}（{code}）"


def province_code(code: str | None) -> str:
    """``350102`` → ``350000``; ``none`` where no known province is meant, so that the values stay few."""
    province = f"{(code or '')[:2]}0000"
    return province if province in region_names() else "none"


def covers(area: str, code: str) -> bool:
    """Whether region ``area`` is ``code`` or holds it: 220000 covers 220100 and 220102, 220100 not 220000."""
    return code.startswith(code_prefix(area))


def code_prefix(area: str) -> str:
    """What every code in ``area`` begins with: ``350000`` → ``35``, ``350100`` → ``3501``."""
    prefix = area
    while len(prefix) > 2 and prefix.endswith("00"):
        prefix = prefix[:-2]
    return prefix
