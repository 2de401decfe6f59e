"""``qualwatch evidence`` and ``qualwatch backup``, through the command line."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

import cli.main
from storage.database import open_database
from storage.documents import PageRecord
from storage.evidence import EvidenceStore, Exchange
from storage.keeping import keep_version
from storage.migrate import upgrade
from storage.proof import safe_name
from storage.sealing import Seal
from storage.tables import Finding
from storage.visits import start_visit
from tests.parts.databases import open_migrated

NOW = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
TEXT = "招聘启事\n会计一名，须持有会计从业资格证，电话13800138000，\x1b[31m面议。"
BODY = f"<html><body><pre>{TEXT}</pre></body></html>".encode("gb18030")
QUOTE = "会计从业资格证"


@dataclass(frozen=True)
class Kept:
    """A storage directory as the daemon leaves it, with one finding."""

    directory: Path
    config: Path
    finding_id: int

    def run(self, *arguments: str) -> Result:
        app = cli.main.assemble()
        return CliRunner().invoke(app, [*arguments, "--config", str(self.config)])

    def evidence(self, *arguments: str) -> Result:
        return self.run("evidence", str(self.finding_id), *arguments)

    @property
    def archive(self) -> Path:
        (file,) = self.directory.glob("evidence/*/*.warc.gz")
        return file

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.directory / "qualwatch.sqlite3")) as connection, connection:
            connection.execute(statement)


def _keep_page(session: Session, store: EvidenceStore, visit_id: int, number: int, url: str = "") -> int:
    exchange = Exchange(
        url or f"http://hr.example/zp/t2026_{number}.html", "GET", (), 200, "OK",
        (("Content-Type", "text/html; charset=gb2312"),), BODY, NOW,
    )  # fmt: skip
    page = PageRecord(
        url=exchange.url, source="sample", text=TEXT, media_type="text/html", document_kind="recruitment",
        publisher_kind="company", evidence=store.write(exchange), title="招聘启事",
    )  # fmt: skip
    return keep_version(session, page, visit_id, NOW).version_id


def _add_finding(session: Session, version_id: int) -> int:
    start = TEXT.index(QUOTE)
    finding = Finding(
        version_id=version_id, start=start, end=start + len(QUOTE), quote=QUOTE, qualification="会计从业资格",
        status="cancelled", usage="required", violation="cancelled_hiring_requirement", severity="high",
        explanation="会计从业资格已取消。", as_of=date(2026, 11, 1), found_at=NOW,
    )  # fmt: skip
    session.add(finding)
    session.flush()
    assert finding.id is not None
    return finding.id


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    directory, here = tmp_path / "var", tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    config = tmp_path / "qualwatch.toml"
    config.write_text('[storage]\ndirectory = "var"\n', encoding="utf-8")
    engine = open_migrated(f"sqlite:///{directory / 'qualwatch.sqlite3'}")
    with Session(engine) as session, EvidenceStore(directory / "evidence") as store:
        visit_id = start_visit(session, "sample", NOW)
        finding_id = _add_finding(session, _keep_page(session, store, visit_id, 1))
        session.commit()
    engine.dispose()
    return Kept(directory, config, finding_id)


def test_the_page_of_a_finding_is_extracted_and_shown_with_its_quote(kept: Kept) -> None:
    result = kept.evidence()
    assert result.exit_code == 0, result.output
    assert Path(f"finding-{kept.finding_id}-t2026_1.html").read_bytes() == BODY
    assert "http://hr.example/zp/t2026_1.html" in result.stdout
    assert "2026年11月1日 16:30:00（Asia/Shanghai）" in result.stdout
    assert "须持有【会计从业资格证】" in result.stdout
    assert "已核对" in result.stdout
    with closing(sqlite3.connect(kept.directory / "qualwatch.sqlite3")) as database:
        trail = database.execute("SELECT kind, detail FROM audit_entry").fetchall()
    assert trail == [("read", f"evidence of finding {kept.finding_id}")]


def test_what_a_page_says_neither_steers_the_terminal_nor_shows_telephone_numbers(kept: Kept) -> None:
    result = kept.evidence()
    assert "\x1b" not in result.stdout
    assert "13800138000" not in result.stdout
    assert "138******00" in result.stdout


def test_the_digits_of_an_address_are_shown_whole(kept: Kept) -> None:
    address = "http://hr.example/zp/t20261116_10150001.html"
    engine = open_database(f"sqlite:///{kept.directory / 'qualwatch.sqlite3'}")
    with Session(engine) as session, EvidenceStore(kept.directory / "evidence") as store:
        visit_id = start_visit(session, "sample", NOW)
        finding_id = _add_finding(session, _keep_page(session, store, visit_id, 2, url=address))
        session.commit()
    engine.dispose()
    result = Kept(kept.directory, kept.config, finding_id).evidence()
    assert f"网址：{address}\n" in result.stdout
    assert f"已导出：finding-{finding_id}-t20261116_10150001.html" in result.stdout


def test_the_page_can_go_to_stdout(kept: Kept) -> None:
    result = kept.evidence("--output", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes == BODY
    assert "已核对" in result.stderr


def test_the_page_can_go_into_a_directory(kept: Kept, tmp_path: Path) -> None:
    assert kept.evidence("--output", str(tmp_path)).exit_code == 0
    assert (tmp_path / f"finding-{kept.finding_id}-t2026_1.html").read_bytes() == BODY


def test_an_existing_file_is_not_overwritten_unless_it_is_the_same(kept: Kept, tmp_path: Path) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("mine", encoding="utf-8")
    refused = kept.evidence("--output", str(mine))
    assert refused.exit_code == 2
    assert "mine.html" in refused.stderr
    assert mine.read_text(encoding="utf-8") == "mine"
    assert kept.evidence().exit_code == kept.evidence().exit_code == 0


def test_a_place_that_cannot_be_written_is_a_clear_error(kept: Kept, tmp_path: Path) -> None:
    result = kept.evidence("--output", str(tmp_path / "nowhere" / "page.html"))
    assert result.exit_code == 2
    assert "无法写入" in result.stderr


def test_an_unknown_finding_is_a_clear_error(kept: Kept) -> None:
    result = kept.run("evidence", "4711")
    assert result.exit_code == 2
    assert "4711" in result.stderr


def test_changed_evidence_is_reported_and_not_extracted(kept: Kept) -> None:
    archive = bytearray(kept.archive.read_bytes())
    archive[len(archive) // 2] ^= 0x55
    kept.archive.write_bytes(archive)
    result = kept.evidence()
    assert result.exit_code == 1
    assert "证据核对未通过" in result.stderr
    assert list(Path().iterdir()) == []


def test_missing_evidence_is_reported(kept: Kept) -> None:
    kept.archive.unlink()
    result = kept.evidence()
    assert result.exit_code == 1
    assert "无法读取" in result.stderr


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE document_version SET text = replace(text, '须持有', '无需')", "与其 SHA-256 不符"),
        ("UPDATE document_version SET body_sha256 = hex(zeroblob(32))", "获取时为"),
        ("UPDATE finding SET quote = '教师资格证'", "不在保存的文字中"),
    ],
)
def test_a_database_that_was_tampered_with_is_noticed(kept: Kept, statement: str, said: str) -> None:
    kept.change(statement)
    result = kept.evidence()
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_missing_database_is_a_clear_error_and_none_is_made(kept: Kept) -> None:
    shutil.rmtree(kept.directory)
    result = kept.evidence()
    assert result.exit_code == 2
    assert "尚无数据库" in result.stderr
    assert not kept.directory.exists()


def test_a_database_of_another_version_is_a_clear_error(kept: Kept) -> None:
    kept.change("UPDATE alembic_version SET version_num = '9999'")
    assert "较新版本" in kept.evidence().stderr
    kept.change("DELETE FROM alembic_version")
    assert "旧版本" in kept.evidence().stderr


def test_a_wrong_configuration_is_a_clear_error(kept: Kept) -> None:
    kept.config.write_text("[storrage]\n", encoding="utf-8")
    result = kept.evidence()
    assert result.exit_code == 2
    assert "storrage" in result.stderr


@pytest.mark.parametrize(
    ("url", "media_type", "name"),
    [
        ("http://hr.example/a/t1.html?x=1", "text/html", "t1.html"),
        ("http://hr.example/", "text/html", "page.html"),
        ("http://hr.example/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "text/plain", "passwd.txt"),
        ("http://hr.example/.bashrc", "text/plain", "page.bashrc"),
        ("http://hr.example/%00%1b%5b31m.pdf", "application/pdf", "31m.pdf"),
        ("http://hr.example/附件1：岗位表.xls", "application/vnd.ms-excel", "附件1_岗位表.xls"),
        ("http://hr.example/download?id=7", "application/x-unheard-of", "download.bin"),
        ("http://hr.example/" + "长" * 300 + ".doc", "application/msword", "长" * 80 + ".doc"),
    ],
)
def test_file_names_are_harmless(url: str, media_type: str, name: str) -> None:
    assert safe_name(url, media_type) == name


def test_a_backup_restores_to_a_working_whole(kept: Kept, tmp_path: Path) -> None:
    copy = tmp_path / "backup"
    issued = kept.directory / "reports" / "2026-10_220000.json"
    issued.parent.mkdir()
    issued.write_text("{}", encoding="utf-8")
    key = kept.directory / "link.key"
    key.write_text("of this house", encoding="ascii")
    key.chmod(0o644)
    made = kept.run("backup", str(copy))
    assert made.exit_code == 0, made.output
    assert "文件版本 1 个" in made.stdout
    shutil.rmtree(kept.directory)
    shutil.copytree(copy, kept.directory)
    restored = kept.evidence()
    assert restored.exit_code == 0, restored.output
    assert "须持有【会计从业资格证】" in restored.stdout
    assert issued.is_file()
    assert (key.read_text(encoding="ascii"), key.stat().st_mode & 0o777) == ("of this house", 0o600)


def test_a_backup_made_while_pages_are_being_kept_is_whole(kept: Kept, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{kept.directory / 'qualwatch.sqlite3'}")
    stop, pages = threading.Event(), 0

    def keep_pages() -> None:
        nonlocal pages
        with EvidenceStore(kept.directory / "evidence") as store:
            while not stop.is_set():
                with Session(engine) as session:
                    visit_id = start_visit(session, "sample", NOW)
                    pages += 1
                    _keep_page(session, store, visit_id, pages + 1)
                    session.commit()

    writer = threading.Thread(target=keep_pages)
    writer.start()
    try:
        reports = []
        for _ in range(4):
            made = kept.run("backup", str(tmp_path / "backup"))
            assert made.exit_code == 0, made.output
            reports.append(json.loads((tmp_path / "backup" / "BACKUP.json").read_bytes()))
    finally:
        stop.set()
        writer.join(60)
        engine.dispose()
    versions = [report["document_versions"] for report in reports]
    assert versions == sorted(versions)
    assert versions[-1] > versions[0] >= 1
    assert all(report["problems"] == [] for report in reports)


def test_a_backup_says_which_evidence_is_missing(kept: Kept, tmp_path: Path) -> None:
    kept.archive.unlink()
    result = kept.run("backup", str(tmp_path / "backup"))
    assert result.exit_code == 1
    assert "document version 1" in result.stderr
    assert (tmp_path / "backup" / "qualwatch.sqlite3").is_file()


def test_a_backup_overwrites_nothing_but_an_earlier_backup(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "holiday.jpg").write_bytes(b"jpg")
    (tmp_path / "file").write_bytes(b"file")
    for target in (
        tmp_path / "photographs",
        tmp_path / "file",
        kept.directory,
        kept.directory / "evidence" / "x",
    ):
        before = sorted(tmp_path.rglob("*"))
        result = kept.run("backup", str(target))
        assert result.exit_code == 2, result.output
        assert str(target) in result.stderr.replace("\n", "")
        assert sorted(tmp_path.rglob("*")) == before


def _contents(directory: Path) -> dict[str, str]:
    """Every kept file by its digest; the database by its rows."""
    files = {
        str(file.relative_to(directory)): sha256(file.read_bytes()).hexdigest()
        for file in directory.rglob("*")
        if file.is_file() and "sqlite3" not in file.name and file.name != "BACKUP.json"
    }
    with closing(sqlite3.connect(directory / "qualwatch.sqlite3")) as database:
        return files | {"rows": "\n".join(sorted(database.iterdump()))}


def test_everything_that_is_kept_comes_back_as_it_was(kept: Kept, tmp_path: Path) -> None:
    """Also what no version of today keeps there, and not what was taken back since the last backup."""
    kinds = ("catalogue/国发〔2016〕68号.csv", "reports/2026-10.json", "mail/new/1.eml", "unheard/of.bin")
    for name in kinds:
        file = kept.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    copy = tmp_path / "backup"
    assert kept.run("backup", str(copy)).exit_code == 0
    (kept.directory / "mail" / "new" / "1.eml").unlink()
    (kept.directory / "link.key").write_text("key", encoding="ascii")
    assert kept.run("backup", str(copy)).exit_code == 0
    before = _contents(kept.directory)
    assert {file.stat().st_mode & 0o077 for file in [copy, *copy.rglob("*.*")]} == {0}
    refused = kept.run("restore", str(copy))
    assert refused.exit_code == 2
    assert "不是空的" in refused.stderr.replace("\n", "")
    shutil.rmtree(kept.directory)
    restored = kept.run("restore", str(copy))
    assert restored.exit_code == 0, restored.output
    assert "文件版本 1 个" in restored.stdout
    assert _contents(kept.directory) == before
    assert kept.evidence().exit_code == 0


def test_secrets_of_a_backup_of_before_they_were_sealed_are_sealed_by_its_key(
    kept: Kept, tmp_path: Path
) -> None:
    copy, released = tmp_path / "backup", Path(__file__).parent / "released" / "0022.sql"
    assert kept.run("backup", str(copy)).exit_code == 0
    (copy / "qualwatch.sqlite3").unlink()
    engine = open_database(f"sqlite:///{copy / 'qualwatch.sqlite3'}")
    upgrade(engine, "0022")
    with engine.begin() as connection:
        for line in released.read_text(encoding="utf-8").splitlines():
            if line.startswith("INSERT INTO account "):
                connection.exec_driver_sql(line)
    engine.dispose()
    shutil.rmtree(kept.directory)
    restored = kept.run("restore", str(copy))
    assert restored.exit_code == 0, restored.output
    with closing(sqlite3.connect(kept.directory / "qualwatch.sqlite3")) as database:
        ((sealed,),) = database.execute("SELECT totp_secret FROM account").fetchall()
    assert Seal(kept.directory).read(sealed) == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_a_backup_that_was_damaged_restores_nothing(kept: Kept, tmp_path: Path) -> None:
    copy = tmp_path / "backup"
    assert kept.run("backup", str(copy)).exit_code == 0
    shutil.rmtree(kept.directory)
    [archive] = copy.glob("evidence/*/*.warc.gz")
    archive.write_bytes(archive.read_bytes()[:40])
    result = kept.run("restore", str(copy))
    assert result.exit_code == 2
    assert "damaged" in result.stderr
    assert not kept.directory.exists()
    assert kept.run("restore", str(tmp_path)).exit_code == 2
