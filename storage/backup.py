"""A copy of everything that is kept, made while the daemon runs, and verified.

A backup is a directory that can take the place of ``storage.directory``: the database, ``evidence/``,
everything else that lies there but what :data:`LEFT_OUT` names, and ``BACKUP.json``, which says when it was
made. Backing up to the same directory again copies what is new. Only its owner may read it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, delete, select
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from storage.database import for_reading, open_database
from storage.errors import EvidenceError, StorageError
from storage.evidence import EvidenceRef, EvidenceStore
from storage.leases import Leases, LockedError
from storage.migrate import latest_revision, upgrade
from storage.retention.rows import RETENTION
from storage.sealing import Seal
from storage.tables import AnswerFile, DocumentVersion, IntakeMessage, Lease, PagePicture

DATABASE = "qualwatch.sqlite3"
EVIDENCE = "evidence"
LEFT_OUT = frozenset({DATABASE, EVIDENCE, "locks", "pace", "BACKUP.json"})
"""Of the storage directory: database and evidence are copied in their own way, the locks of old versions are
of their moment."""
MARKER = "BACKUP.json"
_PATIENCE_SECONDS = 600


class BackupError(StorageError):
    """The backup cannot be made here, or the copy is not whole."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What the backup holds, as ``BACKUP.json`` says it."""

    made_at: str
    revision: str
    document_versions: int
    evidence_files: int
    evidence_bytes: int
    problems: tuple[str, ...]
    """Versions whose evidence is missing or damaged, in the original too."""


def back_up(engine: Engine, evidence: Path, target: Path, now: datetime) -> BackupReport:
    """Copy the SQLite database of ``engine`` and the archive ``evidence`` into ``target``; verify the copy.

    The database is copied first: whatever it refers to was in the archive before. Raises ``BackupError``.
    """
    if engine.dialect.name != "sqlite":
        raise BackupError(
            "this copies SQLite only: use 'pg_dump --format=custom' and copy the evidence directory after it"
        )
    database = Path(str(engine.url.database)).resolve()
    target = target.resolve()
    _refuse_wrong_target(target, database, evidence.resolve())
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.chmod(0o700)
        (target / EVIDENCE).mkdir(exist_ok=True)
        with _nothing_removed(engine):
            _copy_database(database, target / DATABASE)
            _copy_rest(evidence.parent, target)
            sizes = [_copy_evidence(file, evidence, target / EVIDENCE) for file in _archive(evidence)]
        _drop_evidence(target, evidence)
        versions, problems = _verify(target)
        report = BackupReport(
            now.isoformat(timespec="seconds"), latest_revision(), versions, len(sizes), sum(sizes), problems
        )
        _replace(target / MARKER, json.dumps(asdict(report), ensure_ascii=False, indent=2).encode() + b"\n")
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"the backup to {target} failed: {error}") from error
    return report


