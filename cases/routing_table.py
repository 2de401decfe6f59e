"""Routing tables that an office brings: which department follows up which qualification, where."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete
from sqlmodel import Session, col, select

from cases.departments import CATALOGUE, annex_rules, catalogue_departments
from cases.routing_rows import RULE_COLUMNS
from catalogue import Catalogue, load_catalogue
from storage.imported_lists import read_lists
from storage.rows import OnConflict, insert_once, insert_or_update
from storage.tables import RoutingRule
from vocabulary.reasons import in_chinese
from vocabulary.regions import present_code, region_problem

_HEADINGS = {
    "职业资格": "qualification",
    "职业资格名称": "qualification",
    "项目名称": "qualification",
    "地区": "region",
    "行政区划代码": "region",
    "责任部门": "department",
    "主管部门": "department",
    "设置部门": "department",
    "落实部门": "department",
    "依据": "document",
    "文件": "document",
}
_LARGEST = 10_000_000
_SAME_RULE = OnConflict(key=("qualification", "region"), replace=("department", "document", "imported_at"))


class RoutingTableError(ValueError):
    """The table was not imported; ``problems`` holds a sentence for each row to mend."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    rules: int
    unknown: tuple[str, ...]
    """Names that the catalogue does not have; they are kept as they were written."""


def read_table(file: Path, *, region: str = "", document: str = "") -> list[RoutingRule]:
    """The rules of a CSV file with a heading, in UTF-8 or GB18030; ``imported_at`` is still to be set.

    Columns: qualification (职业资格名称) and department (责任部门), and region (GB/T 2260 code) and document
    where rows differ from the ``region`` and ``document`` given. Raises ``RoutingTableError`` with every row
    that cannot be used, and ``OSError``.
    """
    reader = csv.DictReader(io.StringIO(_decode(file.read_bytes()), newline=""), restkey="_beyond")
    names = {_HEADINGS.get(name.strip(), name.strip()): name for name in reader.fieldnames or ()}
    missing = [name for name in ("qualification", "department") if name not in names]
    if missing:
        raise RoutingTableError(
            [f"{file.name} 缺少“{'”“'.join(missing)}”列：表头须有 {'、'.join(RULE_COLUMNS)}"]
        )
    rules, problems, lines = [], [], dict[tuple[str, str], int]()
    try:
        for row in reader:
            rule = RoutingRule(
                qualification=_cell(row, names, "qualification"),
                region=present_code(_cell(row, names, "region") or region),
                department=_cell(row, names, "department"),
                document=_cell(row, names, "document") or document,
            )
            line = reader.line_num
            problem = _problem(rule) or _repeated(lines, rule, line)
            if problem:
                problems.append(f"{file.name} 第 {line} 行：{problem}")
            rules.append(rule)
    except csv.Error as error:
        problems.append(f"{file.name} 第 {reader.line_num} 行不是 CSV：{error}")
    if problems:
        raise RoutingTableError(problems)
    return rules


def import_rules(session: Session, rules: Sequence[RoutingRule], now: datetime) -> Imported:
    """Write ``rules`` in the caller's transaction, each over the one before for its qualification and area.

    A name is replaced by the key of the catalogue's entry that it means.
    """
    unknown = []
    for rule, row, is_known in _with_keys(session, rules, now):
        if not is_known:
            unknown.append(rule.qualification)
        insert_or_update(session, row, _SAME_RULE)
    return Imported(len(rules), tuple(unknown))


def add_missing_rules(session: Session, rules: Sequence[RoutingRule], now: datetime) -> None:
    """Write those of ``rules`` for whose qualification and area there is none yet."""
    for _, row, _ in _with_keys(session, rules, now):
        insert_once(session, row)


def forget_rules(session: Session, document: str) -> bool:
    """Take back what was imported of a document; False where nothing was."""
    gone = session.execute(delete(RoutingRule).where(col(RoutingRule.document) == document))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _with_keys(
    session: Session, rules: Sequence[RoutingRule], now: datetime
) -> Iterator[tuple[RoutingRule, RoutingRule, bool]]:
    """Each rule, the row that it becomes, and whether the catalogue knows its qualification."""
    catalogue = load_catalogue(read_lists(session))
    for rule in rules:
        key = _catalogue_key(catalogue, rule.qualification, rule.region, now)
        row = RoutingRule(
            qualification=key or rule.qualification,
            region=rule.region,
            department=rule.department,
            document=rule.document,
            imported_at=now,
        )
        yield rule, row, key is not None


def table_rows(session: Session) -> Iterator[tuple[str, str, str, str]]:
    """Every rule that is followed, in the shape of ``RULE_COLUMNS``: imported, annexes, catalogue."""
    order = (col(RoutingRule.qualification), col(RoutingRule.region))
    everywhere, imported = set(), set()
    for rule in session.exec(select(RoutingRule).order_by(*order)):
        if not rule.region:
            everywhere.add(rule.qualification)
        imported.add((rule.qualification, rule.region))
        yield rule.qualification, rule.region, rule.department, rule.document
    for known in annex_rules().values():
        # An imported one for everywhere comes before those of annexes.
        yield from (row for row in known if row[:2] not in imported and row.qualification not in everywhere)
    for qualification, department in catalogue_departments(read_lists(session)).items():
        if qualification not in everywhere:
            yield qualification, "", department, CATALOGUE


def _catalogue_key(catalogue: Catalogue, name: str, region: str, now: datetime) -> str | None:
    standings = catalogue.as_of(now.date(), region or None).lookup(name)
    return standings[0].entry.key if standings else None


def _cell(row: dict[str, str], names: dict[str, str], name: str) -> str:
    return " ".join((row.get(names.get(name, "")) or "").split())


def _problem(rule: RoutingRule) -> str:
    if not rule.qualification:
        return "没有填职业资格名称"
    if not rule.department:
        return f"“{rule.qualification}”没有填责任部门"
    if rule.region and (problem := region_problem(rule.region)):
        return f"“{rule.region}”：{in_chinese(problem)}"
    return ""


def _repeated(lines: dict[tuple[str, str], int], rule: RoutingRule, line: int) -> str:
    first = lines.setdefault((rule.qualification, rule.region), line)
    return "" if first == line else f"“{rule.qualification}”与第 {first} 行重复"


def _decode(body: bytes) -> str:
    if len(body) > _LARGEST:
        raise RoutingTableError([f"文件大于 {_LARGEST // 1_000_000} MB：请确认是分工表"])
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
    raise RoutingTableError(["文件的编码不是 UTF-8 或 GB18030：请另存为 CSV UTF-8"])
