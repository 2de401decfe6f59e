"""Leases, the pace of hosts, and sources that are claimed when they are due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "host_pace",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_seconds", sa.Float(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_pace"),
    )
    op.create_index("ix_host_pace_free_at", "host_pace", ["free_at"])
    with op.batch_alter_table("source_state") as states:
        states.add_column(sa.Column("is_watched", sa.Boolean(), nullable=False, server_default=sa.false()))
        states.add_column(sa.Column("every_minutes", sa.Integer(), nullable=False, server_default="0"))
        states.add_column(sa.Column("lease_holder", sa.Text(), nullable=False, server_default=""))
        states.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("source_state") as states:
        for name in ("is_watched", "every_minutes", "lease_holder"):
            states.alter_column(name, server_default=None)
