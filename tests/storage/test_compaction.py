"""Evidence that nothing needs goes, evidence that a finding rests on is proved afterwards, killed or not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from warcio.checker import Checker  # type: ignore[import-untyped]

from storage.backup import back_up
from storage.database import open_database
from storage.errors import EvidenceError
from storage.evidence import EvidenceStore, Exchange
from storage.proof import evidence_ref, find_proof
from storage.retention.archive import Archive as EvidenceArchive
from storage.tables import (
    AddresseeAnswer,
    AnswerFile,
    DocumentVersion,
    EvidenceFile,
    Finding,
    IntakeMessage,
    PagePicture,
)
from storage.visits import start_visit
from storage.warc_members import exchanges, read_members
from tests.parts.databases import open_migrated
from tests.storage.kept import NOW, QUOTE, Archive, ago
from vocabulary.codes import Outcome

VIOLATION = f"招聘会计一名，须持有{QUOTE}。"


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Archive:
    return Archive(engine, tmp_path / "var")


def _a_day(archive: Archive, days: float, *, harmless: int = 9, text: str = VIOLATION) -> int:
    """A day of the past with one violation among harmless pages; the finding's number."""
    at = ago(days)
    first = int(days) * 100
    pages = [archive.page(first + number, f"招聘保安{number}名。" * 40, at=at) for number in range(harmless)]
    middle = harmless // 2
    pages.insert(middle, archive.page(first + 99, text, at=at))
    kept = archive.visit(at, *pages)
    return archive.find(kept[middle].version_id)[0]


def _proved(archive: Archive, finding: int) -> bytes:
    with Session(archive.engine) as session, EvidenceStore(archive.evidence) as store:
        proof = find_proof(session, store, finding)
        assert f"{proof.finding.quote}" == QUOTE
        return proof.record.body


def _picture(archive: Archive, version: int, at: datetime) -> bytes:
    """A picture of a version, written on the day ``at``; its bytes."""
    body = f"picture of {version}".encode()
    ref = archive.write("http://hr.example/picture.png", body, at)
    with archive.begin() as session:
        asked = PagePicture(version_id=version, asked_by="", asked_at=at, taken_at=at, size=len(body))
        asked.evidence_file, asked.evidence_record = ref.file, ref.record_id
        asked.evidence_offset, asked.body_sha256 = ref.offset, ref.body_sha256
        session.add(asked)
    return body


def test_pictures_and_files_of_answers_are_read_after_their_file_was_compacted(archive: Archive) -> None:
    finding, at = _a_day(archive, 500), ago(500)
    with archive.begin() as session:
        version = session.get_one(Finding, finding).version_id
        session.add(AddresseeAnswer(id=1, case_id=1, key="a", name="", received_at=at))
        session.flush()
        ref = archive.write("http://hr.example/answer.txt", b"correction", at)
        file = AnswerFile(
            answer_id=1, name="x", media_type="text/plain", size=10, body_sha256=ref.body_sha256
        )
        file.evidence_file, file.evidence_record = ref.file, ref.record_id
        file.evidence_offset = ref.offset
        session.add(file)
    body = _picture(archive, version, at)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    assert archive.tidy().evidence.compacted == 1
    with Session(archive.engine) as session, EvidenceStore(archive.evidence) as store:
        assert store.read(evidence_ref(session.exec(select(PagePicture)).one())).body == body
        assert store.read(evidence_ref(session.exec(select(AnswerFile)).one())).body == b"correction"


def test_a_picture_goes_with_its_page_and_its_file_with_both(archive: Archive) -> None:
    at = ago(500)
    (kept,) = archive.visit(at, archive.page(1, "招聘保安。", at=at))
    _picture(archive, kept.version_id, at)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    assert archive.tidy().evidence.files == 1
    assert archive.count(PagePicture) == 0
    assert archive.count(DocumentVersion) == 1


def _files(archive: Archive) -> list[str]:
    return sorted(file.relative_to(archive.evidence).as_posix() for file in archive.evidence.rglob("*.gz"))


