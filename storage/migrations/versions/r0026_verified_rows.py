"""Rows of the shipped catalogue that a person compared with their source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verified_row",
        sa.Column("identity", sa.String(400), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_verified_row"),
    )
