"""Messages of the public, sketches of texts, and proposed changes of the catalogue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_intake()
    _create_sketches()
    op.create_table(
        "catalogue_notice",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("proposes", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("examined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name="fk_catalogue_notice_version_id_document_version"
        ),
        sa.PrimaryKeyConstraint("version_id", name="pk_catalogue_notice"),
    )
    op.create_index("ix_catalogue_notice_proposes", "catalogue_notice", ["proposes"])


def _create_intake() -> None:
    op.create_table(
        "intake_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("evidence_file", sa.Text(), nullable=False),
        sa.Column("evidence_record", sa.Text(), nullable=False),
        sa.Column("taken_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_intake_message_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_intake_message"),
        sa.UniqueConstraint("key", name="uq_intake_message_key"),
    )
    op.create_table(
        "intake_reporter",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["intake_message.id"], name="fk_intake_reporter_message_id_intake_message"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_intake_reporter"),
    )


def _create_sketches() -> None:
    op.create_table(
        "text_sketch",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name="fk_text_sketch_version_id_document_version"
        ),
        sa.PrimaryKeyConstraint("version_id", name="pk_text_sketch"),
    )
    op.create_table(
        "sketch_band",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["text_sketch.version_id"], name="fk_sketch_band_version_id_text_sketch"
        ),
        sa.PrimaryKeyConstraint("version_id", "band", name="pk_sketch_band"),
    )
    op.create_index("ix_sketch_band_value", "sketch_band", ["value"])
