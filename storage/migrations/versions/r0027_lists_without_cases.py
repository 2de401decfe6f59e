"""Lists of a province, of somebody and of a source are read off their indices alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_LISTED = ("qualification", "severity", "deadline", "updated_at", "needs_review", "extension", "accepted_at")


def upgrade() -> None:
    op.drop_index("ix_case_province", "case")
    op.drop_index("ix_case_assignee", "case")
    province: list[str | sa.TextClause] = [
        sa.text("substr(region, 1, 2)"),
        "state",
        "opened_at",
        "id",
        "region",
        "assignee",
        *_LISTED,
    ]
    op.create_index("ix_case_province", "case", province)
    op.create_index("ix_case_assignee", "case", ["assignee", "state", "opened_at", "id", "region", *_LISTED])
    op.create_index("ix_finding_version_case", "finding", ["version_id", "case_id"])