def test_a_file_that_holds_little_is_compacted_and_every_finding_is_still_proved(archive: Archive) -> None:
    findings = [_a_day(archive, days) for days in (500, 480)]
    before = [_proved(archive, finding) for finding in findings]
    sizes = [(archive.evidence / name).stat().st_size for name in _files(archive)]
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    tidied = archive.tidy()
    assert (tidied.evidence.compacted, tidied.evidence.files, tidied.evidence.problems) == (2, 2, [])
    assert [_proved(archive, finding) for finding in findings] == before == [VIOLATION.encode()] * 2
    old = _files(archive)[:2]
    assert [name[:15] for name in old] == [f"{ago(days):%Y%m/%Y%m%d}" for days in (500, 480)]
    for name, size in zip(old, sizes, strict=True):
        members = list(read_members(archive.evidence / name))
        assert len(exchanges(members)) == 2  # the file's own heading, and the response with its request
        assert len(members) == 3
        assert (archive.evidence / name).stat().st_size < size / 2
    again = archive.tidy(NOW + timedelta(hours=1))
    assert (again.evidence.compacted, again.evidence.files) == (0, 0)


def test_any_warc_tool_reads_what_was_compacted(archive: Archive) -> None:
    _a_day(archive, 500)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    archive.tidy()
    checker = Checker(type("Options", (), {"inputs": [], "verbose": False})())
    assert checker.process_one(str(archive.evidence / _files(archive)[0])) is None
    assert checker.exit_value == 0


def test_a_file_that_holds_nothing_goes_after_its_hours(archive: Archive) -> None:
    at = ago(500)
    archive.visit(at, archive.page(1, "招聘保安。", at=at))
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    (archive.evidence / "202501").mkdir()
    (archive.evidence / "202501" / "20250101-aaaaaaaaaaaa.warc.gz").write_bytes(b"")
    first = archive.tidy(emptied_hours=24).evidence
    assert (first.files, first.waiting) == (0, 2)
    assert len(_files(archive)) == 3
    assert archive.tidy(NOW + timedelta(hours=23), emptied_hours=24).evidence.waiting == 2
    later = archive.tidy(NOW + timedelta(hours=25), emptied_hours=24).evidence
    assert (later.files, later.waiting) == (2, 0)
    assert [name[:6] for name in _files(archive)] == ["202611"]
    assert not (archive.evidence / "202501").exists()
    assert archive.count(EvidenceFile) == 0


def test_a_file_that_is_needed_again_stays(archive: Archive) -> None:
    at = ago(500)
    page = archive.page(1, "招聘保安。", at=at)
    archive.visit(at, page)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    archive.tidy(emptied_hours=24)
    archive.visit(NOW, page, archive.page(10, "今日"))  # a visit that had read where the text was kept
    evidence = archive.tidy(NOW + timedelta(days=2), emptied_hours=24).evidence
    assert (evidence.files, evidence.waiting) == (0, 0)
    assert len(_files(archive)) == 2


def test_files_of_today_and_yesterday_are_left_to_those_who_write_them(archive: Archive) -> None:
    for at in (NOW, ago(1)):
        archive.write("http://hr.example/", b"not committed yet", at)
    assert archive.tidy().evidence.files == 0
    assert len(_files(archive)) == 2


def test_what_a_browser_drew_stays_with_what_the_server_sent(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        plain = Exchange("http://a.example/1", "GET", (), 200, "OK", (), b"<div id=app>" * 9000, NOW)
        drawn = replace(
            plain, url="http://a.example/2", body=b"<div>", drawn=b"<p>x</p>", drawn_by="Chromium"
        )
        refs = [store.write(each) for each in (plain, drawn, plain)]
    file = tmp_path / refs[0].file
    found = exchanges(list(read_members(file)))
    assert [len(found[ref.record_id]) for ref in refs] == [2, 3, 2]
    assert [found[ref.record_id][0].begin for ref in refs] == [ref.offset for ref in refs]
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])  # as a crash leaves it
    torn = exchanges(list(read_members(file)))
    assert [len(torn[ref.record_id]) for ref in refs] == [2, 3, 1]


def test_a_message_of_the_public_keeps_its_evidence(archive: Archive) -> None:
    _a_day(archive, 500)
    at = ago(500)
    with archive.begin() as session:
        ref = archive.write("http://hr.example/report", b"a report", at)
        visit = start_visit(session, "intake", at)
        session.add(
            IntakeMessage(
                key="a", visit_id=visit, outcome=Outcome.OK, findings=1, taken_in_at=at,
                evidence_file=ref.file, evidence_record=ref.record_id,
            )
        )  # fmt: skip
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    assert archive.tidy().evidence.compacted == 1
    with Session(archive.engine) as session:
        message = session.exec(select(IntakeMessage)).one()
    assert message.evidence_file != ref.file
    with EvidenceStore(archive.evidence) as store:
        found = exchanges(list(read_members(archive.evidence / message.evidence_file)))
        assert message.evidence_record in found
        record = store.read(ref.__class__(message.evidence_file, ref.record_id, ref.body_sha256))
    assert record.body == b"a report"


