"""The keyword trigger of a page-change monitor: any cancelled or exited name before a certificate word."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from catalogue import load_catalogue
from vocabulary.codes import Status

WORDS = (
    "证",
    "证书",
    "资格证",
    "资格证书",
    "上岗证",
    "职业资格证",
    "职业资格证书",
    "从业资格证",
    "从业资格证书",
)
TRIGGERING = (Status.CANCELLED, Status.EXITED)


def keyword_pattern(as_of: date) -> re.Pattern[str]:
    """One alternation of every such name on that day, longest first, and the certificate words."""
    edition = load_catalogue().as_of(as_of)
    names = {
        name
        for entry in load_catalogue().entries
        if edition.standing(entry.key).status in TRIGGERING
        for name in (entry.name, *entry.aliases)
    }
    by_length = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    words = "|".join(sorted(WORDS, key=lambda word: -len(word)))
    return re.compile(f"(?:{by_length})(?:{words})?(?<=证|书)")


def keyword_answers(documents: list[dict[str, Any]], as_of: date) -> list[dict[str, Any]]:
    """What such a trigger would have said of each document: every hit is an alert, nothing else is known."""
    pattern = keyword_pattern(as_of)
    return [
        {
            "id": document["id"],
            "document_kind": "other",
            "publisher_kind": "unknown",
            "findings": [],
            "mentions": [
                {
                    "start": hit.start(),
                    "end": hit.end(),
                    "quote": hit.group(),
                    "status": Status.CANCELLED.value,
                    "usage": "required",
                    "violation": "cancelled_hiring_requirement",
                    "severity": "high",
                }
                for hit in pattern.finditer(document["text"])
            ],
        }
        for document in documents
    ]
