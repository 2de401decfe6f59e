"""The files of a page are found without reading every document."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_parent_id", "document", ["parent_id"])
