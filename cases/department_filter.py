"""Which cases a department follows up, said to the database: the same as ``cases.departments.follow_up``.

What rules decide is worked out beforehand, for each area that has rules of its own, so that the database
compares a case with the few certificates of the department and not with every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, case
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from cases.departments import annex_rules, catalogue_departments, fields_of, shares_field
from cases.routing_rows import Rule
from storage.database import without_index
from storage.tables import Case, RoutingRule
from vocabulary.areas import code_prefix, covers, lies_within

_EVERYWHERE = ""
_READ = "qualwatch_routing_rules"


def followed_up_by(
    session: Session, departments: Iterable[str], regions: Sequence[str] = ()
) -> ColumnElement[bool]:
    """Whether a case is followed up by one of ``departments``, called by any of their names.

    ``regions`` are those that the case is known to lie in, any of them; none: it may lie anywhere.
    """
    by_area = _certificates(tuple(departments), _imported(session))
    otherwise, name = by_area[_EVERYWHERE], col(Case.qualification)
    if regions:  # by which their cases are found
        name = without_index(session, name)
    areas = [area for area in by_area if area and _meets(area, regions)]
    if not areas:
        return name.in_(otherwise)
    smallest_first = sorted(areas, key=lambda code: -len(code_prefix(code)))
    decided = [(lies_within(col(Case.region), area), name.in_(by_area[area])) for area in smallest_first]
    # None of other certificates is: an index finds those of these, and the areas are asked of few.
    every = otherwise.union(*(by_area[area] for area in areas))
    return and_(name.in_(sorted(every)), case(*decided, else_=name.in_(sorted(otherwise))))


@lru_cache(maxsize=256)
def _certificates(wanted: tuple[str, ...], imported: tuple[Rule, ...]) -> dict[str, frozenset[str]]:
    """The certificates that ``wanted`` follow up: everywhere else, and in each area where that differs."""
    annexed = tuple(rule for rules in annex_rules().values() for rule in rules)
    everywhere = _theirs_in(_EVERYWHERE, wanted, imported, annexed)
    found = {_EVERYWHERE: everywhere}
    for area in dict.fromkeys(rule.region for rule in (*imported, *annexed)):
        if area:
            found[area] = _theirs_in(area, wanted, imported, annexed)
    return found if any(each != everywhere for each in found.values()) else {_EVERYWHERE: everywhere}


def _theirs_in(
    area: str, wanted: Sequence[str], imported: Sequence[Rule], annexed: Sequence[Rule]
) -> frozenset[str]:
    """Their certificates there: the catalogue's, and over it what rules decide, the smallest area last."""
    keys = catalogue_departments().items()
    theirs = {key for key, department in keys if _is_theirs(department, wanted)}
    for rules in (annexed, imported):
        for within in _holding(area, rules):
            here = [rule for rule in rules if rule.region == within]
            theirs -= {rule.qualification for rule in here}
            theirs |= {rule.qualification for rule in here if _is_theirs(rule.department, wanted)}
    return frozenset(theirs)


def _holding(area: str, rules: Sequence[Rule]) -> Iterator[str]:
    """The areas with rules that hold in ``area``, the greatest first."""
    regions = {rule.region for rule in rules}
    yield from sorted(
        (each for each in regions if not each or (area and covers(each, area))),
        key=lambda code: len(code_prefix(code)) if code else 0,
    )


def _meets(area: str, regions: Sequence[str]) -> bool:
    """Whether a place may lie in ``area`` and in one of ``regions``."""
    return not regions or any(covers(area, region) or covers(region, area) for region in regions)


def _is_theirs(department: str, wanted: Sequence[str]) -> bool:
    return shares_field(wanted, fields_of(department))


def _imported(session: Session) -> tuple[Rule, ...]:
    """The imported rules, read once in a session."""
    known: tuple[Rule, ...] | None = session.info.get(_READ)
    if known is None:
        columns = (
            col(RoutingRule.qualification),
            col(RoutingRule.region),
            col(RoutingRule.department),
            col(RoutingRule.document),
        )
        known = tuple(Rule(*row) for row in session.execute(select_columns(*columns)))
        session.info[_READ] = known
    return known
