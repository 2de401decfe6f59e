"""Digests that wait, and imported routing tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_digests()
    _create_routing()


def _create_digests() -> None:
    op.create_table(
        "digest_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_digest_item_case_id_case"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name="fk_digest_item_version_id_document_version"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_digest_item"),
        sa.UniqueConstraint("recipient", "key", name="uq_digest_item_recipient_key"),
    )
    op.create_index("ix_digest_item_told_at", "digest_item", ["told_at"])


def _create_routing() -> None:
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routing_rule"),
        sa.UniqueConstraint("qualification", "region", name="uq_routing_rule_qualification_region"),
    )
