"""Sentences about a standing in the catalogue."""

from __future__ import annotations

from datetime import date

from catalogue.model import Period, Standing
from vocabulary.names import name_of


def since_words(period: Period) -> str:
    """``2016-06-08起``, or ``自始`` where the standing has no beginning in the catalogue."""
    return f"{period.since.isoformat()}起" if period.since else "自始"


def caution(standing: Standing) -> str:
    """The sentence that a standing without published ground needs; empty where it has one."""
    if standing.certain:
        return ""
    period = standing.period
    if period.contested:
        return f"此条各来源说法不一（{period.contested}），须由人工核对文件后再下结论。"
    doubt = f"（{period.note}）" if period.note else ""
    return f"此条依据{name_of(period.evidence)}{doubt}，须由人工核对文件后再下结论。"


def summary(standing: Standing, day: date) -> str:
    """One sentence: what the certificate was on ``day``, since when and by which document."""
    period = standing.period
    ground = f"，依据{period.document}" if period.document else ""
    status = f"“{name_of(period.status)}”，{since_words(period)}{ground}"
    return f"{standing.entry.name}：{day.isoformat()}为{status}。"
