"""What cases are found by: publisher, title, certificate, quotes, document number, in an index of pairs."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, column, func, literal, or_, table, true
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from storage.database import without_index
from storage.rows import OnConflict, any_of, insert_or_update_all, rows, table_of
from storage.tables import Case, CaseWords, DocumentVersion, Finding
from vocabulary.grams import index_words, search_terms

_PLACES = 50
"""Quotes that a case is indexed with: a case that stands in more places says the same in them."""
COMMON = 2_000
"""Cases that are better found first and sorted then; of more a list is read in its order."""
COMMON_THERE = 20_000
"""The same as PostgreSQL guesses it, which takes common words for rarer than they are."""
Terms = tuple[tuple[str, ...], ...]
_KNOWN = "qualwatch_common_words"
_AGAIN = OnConflict(key=("case_id",), replace=("words",))
_SQLITE_INDEX = table("case_words_index", column("rowid"), column("case_words_index"))


def index_case(session: Session, case_id: int) -> None:
    """Bring the index up to date with a case and its findings, in the caller's transaction."""
    index_cases(session, {case_id})


def index_cases(session: Session, case_ids: Set[int]) -> None:
    """:func:`index_case` for several, always in one order."""
    if not case_ids:
        return
    said: dict[int, list[str]] = {}
    for key, *words in rows(session, _case_words(), cases=list(case_ids)):
        said[key] = words
    for key, quote, facts in rows(session, _places(), cases=list(case_ids)):
        said[key] += (quote, str(facts.get("number") or ""))
    words = [{"case_id": key, "words": index_words(dict.fromkeys(said[key]))} for key in sorted(said)]
    insert_or_update_all(session, CaseWords, words, _AGAIN)


@cache
def _case_words() -> Executable:
    case = table_of(Case).c
    return select_columns(case.id, case.title, case.publisher, case.qualification).where(
        case.id.in_(any_of("cases"))
    )


@cache
def _places() -> Executable:
    """Each case with the quotes that were found last, and what is known of where they stand."""
    finding, version = table_of(Finding), table_of(DocumentVersion)
    place = func.row_number().over(partition_by=finding.c.case_id, order_by=finding.c.id.desc())
    last = (
        select_columns(finding.c.id, place.label("place"))
        .where(finding.c.case_id.in_(any_of("cases")))
        .subquery()
    )
    return (
        select_columns(finding.c.case_id, finding.c.quote, version.c.facts)
        .select_from(last)
        .join(finding, finding.c.id == last.c.id)
        .join(version, version.c.id == finding.c.version_id)
        .where(last.c.place <= _PLACES)
        .order_by(finding.c.id.desc())
    )


def has_words(session: Session, typed: str) -> ColumnElement[bool]:
    """Whether a case holds every word that somebody typed, each anywhere within a text; or is of that number.

    Words of marks alone find nothing.
    """
    terms = search_terms(typed)
    number = typed.strip()
    is_number = number.isascii() and number.isdecimal() and len(number) <= 15
    found = _of_the_index(session, terms, typed) if terms else col(Case.id) < 0
    return or_(found, col(Case.id) == int(number)) if is_number else found


def is_common(session: Session, typed: str) -> bool:
    """Whether so many cases hold it that a list is better read in its order than found by it.

    SQLite counts them; PostgreSQL is asked for how many it takes them.
    """
    terms = search_terms(typed)
    if not terms:
        return False
    known: dict[object, bool] = session.info.setdefault(_KNOWN, {})
    if terms not in known:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        known[terms] = _count(session, terms) > COMMON if is_sqlite else _guess(session, terms) > COMMON_THERE
    return known[terms]


def _count(session: Session, terms: Terms) -> int:
    """How many cases SQLite's index has for them, to a little more than is common."""
    index = _SQLITE_INDEX
    some = select_columns(index.c.rowid).where(_matches(terms)).limit(COMMON + 1).subquery()
    count: int = session.execute(select_columns(func.count()).select_from(some)).scalar_one()
    return count


def _guess(session: Session, terms: Terms) -> int:
    """How many cases PostgreSQL believes to hold them, by its statistics of pairs: it reads none."""
    asked = select_columns(col(CaseWords.case_id)).where(_has_pairs(terms))
    dialect = session.get_bind().dialect
    said = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    plan: Any = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {said}").scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


def may_hold(session: Session, typed: str) -> ColumnElement[bool]:
    """True of every case that holds ``typed`` as it is written, and of few others: an index's beginning."""
    terms = search_terms(typed)
    if not terms:
        return true()
    if session.get_bind().dialect.name == "sqlite":
        return _of_the_index(session, terms, typed)
    return true() if is_common(session, typed) else _among(_has_pairs(terms))


def _of_the_index(session: Session, terms: Terms, typed: str) -> ColumnElement[bool]:
    is_of_many = is_common(session, typed)
    if session.get_bind().dialect.name == "sqlite":
        number: Any = col(Case.id)
        if is_of_many:
            number = without_index(session, number)
        within: ColumnElement[bool] = number.in_(select_columns(_SQLITE_INDEX.c.rowid).where(_matches(terms)))
        return within
    # Its index knows not where in a text pairs stand, and to take the text apart again is the dearest of all.
    words = literal(" ") + col(CaseWords.words) + " "
    in_a_row = [
        func.strpos(words, f" {' '.join(pairs)}{'' if _prefix(pairs, '*') else ' '}") > 0 for pairs in terms
    ]
    return _among(*in_a_row) if is_of_many else _among(_has_pairs(terms), *in_a_row)


def _among(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a case's words are such."""
    return col(Case.id).in_(select_columns(col(CaseWords.case_id)).where(*conditions))


def _has_pairs(terms: Terms) -> ColumnElement[bool]:
    """Whether a case holds all of the pairs, wherever each of them stands: asked of PostgreSQL's index."""
    each = dict.fromkeys(f"{pair}{_prefix(pairs, ':*')}" for pairs in terms for pair in pairs)
    words = func.to_tsvector(_literal("simple"), col(CaseWords.words))
    return words.op("@@")(func.to_tsquery(_literal("simple"), " & ".join(each)))


def _matches(terms: Terms) -> ColumnElement[bool]:
    """Asked of SQLite's index."""
    wanted = " AND ".join(f'"{" ".join(pairs)}"{_prefix(pairs, "*")}' for pairs in terms)
    return _SQLITE_INDEX.c.case_words_index.op("MATCH")(wanted)


def _literal(name: str) -> ColumnElement[str]:
    """As the index was made: a parameter would not be known to be the same."""
    return column(f"'{name}'", is_literal=True)


def _prefix(pairs: tuple[str, ...], mark: str) -> str:
    """A single letter is the beginning of its pairs."""
    return mark if len(pairs) == 1 and pairs[0].endswith("x") else ""
