"""The configuration, validated. Every key has a default, so that nothing needs to be configured to start."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    SecretStr,
    model_validator,
)

RegionCode = Annotated[str, Field(pattern=r"^\d{6}$", description="GB/T 2260 code of six digits")]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no time zone is called {name!r}; write for example 'Asia/Shanghai'") from error
    return name


class Section(BaseModel):
    """A table of the file: unknown keys are errors, because a misspelt key would silently change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceKind(StrEnum):
    NOTICES = "notices"
    PERMIT_GUIDES = "permit_guides"
    JOBS = "jobs"
    TENDERS = "tenders"


class Selectors(Section):
    """CSS selectors for a list page; without them links are found automatically."""

    items: str = ""
    """Selects each item's link."""
    next_page: str = ""
    """Selects the link to the next page."""
    content: str = ""
    """Selects the main content of a detail page, for quoting."""


class Source(Section):
    """A place to watch: where its list is, what it lists and how often to look."""

    name: SourceName
    title: str = ""
    """What people call it, in Chinese."""
    url: HttpUrl
    kind: SourceKind = SourceKind.NOTICES
    region: RegionCode | None = None
    publisher_kind: Literal["public_body", "company", "training_school", "association"] | None = None
    """What the publisher is where every document of the source has the same kind of publisher."""
    enabled: bool = True
    every_minutes: Annotated[int, Field(ge=1, le=44_640)] = 360
    page_limit: Annotated[int, Field(ge=1, le=500)] = 5
    """List pages read in one visit."""
    item_limit: Annotated[int, Field(ge=1, le=5_000)] = 200
    """Detail pages read in one visit."""
    selectors: Selectors = Selectors()
    attachments: bool = True
    tried: bool = True
    """False in a preset that could not be tried against the live site."""


class Storage(Section):
    directory: Path = Path("var")
    database: str = ""
    """SQLAlchemy address; empty: ``sqlite:///<directory>/qualwatch.sqlite3``."""

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.directory / 'qualwatch.sqlite3'}"

    @property
    def evidence_directory(self) -> Path:
        return self.directory / "evidence"

    @property
    def mail_directory(self) -> Path:
        return self.directory / "mail"


class Fetching(Section):
    """How pages are asked for: honest, slow, and never inside the house."""

    user_agent: str = "Qualwatch/0.1 (+{contact})"
    contact: str = "mailto:qualwatch@localhost"
    """Address that site owners can complain to; stands in the User-Agent."""
    delay_seconds: Annotated[float, Field(ge=0, le=300)] = 2.0
    """Pause between two requests to one host."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 20.0
    """Longest silence of a server."""
    total_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """Longest time for one response, however slowly it drips."""
    max_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 30 * 1024 * 1024
    """Largest body after decompression."""
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    allow_private_hosts: tuple[str, ...] = ()
    """``host`` or ``host:port`` that may resolve to a loopback or private address."""
    threads: Annotated[int, Field(ge=1, le=64)] = 4


class Smtp(Section):
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0


class Mail(Section):
    channel: Literal["maildir", "smtp"] = "maildir"
    sender: str = "Qualwatch <qualwatch@localhost>"
    smtp: Smtp = Smtp()

    @model_validator(mode="after")
    def _smtp_needs_a_host(self) -> Mail:
        if self.channel == "smtp" and not self.smtp.host:
            raise ValueError("channel is 'smtp' but smtp.host is empty: name the mail server in [mail.smtp]")
        return self


class Supervisor(Section):
    """Somebody who answers for findings; empty tuples mean "all"."""

    name: str
    email: EmailStr
    regions: tuple[RegionCode, ...] = ()
    severities: tuple[Literal["medium", "high", "critical"], ...] = ()


class Metrics(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    """0 takes any free port; where the port is taken, the next free one is used and shown."""


class Sample(Section):
    """The sample site that the program serves itself."""

    enabled: bool | None = None
    """None: served where no source and no preset is configured."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    every_minutes: Annotated[int, Field(ge=1)] = 5


class Detection(Section):
    processes: Annotated[int, Field(ge=0, le=64)] = 1
    """Worker processes that extract and detect; 0 does it in the daemon's own process."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """Longest time for one page or attachment."""


class Settings(Section):
    """All of ``qualwatch.toml``."""

    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Asia/Shanghai"
    administrator: EmailStr = "qualwatch@example.com"
    """Receives what has no other recipient."""
    presets: tuple[str, ...] = ()
    """Names of shipped sources to switch on; ``qualwatch source presets`` lists them."""
    sources: tuple[Source, ...] = ()
    supervisors: tuple[Supervisor, ...] = ()
    storage: Storage = Storage()
    fetching: Fetching = Fetching()
    detection: Detection = Detection()
    mail: Mail = Mail()
    metrics: Metrics = Metrics()
    sample: Sample = Sample()

    @model_validator(mode="after")
    def _source_names_are_unique(self) -> Settings:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}: give one of them another name")
        return self

    @property
    def serves_sample(self) -> bool:
        """Whether the sample site runs: asked for, or nothing else to watch."""
        if self.sample.enabled is not None:
            return self.sample.enabled
        return not self.sources and not self.presets

    def watched(self) -> tuple[Source, ...]:
        """The sources to visit: own ones and those of presets that are switched on, less the disabled ones.

        An own source called like a preset replaces it: that is how a preset is adapted. Raises
        :class:`settings.errors.SettingsError` where a preset is unknown.
        """
        # Imported here, because it reads its files with the models above.
        from settings.shipped import preset_sources  # noqa: PLC0415

        own = {source.name for source in self.sources}
        shipped = tuple(source for source in preset_sources(self.presets) if source.name not in own)
        return tuple(source for source in self.sources + shipped if source.enabled)
