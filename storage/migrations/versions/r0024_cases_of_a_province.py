"""Cases of a province, of somebody, and those to be confirmed, are read off an index by their states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_case_assignee", "case")
    op.create_index("ix_case_assignee", "case", ["assignee", "state"])
    op.create_index("ix_case_province", "case", [sa.text("substr(region, 1, 2)"), "state", "opened_at", "id"])
    op.create_index(
        "ix_case_needs_review",
        "case",
        ["state", "opened_at", "id"],
        sqlite_where=sa.text("needs_review IS 1"),
        postgresql_where=sa.text("needs_review IS true"),
    )
