"""The configuration, validated. Every key has a default, so that nothing needs to be configured to start."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    EmailStr,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from settings.accounts import Accounts
from settings.console import Console
from settings.people import Calendar, Chat, Reminders, Supervisor, circle_above, superiors_of
from settings.retention import Retention, Storage
from settings.secrets import secret_values
from settings.section import Section, TimeOfDay, region_in_force
from settings.shipped import catalogue_presets, preset_sources
from settings.sources import Source


def _one_address(sender: str) -> str:
    # What cannot be read as one address would fail every mail, long after the start.
    _, at, domain = parseaddr(sender)[1].rpartition("@")
    if not (at and domain) or not sender.isprintable():
        raise ValueError("write a name and an address, as 'Qualwatch <qualwatch@example.com>'")
    return sender


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no time zone is called {name!r}; write for example 'Asia/Shanghai'") from error
    return name


_MADE_HOSTS = (".example", ".test", ".invalid", ".localhost", "example.org", "example.com", "example.net")
"""Names that belong to nobody (RFC 2606)."""


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
    """Pages of one source that are asked for at the same time; as many are read and stored meanwhile."""
    visits_at_once: Annotated[int, Field(ge=1, le=32)] = 4
    """Sources that are visited at the same time."""
    visit_minutes: Annotated[float, Field(gt=0, le=1440)] = 60.0
    """A visit that lasts longer leaves the rest of its list to the next one."""
    unanswered_requests: Annotated[int, Field(ge=1, le=100)] = 5
    """A visit leaves a host after so many requests in a row that it did not answer in time."""
    browser_path: str = ""
    """Chromium's program for sources with ``browser``; empty: found in PATH."""
    browser_megabytes: Annotated[int, Field(ge=256, le=65_536)] = 1024
    """Most memory of the browser with all of its processes."""


class Smtp(Section):
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: str = ""
    """A file that holds the password, instead."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0


class Mail(Section):
    channel: Literal["maildir", "smtp"] = "maildir"
    sender: Annotated[str, AfterValidator(_one_address)] = "Qualwatch <qualwatch@localhost>"
    immediate_from: Literal["medium", "high", "critical"] = "high"
    """Least severity that is told at once in somebody's working hours; the rest waits for the digest."""
    alerts_per_hour: Annotated[int, Field(ge=1, le=1000)] = 6
    """Letters that one recipient is sent at once within an hour; what is left is gathered in the next one."""
    gather_publisher: bool = True
    """Whether what one publisher does within an hour of a letter about it waits, to be told together."""
    digest_at: TimeOfDay = "08:30"
    """When the daily digest, and on Mondays the weekly summary, are written; in ``time_zone``."""
    smtp: Smtp = Smtp()

    @model_validator(mode="after")
    def _smtp_needs_a_host(self) -> Mail:
        if self.channel == "smtp" and not self.smtp.host:
            raise ValueError("channel is 'smtp' but smtp.host is empty: name the mail server in [mail.smtp]")
        return self


class LookBacks(Section):
    """回头看: how often pages with cases are visited again."""

    open_days: Annotated[int, Field(ge=1, le=365)] = 3
    """Days between two visits while something is still to be done."""
    rectified_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days between two visits once the requirement was put right."""
    months: Annotated[int, Field(ge=0, le=120)] = 12
    """Months for which a rectified case is looked back on; 0: never."""


class Imap(Section):
    """A mailbox on a server, where the public's messages arrive."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: str = ""
    """PEM file of the authority that signed the server's certificate; empty: those that the system trusts."""
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: str = ""
    folder: str = "INBOX"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0


class Intake(Section):
    """监督举报: the mailboxes whose messages are read and judged."""

    directory: str = ""
    """A maildir that a mail server delivers into; empty: none is watched."""
    imap: Imap = Imap()
    every_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    region: Annotated[str, Field(pattern=r"^([0-9]{6})?$"), AfterValidator(region_in_force)] = ""
    """GB/T 2260 code of where the reports come from, so that those responsible there are told."""
    max_bytes: Annotated[int, Field(ge=1024, le=1 << 28)] = 30 * 1024 * 1024
    """Largest message."""
    link_limit: Annotated[int, Field(ge=0, le=100)] = 20
    """Links followed from one message."""

    @property
    def is_configured(self) -> bool:
        return bool(self.directory or self.imap.host)


