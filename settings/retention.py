"""``[storage]`` and ``[retention]``: where things are kept, how much of them, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from settings.section import Section

Days = Annotated[int, Field(ge=30, le=36_500)]
"""Links in mails, appointments and open cases look back on less than a month."""


class Storage(Section):
    directory: Path = Path("var")
    database: Annotated[str, Field(repr=False)] = ""
    """SQLAlchemy address; empty: ``sqlite:///<directory>/qualwatch.sqlite3``."""
    database_file: str = ""
    """A file that holds the address with its password, instead."""
    quota_megabytes: Annotated[int, Field(ge=0)] = 0
    """Most that the directory and the database may take before visits stop; 0: the disk decides."""
    least_free_megabytes: Annotated[int, Field(ge=0)] = 500
    """Visits stop where the directory's disk has less left."""

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.directory / 'qualwatch.sqlite3'}"

    @property
    def evidence_directory(self) -> Path:
        return self.directory / "evidence"

    @property
    def reports_directory(self) -> Path:
        return self.directory / "reports"

    @property
    def mail_directory(self) -> Path:
        return self.directory / "mail"


class Retention(Section):
    """Days for which things are kept that belong to no case; what belongs to one stays."""

    visits_days: Days = 365
    """Visits, by when they began; the first one of each source stays."""
    fetch_records_days: Days = 365
    """Which addresses a visit asked for and how that ended."""
    sightings_days: Days = 365
    """Every meeting with an unchanged page; later one for each page and month, and every change."""
    documents_days: Days = 365
    """Pages and files without findings, with versions and evidence, after they were met last; reports of
    the public in which nothing was found, with who reported."""
    messages_days: Days = 365
    """Messages that were sent, after that."""
    rejudgements_days: Days = 365
    """What judging again changed, after it ended."""
    emptied_hours: Annotated[int, Field(ge=0, le=8_760)] = 24
    """How long an evidence file stays that nothing refers to any more: a backup may still be copying it."""

    @model_validator(mode="after")
    def _visits_outlive_what_belongs_to_them(self) -> Retention:
        longest = max(self.fetch_records_days, self.sightings_days)
        if self.visits_days < longest:
            raise ValueError(
                f"visits_days = {self.visits_days} is less than fetch_records_days or sightings_days, which "
                f"belong to visits: write {longest} or more"
            )
        return self
