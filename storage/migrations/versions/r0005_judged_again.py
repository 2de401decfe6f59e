"""By which catalogue each document was judged, what judging again changed, and proposals decided against."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "judged_document",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name="fk_judged_document_document_id_document",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", name="pk_judged_document"),
    )
    op.create_index("ix_judged_document_catalogue", "judged_document", ["catalogue", "document_id"])
    # Nobody noted by which catalogue they were judged.
    op.execute("INSERT INTO judged_document (document_id, catalogue) SELECT id, '' FROM document")
    _create_rejudgements()
    with op.batch_alter_table("catalogue_notice") as notices:
        notices.add_column(sa.Column("region", sa.String(6), nullable=False, server_default=""))
        notices.add_column(sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))
        notices.add_column(sa.Column("dismissed_by", sa.Text(), nullable=False, server_default=""))
        notices.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("catalogue_notice") as notices:
        for name in ("region", "dismissed_by", "reason"):
            notices.alter_column(name, server_default=None)


def _create_rejudgements() -> None:
    op.create_table(
        "rejudgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.String(16), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejudgement"),
    )
    op.create_table(
        "rejudged_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rejudgement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rejudgement_id"], ["rejudgement.id"], name="fk_rejudged_change_rejudgement_id_rejudgement"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rejudged_change"),
    )
    op.create_index("ix_rejudged_change_rejudgement_id", "rejudged_change", ["rejudgement_id"])
