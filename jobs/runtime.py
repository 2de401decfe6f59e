"""Everything that the daemon, or a command beside it, needs to visit; opened and closed as one."""

from __future__ import annotations

import contextlib
import fcntl
import resource
import stat
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from alerts.delivery.channels import open_channels
from alerts.delivery.outbox import release_leases
from alerts.people.in_force import settings_now
from assessment.lanes import Lanes
from assessment.recognising import Recogniser
from assessment.workers import WorkError, return_freed_memory
from catalogue.imported_files import FOLDER
from crawling.fetching.fetcher import Fetcher
from jobs.context import Context
from jobs.imported_files import take_over_files
from jobs.tasks import SENDER
from settings.errors import SettingsError, StartError
from settings.model import Settings
from settings.sources import Source
from storage.database import for_reading, one_transaction, open_database
from storage.errors import DatabaseError
from storage.evidence import EvidenceStore
from storage.host_pace import HostTurns
from storage.leases import LEASE, Leases, LockedError
from storage.migrate import require_current, upgrade
from storage.queue_schema import require_queue, upgrade_queue
from storage.resuming import resumable
from storage.sealing import Seal
from storage.sources import free_claims
from storage.stored_sources import provisioned_names, stored_sources, with_stored
from storage.tables import Lease
from storage.under_way import DAEMON, is_under_way
from storage.visits import abandon_visits

SCHEDULER_LEASE = timedelta(seconds=40)
"""A scheduler that was not heard for so long is replaced by one that stands by: within a minute."""

DESCRIPTORS = 4096
"""Enough for every connection that the console, the metrics, the fetcher and the database may have."""

log = structlog.get_logger()


