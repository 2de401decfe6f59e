"""The surroundings of one installation: small disks, a clock, a name server, ways that can be cut."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from eval.chaos.clock import Clock
from eval.chaos.faults import Ground
from eval.chaos.installation import Installation
from eval.chaos.lying import LyingMailServer
from eval.chaos.lying import Path as Way
from eval.chaos.names import NameServer
from eval.chaos.notices import Notices, Silence
from tests.alerts.mailserver import serving
from tests.parts.databases import PostgresqlServer, run_postgresql
from tests.parts.volumes import small_volume

NAME = "notices.chaos.example"
SILENT_HOSTS, SILENT_PAGES = 4, 40


@contextmanager
def private_postgresql(place: Path | None = None) -> Iterator[PostgresqlServer]:
    """A server of our own, in ``place`` or wherever temporary files are."""
    before, tempfile.tempdir = tempfile.tempdir, str(place) if place is not None else tempfile.tempdir
    servers = run_postgresql()
    try:
        server = next(servers)
    finally:
        tempfile.tempdir = before
    try:
        yield server
    finally:
        for _ in servers:
            pass


def take_ground(
    stack: ExitStack, home: Path, database: str, *, notices: tuple[int, int, int], away_seconds: float
) -> Ground:
    """An installation in ``home`` that is not started yet, with all that can be taken away from it here.

    ``notices``: how many postings, on how many lists, and the seed of both.
    """
    mail, address = LyingMailServer(notices[2]), ""
    mail.lies = False
    names = _names(stack, home)
    published = Notices(*notices, NAME if names else "127.0.0.1")
    stack.callback(published.close)
    silence = Silence(SILENT_HOSTS, SILENT_PAGES)
    stack.callback(silence.close)
    to_mail = Way(stack.enter_context(serving(mail)))
    volume, temporary = _volume(stack, "64m"), _volume(stack, "16m")
    (volume or home).joinpath("var").mkdir(mode=0o700)
    evidence = _volume(stack, "16m")
    if evidence is not None:  # as an operator has it on a disk of its own
        (evidence / "evidence").mkdir(mode=0o700)
        (volume or home).joinpath("var", "evidence").symlink_to(evidence / "evidence")
    server = server_volume = to_database = None
    if database == "postgresql":
        server_volume = _volume(stack, "512m")
        if server_volume is not None:
            for folder in (server_volume, server_volume.parent):
                folder.chmod(0o755)  # the server runs as another user
        server = stack.enter_context(private_postgresql(server_volume))
        url = make_url(server.empty())
        to_database = Way(url.port or 0)
        address = url.set(port=to_database.port).render_as_string(hide_password=False)
    installation = Installation(
        home, volume or home, address, published, to_mail.port, console=True, allowed=silence.allowed()
    )
    clock = _clock(home)
    if clock is not None:
        installation.environment = dict(clock.environment)
    if temporary is not None:
        installation.environment = {**installation.environment, "TMPDIR": str(temporary)}
    if names is not None:
        installation.before = names.before
    installation.configure()
    stack.callback(installation.kill)
    return Ground(
        installation=installation,
        mail=mail,
        to_mail=to_mail,
        silence=silence,
        away_seconds=away_seconds,
        volume=volume,
        evidence=evidence,
        temporary=temporary,
        clock=clock,
        names=names,
        to_database=to_database,
        server=server,
        server_volume=server_volume,
    )


def _volume(stack: ExitStack, size: str) -> Path | None:
    """A small file system; None where this user may mount none."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="qw-chaos-", ignore_cleanup_errors=True))
    place = Path(folder) / "volume"
    try:
        return stack.enter_context(small_volume(place, size))
    except pytest.skip.Exception:
        place.rmdir()
        return None


def _clock(home: Path) -> Clock | None:
    try:
        return Clock(home)
    except FileNotFoundError:
        return None


def _names(stack: ExitStack, home: Path) -> NameServer | None:
    try:
        names = NameServer(home)
    except OSError:
        return None
    stack.callback(names.close)
    return names
