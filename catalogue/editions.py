"""The published editions of the national catalogue, line by line, and what changed between two of them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from catalogue.loading import DATA, read_rows
from vocabulary.codes import Evidence


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a published catalogue; several lines may make one item."""

    edition: str
    seq: str
    item: str
    name: str
    key: str
    category: str
    domain: str
    department: str
    basis: str
    evidence: Evidence = Evidence.PUBLISHED


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one edition to the next; each pair is (before, after)."""

    added: tuple[Line, ...]
    removed: tuple[Line, ...]
    renamed: tuple[tuple[Line, Line], ...]
    changed_kind: tuple[tuple[Line, Line], ...]


@functools.cache
def read_editions() -> dict[str, tuple[Line, ...]]:
    """Year → lines of that edition, in the order of publication."""
    editions: dict[str, list[Line]] = {}
    for row in read_rows(DATA / "editions.csv"):
        line = Line(
            edition=row["edition"],
            seq=row["seq"],
            item=row["item"],
            name=row["name"],
            key=row["key"],
            category=row["category"],
            domain=row["domain"],
            department=row["department"],
            basis=row["basis"],
            evidence=Evidence(row["evidence"]),
        )
        editions.setdefault(line.edition, []).append(line)
    return {year: tuple(lines) for year, lines in editions.items()}


def compare(before: tuple[Line, ...], after: tuple[Line, ...]) -> Changes:
    """Matches the lines of two editions by entry: a qualification keeps its key when it is renamed."""
    old, new = ({line.key: line for line in lines} for lines in (before, after))
    kept = [(old[key], line) for key, line in new.items() if key in old]
    return Changes(
        added=tuple(line for key, line in new.items() if key not in old),
        removed=tuple(line for key, line in old.items() if key not in new),
        renamed=tuple((a, b) for a, b in kept if a.name != b.name),
        changed_kind=tuple((a, b) for a, b in kept if kind(a) != kind(b)),
    )


def kind(line: Line) -> str:
    """``准入类`` or ``水平评价类``, without the catalogue's remarks."""
    return line.category.partition("（")[0]


def item_count(lines: tuple[Line, ...]) -> int:
    """Items, as the official totals count them."""
    return len({(line.domain, line.item) for line in lines})


def summary_lines(changes: Changes) -> Iterator[tuple[str, str, str]]:
    """(change, name, remark) in Chinese, one for each change."""
    for line in changes.added:
        yield "新增", line.name, _remark(line)
    for line in changes.removed:
        yield "退出", line.name, _remark(line)
    for before, after in changes.renamed:
        yield "更名", after.name, f"原名“{before.name}”"
    for before, after in changes.changed_kind:
        yield "类别调整", after.name, f"{before.category} → {after.category}"


def _remark(line: Line) -> str:
    item = f"，属“{line.item}”" if line.item != line.name else ""
    return f"{line.domain}，{line.category}{item}"
