"""Why a source was visited, its yield, its troubles, back-fills and look-backs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        visit.add_column(sa.Column("purpose", sa.String(12), nullable=False, server_default="watch"))
        visit.add_column(sa.Column("items", sa.Integer(), nullable=False, server_default="0"))
    _create_troubles()
    _create_backfills()
    _create_look_backs()


def _create_troubles() -> None:
    op.create_table(
        "source_trouble",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", "kind", name="pk_source_trouble"),
    )


def _create_backfills() -> None:
    op.create_table(
        "backfill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("next_page", sa.Text(), nullable=False),
        sa.Column("reached", sa.Date(), nullable=True),
        sa.Column("list_pages", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("new_documents", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_backfill"),
        sa.UniqueConstraint("source", "since", "until", name="uq_backfill_source_since_until"),
    )


def _create_look_backs() -> None:
    op.create_table(
        "look_back",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_look_back_document_id_document"),
        sa.PrimaryKeyConstraint("document_id", name="pk_look_back"),
    )
    op.create_index("ix_look_back_next_due_at", "look_back", ["next_due_at"])
