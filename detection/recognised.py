"""Verdicts on words that a program read from a picture: a person compares them before they count as sure."""

from __future__ import annotations

from dataclasses import replace

from detection.model import Mention, ScanResult
from vocabulary.codes import Severity

REMARK = "（文字由图片识别得到，请先与原件核对。）"


def doubt_recognised(result: ScanResult) -> ScanResult:
    """The result with every violation to be reviewed, none above medium, and each saying why."""
    return replace(result, mentions=tuple(map(_doubt, result.mentions)))


def _doubt(mention: Mention) -> Mention:
    if mention.violation is None:
        return mention
    severity = min(mention.severity, Severity.MEDIUM, key=lambda each: each.rank)
    return replace(mention, severity=severity, needs_review=True, explanation=mention.explanation + REMARK)
