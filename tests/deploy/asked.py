"""What the committed dashboards ask Prometheus for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = ("supervisors.json", "operators.json")


def read_dashboard(name: str) -> dict[str, Any]:
    board = json.loads((DEPLOY / "grafana" / name).read_text(encoding="utf-8"))
    assert isinstance(board, dict)
    return board


def expressions(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Title of a panel and an expression of it, with the variables as Grafana fills them in by default."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$region", ".*").replace("$__range", "30d")


def metric_names(expr: str) -> set[str]:
    """Names of series in PromQL: words that no bracket follows, outside of quotes and labels."""
    bare = re.sub(r'"[^"]*"', "", expr)
    bare = re.sub(r"\{[^}]*\}", "{}", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    words = re.findall(
        r"(?<![\w.])[a-z_][a-z0-9_]*(?!\w)(?!\s*\()", re.sub(r"\[[^\]]*\]|\boffset \w+", "", bare)
    )
    return set(words) - {"or", "and", "unless", "by", "bool"}
