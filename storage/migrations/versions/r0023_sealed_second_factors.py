"""Secrets of authenticators are sealed: who has the database alone cannot make their codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from storage.errors import DatabaseError

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as accounts:
        accounts.alter_column(
            "totp_secret", existing_type=sa.String(64), type_=sa.Text(), existing_nullable=False
        )
    account = sa.table("account", sa.column("id", sa.Integer()), sa.column("totp_secret", sa.Text()))
    connection = op.get_bind()
    plain = connection.execute(sa.select(account).where(account.c.totp_secret != "")).all()
    if not plain:
        return
    open_seal = context.config.attributes["open_seal"]
    if open_seal is None:
        raise DatabaseError(
            "the database holds secrets that are not sealed yet: 'qualwatch run --once' brings it up to date"
        )
    seal = open_seal()
    for number, secret in plain:
        sealed = account.update().where(account.c.id == number).values(totp_secret=seal.seal(secret))
        connection.execute(sealed)
