"""The way from a source to its cases is read off indices alone."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_document_source", "document")
    op.create_index("ix_document_source", "document", ["source", "id"])
    op.create_index("ix_document_version_document_id", "document_version", ["document_id", "id"])
