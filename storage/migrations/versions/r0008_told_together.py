"""What one visit found is told together, once it has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("digest_item", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("digest_item", sa.Column("batch", sa.String(40), server_default="", nullable=False))
    op.create_index("ix_digest_item_case_id", "digest_item", ["case_id"])
