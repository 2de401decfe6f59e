"""Brings a database's tables to what this version of the program needs.

Most programs find them as they should be. What a database says of itself, and which revisions there are, is
therefore read without Alembic, which is loaded where there is something to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import DatabaseError
from storage.sealing import OpenSeal, SealError

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x5157_4D49
"""Any number that nothing else on the server locks: "QWMI"."""


def upgrade(engine: Engine, revision: str = "head", *, open_seal: OpenSeal | None = None) -> bool:
    """Run the missing migrations in one transaction: all of them or none; True where there were any.

    ``open_seal`` seals what versions of before kept as it was; without it a database that holds such words
    is refused. Two programs that start at once wait for each other. Raises ``DatabaseError`` for a database
    of a newer version of the program and where a migration fails; the database is then as it was.
    """
    try:
        with exclusively(engine) as connection:
            before = _revisions(connection)
            _refuse_newer(before)
            if before == (latest_revision() if revision == "head" else revision,):
                return False
            _migrate(connection, revision, open_seal)
            return _revisions(connection) != before
    except (SealError, OSError) as error:
        raise DatabaseError(
            f"the tables could not be brought up to date, nothing was changed: the key that seals secrets "
            f"cannot be used ({error}): mend console.contact_key, or let storage.directory be written"
        ) from error
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseError(
            f"the tables could not be brought up to date, nothing was changed: {cause}: see that the disk "
            "has space and that the database may be written"
        ) from error


def require_current(engine: Engine) -> None:
    """Raise ``DatabaseError`` unless the tables are those of this version; for commands that only read."""
    with engine.connect() as connection:
        revisions = _revisions(connection)
    _refuse_newer(revisions)
    if revisions != (latest_revision(),):
        raise DatabaseError(
            "the database is empty or of an older version: 'qualwatch run --once' brings it up to date"
        )


def is_current(engine: Engine) -> bool:
    """Whether the tables are those of this version."""
    with engine.connect() as connection:
        return _revisions(connection) == (latest_revision(),)


def latest_revision() -> str:
    """The revision that this version of the program works with."""
    known = known_revisions()
    if not known:
        raise DatabaseError("this installation has no migrations: install Qualwatch anew")
    return known[-1]


@cache
def known_revisions() -> tuple[str, ...]:
    """All revisions in their order; the names of their files begin with them: ``r0022_lists_by_state.py``."""
    files = (_MIGRATIONS / "versions").glob("r[0-9]*_*.py")
    return tuple(sorted(file.stem[1:].partition("_")[0] for file in files))


def _migrate(connection: Connection, revision: str, open_seal: OpenSeal | None) -> None:
    from alembic import command  # noqa: PLC0415 - start-up
    from alembic.config import Config  # noqa: PLC0415 - start-up

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    configuration.attributes |= {"connection": connection, "open_seal": open_seal}
    command.upgrade(configuration, revision)


def _revisions(connection: Connection) -> tuple[str, ...]:
    """What the database says of itself: one revision, none where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return ()
    return tuple(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


def _refuse_newer(revisions: tuple[str, ...]) -> None:
    unknown = sorted(set(revisions) - set(known_revisions()))
    if unknown:
        raise DatabaseError(
            f"the database was written by a newer version of Qualwatch (its revision {unknown[0]} is unknown "
            f"here, the latest known is {latest_revision()}): install that version, or use another database"
        )


@contextmanager
def exclusively(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other migration enters.

    SQLite rebuilds a table to change it, which must not set off its foreign keys; they can only be switched
    off outside a transaction, and are checked as a whole before it ends.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
                yield connection
            return
        driver = connection.connection
        driver.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise DatabaseError(
                        "rows of the database refer to rows that do not exist: restore a backup"
                    )
        finally:
            driver.cursor().execute("PRAGMA foreign_keys=ON")
