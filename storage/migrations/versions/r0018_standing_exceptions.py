"""A publisher and a certificate may raise no alarm until a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "standing_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(254), nullable=False),
        sa.Column("set_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("ended_by", sa.String(254), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("met_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_standing_exception"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_standing_exception_case_id_case"),
    )
    op.create_index("ix_standing_exception_ends_at", "standing_exception", ["ends_at"])
    op.create_index("ix_standing_exception_case_id", "standing_exception", ["case_id"])
