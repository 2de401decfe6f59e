"""Lists of cases are read off an index in every order, for each state by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("ix_case_state", "ix_case_opened_at", "ix_case_region"):
        op.drop_index(name, "case")
    op.create_index("ix_case_opened_at", "case", ["opened_at", "id"])
    for column in ("opened_at", "severity", "deadline", "updated_at"):
        op.create_index(f"ix_case_state_{column}", "case", ["state", column, "id"])
    op.create_index("ix_case_region", "case", ["region", "state"])
    op.create_index("ix_case_qualification", "case", ["qualification", "state"])
    _create_partial("ix_case_extension", "case", "extension", "extension IS NOT NULL")
    _create_partial("ix_case_event_reopened", "case_event", "case_id", "kind = 'reopened'")


def _create_partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
