"""The queue of an installation with many machines: Procrastinate's tables in the PostgreSQL that it has.

Their shape belongs to Procrastinate, whose own scripts make and change it; which of them have run is noted on
its table of jobs.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine

from storage.errors import DatabaseError
from storage.migrate import exclusively

_NOTED = "qualwatch procrastinate "


def upgrade_queue(engine: Engine) -> bool:
    """Make the queue's tables, or bring them to the installed Procrastinate; True where anything changed.

    Each script runs in a transaction of its own, as its makers mean it, and two programs that start at once
    wait for each other. Raises ``DatabaseError``.
    """
    if engine.dialect.name != "postgresql":
        raise DatabaseError("workers = 'procrastinate' needs PostgreSQL: set storage.database")
    has_changed = False
    while _run_next(engine):
        has_changed = True
    return has_changed


def _run_next(engine: Engine) -> bool:
    """Run the script that the queue lacks first; False where it lacks none."""
    schema, scripts = _scripts()
    with exclusively(engine) as connection:
        if not has_queue(connection):
            _run(connection, schema)
            _note(connection, scripts[-1].name)
            return True
        done = _done(connection)
        if done not in {script.name for script in scripts}:
            raise DatabaseError(
                f"the queue was made by a newer Procrastinate (its script {done} is unknown here): "
                "install that version"
            )
        missing = next((script for script in scripts if script.name > done), None)
        if missing is None:
            return False
        _run(connection, missing)
        _note(connection, missing.name)
        return True


def require_queue(engine: Engine) -> None:
    """Raise ``DatabaseError`` unless the queue is that of the installed Procrastinate."""
    _, scripts = _scripts()
    with engine.connect() as connection:
        if not has_queue(connection) or _done(connection) != scripts[-1].name:
            raise DatabaseError("the queue is missing or of another version: start 'qualwatch run' anew")


def has_queue(connection: Connection) -> bool:
    """Whether there is a queue."""
    return connection.exec_driver_sql("SELECT to_regclass('procrastinate_jobs')").scalar_one() is not None


def _done(connection: Connection) -> str:
    noted = connection.exec_driver_sql("SELECT obj_description('procrastinate_jobs'::regclass)").scalar_one()
    if not str(noted or "").startswith(_NOTED):
        raise DatabaseError(
            "the database has tables of Procrastinate that another program made: "
            "give Qualwatch one of its own"
        )
    return str(noted).removeprefix(_NOTED)


def _note(connection: Connection, script: str) -> None:
    connection.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{_NOTED}{script}'")


def _scripts() -> tuple[Path, list[Path]]:
    """Procrastinate's whole schema, and the scripts that led to it, in order."""
    try:
        from procrastinate.schema import migrations_path  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise DatabaseError(
            "workers = 'procrastinate' needs more: pip install 'qualwatch[workers]'"
        ) from error
    return migrations_path.parent / "schema.sql", sorted(migrations_path.glob("*.sql"))


def _run(connection: Connection, script: Path) -> None:
    # Without parameters, psycopg sends the whole script as it stands.
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(script.read_bytes())
