"""What cases are found by: publisher, title, certificate, quotes, document number, in an index of pairs."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, column, func, or_, table, true
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from storage.database import without_index
from storage.rows import OnConflict, insert_or_update, rows, table_of
from storage.tables import Case, CaseWords, DocumentVersion, Finding
from vocabulary.grams import index_words, search_terms

_PLACES = 50
"""Quotes that a case is indexed with: a case that stands in more places says the same in them."""
COMMON = 2_000
"""Cases that are better found first and sorted then; of more a list is read in its order."""
_KNOWN = "qualwatch_common_words"
_AGAIN = OnConflict(key=("case_id",), replace=("words",))
_SQLITE_INDEX = table("case_words_index", column("rowid"), column("case_words_index"))


def index_case(session: Session, case_id: int) -> None:
    """Bring the index up to date with a case and its findings, in the caller's transaction."""
    (case,) = rows(session, _case_words(), case=case_id)
    places = rows(session, _places(), case=case_id)
    said = (*case, *(each for quote, facts in places for each in (quote, str(facts.get("number") or ""))))
    insert_or_update(session, CaseWords(case_id=case_id, words=index_words(dict.fromkeys(said))), _AGAIN)


@cache
def _case_words() -> Executable:
    case = table_of(Case).c
    return select_columns(case.title, case.publisher, case.qualification).where(case.id == bindparam("case"))


@cache
def _places() -> Executable:
    finding, version = table_of(Finding), table_of(DocumentVersion)
    return (
        select_columns(finding.c.quote, version.c.facts)
        .select_from(finding)
        .join(version, version.c.id == finding.c.version_id)
        .where(finding.c.case_id == bindparam("case"))
        .order_by(finding.c.id.desc())
        .limit(_PLACES)
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

    PostgreSQL knows how many they are, and decides by itself.
    """
    terms = search_terms(typed)
    if not terms or session.get_bind().dialect.name != "sqlite":
        return False
    known: dict[object, bool] = session.info.setdefault(_KNOWN, {})
    if terms not in known:
        index = _SQLITE_INDEX
        some = select_columns(index.c.rowid).where(_matches(terms)).limit(COMMON + 1).subquery()
        count: int = session.execute(select_columns(func.count()).select_from(some)).scalar_one()
        known[terms] = count > COMMON
    return known[terms]


def may_hold(session: Session, typed: str) -> ColumnElement[bool]:
    """True of every case that holds ``typed`` as it is written, and of few others: an index's beginning."""
    terms = search_terms(typed)
    return _of_the_index(session, terms, typed) if terms else true()


def _of_the_index(session: Session, terms: tuple[tuple[str, ...], ...], typed: str) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "sqlite":
        number: Any = col(Case.id)
        if is_common(session, typed):
            number = without_index(session, number)
        within: ColumnElement[bool] = number.in_(select_columns(_SQLITE_INDEX.c.rowid).where(_matches(terms)))
        return within
    wanted = " & ".join(f"({' <-> '.join(pairs)}{_prefix(pairs, ':*')})" for pairs in terms)
    words = func.to_tsvector(_literal("simple"), col(CaseWords.words))
    return col(Case.id).in_(
        select_columns(col(CaseWords.case_id)).where(
            words.op("@@")(func.to_tsquery(_literal("simple"), wanted))
        )
    )


def _matches(terms: tuple[tuple[str, ...], ...]) -> ColumnElement[bool]:
    """Asked of SQLite's index."""
    wanted = " AND ".join(f'"{" ".join(pairs)}"{_prefix(pairs, "*")}' for pairs in terms)
    return _SQLITE_INDEX.c.case_words_index.op("MATCH")(wanted)


def _literal(name: str) -> ColumnElement[str]:
    """As the index was made: a parameter would not be known to be the same."""
    return column(f"'{name}'", is_literal=True)


def _prefix(pairs: tuple[str, ...], mark: str) -> str:
    """A single letter is the beginning of its pairs."""
    return mark if len(pairs) == 1 and pairs[0].endswith("x") else ""
