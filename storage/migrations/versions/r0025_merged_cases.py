"""Cases that are part of another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("merged_into", sa.Integer(), nullable=True))
    op.add_column("case", sa.Column("merged_state", sa.String(24), nullable=False, server_default=""))
    op.add_column("finding", sa.Column("merged_from", sa.Integer(), nullable=True))
    _create_partial("ix_case_merged_into", "case", "merged_into")
    _create_partial("ix_finding_merged_from", "finding", "merged_from")


def _create_partial(name: str, table: str, column: str) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