class AlreadyRunsError(StartError):
    """Another daemon works with the same database, and ends or dies before this one may."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that runs, with the sources it watches."""

    context: Context
    sample_address: str = ""
    """Where the sample site answers; empty where it does not run."""
    lease_lost: threading.Event = field(default_factory=threading.Event)
    """Set where another daemon took over, because this one was not seen for too long."""

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.context.sources

    def with_samples(self, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """``sources`` and those of the sample site, where that runs."""
        if not self.sample_address:
            return sources
        return sources + tuple(each for each in self.sources if str(each.url).startswith(self.sample_address))


@contextlib.contextmanager
def open_daemon_runtime(settings: Settings) -> Iterator[Runtime]:
    """The daemon's runtime, ready to visit. Raises :class:`StartError`, ``SettingsError``, ``DatabaseError``.

    What an earlier daemon left unfinished is made due at once. One daemon per database: two would end each
    other's visits and send each other's letters.
    """
    _require_administrator(settings)
    _make_directory(settings)
    _take_descriptors()
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(_database(settings))
        leases = Leases(engine)
        if _daemon_runs(settings, engine):
            raise _already_runs(settings)
        _bring_up_to_date(settings, engine)
        with _writable(settings):
            try:
                lease = LEASE if settings.workers == "local" else SCHEDULER_LEASE
                renewal = stack.enter_context(leases.hold(DAEMON, lease=lease))
            except LockedError as error:
                raise _already_runs(settings) from error
            # Where workers are at work, the visits of those that died are looked for all the time.
            unfinished = _take_up_visits(engine, leases) if settings.workers == "local" else set()
            release_leases(engine, SENDER)
        if unfinished:
            log.info("visits_taken_up_again", sources=", ".join(sorted(unfinished)))
        runtime = stack.enter_context(_open_runtime(settings, engine))
        yield replace(runtime, lease_lost=renewal.lost)


@one_transaction
def _take_up_visits(engine: Engine, leases: Leases) -> set[str]:
    """Make due what an earlier daemon did not end; the sources."""
    with Session(engine) as session, session.begin():
        now = datetime.now(UTC)
        going_on = resumable(session, now)
        begun_anew = abandon_visits(
            session, now, unless=lambda visit: visit.id in going_on or is_under_way(visit, leases)
        )
        free_claims(session)
    return {*going_on.values(), *begun_anew}


@contextlib.contextmanager
def open_command_runtime(
    settings: Settings, *, visits: bool = True, warms_up: bool = True
) -> Iterator[Runtime]:
    """A runtime for a command that may run beside the daemon and beside other commands; raises likewise.

    Nobody's visits are ended, and the letters are left to the daemon. One that ``visits`` nothing leaves the
    sample site to it as well. One that does not ``warms_up`` begins processes that read with the first page.
    """
    if not visits:
        _take_descriptors()
    with open_command_database(settings) as engine:
        daemon_runs = not visits or _daemon_runs(settings, engine)
        with _open_runtime(settings, engine, daemon_runs=daemon_runs, warms_up=warms_up) as runtime:
            yield runtime


@contextlib.contextmanager
def open_command_database(settings: Settings) -> Iterator[Engine]:
    """The database for a command that changes it; made or brought up to date unless a daemon works with it.

    Raises :class:`StartError` and ``DatabaseError``.
    """
    _make_directory(settings)
    with _database(settings) as engine:
        if _daemon_runs(settings, engine):
            require_current(engine)
            if settings.workers == "procrastinate":
                require_queue(engine)
        else:
            _bring_up_to_date(settings, engine)
        yield engine


def _bring_up_to_date(settings: Settings, engine: Engine) -> None:
    """The tables of this version, and in them what an earlier version kept as files."""
    key = settings.console.contact_key.get_secret_value()
    upgrade(engine, open_seal=lambda: Seal(settings.storage.directory, key))
    if settings.workers == "procrastinate":
        upgrade_queue(engine)
    with _writable(settings):
        take_over_files(engine, settings.storage.directory / FOLDER)


def _take_descriptors() -> None:
    """As many as this program may open: what the shell gives it is meant for programs that open few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _make_directory(settings: Settings) -> None:
    """The storage directory, closed to other users of the machine: it holds names and signed links."""
    directory = settings.storage.directory
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_mode & stat.S_IRWXO:
            directory.chmod(0o700)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise StartError(
            f"{directory} cannot be written ({error.strerror}): mend storage.directory"
        ) from error


def _daemon_runs(settings: Settings, engine: Engine) -> bool:
    """Whether a daemon works with this database; one of before revision 0007 holds a file's lock."""
    if inspect(engine).has_table(str(Lease.__tablename__)):
        return Leases(engine).is_held(DAEMON)
    file = settings.storage.directory / "locks" / f"{DAEMON}.lock"
    if not file.is_file():
        return False
    with file.open("rb") as locked:
        try:
            fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _already_runs(settings: Settings) -> AlreadyRunsError:
    return AlreadyRunsError(
        f"another qualwatch already runs with the database {_shown(settings)}: end it first; where it was "
        f"killed on another machine, wait {LEASE.seconds} s"
    )


def _shown(settings: Settings) -> str:
    return make_url(settings.storage.database_url).render_as_string(hide_password=True)


@contextlib.contextmanager
def _writable(settings: Settings) -> Iterator[None]:
    """One sentence where the database answers and takes nothing."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise DatabaseError(
            f"the database {_shown(settings)} cannot be written ({cause}): see that the disk has space and "
            "that its files and their directory belong to the user that runs qualwatch"
        ) from error


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings.storage.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _open_runtime(
    settings: Settings, engine: Engine, *, daemon_runs: bool = False, warms_up: bool = True
) -> Iterator[Runtime]:
    """The runtime over an open database."""
    return_freed_memory()
    with contextlib.ExitStack() as stack:
        file, provisioned = settings, provisioned_names(settings)
        told, people = settings_now(engine, file)
        with Session(for_reading(engine)) as session, session.begin():
            settings = with_stored(told, stored_sources(session))
        sources, sample_address = settings.watched(), ""
        if settings.serves_sample:
            sample_address, samples = stack.enter_context(_sample_site(settings, is_served=daemon_runs))
            sources += samples
        own_hosts = (sample_address.removeprefix("http://"),) if sample_address else ()
        evidence = stack.enter_context(EvidenceStore(settings.storage.evidence_directory))
        fetcher = Fetcher(settings.fetching, own_hosts=own_hosts, turns=HostTurns(engine))
        stack.callback(fetcher.close)
        workers = stack.enter_context(Lanes.configured(settings.detection))
        try:
            if warms_up:
                workers.warm_up()
        except WorkError as error:
            raise StartError(f"{error}: install Qualwatch anew, or set detection.processes = 0") from error
        recogniser = Recogniser.configured(settings.detection)
        if recogniser is not None:
            stack.enter_context(recogniser.workers)
        channels = open_channels(settings)
        context = Context(
            settings,
            engine,
            evidence,
            fetcher,
            workers,
            recogniser,
            sources,
            channels=channels,
            provisioned=provisioned,
            file=file,
            people=people,
        )
        yield Runtime(context, sample_address)


def _require_administrator(settings: Settings) -> None:
    """The shipped address is a placeholder: mails really sent must not go there."""
    placeholder = Settings.model_fields["administrator"].default
    if settings.mail.channel == "smtp" and settings.administrator == placeholder:
        raise SettingsError(
            [
                "administrator: mails are sent by SMTP, and what has no other recipient would go to "
                f'{placeholder}: write administrator = "you@your.domain"'
            ]
        )


@contextlib.contextmanager
def _sample_site(settings: Settings, *, is_served: bool) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """The sample site, at the port of the last time where that is free: its pages stay the same ones.

    With ``is_served`` a daemon serves it at that port.
    """
    from sample.server import HOST, PORT_FILE, SampleSite, sample_sources  # noqa: PLC0415 - rarely needed

    remembered = settings.storage.directory / PORT_FILE
    wanted = settings.sample.port
    if is_served or not wanted:
        with contextlib.suppress(OSError, ValueError):
            wanted = int(remembered.read_text())
    every_minutes = settings.sample.every_minutes
    if is_served:
        address = f"http://{HOST}:{wanted}"
        yield address, sample_sources(address, every_minutes)
        return
    try:
        site = SampleSite(wanted)
    except OSError as error:
        if settings.sample.port:
            raise StartError(
                f"sample.port = {wanted} is taken ({error.strerror}): write another, or 0 for any free one"
            ) from error
        site = SampleSite(0)
    with site:
        remembered.write_text(site.address.rpartition(":")[2])
        yield site.address, site.sources(every_minutes)
