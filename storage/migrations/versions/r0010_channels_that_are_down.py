"""Channels that do not answer have a row; the most severe messages leave first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(255), nullable=False),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "recipient", name="pk_channel_state"),
    )
    op.add_column("outbox_message", sa.Column("precedence", sa.Integer(), server_default="5", nullable=False))
    op.drop_index("ix_outbox_due", "outbox_message")
    op.create_index("ix_outbox_due", "outbox_message", ["state", "precedence", "next_attempt_at"])