def restore(backup: Path, directory: Path, *, key: str = "") -> BackupReport:
    """Make ``backup`` the storage directory ``directory``, which must be missing or empty; verify it there.

    The tables are brought up to this version; ``key`` as in ``storage.sealing``. Nothing appears at
    ``directory`` before everything was copied and read. Raises ``BackupError`` where the backup is not whole,
    ``DatabaseError`` where it is of a newer version of the program.
    """
    backup, directory = backup.resolve(), directory.resolve()
    try:
        made = json.loads((backup / MARKER).read_bytes())
        known = set(made["problems"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{backup} is no backup of Qualwatch: it has no sound {MARKER}") from error
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BackupError(f"{directory} is not empty: move it away first, or set storage.directory")
    draft = directory.with_name(f"{directory.name}.restoring")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        for file in sorted(backup.rglob("*")):
            if file.is_file() and not file.is_symlink() and file.suffix != ".part":
                _copy_file(file, draft / file.relative_to(backup))
        _bring_up_to_date(draft, key)
        versions, problems = _verify(draft)
        if new := [problem for problem in problems if problem not in known]:
            raise BackupError(f"{backup} is damaged: {len(new)} document versions lack evidence: {new[0]}")
        if directory.exists():
            directory.rmdir()
        draft.replace(directory)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise BackupError(f"{backup} cannot be restored: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    files, size = made.get("evidence_files", 0), made.get("evidence_bytes", 0)
    return BackupReport(str(made.get("made_at", "")), latest_revision(), versions, files, size, problems)


def _bring_up_to_date(directory: Path, key: str) -> None:
    engine = open_database(f"sqlite:///{directory / DATABASE}")
    try:
        upgrade(engine, open_seal=lambda: Seal(directory, key))
        with engine.begin() as connection:  # The backup itself had one: nobody works in a copy.
            connection.execute(delete(Lease))
    finally:
        engine.dispose()


def _refuse_wrong_target(target: Path, database: Path, evidence: Path) -> None:
    live = {database.parent, evidence, evidence.parent}
    if target in live or evidence in target.parents:
        raise BackupError(f"{target} is where the daemon keeps its own files: name another directory")
    if target.exists() and not target.is_dir():
        raise BackupError(f"{target} is a file: name a directory")
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        raise BackupError(f"{target} holds something else than a backup: name an empty or new directory")


def _copy_database(source: Path, copy: Path) -> None:
    """SQLite's own online backup: a consistent state, whoever writes meanwhile."""
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(part)) as written,
    ):
        original.backup(written)
        written.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = written.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise BackupError(f"the database itself is damaged: {verdict}: restore an earlier backup")
    part.chmod(0o600)
    _sync(part)
    part.replace(copy)


def _copy_rest(directory: Path, target: Path) -> None:
    """Whatever else lies in the storage directory, also what a later version puts there; what went, goes."""
    kept = set()
    for file in sorted(directory.rglob("*")):
        place = file.relative_to(directory)
        is_ours = place.parts[0] in LEFT_OUT or place.parts[0].startswith(f"{DATABASE}-")
        if is_ours or file.is_symlink() or not file.is_file() or file.suffix == ".part":
            continue
        kept.add(place)
        try:
            _copy_file(file, target / place)
        except FileNotFoundError:  # a mail that its reader moved meanwhile
            kept.discard(place)
    for file in sorted(target.rglob("*")):
        place = file.relative_to(target)
        if file.is_file() and place.parts[0] not in LEFT_OUT and place not in kept:
            file.unlink()


def _copy_file(file: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_name(copy.name + ".part")
    shutil.copy2(file, part)
    part.chmod(0o600)
    _sync(part)
    part.replace(copy)


@retry(
    retry=retry_if_exception_type(LockedError),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    wait=wait_fixed(1),
    reraise=True,
)
def _take(stack: contextlib.ExitStack, engine: Engine) -> None:
    stack.enter_context(Leases(engine).hold(RETENTION))


@contextlib.contextmanager
def _nothing_removed(engine: Engine) -> Iterator[None]:
    """No evidence is removed while the block runs: the copy of the database still names it."""
    with contextlib.ExitStack() as stack:
        try:
            _take(stack, engine)
        except LockedError as error:
            raise BackupError("what has had its time is being removed: try again in a while") from error
        yield


def _drop_evidence(target: Path, evidence: Path) -> None:
    """Remove from the copy what an earlier backup brought and retention has removed since.

    Only what the copied database does not name: evidence that was lost here stays there.
    """
    copies = {file.relative_to(target / EVIDENCE).as_posix(): file for file in _archive(target / EVIDENCE)}
    gone = {name for name in copies if not (evidence / name).is_file()}
    if not gone:
        return
    with closing(sqlite3.connect(target / DATABASE)) as database:
        for table in (DocumentVersion, AnswerFile, PagePicture, IntakeMessage):
            said = f"SELECT evidence_file FROM {table.__tablename__}"  # noqa: S608
            gone -= {name for (name,) in database.execute(said)}
    for name in gone:
        copies[name].unlink()


def _archive(evidence: Path) -> Iterator[Path]:
    return iter(sorted(evidence.glob("*/*.warc.gz")))


def _copy_evidence(file: Path, evidence: Path, target: Path) -> int:
    """Files only ever grow, so one of the same size is the same."""
    copy = target / file.relative_to(evidence)
    if copy.is_file() and copy.stat().st_size == file.stat().st_size:
        return copy.stat().st_size
    _copy_file(file, copy)
    return copy.stat().st_size


def _verify(target: Path) -> tuple[int, tuple[str, ...]]:
    """Read the evidence of every version from the copy, as ``qualwatch evidence`` would."""
    versions, problems = 0, []
    engine = open_database(f"sqlite:///{target / DATABASE}")
    columns = (
        col(DocumentVersion.id),
        col(DocumentVersion.evidence_file),
        col(DocumentVersion.evidence_record),
        col(DocumentVersion.body_sha256),
        col(DocumentVersion.evidence_offset),
    )
    try:
        with Session(for_reading(engine)) as session, EvidenceStore(target / EVIDENCE) as store:
            rows = session.execute(select(*columns).execution_options(yield_per=1000))  # type: ignore[call-overload]
            for version_id, *place in rows:
                versions += 1
                try:
                    store.read(EvidenceRef(*place))
                except EvidenceError as error:
                    problems.append(f"document version {version_id}: {error}")
    finally:
        engine.dispose()
    return versions, tuple(problems)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.chmod(0o600)
    _sync(part)
    part.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
