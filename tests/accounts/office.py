"""People with accounts, and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlmodel import Session

from accounts import people, sessions
from accounts.people import Person
from accounts.sign_in import Refused, Try, sign_in
from settings.accounts import Accounts
from storage.audit import read_trail
from storage.sealing import Seal
from storage.tables import Account
from vocabulary.people import AuditKind, Role

NOW = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
PASSWORD = "春天里的第17只云雀"  # noqa: S105 - of nobody
KEPT = "$argon2id$v=19$m=8,t=1,p=1$iWqx9nFvaMiIw6WxudZDAg$b4IXpCG8+vbFizetQlHXOna+3ekULyY5yh9E0+LY8y4"
"""The same, kept cheaply: most tests are about something else."""
RULES = Accounts()


class Office:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = NOW
        self.seal = Seal(Path(), Fernet.generate_key().decode())

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def employ(self, email: str, role: Role = Role.REVIEWER, *regions: str) -> Account:
        """An account whose owner has chosen the password."""
        with self.transaction() as session:
            person = Person(email, email.partition("@")[0], role, regions)
            account = people.add(session, person, actor="root", now=self.now)
            account.password_hash = KEPT
            session.add(account)
            return account

    def sign_in(
        self, email: str, password: str = PASSWORD, code: str = "", origin: str = "192.0.2.7"
    ) -> str | Refused:
        typed = Try(email, password, code, origin, "Mozilla/5.0")
        return sign_in(self.engine, self.transaction, typed, RULES, self.now, lambda: self.seal)

    def who(self, token: str) -> str | None:
        """Whose cookie it is."""
        with self.transaction() as session:
            found = sessions.find(session, token, RULES, self.now)
            return None if found is None else found.account.email

    def trail(self, **wanted: str) -> list[AuditKind]:
        """Kinds of what was written, the oldest first."""
        with self.transaction() as session:
            return [entry.kind for entry in read_trail(session, **wanted)][::-1]  # type: ignore[arg-type]
