"""Floors of quality, pinned to what was measured and to the corpus that it was measured on."""

from __future__ import annotations

import hashlib
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

FLOORS = Path(__file__).parent / "floors.toml"
KEPT = (
    "mention_precision",
    "mention_recall",
    "status_accuracy",
    "usage_accuracy",
    "alert_precision",
    "alert_recall",
    "alert_f1",
    "document_kind_accuracy",
    "publisher_kind_accuracy",
)
"""Figures with a floor; unanswered documents and wrong offsets must be none at all."""
NONE_ALLOWED = ("unanswered", "wrong_offsets")
_HEAD = """# Floors of `make eval`, by corpus: figures measured, rounded down, and the SHA-256 of the corpus.
# They only go up: `python -m eval.quality --raise-floors` writes higher ones;
# `--lower-floors` has to be said aloud.
"""


@dataclass(frozen=True, slots=True)
class Floors:
    sha256: str
    figures: dict[str, float]


def read_floors(path: Path = FLOORS) -> dict[str, Floors]:
    """Floors by the name of their corpus; empty where the file is not there yet."""
    if not path.exists():
        return {}
    tables = tomllib.loads(path.read_text("utf-8"))
    return {name: Floors(table["sha256"], dict(table["figures"])) for name, table in tables.items()}


def write_floors(floors: dict[str, Floors], path: Path = FLOORS) -> None:
    lines = [_HEAD]
    for name, floor in sorted(floors.items()):
        lines.append(f'[{name}]\nsha256 = "{floor.sha256}"\n\n[{name}.figures]')
        lines += [f"{figure} = {value:.3f}" for figure, value in floor.figures.items()]
        lines.append("")
    path.write_text("\n".join(lines), "utf-8")


def digest(corpus: Path) -> str:
    return hashlib.sha256(corpus.read_bytes()).hexdigest()


def find_breaches(floor: Floors | None, figures: dict[str, float], sha256: str) -> list[str]:
    """Why a run fails the gate, one sentence each; empty where it passes."""
    breaches = [f"{name} is {figures[name]:.0f}, 0 is required" for name in NONE_ALLOWED if figures[name]]
    if floor is None:
        return [*breaches, "no floors are pinned for this corpus: run with --raise-floors"]
    if floor.sha256 != sha256:
        return [
            *breaches,
            "the floors are pinned to another version of this corpus: measure, then --raise-floors",
        ]
    below = [
        f"{name} is {figures[name]:.3f}, below its floor of {least:.3f}"
        for name, least in floor.figures.items()
        if figures[name] < least
    ]
    return breaches + below


def raise_floors(floor: Floors | None, figures: dict[str, float], sha256: str) -> Floors:
    """Higher floors where more was measured; floors of another version of the corpus start anew."""
    old = floor.figures if floor is not None and floor.sha256 == sha256 else {}
    measured = _round_down(figures)
    return Floors(sha256, {name: max(measured[name], old.get(name, 0.0)) for name in KEPT})


def lower_floors(figures: dict[str, float], sha256: str) -> Floors:
    """What was measured, lower floors included."""
    return Floors(sha256, _round_down(figures))


def _round_down(figures: dict[str, float]) -> dict[str, float]:
    return {name: math.floor(figures[name] * 1000) / 1000 for name in KEPT}
