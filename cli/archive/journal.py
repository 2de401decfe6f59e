"""What is done of a scan, on the disk beside its report: a break costs the batches in hand and no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import astuple, fields
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.archive.model import Batch, Found, Judged, Unread
from cli.checking.model import Tally
from vocabulary.codes import Severity

SUFFIX = ".progress"
_FOUND = tuple(field.name for field in fields(Found))
_TALLY = ("documents", "findings", "alerts", "unread", "skipped")
_TABLES = f"""
CREATE TABLE IF NOT EXISTS condition (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS begun (one INTEGER PRIMARY KEY, day TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS done (
    path TEXT NOT NULL, first INTEGER NOT NULL, {", ".join(f"{name} INTEGER NOT NULL" for name in _TALLY)},
    PRIMARY KEY (path, first));
CREATE TABLE IF NOT EXISTS found (path TEXT NOT NULL, {", ".join(_FOUND)});
CREATE TABLE IF NOT EXISTS unread (path TEXT NOT NULL, name TEXT NOT NULL, why TEXT NOT NULL);
"""
_PLACE = "length(identity), identity, rowid"
"""export.csv#9 before export.csv#10; what one document has comes from one batch."""
_RANK = "CASE severity {} ELSE 0 END".format(
    " ".join(f"WHEN '{severity.value}' THEN {-severity.rank}" for severity in Severity)
)


class JournalError(Exception):
    """The journal that lies there belongs to another scan; the message says what to do, in Chinese."""


class Journal:
    """The journal in ``path``; made where there is none."""

    def __init__(self, path: Path, conditions: Mapping[str, str], files: Mapping[str, str]) -> None:
        """``conditions`` are what all is judged by, ``files`` the state of each file by its path.

        What was done of a file that has changed since, or is gone, is forgotten. Raises
        :class:`JournalError` where it was begun with other conditions.
        """
        self._path = path
        try:
            self._database = sqlite3.connect(path)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            raise JournalError(f"{path} 无法读写：{error}") from error
        self._require(conditions)
        self._forget_changed(files)
        self._done: set[tuple[str, int]] = set(self._database.execute("SELECT path, first FROM done"))

    def _require(self, conditions: Mapping[str, str]) -> None:
        begun = dict(self._database.execute("SELECT name, value FROM condition"))
        if not begun:
            with self._database:
                self._database.executemany("INSERT INTO condition VALUES (?, ?)", conditions.items())
        elif begun != dict(conditions):
            self._database.close()
            raise JournalError(
                f"{self._path} 是按其他条件或其他清单开始的检查：用原来的选项继续，或删除该文件后重新开始"
            )

    def begun_on(self, today: date) -> date:
        """The day on which the scan was begun: ``today`` for one that begins."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO begun VALUES (0, ?)", (today.isoformat(),))
        return date.fromisoformat(self._database.execute("SELECT day FROM begun").fetchone()[0])

    def _forget_changed(self, files: Mapping[str, str]) -> None:
        before = dict(self._database.execute("SELECT path, state FROM file"))
        with self._database:
            for path in (path for path, state in before.items() if files.get(path) != state):
                for table in ("file", "done", "found", "unread"):
                    self._database.execute(f"DELETE FROM {table} WHERE path = ?", (path,))  # noqa: S608
            self._database.executemany("INSERT OR IGNORE INTO file VALUES (?, ?)", files.items())

    def is_done(self, batch: Batch) -> bool:
        return (batch.file, batch.first) in self._done

    @property
    def has_begun(self) -> bool:
        """Whether something is done already."""
        return bool(self._done)

    def add(self, batch: Batch, judged: Judged) -> None:
        """Keep what came of ``batch``, all of it or nothing."""
        counts = [getattr(judged.tally, name) for name in _TALLY]
        with self._database:
            self._insert("done", [(batch.file, batch.first, *counts)])
            self._insert("found", [(batch.file, *astuple(each)) for each in judged.found])
            self._insert("unread", [(batch.file, *astuple(each)) for each in judged.unread])

    def _insert(self, table: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self._database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608

    def tally(self) -> Tally:
        """Everything that is done, counted."""
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in _TALLY)
        return Tally(*self._database.execute(f"SELECT {sums} FROM done").fetchone())  # noqa: S608

    def found(self) -> Iterator[Found]:
        """The findings, the most severe first, those of one publisher together; in one order always."""
        rows = self._database.execute(
            f"SELECT {', '.join(_FOUND)} FROM found ORDER BY {_RANK}, publisher, path, {_PLACE}"  # noqa: S608
        )
        return (Found(*(*row[:-1], bool(row[-1]))) for row in rows)

    def counts(self, column: str) -> list[tuple[str, int]]:
        """How many findings each value of ``column`` has, the most first."""
        if column not in _FOUND:
            raise KeyError(column)
        return self._database.execute(
            f"SELECT {column}, count(*) FROM found GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
        ).fetchall()

    def unread(self) -> Iterator[Unread]:
        """What could not be read."""
        rows = self._database.execute("SELECT name, why FROM unread ORDER BY path, length(name), name, rowid")
        return (Unread(*row) for row in rows)

    def close(self, *, remove: bool = False) -> None:
        """Close it; with ``remove`` nothing of it stays."""
        self._database.close()
        if remove:
            for file in (self._path, *(Path(f"{self._path}{end}") for end in ("-wal", "-shm"))):
                file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
