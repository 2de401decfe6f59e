"""Options that the commands share which judge without an installation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import typer

from vocabulary.reasons import in_chinese

_CHINA = timedelta(hours=8)
"""The rules change at midnight in China."""


def today_in_china() -> date:
    return (datetime.now(UTC) + _CHINA).date()


def read_day(value: str) -> date:
    """A day as ``2026-11-01``; exits with 2 where it is none."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise typer.BadParameter(f"“{value}”不是日期，请写成 2026-11-01")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter(f"没有“{value}”这一日") from error


def read_region(value: str) -> str:
    """The code in force of a region; exits with 2 where there is none."""
    from vocabulary.regions import region_in_force

    try:
        return region_in_force(value)
    except ValueError as error:
        raise typer.BadParameter(in_chinese(str(error))) from error
