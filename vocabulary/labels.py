"""The Chinese names of the contract's values, from ``labels.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from vocabulary.codes import Violation

_TABLES = {
    "DocumentKind": "document_kind",
    "PublisherKind": "publisher_kind",
    "Status": "status",
    "Usage": "usage",
    "Severity": "severity",
}


@dataclass(frozen=True, slots=True)
class ViolationLabel:
    name: str
    rule: str
    """What the rule says, in one sentence."""


@cache
def _load() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("labels.toml").read_text("utf-8"))


def label(value: StrEnum) -> str:
    """What a status, usage, severity or kind is called. Raises KeyError for a value without a name."""
    name: str = _load()[_TABLES[type(value).__name__]][value.value]
    return name


def violation_label(violation: Violation) -> ViolationLabel:
    """Name and rule of a violation. Raises KeyError for one that has none."""
    return ViolationLabel(**_load()["violation"][violation.value])
