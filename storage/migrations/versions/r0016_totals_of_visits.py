"""What all visits came to, added up, so that no scrape reads every visit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SUMS = ("list_pages", "pages", "attachments", "bytes_read", "errors")


def upgrade() -> None:
    op.create_table(
        "visit_total",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.Column("first_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "outcome", name="pk_visit_total"),
    )
    columns = ", ".join(_SUMS)
    sums = ", ".join(f"SUM({name})" for name in _SUMS)
    op.execute(
        f"INSERT INTO visit_total (source, outcome, visits, {columns}, first_started_at) "  # noqa: S608
        f"SELECT source, outcome, COUNT(*), {sums}, MIN(started_at) FROM visit "
        "WHERE outcome IS NOT NULL GROUP BY source, outcome"
    )
