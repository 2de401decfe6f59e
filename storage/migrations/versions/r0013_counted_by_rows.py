"""Records of what was asked for say what it held, so that a visit is counted in whatever process goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fetch_record", sa.Column("kind", sa.String(10), server_default="page", nullable=False))
    for name in ("is_new", "is_changed"):
        op.add_column(
            "fetch_record", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("fetch_record", sa.Column("findings", sa.Integer(), server_default="0", nullable=False))
