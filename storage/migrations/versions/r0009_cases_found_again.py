"""Cases that are found by their words, sorted, assigned and given more time; lists that are come back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from vocabulary.grams import index_words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BATCH = 500


def upgrade() -> None:
    op.add_column("case", sa.Column("extension", sa.Date(), nullable=True))
    op.add_column("case", sa.Column("assignee", sa.String(254), server_default="", nullable=False))
    op.add_column("case", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case", sa.Column("dismissal", sa.String(24), server_default="", nullable=False))
    op.create_index("ix_case_assignee", "case", ["assignee"])
    op.create_index("ix_case_severity", "case", ["severity", "id"])
    op.create_index("ix_case_deadline", "case", ["deadline", "id"])
    op.create_index("ix_case_updated_at", "case", ["updated_at", "id"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(254), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("owner", "name", name="uq_saved_view_owner_name"),
    )
    op.create_table(
        "case_words",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_words"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name="fk_case_words_case_id_case", ondelete="CASCADE"
        ),
    )
    connection = op.get_bind()
    for batch in _batches(connection):
        connection.execute(
            sa.text("INSERT INTO case_words (case_id, words) VALUES (:case_id, :words)"), batch
        )
    if connection.dialect.name == "sqlite":
        _index_of_sqlite()
    else:
        op.execute("CREATE INDEX ix_case_words_index ON case_words USING gin (to_tsvector('simple', words))")


def _index_of_sqlite() -> None:
    """An index without a text of its own, which the triggers keep to the table."""
    op.execute(
        "CREATE VIRTUAL TABLE case_words_index USING fts5("
        "words, content='case_words', content_rowid='case_id', tokenize='ascii')"
    )
    op.execute("INSERT INTO case_words_index (case_words_index) VALUES ('rebuild')")
    gone = (
        "INSERT INTO case_words_index (case_words_index, rowid, words) "
        "VALUES ('delete', old.case_id, old.words);"
    )
    come = "INSERT INTO case_words_index (rowid, words) VALUES (new.case_id, new.words);"
    for name, when, done in (
        ("insert", "INSERT", come),
        ("delete", "DELETE", gone),
        ("update", "UPDATE", f"{gone} {come}"),
    ):
        op.execute(f"CREATE TRIGGER case_words_{name} AFTER {when} ON case_words BEGIN {done} END")


def _batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """The words of the cases that are there."""
    last = 0
    while True:
        cases = connection.execute(
            sa.text(
                'SELECT id, title, publisher, qualification FROM "case" WHERE id > :last '
                "ORDER BY id LIMIT :some"
            ),
            {"last": last, "some": _BATCH},
        ).all()
        if not cases:
            return
        parts = {row[0]: [row[1], row[2], row[3]] for row in cases}
        found = connection.execute(
            sa.text(
                "SELECT DISTINCT finding.case_id, finding.quote, finding.version_id FROM finding "
                "WHERE finding.case_id > :last AND finding.case_id <= :until"
            ),
            {"last": last, "until": cases[-1][0]},
        ).all()
        for case_id, quote, _ in found:
            parts[case_id].append(quote)
        for case_id, number in _numbers(connection, last, cases[-1][0]):
            parts[case_id].append(number)
        last = cases[-1][0]
        yield [
            {"case_id": case_id, "words": index_words(dict.fromkeys(said))} for case_id, said in parts.items()
        ]


def _numbers(connection: sa.Connection, last: int, until: int) -> Iterator[tuple[int, str]]:
    """The document numbers by which cases are known."""
    facts = sa.column("facts", sa.JSON)
    version, finding = (
        sa.table("document_version", sa.column("id"), facts),
        sa.table("finding", sa.column("version_id"), sa.column("case_id")),
    )
    rows = connection.execute(
        sa.select(finding.c.case_id, version.c.facts)
        .join(version, version.c.id == finding.c.version_id)
        .where(finding.c.case_id > last, finding.c.case_id <= until)
    )
    for case_id, said in rows:
        number = (said or {}).get("number")
        if number:
            yield case_id, str(number)
