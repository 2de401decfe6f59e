"""What strangers had within the last minute, for all processes of a desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken_turns",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_taken_turns"),
    )
