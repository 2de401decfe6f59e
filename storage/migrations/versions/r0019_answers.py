"""Bodies that were told to put something right answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "addressee_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decided_by", sa.String(254), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_addressee_answer"),
        sa.UniqueConstraint("key", name="uq_addressee_answer_key"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_addressee_answer_case_id_case"),
    )
    op.create_index("ix_addressee_answer_case_id", "addressee_answer", ["case_id"])
    op.create_index("ix_addressee_answer_state", "addressee_answer", ["state", "case_id"])
    op.create_table(
        "answer_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("evidence_file", sa.Text(), nullable=False),
        sa.Column("evidence_record", sa.Text(), nullable=False),
        sa.Column("evidence_offset", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unread", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answer_file"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["addressee_answer.id"],
            ondelete="CASCADE",
            name="fk_answer_file_answer_id_addressee_answer",
        ),
    )
    op.create_index("ix_answer_file_answer_id", "answer_file", ["answer_id"])
