"""Who is at work at what, and how fast hosts are asked: shared by all programs with this database."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import text_column, time_column


class Lease(SQLModel, table=True):
    """A piece of work that somebody has; see ``storage.leases``."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True, max_length=120)
    holder: str = text_column()
    """Machine, process and a name of its own; see ``storage.leases.new_holder``."""
    until: datetime = time_column()
    """Renewed while the holder lives."""


class HostPace(SQLModel, table=True):
    """When a host may be asked again, and who is asking it now."""

    __tablename__ = "host_pace"
    host: str = Field(primary_key=True, max_length=255)
    free_at: datetime = time_column(index=True)
    wait_seconds: float = 0.0
    """The pause that ends at ``free_at``."""
    holder: str = text_column()
    """Whoever has the turn to ask; empty: nobody."""
    held_until: datetime = time_column()


class TaskTrial(SQLModel, table=True):
    """A task that was begun by a worker and did not end well yet; see ``storage.trials``."""

    __tablename__ = "task_trial"
    name: str = Field(primary_key=True, max_length=120)
    """What stands in the queue at most once: the task, and the source that it is about."""
    tries: int = 0
    why: str = text_column()
    """What the last try ended with; empty where its worker died."""
    tried_at: datetime = time_column()
    set_aside_until: datetime | None = time_column(nullable=True)
    """Until when nobody tries it; None: it may be tried."""
