"""The evidence archive: every exchange that was read, as WARC records that prove what a page said.

Files lie in a folder per month, one per day and process: ``202611/20261101-<token>.warc.gz``, every record a
gzip member of its own. A process appends only to files that it made itself, so what a crash left half-written
at the end of a file can spoil nothing behind it. So the directory may be one that machines share: each worker
writes to files of its own, and reads what the others wrote.

An open descriptor proves nothing: a file that was moved or removed still takes what is written to it. So each
write and each sync looks whether the file still lies where the database will look for it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from storage.errors import EvidenceError, EvidenceNotThereError, EvidenceUnwritableError
from storage.warc import (
    EvidenceRecord,
    Exchange,
    Packed,
    Resource,
    pack,
    pack_heading,
    pack_resource,
    read_record,
)

PROBE_BYTES = 64 * 1024
_SEEN_AFTER_SECONDS = (0.05, 0.25, 1.0)
"""Pauses in which a directory that machines share shows what another one wrote; NFS asks again after that."""

log = structlog.get_logger()

__all__ = ["EvidenceRecord", "EvidenceRef", "EvidenceStore", "Exchange", "Resource"]


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Where a response is kept and what its body must be; all that a document version needs to remember."""

    file: str
    """Relative to the evidence directory, with ``/``."""
    record_id: str
    body_sha256: str
    offset: int | None = None
    """Byte at which the record begins; None makes reading search the file."""


