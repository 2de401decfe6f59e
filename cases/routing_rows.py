"""What a row of a routing table says."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A row of a routing table."""

    qualification: str
    region: str
    department: str
    document: str


RULE_COLUMNS = Rule._fields
