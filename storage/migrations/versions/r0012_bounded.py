"""What is kept can be removed: by its visit, its version, its evidence file; cases can be put on hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("sighting") as sightings:
        sightings.alter_column("visit_id", existing_type=sa.Integer(), nullable=True)
    op.create_index("ix_sighting_version_id", "sighting", ["version_id"])
    op.create_index("ix_digest_item_version_id", "digest_item", ["version_id"])
    op.create_index("ix_intake_message_visit_id", "intake_message", ["visit_id"])
    op.create_index("ix_document_version_evidence_file", "document_version", ["evidence_file"])
    op.create_table(
        "evidence_file",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("freed", sa.Integer(), nullable=False),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_evidence_file"),
    )
    op.create_table(
        "kept_amount",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name="pk_kept_amount"),
    )