class EvidenceStore:
    """Writes and reads the archive in ``directory``; one per process, shared by its threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._appending = threading.Lock()
        self._syncing = threading.Lock()
        self._file: _OpenFile | None = None
        self._lost: set[str] = set()
        """Files of this process that could not be synced, or lie elsewhere now."""

    def write(self, exchange: Exchange) -> EvidenceRef:
        """Keep ``exchange``; when this returns, it is on the disk. Raises ``EvidenceError``."""
        kept = self.append(exchange)
        self.sync([kept])
        return kept

    def write_resource(self, resource: Resource) -> EvidenceRef:
        """Keep ``resource`` likewise. Raises ``EvidenceError``."""
        kept = self._append(pack_resource(resource))
        self.sync([kept])
        return kept

    def append(self, exchange: Exchange) -> EvidenceRef:
        """Keep ``exchange``, to be brought to the disk by :meth:`sync`. Raises ``EvidenceError``."""
        return self._append(pack(exchange))

    def sync(self, needed: Iterable[EvidenceRef] = ()) -> None:
        """Bring to the disk all that was appended so far.

        Raises ``EvidenceError`` where that fails, and at every later time for what is ``needed`` of a file
        that could not be brought there: the kernel may call the same pages clean when it is asked again.
        """
        with self._appending:
            file, end = self._file, self._file.end if self._file else 0
        if file is not None:
            try:
                with self._syncing:
                    # Whoever waited here while another thread synced a later end has nothing left to do.
                    file.sync(end)
                if not file.lies_in(self._directory):
                    self._lost.add(file.name)
            except OSError as error:
                self._lost.add(file.name)
                raise self._unwritable(error) from error
        for ref in needed:
            if ref.file in self._lost:
                raise EvidenceUnwritableError(
                    f"the evidence file {ref.file} did not reach the disk, or was moved or removed while it "
                    "was written: what it holds is fetched again"
                )

    def probe(self) -> None:
        """Write to the directory, sync and take it away again. Raises ``EvidenceError`` where that fails."""
        try:
            with self._appending:
                self._look_for_file()
            _try_writing(self._directory)
        except OSError as error:
            raise self._unwritable(error) from error

    def _append(self, packed: Packed) -> EvidenceRef:
        try:
            with self._appending:
                file = self._current_file()
                try:
                    offset = file.append(packed.data)
                except OSError:
                    self._leave_empty(file)
                    raise
        except OSError as error:
            raise self._unwritable(error) from error
        return EvidenceRef(file.name, packed.record_id, packed.body_sha256, offset)

    def _leave_empty(self, file: _OpenFile) -> None:
        """Take away a file that could not take its first record: of a full disk there would be thousands."""
        if not file.holds_records:
            self._file = None
            file.remove(self._directory)

    def _unwritable(self, error: OSError) -> EvidenceUnwritableError:
        return EvidenceUnwritableError(
            f"the evidence directory {self._directory} cannot be written: {error.strerror}: "
            "free some space or mend its permissions"
        )

    def read(self, ref: EvidenceRef) -> EvidenceRecord:
        """The response behind ``ref``, verified. ``EvidenceError``: missing, damaged, or another body."""
        root = self._directory.resolve()
        path = (root / ref.file).resolve()
        if not path.is_relative_to(root):
            raise EvidenceError(f"{ref.file!r} lies outside the evidence directory")
        record = self._read_shared(path, ref)
        if record.body_sha256 != ref.body_sha256:
            raise EvidenceError(
                f"the evidence file {ref.file} was changed: the body's SHA-256 is {record.body_sha256}, "
                f"it was {ref.body_sha256} when it was fetched"
            )
        return record

    def _read_shared(self, path: Path, ref: EvidenceRef) -> EvidenceRecord:
        """The record as soon as this machine sees it, where another machine wrote it a moment ago."""
        for tried, pause in enumerate(_SEEN_AFTER_SECONDS):
            try:
                return read_record(path, ref.record_id, ref.offset)
            except EvidenceError as error:
                # What has begun to be seen is whole when it is opened again: else it is damaged.
                if not _may_come_late(ref, error) or (tried and _reaches(path, ref.offset)):
                    raise
                time.sleep(pause)
        return read_record(path, ref.record_id, ref.offset)

    def close(self) -> None:
        """Close the file; the next write begins another."""
        with self._appending, self._syncing:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look_for_file(self) -> None:
        """Leave the file that is written to, where it does not lie any more where it is looked for.

        Removed, it is gone, and another one is begun. Moved, it will come back with its directory, and
        nothing may be begun in its place: raises ``EvidenceError`` until something stands there again.
        """
        file = self._file
        if file is None or file.lies_in(self._directory):
            return
        self._lost.add(file.name)
        if not self._directory.is_dir() and not file.is_removed():
            raise EvidenceUnwritableError(
                f"the evidence directory {self._directory} was moved away while qualwatch runs: put it back"
            )
        self._file = None
        with contextlib.suppress(OSError):
            file.close()
        log.error(
            "evidence_moved_or_removed",
            file=file.name,
            advice=f"another file is begun; put what was written until now back into {self._directory}",
        )

    def _current_file(self) -> _OpenFile:
        day, process = datetime.now(UTC).strftime("%Y%m%d"), os.getpid()
        self._look_for_file()
        if self._file is not None:
            if self._file.serves(day, process) and self._file.name not in self._lost:
                return self._file
            full, self._file = self._file, None
            try:
                with self._syncing:
                    full.close()
            except OSError:
                self._lost.add(full.name)
                raise
        self._file = _OpenFile.create(self._directory, day)
        return self._file


def _reaches(path: Path, offset: int | None) -> bool:
    """Whether this machine sees bytes of the file at ``offset``."""
    try:
        return offset is not None and path.stat().st_size > offset
    except OSError:
        return False


def _may_come_late(ref: EvidenceRef, error: EvidenceError) -> bool:
    """Whether a network file system may show in a moment what it does not show yet.

    Its file may have been renamed over (a stale handle), or it remembers the directory, or the file's length,
    as they were. What is older than a day it has shown.
    """
    if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ESTALE:
        return True
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y%m%d")
    return isinstance(error, EvidenceNotThereError) and ref.file.rpartition("/")[2][:8] >= yesterday


class _OpenFile:
    """A file that this process made and appends to."""

    def __init__(self, descriptor: int, name: str, day: str) -> None:
        self.name = name
        self.end = 0
        self._descriptor = descriptor
        self._day = day
        self._process = os.getpid()
        self._synced = 0
        self._begin = 0
        """Where its first record begins, behind the heading."""
        self._broken = False
        made = os.fstat(descriptor)
        self._identity = (made.st_dev, made.st_ino)

    @classmethod
    def create(cls, directory: Path, day: str) -> _OpenFile:
        folder = directory / day[:6]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{day[:6]}/{day}-{secrets.token_hex(6)}.warc.gz"
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        file = cls(descriptor, name, day)
        try:
            for holder in (folder, directory):
                sync_directory(holder)
            file.append(pack_heading(Path(name).name))
        except OSError:
            # A full disk still takes names: it would be full of empty files.
            file.remove(directory)
            raise
        file._begin = file.end
        return file

    @property
    def holds_records(self) -> bool:
        return self.end > self._begin

    def remove(self, directory: Path) -> None:
        """Close it and take it away; it holds nothing."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            (directory / self.name).unlink()

    def lies_in(self, directory: Path) -> bool:
        """Whether it is this file that is found under its name."""
        try:
            found = (directory / self.name).stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def is_removed(self) -> bool:
        """Whether it has no name any more, here or elsewhere."""
        return os.fstat(self._descriptor).st_nlink == 0

    def serves(self, day: str, process: int) -> bool:
        return self._day == day and self._process == process and not self._broken

    def append(self, data: bytes) -> int:
        """Write all of ``data`` and return where it begins; a write that fails half-way is undone."""
        begin = self.end
        view = memoryview(data)
        try:
            while view:
                view = view[os.pwrite(self._descriptor, view, self.end) :]
                self.end = begin + len(data) - len(view)
        except OSError:
            self._broken = True
            self.end = begin
            os.ftruncate(self._descriptor, begin)
            raise
        return begin

    def sync(self, end: int) -> None:
        """Bring at least the first ``end`` bytes to the disk."""
        if self._synced >= end:
            return
        reached = self.end
        try:
            os.fsync(self._descriptor)
        except OSError:
            # The kernel may call the same pages clean next time: what follows belongs in another file.
            self._broken = True
            raise
        self._synced = reached

    def close(self) -> None:
        """Sync for those who wrote and did not yet, and close."""
        try:
            self.sync(self.end)
        finally:
            os.close(self._descriptor)


def _try_writing(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(os.urandom(PROBE_BYTES))  # a file system that compresses takes zeros for nothing
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """A new file is only safe once its entry in the directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
