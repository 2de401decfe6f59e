"""Runs the migrations on the connection, and in the transaction, of ``storage.migrate.upgrade``."""

from alembic import context
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  the models register themselves

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
