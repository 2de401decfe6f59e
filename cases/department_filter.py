"""Which cases a department follows up, said to the database: the same as ``cases.departments.follow_up``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, and_, case, false, true
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from cases.departments import annex_rules, catalogue_departments, fields_of, shares_field
from cases.routing_rows import Rule
from storage.tables import Case, RoutingRule
from vocabulary.areas import code_prefix, lies_within


def followed_up_by(session: Session, departments: Iterable[str]) -> ColumnElement[bool]:
    """Whether a case is followed up by one of ``departments``, called by any of their names."""
    wanted = tuple(departments)
    imported, annexed = _imported(session), [rule for rules in annex_rules().values() for rule in rules]
    rules = [*imported, *annexed]
    decided = [*_decisions(imported, wanted), *_decisions(annexed, wanted)]
    theirs = [key for key, department in catalogue_departments().items() if _is_theirs(department, wanted)]
    otherwise = col(Case.qualification).in_(theirs)
    if not decided:
        return otherwise
    # None of other certificates is: an index finds those of these, and the rules are asked of few.
    named = {rule.qualification for rule in rules if _is_theirs(rule.department, wanted)}
    return and_(col(Case.qualification).in_({*theirs, *named}), case(*decided, else_=otherwise))


def _decisions(
    rules: Sequence[Rule], wanted: Sequence[str]
) -> Iterator[tuple[ColumnElement[bool], ColumnElement[bool]]]:
    """For whom rules hold, and what follows: the smallest areas first."""
    by_area: dict[str, list[Rule]] = {}
    for rule in rules:
        by_area.setdefault(rule.region, []).append(rule)
    for area in sorted(by_area, key=lambda code: -len(code_prefix(code)) if code else 0):
        within = lies_within(col(Case.region), area) if area else true()
        named = [rule.qualification for rule in by_area[area]]
        theirs = [rule.qualification for rule in by_area[area] if _is_theirs(rule.department, wanted)]
        follows = col(Case.qualification).in_(theirs) if theirs else false()
        yield and_(within, col(Case.qualification).in_(named)), follows


def _is_theirs(department: str, wanted: Sequence[str]) -> bool:
    return shares_field(wanted, fields_of(department))


def _imported(session: Session) -> list[Rule]:
    columns = (
        col(RoutingRule.qualification),
        col(RoutingRule.region),
        col(RoutingRule.department),
        col(RoutingRule.document),
    )
    return [Rule(*row) for row in session.execute(select_columns(*columns))]
