"""SARIF 2.1.0, the format of static analysis results that code-review tools open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote as percent_encode

from cli.checking.lines import LineIndex
from detection.model import Mention, ScanResult
from vocabulary.codes import Severity, Violation
from vocabulary.names import name_of, rule_behind

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
    Severity.NONE: "none",
}
_RULES = tuple(Violation)
LAWFUL = "mention"
"""Rule of the mentions that break none; they are told only where every mention was asked for."""
_LAWFUL_RULE = {
    "id": LAWFUL,
    "name": "Mention",
    "shortDescription": {"text": "提及证书，未发现违规"},
    "defaultConfiguration": {"level": "none"},
}


@dataclass(slots=True)
class SarifRun:
    """Collects the results of one run of ``qualwatch check``."""

    version: str
    results: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, name: str, text: str, result: ScanResult, *, every_mention: bool, source: str | None = None
    ) -> None:
        """Adds a document's findings; lawful mentions too with ``every_mention``, as results of level none.

        Args:
            name: path relative to the folder the run started in, or an address.
            text: the text that was judged; it is embedded where the file is no plain text itself.
            result: what detection says of it.
            every_mention: whether lawful mentions become results too.
            source: the file's own text where it is plain, so that lines and columns are those of the file.
        """
        uri = to_uri(name)
        artifact: dict[str, Any] = {"location": {"uri": uri}}
        if source is None:
            artifact["contents"] = {"text": text}
        self.artifacts.append(artifact)
        lines = LineIndex(text if source is None else source)
        shown = result.mentions if every_mention else result.findings
        places = [mention.start for mention in shown] if source is None else _find_again(shown, source)
        for mention, place in zip(shown, places, strict=True):
            region = _region(lines, place, mention.quote)
            self.results.append(_to_result(mention, uri, len(self.artifacts) - 1, region))

    def add_failure(self, name: str, reason: str, *, skipped: bool = False) -> None:
        """Adds a file, page or record that could not be read, or that was left out on purpose."""
        location = {"physicalLocation": {"artifactLocation": {"uri": to_uri(name)}}}
        level = "note" if skipped else "error"
        self.notices.append({"level": level, "message": {"text": reason}, "locations": [location]})

    def to_log(self) -> dict[str, Any]:
        """The SARIF log file as a dictionary for ``json.dumps``."""
        driver = {
            "name": "Qualwatch",
            "version": self.version,
            "language": "zh-CN",
            "rules": [*(_to_rule(violation) for violation in _RULES), _LAWFUL_RULE],
        }
        run: dict[str, Any] = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "artifacts": self.artifacts,
            "results": self.results,
            "invocations": [
                {
                    "executionSuccessful": all(notice["level"] != "error" for notice in self.notices),
                    "toolExecutionNotifications": self.notices,
                }
            ],
        }
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def to_uri(name: str) -> str:
    """A path or address as SARIF wants it: percent-encoded, with forward slashes."""
    if name.startswith(("http://", "https://")):
        return percent_encode(name, safe=":/?#[]@!$&'()*+,;=%~", errors="replace")
    path = percent_encode(name.replace("\\", "/"), safe="/#", errors="surrogateescape")
    return f"file://{path}" if path.startswith("/") else path


def _to_rule(violation: Violation) -> dict[str, Any]:
    return {
        "id": violation.value,
        "name": "".join(part.capitalize() for part in violation.value.split("_")),
        "shortDescription": {"text": name_of(violation)},
        "fullDescription": {"text": rule_behind(violation)},
        "help": {"text": rule_behind(violation)},
        "defaultConfiguration": {"level": "warning"},
    }


def _to_result(mention: Mention, uri: str, artifact: int, region: dict[str, Any] | None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "index": artifact}}
    if region is not None:
        physical["region"] = region
    said = mention.explanation or f"{mention.quote}：{name_of(mention.status)}，{name_of(mention.usage)}"
    advice = f" {mention.advice}" if mention.advice else ""
    result: dict[str, Any] = {
        "level": LEVELS[mention.severity],
        "kind": "fail" if mention.severity is not Severity.NONE else "informational",
        "message": {"text": said + advice},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"quoteAndUsage/v1": _fingerprint(mention, uri)},
        "properties": {
            "severity": mention.severity.value,
            "qualification": mention.qualification,
            "status": mention.status.value,
            "usage": mention.usage.value,
            "legalBasis": list(mention.legal_basis),
            "needsReview": mention.needs_review,
        },
    }
    if mention.violation is not None:
        result["ruleId"] = mention.violation.value
        result["ruleIndex"] = _RULES.index(mention.violation)
    else:
        result["ruleId"] = LAWFUL
        result["ruleIndex"] = len(_RULES)
    return result


def _find_again(mentions: tuple[Mention, ...], source: str) -> list[int | None]:
    """Where the quotes of a cleaned text stand in the file's own; None for the rest once one is missing."""
    places: list[int | None] = []
    cursor = 0
    for mention in mentions:
        cursor = source.find(mention.quote, cursor)
        if cursor < 0:
            break
        places.append(cursor)
    return places + [None] * (len(mentions) - len(places))


def _region(lines: LineIndex, start: int | None, quote: str) -> dict[str, Any] | None:
    """Lines and columns count from 1, the end column is behind the last character; None where not found."""
    if start is None:
        return None
    begin, end = lines.position(start), lines.position(start + len(quote))
    return {
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": end.line,
        "endColumn": end.column,
        "charOffset": start,
        "charLength": len(quote),
        "snippet": {"text": quote},
    }


def _fingerprint(mention: Mention, uri: str) -> str:
    """Stays the same when the text around a quote moves."""
    parts = (uri, mention.quote, mention.usage.value, str(mention.violation))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
