"""Scores answers of ``qualwatch check --format jsonl --all`` against labelled documents.

A predicted mention matches a labelled one when their spans overlap. A label with ``sure: false`` counts
neither way. An alert for a name that breaks the naming rule is right wherever that certificate is offered,
because labels know no names. Figures: mention precision and recall; status and usage accuracy on matched
sure mentions; document and publisher kind accuracy; and alert precision and recall: verdicts of severity
medium or above.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocabulary.codes import Severity, Usage, Violation

Label = Mapping[str, Any]
"""``start``, ``end``, ``quote``, ``status``, ``usage``, ``severity`` and, of a label, ``sure``."""


@dataclass(slots=True)
class Score:
    figures: dict[str, float]
    disagreements: list[str] = field(default_factory=list)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def score(gold: Iterable[dict[str, Any]], answers: Mapping[Any, dict[str, Any]]) -> Score:
    """Figures between 0 and 1, and counts; an unanswered document counts as one without mentions.

    Args:
        gold: labelled documents: ``id``, ``text``, ``document_kind``, ``publisher_kind``, ``mentions`` with
            ``start``, ``quote``, ``status``, ``usage``, ``severity`` and ``sure``.
        answers: the objects that were written, by ``id``.
    """
    count: Counter[str] = Counter()
    disagreements: list[str] = []
    for document in gold:
        answer = answers.get(document["id"])
        count["documents"] += 1
        if answer is None or "error" in answer:
            count["unanswered"] += 1
            answer = {"mentions": []}
        _count_kinds(document, answer, count)
        labels = [dict(label, end=label["start"] + len(label["quote"])) for label in document["mentions"]]
        found = answer["mentions"]
        count["wrong_offsets"] += sum(
            document["text"][mention["start"] : mention["end"]] != mention["quote"] for mention in found
        )
        for label in labels:
            if label["sure"]:
                disagreements += _count_label(document, label, found, count)
        for mention in found:
            disagreements += _count_mention(document, mention, labels, count)
    return Score(_figures(count), disagreements)


def _count_kinds(document: dict[str, Any], answer: dict[str, Any], count: Counter[str]) -> None:
    count["kind_right"] += answer.get("document_kind") == document["document_kind"]
    if document["publisher_kind"] != "unknown":
        count["publishers"] += 1
        count["publisher_right"] += answer.get("publisher_kind") == document["publisher_kind"]


def _count_label(
    document: dict[str, Any], label: Label, found: list[dict[str, Any]], count: Counter[str]
) -> list[str]:
    """Recall and accuracies of one sure label."""
    near = [mention for mention in found if _overlap(mention, label)]
    count["labels"] += 1
    count["label_alerts"] += _is_alert(label)
    if not near:
        return [_tell("missed", document, label, f"{label['status']} {label['usage']}")]
    count["labels_found"] += 1
    count["label_alerts_found"] += _is_alert(label) and any(_is_alert(mention) for mention in near)
    best = max(near, key=lambda mention: sum(mention[key] == label[key] for key in ("status", "usage")))
    told = []
    for key in ("status", "usage"):
        count[f"{key}_right"] += best[key] == label[key]
        if best[key] != label[key]:
            told.append(_tell(key, document, label, f"labelled {label[key]}, found {best[key]}"))
    if _is_alert(label) and not any(_is_alert(mention) for mention in near):
        told.append(_tell("alert missed", document, label, f"{label['status']} {label['usage']}"))
    return told


def _count_mention(
    document: dict[str, Any], mention: Label, labels: list[dict[str, Any]], count: Counter[str]
) -> list[str]:
    """Precision of one mention found; one that meets unsure labels only is left out."""
    near = [label for label in labels if _overlap(mention, label)]
    sure = [label for label in near if label["sure"]]
    if near and not sure:
        return []
    told = []
    count["found"] += 1
    count["found_right"] += bool(sure)
    if not sure:
        told.append(_tell("invented", document, mention, f"{mention['status']} {mention['usage']}"))
    if _is_alert(mention):
        count["alerts"] += 1
        right = any(_is_alert(label) or _is_restricted_name(mention, label) for label in sure)
        count["alerts_right"] += right
        if not right:
            told.append(_tell("false alert", document, mention, f"{mention['status']} {mention['usage']}"))
    return told


def _overlap(one: Label, other: Label) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def _is_alert(mention: Label) -> bool:
    return Severity(mention["severity"]).is_alert


def _is_restricted_name(mention: Label, label: Label) -> bool:
    """Whether an alert is for the name of a certificate that the label knows as offered."""
    return (
        mention.get("violation") == Violation.RESTRICTED_NAME.value and label["usage"] == Usage.OFFERED.value
    )


def _tell(kind: str, document: dict[str, Any], mention: Label, what: str) -> str:
    text, start, end = document["text"], mention["start"], mention["end"]
    around = f"{text[max(0, start - 25) : start]}【{mention['quote']}】{text[end : end + 25]}"
    return f"{kind:13} {document['id']} {around!r} {what}"


def _figures(count: Counter[str]) -> dict[str, float]:
    def ratio(part: str, whole: str) -> float:
        return count[part] / count[whole] if count[whole] else 0.0

    figures: dict[str, float] = {name: count[name] for name in ("documents", "unanswered", "wrong_offsets")}
    figures["sure_mentions"] = count["labels"]
    figures["labelled_alerts"] = count["label_alerts"]
    figures["raised_alerts"] = count["alerts"]
    for name, found, right, labels, labels_found in (
        ("mention", "found", "found_right", "labels", "labels_found"),
        ("alert", "alerts", "alerts_right", "label_alerts", "label_alerts_found"),
    ):
        precision, recall = ratio(right, found), ratio(labels_found, labels)
        figures[f"{name}_precision"], figures[f"{name}_recall"] = precision, recall
        total = precision + recall
        figures[f"{name}_f1"] = 2 * precision * recall / total if total else 0.0
    figures["status_accuracy"] = ratio("status_right", "labels_found")
    figures["usage_accuracy"] = ratio("usage_right", "labels_found")
    figures["document_kind_accuracy"] = ratio("kind_right", "documents")
    figures["publisher_kind_accuracy"] = ratio("publisher_right", "publishers")
    return figures
