"""Migrations: from nothing, from every revision, and back to safety when one fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import Session, SQLModel, select

import storage.migrate
import storage.tables
from storage.errors import DatabaseError
from storage.migrate import known_revisions, latest_revision, upgrade
from storage.sealing import Seal
from storage.tables import Account

SCRIPTS = ScriptDirectory(str(Path(storage.migrate.__file__).parent / "migrations"))
RELEASED = Path(__file__).parent / "released"
INDEX = "case_words_index"
"""The index of words, which each database has in its own way, and no model describes."""
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - of nobody
"""Of the authenticator in the released rows; sealed by the key above from revision 0023 on."""
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


_OF_EXPRESSIONS = {"ix_case_province"}
"""Indices that no database says in the words in which they were made."""


def _is_described(_thing: object, name: str | None, *_more: object) -> bool:
    return name is None or not (name.removeprefix("ix_").startswith(INDEX) or name in _OF_EXPRESSIONS)


def test_an_empty_database_gets_every_table(bare_engine: Engine) -> None:
    assert upgrade(bare_engine) is True
    tables = {name for name in inspect(bare_engine).get_table_names() if not name.startswith(INDEX)}
    assert tables == {*SQLModel.metadata.tables, "alembic_version"}
    assert _revision(bare_engine) == latest_revision()


def test_the_names_of_the_files_are_the_revisions_in_their_order() -> None:
    assert list(known_revisions()) == REVISIONS
    assert latest_revision() == SCRIPTS.get_current_head()


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    assert upgrade(engine) is False


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_leads_to_the_latest_with_its_rows(
    bare_engine: Engine, revision: str, tmp_path: Path
) -> None:
    seal = Seal(tmp_path, KEY)
    upgrade(bare_engine, revision)
    assert _revision(bare_engine) == revision
    # Documents of before are all to be judged again, cases of before are found by their words, and visits of
    # before are added up.
    kept = inspect(bare_engine).get_table_names()
    tables = {*kept, "judged_document", "case_words", "visit_total"}
    with bare_engine.begin() as connection:
        for line in (RELEASED / f"{revision}.sql").read_text(encoding="utf-8").splitlines():
            if not line.startswith("--"):
                connection.exec_driver_sql(line)
    upgrade(bare_engine, open_seal=lambda: seal)
    assert _revision(bare_engine) == latest_revision()
    with Session(bare_engine) as session:
        for mapper in SQLModel._sa_registry.mappers:
            rows = session.execute(select(mapper.class_)).scalars().all()
            assert bool(rows) is (mapper.class_.__tablename__ in tables), mapper
        sealed = session.exec(select(Account.totp_secret)).all()
    assert SECRET not in sealed
    assert [seal.read(each) for each in sealed] == ([SECRET] if "account" in kept else [])


def test_secrets_are_not_left_plain_for_want_of_a_key(bare_engine: Engine, tmp_path: Path) -> None:
    upgrade(bare_engine, "0022")
    with bare_engine.begin() as connection:
        for line in (RELEASED / "0022.sql").read_text(encoding="utf-8").splitlines():
            if line.startswith("INSERT INTO account "):
                connection.exec_driver_sql(line)
    with pytest.raises(DatabaseError, match="not sealed yet"):
        upgrade(bare_engine)
    with pytest.raises(DatabaseError, match=r"nothing was changed.*console\.contact_key"):
        upgrade(bare_engine, open_seal=lambda: Seal(tmp_path, "no key"))
    assert _revision(bare_engine) == "0022"
    assert not (tmp_path / "contact.key").exists()
    assert upgrade(bare_engine, open_seal=lambda: Seal(tmp_path)) is True
    with Session(bare_engine) as session:
        assert Seal(tmp_path).read(session.exec(select(Account)).one().totp_secret) == SECRET


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": _is_described}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_database_of_a_newer_program_is_refused_and_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"newer version.*9999"):
        upgrade(engine)
    assert _revision(engine) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(bare_engine: Engine) -> None:
    with bare_engine.begin() as connection:
        connection.execute(text("CREATE TABLE outbox_message (foreign_program INTEGER)"))
    with pytest.raises(DatabaseError, match="nothing was changed"):
        upgrade(bare_engine)
    assert inspect(bare_engine).get_table_names() == ["outbox_message"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_foreign_keys_are_on_again_after_a_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