class Metrics(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    """0 takes any free port; one that is written here and taken is refused, the default moves to the next."""


class Logs(Section):
    """The log."""

    format: Literal["text", "json"] = "text"
    """``json``: an object per line, for programs that gather logs."""


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
    memory_megabytes: Annotated[int, Field(ge=128, le=65_536)] = 192
    """Most memory of one worker process; a file that needs more is listed as not read."""
    ocr_processes: Annotated[int, Field(ge=0, le=16)] = 1
    """Processes that read pictures of words, begun when the first is met; 0: such files are not read."""
    ocr_timeout_seconds: Annotated[float, Field(gt=0, le=36_000)] = 900.0
    """Longest time for one picture or scanned document."""
    ocr_memory_megabytes: Annotated[int, Field(ge=768, le=65_536)] = 1_280
    """Most memory of one process that reads pictures."""
    ocr_pages: Annotated[int, Field(ge=1, le=1_000)] = 40
    """Scanned pages read of one document; the others are named as not read."""


class Settings(Section):
    """All of ``qualwatch.toml``."""

    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Asia/Shanghai"
    administrator: EmailStr = "qualwatch@example.com"
    """Receives what has no other recipient."""
    workers: Literal["local", "procrastinate"] = "local"
    """Who does the work: this program, or ``qualwatch worker`` on as many machines as one likes."""
    presets: tuple[str, ...] = ()
    """Names of shipped sources to switch on; ``qualwatch source presets`` lists them."""
    catalogue_presets: bool = True
    """Whether presets that announce changes of the catalogue are watched as soon as a real source is."""
    sources: tuple[Source, ...] = ()
    supervisors: tuple[Supervisor, ...] = ()
    chats: tuple[Chat, ...] = ()
    storage: Storage = Storage()
    retention: Retention = Retention()
    fetching: Fetching = Fetching()
    detection: Detection = Detection()
    mail: Mail = Mail()
    calendar: Calendar = Calendar()
    reminders: Reminders = Reminders()
    look_backs: LookBacks = LookBacks()
    intake: Intake = Intake()
    console: Console = Console()
    accounts: Accounts = Accounts()
    metrics: Metrics = Metrics()
    logs: Logs = Logs()
    sample: Sample = Sample()

    @model_validator(mode="after")
    def _a_queue_needs_postgresql(self) -> Settings:
        # What a file holds is read later; a wrong address in it ends the start.
        is_postgresql = self.storage.database.startswith("postgres") or self.storage.database_file
        if self.workers == "procrastinate" and not is_postgresql:
            raise ValueError(
                "workers is 'procrastinate' and the database is SQLite, which one machine alone can use: "
                "set storage.database to a PostgreSQL ('qualwatch storage move' brings the rows there)"
            )
        return self

    @model_validator(mode="after")
    def _source_names_are_unique(self) -> Settings:
        first: dict[str, int] = {}
        for place, source in enumerate(self.sources):
            if (before := first.setdefault(source.name, place)) != place:
                raise PydanticCustomError(
                    "twice",
                    "two sources are called '{name}': give one of them another name",
                    {"name": source.name, "places": (("sources", before), ("sources", place))},
                )
        return self

    @model_validator(mode="after")
    def _chats_are_known_once(self) -> Settings:
        names = [chat.name for chat in self.chats]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two chats are called {twice[0]!r}: give one of them another name")
        for supervisor in self.supervisors:
            unknown = sorted(set(supervisor.chats) - set(names))
            if unknown:
                raise ValueError(
                    f"{supervisor.name} wants to be told in chat {unknown[0]!r}: no [[chats]] has that name"
                )
        return self

    @model_validator(mode="after")
    def _superiors_end_somewhere(self) -> Settings:
        above = superiors_of(self.supervisors)
        for address in above:
            if at := circle_above(above, address):
                raise ValueError(
                    f"the superiors of {address} lead back to {at}: "
                    "leave superior out where nobody stands above"
                )
        return self

    def secrets(self) -> tuple[str, ...]:
        """Everything that no log and no message may show."""
        password = urlsplit(self.storage.database).password
        return (*secret_values(self), *((unquote(password), password) if password else ()))

    @property
    def serves_sample(self) -> bool:
        """Whether the sample site runs: asked for, or nothing else to watch on this one machine."""
        if self.sample.enabled is not None:
            return self.sample.enabled
        return self.workers == "local" and not self.sources and not self.presets

    def _is_real(self, source: Source) -> bool:
        """Whether a source is on the public network, not on a machine of the office or under a made name."""
        host, port = source.url.host or "", source.url.port
        own = self.fetching.allow_private_hosts
        is_made = host.endswith(_MADE_HOSTS) or host in {"localhost", "127.0.0.1"}
        return source.enabled and not is_made and host not in own and f"{host}:{port}" not in own

    def watched(self) -> tuple[Source, ...]:
        """The sources to visit: own ones and those of presets that are switched on, less the disabled ones.

        An own source called like a preset replaces it: that is how a preset is adapted. Raises
        :class:`settings.errors.SettingsError` where a preset is unknown.
        """
        own = {source.name for source in self.sources}
        chosen = tuple(source for source in preset_sources(self.presets) if source.name not in own)
        watched = tuple(source for source in self.sources + chosen if source.enabled)
        if not self.catalogue_presets or not any(map(self._is_real, watched)):
            return watched
        named = own | set(self.presets)
        return watched + preset_sources(name for name in catalogue_presets() if name not in named)
