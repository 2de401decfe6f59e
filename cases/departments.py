"""Which department follows up a qualification, whatever the department is called in which year and province.

Departments are compared by their field, which 财政部, 省财政厅 and 福州市财政局 share; bodies that were
merged have that of the body they became part of.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from sqlalchemy import Executable
from sqlalchemy import select as select_columns
from sqlmodel import Session

from cases.routing_rows import RULE_COLUMNS, Rule
from catalogue import load_catalogue
from catalogue.imported import NONE_IMPORTED, ImportedLists
from storage.imported_lists import read_lists
from storage.rows import any_of, rows, table_of
from storage.tables import RoutingRule
from vocabulary.areas import code_prefix, covers

_IN_BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
_SEPARATORS = re.compile(r"[、，,；;/\n]+")
_RANK = re.compile(r"(?:主管部门|管理部门|监管部门|部门|委员会|办公室|总局|[部厅局委署])?等?$")
_PLACE = re.compile(r"^(?:国家|中国|[^省市县区]{2,7}(?:省|自治区|市|县|区)|[省市县区])")

CATALOGUE = "国家职业资格目录"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Who follows up a qualification in a region, and what says so."""

    department: str = ""
    """As the list names it; empty where no list does."""
    document: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the departments."""
        return fields_of(self.department)


def bodies_of(department: str) -> tuple[str, ...]:
    """The bodies that a list names together, each once, in its order.

    What stands in brackets is what a body was called before, or who does the work for it, and none of them.
    """
    bodies = _SEPARATORS.split(_IN_BRACKETS.sub("", department))
    return tuple(dict.fromkeys(body.strip() for body in bodies if body.strip()))


def follow_up(session: Session, qualification: str, region: str | None) -> FollowUp:
    """The rule of the smallest area that holds ``region``, else the one for everywhere, else the catalogue's.

    Rules that an office has imported come before those of ``annexes/``. ``qualification`` is the key of a
    catalogue entry or the name as it was written.
    """
    return follow_ups(session)(qualification, region)


def follow_ups(session: Session, of: Iterable[str] = ()) -> Callable[[str, str | None], FollowUp]:
    """``follow_up`` for many cases: the imported rules of a qualification are read once.

    Those of the qualifications ``of`` are read at once.
    """
    read = _imported(session, of)

    def imported(qualification: str) -> Sequence[Rule]:
        if qualification not in read:
            read.update(_imported(session, [qualification]))
        return read[qualification]

    @cache
    def by_catalogue() -> Mapping[str, str]:
        return catalogue_departments(read_lists(session))

    @cache
    def decided(qualification: str, region: str | None) -> FollowUp:
        rules = _decide(imported(qualification), qualification, region)
        if rules is not None:
            return rules
        department = by_catalogue().get(qualification, "")
        return FollowUp(department, CATALOGUE if department else "")

    return decided


def _imported(session: Session, qualifications: Iterable[str]) -> dict[str, list[Rule]]:
    """The imported rules of each."""
    found: dict[str, list[Rule]] = {name: [] for name in qualifications}
    for row in rows(session, _rules(), qualifications=list(found)) if found else ():
        rule = Rule(*row)
        found[rule.qualification].append(rule)
    return found


@cache
def _rules() -> Executable:
    rule = table_of(RoutingRule).c
    return select_columns(rule.qualification, rule.region, rule.department, rule.document).where(
        rule.qualification.in_(any_of("qualifications"))
    )


def _decide(imported: Sequence[Rule], qualification: str, region: str | None) -> FollowUp | None:
    """What the rules say; None where none holds."""
    for rules in (imported, annex_rules().get(qualification, ())):
        holding = [rule for rule in rules if not rule.region or (region and covers(rule.region, region))]
        if holding:
            rule = max(holding, key=lambda each: len(code_prefix(each.region)) if each.region else 0)
            return FollowUp(rule.department, rule.document)
    return None


@cache
def annex_rules() -> dict[str, tuple[Rule, ...]]:
    """What is known of official annexes, by qualification."""
    found: dict[str, tuple[Rule, ...]] = {}
    for file in files("cases").joinpath("annexes").iterdir():
        if file.name.endswith(".csv"):
            for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
                rule = Rule(*(row[name] for name in RULE_COLUMNS))
                found[rule.qualification] = (*found.get(rule.qualification, ()), rule)
    return found


@lru_cache(maxsize=2)
def catalogue_departments(imported: ImportedLists = NONE_IMPORTED) -> Mapping[str, str]:
    """What the catalogue's entries say, by their keys: all that is known without a routing table."""
    return {entry.key: entry.department for entry in load_catalogue(imported).entries if entry.department}


@cache
def fields_of(departments: str) -> frozenset[str]:
    """The fields that ``住房城乡建设部、省财政厅`` names; a body that the list does not know is its own."""
    parts = (part.strip() for part in _SEPARATORS.split(_IN_BRACKETS.sub("", departments)))
    return frozenset(_field(part) for part in parts if part)


def shares_field(wanted: Iterable[str], fields: frozenset[str]) -> bool:
    """Whether one of the departments ``wanted``, by any of its names, has one of ``fields``."""
    return any(fields_of(name) & fields for name in wanted)


def _field(name: str) -> str:
    known = _fields_by_name()
    met = [alias for alias in known if alias in name]
    if met:
        return known[max(met, key=len)]
    return _RANK.sub("", _PLACE.sub("", name)) or name


@cache
def _fields_by_name() -> dict[str, str]:
    rows = files("cases").joinpath("departments.csv").read_text(encoding="utf-8").splitlines()
    return {alias: row["field"] for row in csv.DictReader(rows) for alias in row["names"].split("|")}
