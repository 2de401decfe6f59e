"""Transactions that PostgreSQL ends for the sake of another one are begun again, whoever writes them."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col

from storage.database import one_transaction, open_database
from storage.rows import insert_once
from storage.tables import SourceState
from tests.parts.databases import PostgresqlServer

ROOT = Path(__file__).parents[2]
ROOMS = ("alerts", "cases", "console", "jobs", "storage")
NEED_NONE = {
    # a lease or a turn, which is one row, or rows in one order
    "jobs/health.py",
    "storage/leases.py",
    "storage/host_pace.py",
    "console/desk.py",
    "storage/sources.py",
    # what is known of one evidence file, and one measurement
    "storage/retention/archive.py",
    "storage/retention/amounts.py",
    # called by deeds of the desk, which are begun again
    "console/bulk.py",
    "console/desk_case.py",
    # reads only
    "alerts/metrics/collected.py",
    # a program that begins, with nobody beside it
    "storage/backup.py",
    "storage/database.py",
    "storage/migrate.py",
    "storage/move.py",
    # what begins again whatever is given to it
    "storage/unit_of_work.py",
}


def _begins(node: ast.AST) -> bool:
    """Whether a ``with`` begins a transaction that may write."""
    words = ast.unparse(node).partition(":\n")[0] if isinstance(node, ast.With) else ""
    return ("begin()" in words or ".transaction()" in words) and "for_reading" not in words


def _functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _unguarded(said: str) -> Iterator[str]:
    """Functions with a transaction of their own that are not begun again."""
    begins = "begin()" in said or ".transaction()" in said
    for function in _functions(ast.parse(said)) if begins else ():
        inner = {node for each in _functions(function)[1:] for node in ast.walk(each)}
        own = [node for node in ast.walk(function) if _begins(node) and node not in inner]
        guarded = any(ast.unparse(each) in {"one_transaction", "deed"} for each in function.decorator_list)
        if own and not guarded and f"begun_again({function.name})" not in said:
            yield function.name


def test_every_transaction_of_many_rows_is_begun_again() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in NEED_NONE
        for name in _unguarded(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.fixture
def postgresql(postgresql_server: PostgresqlServer) -> Iterator[Engine]:
    engine = open_database(postgresql_server.migrated())
    yield engine
    engine.dispose()


def test_two_that_wait_for_each_other_both_succeed(postgresql: Engine) -> None:
    with Session(postgresql) as session, session.begin():
        for name in ("a", "b"):
            insert_once(session, SourceState(name=name))
    met, begun = threading.Barrier(2), []

    @one_transaction
    def fail_both(first: str, second: str) -> None:
        begun.append(first)
        with Session(postgresql) as session, session.begin():
            for name in (first, second):
                session.execute(
                    update(SourceState)
                    .where(col(SourceState.name) == name)
                    .values(failures_in_a_row=SourceState.failures_in_a_row + 1)
                )
                if name == first and len(begun) <= 2:
                    met.wait(5)

    threads = [threading.Thread(target=fail_both, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 3
    with Session(postgresql) as session:
        assert [session.get_one(SourceState, name).failures_in_a_row for name in ("a", "b")] == [2, 2]
