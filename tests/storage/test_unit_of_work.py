"""Changes of many threads, committed together: each fails alone, and evidence is on the disk before."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, col, select

from storage import unit_of_work
from storage.errors import EvidenceError
from storage.evidence import EvidenceStore, Resource
from storage.tables import SourceState
from storage.unit_of_work import Writer

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def names(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.exec(select(SourceState.name).order_by(col(SourceState.name))))


def add(name: str) -> object:
    def change(session: Session) -> str:
        session.add(SourceState(name=name))
        session.flush()
        return name

    return change


def write_together(writer: Writer, engine: Engine, changes: list[object]) -> list[object]:
    """Have all ``changes`` wait for one transaction that is under way; what each returned or raised."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        begun.set()
        assert go_on.wait(20)

    def attempt(change: object) -> object:
        try:
            return writer.write(change)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - looked at by the test
            return error

    with ThreadPoolExecutor(len(changes) + 1) as threads:
        first = threads.submit(writer.write, hold)
        assert begun.wait(20)
        others = [threads.submit(attempt, change) for change in changes]
        while len(writer._queue) < len(changes):
            threading.Event().wait(0.01)
        go_on.set()
        first.result()
        return [other.result() for other in others]


def test_what_waits_is_committed_in_one_transaction(engine: Engine, tmp_path: Path) -> None:
    commits: list[int] = []

    def count(_connection: Connection) -> None:
        commits.append(1)

    with EvidenceStore(tmp_path / "evidence") as evidence:
        writer = Writer(engine, evidence)
        event.listen(engine, "commit", count)
        done = write_together(writer, engine, [add(f"s{number}") for number in range(8)])
        event.remove(engine, "commit", count)
    assert sorted(map(str, done)) == names(engine) == [f"s{number}" for number in range(8)]
    assert len(commits) == 1  # what held them up wrote nothing


def test_who_writes_after_others_wrote_together_waits_a_moment_for_company(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []

    def count(_connection: Connection) -> None:
        commits.append(1)

    with EvidenceStore(tmp_path / "evidence") as evidence:
        writer = Writer(engine, evidence)
        write_together(writer, engine, [add("a"), add("b")])
        monkeypatch.setattr(unit_of_work, "_MOMENT_SECONDS", 30)
        event.listen(engine, "commit", count)
        with ThreadPoolExecutor(unit_of_work._TOGETHER) as threads:
            list(threads.map(lambda n: writer.write(add(f"s{n}")), range(unit_of_work._TOGETHER)))  # type: ignore[arg-type]
        event.remove(engine, "commit", count)
    assert len(commits) == 1
    assert len(names(engine)) == 2 + unit_of_work._TOGETHER


def test_who_writes_alone_waits_for_nobody(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    with EvidenceStore(tmp_path / "evidence") as evidence:
        writer = Writer(engine, evidence)
        monkeypatch.setattr(writer._enough, "wait", waited.append)
        for name in ("a", "b", "c"):
            writer.write(add(name))  # type: ignore[arg-type]
    assert not waited


def test_a_change_that_fails_takes_none_of_the_others_with_it(engine: Engine, tmp_path: Path) -> None:
    def fail(session: Session) -> None:
        session.add(SourceState(name="half"))
        session.flush()
        raise ValueError("broken")

    with EvidenceStore(tmp_path / "evidence") as evidence:
        done = write_together(Writer(engine, evidence), engine, [add("a"), fail, add("b")])
    assert [str(each) for each in done] == ["a", "broken", "b"]
    assert names(engine) == ["a", "b"]


def test_evidence_that_did_not_reach_the_disk_is_never_referred_to(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EvidenceStore(tmp_path / "evidence") as evidence:
        writer = Writer(engine, evidence)
        kept = evidence.write_resource(Resource("urn:x", "text/plain", b"one", NOW))
        evidence._lost.add(kept.file)
        with pytest.raises(EvidenceError, match="did not reach the disk"):
            writer.write(add("refers"), kept)  # type: ignore[arg-type]
        writer.write(add("does not"))  # type: ignore[arg-type]
    assert names(engine) == ["does not"]
