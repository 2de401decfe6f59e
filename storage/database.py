"""The database: SQLite in WAL mode by default, PostgreSQL where it is configured."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, UnaryExpression, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.sql.operators import custom_op
from sqlmodel import Session
from tenacity import (
    Retrying,
    retry,
    retry_if_exception,
    retry_if_exception_message,
    stop_after_attempt,
    stop_after_delay,
    wait_random,
)

from storage.errors import DatabaseAwayError, DatabaseError

BUSY_SECONDS = 30
"""How long a writer waits for another writer before it gives up."""
CONNECT_SECONDS = 10
LOG_BYTES = 64 * 1024 * 1024
"""To which the write-ahead log of SQLite is cut back once all of it stands in the database."""
CONNECTIONS = 8
CONNECTIONS_AT_MOST = 80
"""Enough for every fetching thread (64 at most) beside scheduler, sender and metrics."""
_READS = "qualwatch_reads"
_COLLISIONS = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected of PostgreSQL."""
_NO_ANSWER = re.compile(
    r"refused|timed?\s?out|timeout|unreachable|resolve|name or service|no route|starting up|closed",
    re.IGNORECASE,
)
_EXAMPLES = "write for example sqlite:///var/qualwatch.sqlite3 or postgresql://user@host/qualwatch"

T = TypeVar("T")
_PLUS: custom_op[Any] = custom_op("+")


def open_database(url: str) -> Engine:
    """An engine for ``url``, tried once, so that a wrong address fails here and with a clear message.

    ``sqlite:///FILE`` (the directory is created; WAL, foreign keys, every transaction a ``BEGIN IMMEDIATE``
    unless it comes from ``for_reading``) or ``postgresql://…`` (psycopg 3). The tables are made by
    ``storage.migrate.upgrade``. Raises ``DatabaseError``.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise DatabaseError(f"this is no database address: {_EXAMPLES}") from error
    if address.get_backend_name() == "sqlite":
        engine = _open_sqlite(address)
    elif address.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        engine = _open_postgresql(address)
    else:
        raise DatabaseError(f"Qualwatch does not know {address.drivername!r} databases: {_EXAMPLES}")
    try:
        with engine.begin() as connection:
            _check(connection, address)
    except SQLAlchemyError as error:
        engine.dispose()
        raise _unusable(address, error) from error
    except DatabaseError:
        engine.dispose()
        raise
    return engine


def for_reading(engine: Engine) -> Engine:
    """The same connections for transactions that only read: on SQLite they wait for no writer."""
    return engine.execution_options(**{_READS: True, "postgresql_readonly": True})


def database_now(session: Session) -> datetime:
    """The time of the database's clock, which is one for all machines; SQLite has that of its machine."""
    connection = session.connection()  # which waits for other writers: the time is that after it
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return now.astimezone(UTC)


def without_index(session: Session, column: Any) -> Any:
    """``column`` as a condition or an order for which SQLite takes no index.

    SQLite does not know how few rows each index leaves, and believes that it saves a sort where it reads the
    whole table instead. PostgreSQL counts, and needs no help.
    """
    if session.get_bind().dialect.name != "sqlite":
        return column
    return UnaryExpression(column, operator=_PLUS, type_=column.type)


def is_collision(error: BaseException) -> bool:
    """Whether the database ended a transaction for the sake of another one: begun again it may succeed."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _COLLISIONS


one_transaction = retry(
    retry=retry_if_exception(is_collision),
    stop=stop_after_attempt(8),
    wait=wait_random(0.01, 0.3),
    reraise=True,
)
"""A function that is one transaction is begun again where the database ended it for the sake of another one.

PostgreSQL ends one of two transactions that wait for each other's rows. It has changed nothing then, and the
function must not have changed anything else. What leads no further than one row needs none of it.
"""


@one_transaction
def begun_again(transaction: Callable[[], T]) -> T:
    """What ``transaction`` returns; see :data:`one_transaction`."""
    return transaction()


def _open_sqlite(address: URL) -> Engine:
    if address.database in {None, "", ":memory:"} or address.query:
        raise DatabaseError("SQLite needs a plain file: write for example sqlite:///var/qualwatch.sqlite3")
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _switch_to_wal(path)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(address, error) from error
    engine = create_engine(
        address.set(drivername="sqlite+pysqlite"),
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS_AT_MOST - CONNECTIONS,
        pool_use_lifo=True,  # each keeps 2 MB of pages: who was used last has those that are needed
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _switch_to_wal(path: Path) -> None:
    """The file remembers it. SQLite's own waiting does not cover this switch, hence the retries."""
    retrying = Retrying(
        retry=retry_if_exception_message(match=".*locked.*"),
        stop=stop_after_delay(BUSY_SECONDS),
        wait=wait_random(0.01, 0.1),
        reraise=True,
    )
    retrying(_try_to_switch_to_wal, path)


def _try_to_switch_to_wal(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        # Of a new file; one that has tables is written anew by storage.retention.room.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    finally:
        connection.close()
    if mode != "wal":
        raise sqlite3.OperationalError(f"the file system keeps no write-ahead log (mode {mode})")


def _prepare_sqlite(dbapi_connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions late and deferred; _begin_sqlite begins them instead.
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA foreign_keys=ON")
    dbapi_connection.execute("PRAGMA synchronous=NORMAL")
    dbapi_connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers queue up at their first statement: a reader that turns writer midway could only fail."""
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _open_postgresql(address: URL) -> Engine:
    connect_args: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "qualwatch"}
    try:
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS_AT_MOST - CONNECTIONS,
            pool_pre_ping=True,
            pool_use_lifo=True,  # who was used last has statements prepared and tables known
            connect_args=connect_args,
        )
    except (ImportError, NoSuchModuleError) as error:
        raise DatabaseError("PostgreSQL needs its driver: pip install 'qualwatch[postgresql]'") from error
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(dbapi_connection: Any, _record: object) -> None:
    """Helpers of a query and its compilation cost tens of milliseconds: as much as the longest of a page."""
    dbapi_connection.execute("SET parallel_setup_cost = 50000")
    dbapi_connection.execute("SET jit_above_cost = 1000000")
    dbapi_connection.commit()


def _check(connection: Connection, address: URL) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise DatabaseError(
            f"the database {address.database!r} keeps texts as {encoding}, which has no Chinese: "
            "create it with ENCODING 'UTF8' TEMPLATE template0"
        )


def _is_away(error: Exception) -> bool:
    """Whether a server did not answer at all, or is starting or ending; a refused login is an answer."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if state:
        return state[:2] in {"08", "57"} or state == "53300"
    return bool(_NO_ANSWER.search(str(cause)))


def _unusable(address: URL, error: Exception) -> DatabaseError:
    shown = address.render_as_string(hide_password=True)
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    if address.get_backend_name() == "sqlite":
        advice = (
            "check that its directory exists and may be written, that the disk has space, and that the file "
            "is a database"
        )
    else:
        advice = "check the host, the name, the password, and that the server is running"
        if _is_away(error):
            return DatabaseAwayError(f"cannot use the database {shown}: {'; '.join(cause)}: {advice}")
    return DatabaseError(f"cannot use the database {shown}: {'; '.join(cause)}: {advice}")
