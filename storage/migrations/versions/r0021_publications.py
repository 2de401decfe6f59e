"""What is made public of a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("violation", sa.String(40), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.JSON(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("put_right", sa.Boolean(), nullable=False),
        sa.Column("published_at", moment, nullable=False),
        sa.Column("published_by", sa.String(254), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_publication"),
        sa.UniqueConstraint("case_id", name="uq_publication_case_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_publication_case_id_case"),
    )
    op.create_index("ix_publication_withdrawn_at", "publication", ["withdrawn_at", "id"])
