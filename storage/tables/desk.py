"""What the desk keeps beside its cases: standing exceptions."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column


class StandingException(SQLModel, table=True):
    """A publisher and a certificate that raise no alarm until a day; see ``cases.exceptions``."""

    __tablename__ = "standing_exception"
    __table_args__ = (Index("ix_standing_exception_ends_at", "ends_at"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    """The case on which somebody set it: who may see that one may end it."""
    publisher: str = text_column()
    region: str = Field(default="", max_length=6)
    """GB/T 2260 code of the publisher's, because names are given twice; empty: not known."""
    qualification: str = text_column()
    until: date
    """Last day of it."""
    reason: str = text_column()
    actor: str = Field(max_length=254)
    set_at: datetime = time_column()
    ends_at: datetime = time_column()
    """Midnight behind ``until`` in the office's zone, or when somebody ended it."""
    ended_by: str = Field(default="", max_length=254)
    """Empty: it ends, or ended, by itself."""
    met: int = 0
    """Alarms that it kept from being raised."""
    met_at: datetime | None = time_column(nullable=True)
