"""Supervisors and chats that people keep at the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "stored_supervisor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(254), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(254), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(254), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stored_supervisor"),
        sa.UniqueConstraint("key", name="uq_stored_supervisor_key"),
    )
    op.create_table(
        "stored_chat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.String(4096), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(254), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(254), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stored_chat"),
        sa.UniqueConstraint("key", name="uq_stored_chat_key"),
    )
