"""The house: everything that the daemon, or a command beside it, needs to visit; opened and closed as one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from alerts.delivery.channels import open_channels
from alerts.delivery.outbox import release_leases
from alerts.metrics.server import Health
from assessment.recognising import Recogniser
from assessment.workers import WorkError, Workers, return_freed_memory
from catalogue.loading import OVERLAY_VARIABLE
from crawling.fetching.fetcher import Fetcher
from crawling.fetching.pace import turns_of
from jobs.catalogue_sync import overlay_of
from jobs.context import Context
from jobs.tasks import SENDER
from settings.errors import SettingsError
from settings.model import Settings, Source
from storage.database import open_database
from storage.evidence import EvidenceStore
from storage.locks import LockedError, Locks
from storage.migrate import require_current, upgrade
from storage.under_way import DAEMON, is_under_way, locks_of
from storage.visits import abandon_visits

log = structlog.get_logger()


class ServedConsole(NamedTuple):
    """A console while it is served."""

    url: str
    problems: Health
    """Empty while it answers."""


class StartError(Exception):
    """The daemon cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs, with the sources it watches."""

    context: Context
    sample_address: str = ""
    """Where the sample site answers; empty where it does not run."""

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.context.sources


@contextlib.contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """The daemon's house, ready to visit; raises :class:`StartError`, ``SettingsError`` or ``DatabaseError``.

    What an earlier daemon left unfinished is made due at once. One daemon per directory: two would end each
    other's visits and send each other's letters.
    """
    _require_administrator(settings)
    locks = _make_locks(settings)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locks.hold(DAEMON))
        except LockedError as error:
            raise StartError(
                f"another qualwatch already runs in {settings.storage.directory}: end it first"
            ) from error
        engine = stack.enter_context(_database(settings))
        upgrade(engine)
        with Session(engine) as session, session.begin():
            abandoned = abandon_visits(
                session, datetime.now(UTC), unless=lambda visit: is_under_way(visit, locks)
            )
        if abandoned:
            log.info("visits_taken_up_again", sources=", ".join(abandoned))
        release_leases(engine, SENDER)
        yield stack.enter_context(_furnished(settings, engine))


@contextlib.contextmanager
def open_beside(settings: Settings) -> Iterator[House]:
    """A house for a command that may run beside the daemon and beside other commands; raises likewise.

    Nobody's visits are ended, and the letters are left to the daemon.
    """
    daemon_runs = _make_locks(settings).is_held(DAEMON)
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(_database(settings))
        if daemon_runs:
            require_current(engine)
        else:
            upgrade(engine)
        yield stack.enter_context(_furnished(settings, engine, daemon_runs=daemon_runs))


def _make_locks(settings: Settings) -> Locks:
    """The locks, in a directory that can be written."""
    try:
        settings.storage.directory.mkdir(parents=True, exist_ok=True)
        locks_of(settings).is_held(DAEMON)
    except OSError as error:
        raise StartError(
            f"{settings.storage.directory} cannot be written ({error.strerror}): mend storage.directory"
        ) from error
    return locks_of(settings)


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings.storage.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _furnished(settings: Settings, engine: Engine, *, daemon_runs: bool = False) -> Iterator[House]:
    """The house over an open database."""
    return_freed_memory()
    with contextlib.ExitStack() as stack:
        if OVERLAY_VARIABLE not in os.environ:
            # Worker processes inherit it, so that lists imported beside this database count in every verdict.
            os.environ[OVERLAY_VARIABLE] = str(overlay_of(settings))
            stack.callback(os.environ.pop, OVERLAY_VARIABLE, None)
        sources, sample_address = settings.watched(), ""
        if settings.serves_sample:
            sample_address, samples = stack.enter_context(_sample_site(settings, is_served=daemon_runs))
            sources += samples
        own_hosts = (sample_address.removeprefix("http://"),) if sample_address else ()
        evidence = stack.enter_context(EvidenceStore(settings.storage.evidence_directory))
        turns = turns_of(settings.storage.directory)
        fetcher = Fetcher(settings.fetching, own_hosts=own_hosts, turns=turns)
        stack.callback(fetcher.close)
        workers = stack.enter_context(Workers.configured(settings.detection))
        try:
            workers.warm_up()
        except WorkError as error:
            raise StartError(f"{error}: install Qualwatch anew, or set detection.processes = 0") from error
        recogniser = Recogniser.configured(settings.detection)
        if recogniser is not None:
            stack.enter_context(recogniser.workers)
        channels = open_channels(settings)
        context = Context(settings, engine, evidence, fetcher, workers, recogniser, sources, channels)
        yield House(context, sample_address)


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