def test_a_file_that_lacks_what_is_needed_stays_as_it_is(archive: Archive) -> None:
    _a_day(archive, 500)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    (name, _) = _files(archive)
    damaged = (archive.evidence / name).read_bytes()
    with Session(archive.engine) as session:
        kept = session.exec(select(DocumentVersion).where(DocumentVersion.text == VIOLATION)).one()
    begin = (kept.evidence_offset or 0) + 40
    damaged = damaged[:begin] + b"damaged" + damaged[begin + 7 :]
    (archive.evidence / name).write_bytes(damaged)
    evidence = archive.tidy().evidence
    assert (evidence.compacted, len(evidence.problems)) == (0, 1)
    assert (archive.evidence / name).read_bytes() == damaged
    assert len(_files(archive)) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from storage.database import open_database
from storage.retention import archive
from tests.parts.databases import open_migrated
from tests.storage.kept import Archive
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
for place, owner, step in zip(sys.argv[1:], (archive.Archive, archive, archive.Archive), STEPS, strict=True):
    if not (child := os.fork()):
        setattr(owner, step, die)
        Archive(open_database(f"sqlite:///{place}/q.sqlite3"), Path(place)).tidy()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
STEPS = ("_read_back", "_repoint", "_sweep")
"""What follows when a file was copied, read back, and referred to."""


def test_killed_in_the_middle_it_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    archive = Archive(open_migrated(f"sqlite:///{tmp_path}/0/q.sqlite3"), tmp_path / "0")
    findings = [_a_day(archive, days, harmless=5) for days in (500, 480)]
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    archive.engine.dispose()
    places = [shutil.copytree(tmp_path / "0", tmp_path / step) for step in STEPS]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.replace("STEPS", repr(STEPS)), *map(str, places)],
        check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert killed.stdout.decode().split() == [str(-signal.SIGKILL)] * 3, killed.stderr.decode()
    for place in places:
        archive = Archive(open_database(f"sqlite:///{place}/q.sqlite3"), place)
        assert len(_files(archive)) > 3  # both a new file and the old one
        assert [_proved(archive, finding) for finding in findings] == [VIOLATION.encode()] * 2
        archive.tidy()  # the lease of the one that was killed is free at once on its own machine
        assert [_proved(archive, finding) for finding in findings] == [VIOLATION.encode()] * 2
        assert len(_files(archive)) == 3
        archive.engine.dispose()


def test_a_row_that_comes_while_a_file_is_written_anew_ends_it(archive: Archive) -> None:
    finding = _a_day(archive, 500)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    (name, _) = _files(archive)

    class Interrupted(EvidenceArchive):
        def _read_back(self, *arguments: object) -> None:
            super()._read_back(*arguments)  # type: ignore[arg-type]
            with archive.begin() as session:
                row = session.exec(select(DocumentVersion).where(col(DocumentVersion.text) == "今日")).one()
                row.evidence_file, row.evidence_record = name, "<urn:uuid:of-another>"

    with pytest.raises(EvidenceError, match="a new row refers"):
        Interrupted(archive.evidence, archive.begin, NOW).compact(name)
    assert _proved(archive, finding) == VIOLATION.encode()
    assert len(_files(archive)) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_follows_what_was_compacted_and_drops_what_went(archive: Archive, tmp_path: Path) -> None:
    _a_day(archive, 500)
    archive.visit(NOW, archive.page(9, "今日", at=NOW))
    target = tmp_path / "backup"
    assert back_up(archive.engine, archive.evidence, target, NOW).problems == ()
    archive.tidy()
    report = back_up(archive.engine, archive.evidence, target, datetime.now(tz=NOW.tzinfo))
    assert (report.problems, report.evidence_files) == ((), 2)
    copies = sorted(file.relative_to(target / "evidence").as_posix() for file in target.rglob("*.warc.gz"))
    assert copies == _files(archive)
