"""``qualwatch doctor`` on real installations: whole ones, and ones that lack a part each."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

import cli.main
from cli.diagnosis.reached import _days_over_tls
from storage.database import open_database
from storage.documents import PageRecord
from storage.evidence import EvidenceStore, Exchange
from storage.keeping import keep_version
from storage.visits import start_visit
from tests.alerts.mailserver import MailServer, free_port, serving
from tests.parts.certificates import Authority
from tests.parts.databases import open_migrated
from tests.parts.loopback import Site, answer

NOW = datetime.now(UTC)
PASSWORD = "correct horse"  # noqa: S105 - of a server that lives for one test


@dataclass(frozen=True)
class Installed:
    """An installation with one page kept."""

    folder: Path
    config: Path

    @property
    def directory(self) -> Path:
        return self.folder / "var"

    @property
    def database(self) -> Path:
        return self.directory / "qualwatch.sqlite3"

    def doctor(self, *arguments: str) -> Result:
        app = cli.main.assemble()
        return CliRunner().invoke(app, ["doctor", *arguments, "--config", str(self.config)])

    def lines(self, part: str, *arguments: str) -> list[dict[str, str]]:
        """What is said of ``part``."""
        checks = json.loads(self.doctor("--format", "json", *arguments).stdout)["checks"]
        return [check for check in checks if check["part"] == part]

    def states(self, part: str, *arguments: str) -> set[str]:
        return {line["state"] for line in self.lines(part, *arguments)}

    def write(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.chdir(tmp_path)
    here = Installed(tmp_path, tmp_path / "qualwatch.toml")
    here.write('administrator = "admin@example.cn"\n')
    engine = open_migrated(f"sqlite:///{here.database}")
    keep_a_page(engine_url=f"sqlite:///{here.database}", evidence=here.directory / "evidence")
    engine.dispose()
    return here


def keep_a_page(engine_url: str, evidence: Path, *, dated: datetime = NOW, number: int = 1) -> None:
    said = (("Date", dated.strftime("%a, %d %b %Y %H:%M:%S GMT")),)
    exchange = Exchange(f"http://hr.example/{number}.html", "GET", (), 200, "OK", said, b"<p>x</p>", NOW)
    engine = open_database(engine_url)
    with Session(engine) as session, EvidenceStore(evidence) as store:
        visit_id = start_visit(session, "made", NOW)
        page = PageRecord(
            url=exchange.url, source="made", text="x", media_type="text/html", document_kind="other",
            publisher_kind="unknown", evidence=store.write(exchange), title="x",
        )  # fmt: skip
        keep_version(session, page, visit_id, NOW)
        session.commit()
    engine.dispose()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


def test_looking_at_a_new_folder_says_what_to_do_and_leaves_nothing(tmp_path: Path) -> None:
    new = Installed(tmp_path, tmp_path / "qualwatch.toml")
    new.write("")
    result = new.doctor()
    assert result.exit_code == 1, result.output
    assert "尚无数据库" in result.stdout
    assert "    → " in result.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["qualwatch.toml"]


def test_a_whole_installation_is_found_whole(installed: Installed) -> None:
    for part in ("database", "evidence", "letters", "mail"):
        assert installed.states(part) == {"ok"}, part
    (catalogue,) = installed.lines("catalogue")
    assert catalogue["advice"] == "补全：qualwatch catalogue complete" or catalogue["state"] == "ok"
    before = {file for file in installed.directory.rglob("*") if "qualwatch.sqlite3" not in file.name}
    installed.doctor()
    after = {file for file in installed.directory.rglob("*") if "qualwatch.sqlite3" not in file.name}
    assert after == before


def test_a_configuration_that_cannot_be_read_is_all_that_is_said(installed: Installed) -> None:
    installed.write('administrater = "a@example.cn"\n[mail.smtp]\nport = "x"\n')
    result = installed.doctor()
    assert result.exit_code == 2
    assert result.stdout.count("✗ 配置") == 2
    assert "数据库" not in result.stdout


def test_a_database_of_a_newer_version_or_that_is_none_is_a_failure(installed: Installed) -> None:
    installed.change("UPDATE alembic_version SET version_num = '9999'")
    assert installed.states("database") == {"failure"}
    installed.database.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    (line,) = installed.lines("database")
    assert line["state"] == "failure"
    assert line["advice"]


def test_a_table_that_is_gone_fails_alone(installed: Installed) -> None:
    installed.change("DROP TABLE outbox_message")
    assert installed.states("letters") == {"failure"}
    assert installed.states("evidence") == {"ok"}


def test_evidence_that_is_gone_or_changed_is_a_failure(installed: Installed) -> None:
    (file,) = installed.directory.glob("evidence/*/*.warc.gz")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 3])
    assert [line["state"] for line in installed.lines("evidence")] == ["ok", "failure"]
    file.write_bytes(whole)
    (installed.directory / "evidence").rename(installed.directory / "moved")
    (line,) = installed.lines("evidence")
    assert line["state"] == "failure"
    assert "恢复" in line["advice"]


def test_mail_is_tried_by_a_login_and_sent_only_where_that_is_asked(installed: Installed) -> None:
    server = MailServer()
    with serving(server, authenticator=server.authenticate, auth_require_tls=False) as port:
        smtp = (
            f'[mail]\nchannel = "smtp"\n[mail.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        )
        login = f'username = "watch"\npassword = "{PASSWORD}"\n'
        installed.write(f'administrator = "admin@example.cn"\n{smtp}{login}')
        (line,) = installed.lines("mail")
        assert (line["state"], "登录成功" in line["said"]) == ("ok", True)
        assert not server.taken
        installed.doctor("--send")
        ((recipient, mail),) = server.taken
        assert (recipient, mail["Subject"]) == ("admin@example.cn", "Qualwatch 测试消息")
        installed.write(
            f'administrator = "admin@example.cn"\n{smtp}username = "watch"\npassword = "geheim"\n'
        )
        result = installed.doctor()
    assert result.exit_code == 2
    assert "✗ 邮件" in result.stdout
    assert "geheim" not in result.output


def test_chats_are_reached_and_their_addresses_never_said(installed: Installed, site: Site) -> None:
    site["/hook/geheim"] = answer("{}", media_type="application/json")
    chat = '[[chats]]\nname = "office"\nchannel = "webhook"\nsecret_url = "http://127.0.0.1:{port}/hook/geheim"\n'
    installed.write(chat.format(port=site.port))
    assert installed.states("chats") == {"ok"}
    assert not site.asked
    assert installed.states("chats", "--send") == {"ok"}
    assert [path for path, _ in site.asked] == ["/hook/geheim"]
    installed.write(chat.format(port=free_port()))
    result = installed.doctor()
    assert "✗ 群聊" in result.stdout
    assert "geheim" not in result.output


def test_the_console_is_asked_where_mails_lead(installed: Installed, site: Site) -> None:
    installed.write(f'[console]\nbase_url = "http://127.0.0.1:{site.port}"\n')
    assert installed.states("console") == {"failure"}  # 404
    site["/"] = answer("It works!")
    (line,) = installed.lines("console")
    assert "不是案件页面" in line["said"]
    site["/"] = answer("<title>案件页面</title>")
    assert installed.states("console") == {"ok"}


def test_how_long_a_certificate_holds_is_measured(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    site = Site(tls=authority.certificate(days=9))
    try:
        assert 8 < _days_over_tls("127.0.0.1", site.port, str(authority.roots)) <= 9
        with pytest.raises(ssl.SSLError):
            _days_over_tls("127.0.0.1", site.port)
    finally:
        site.close()


def test_sources_in_trouble_and_without_a_region_are_named(installed: Installed) -> None:
    installed.write(
        '[[sources]]\nname = "made"\nurl = "http://127.0.0.1:1/"\nregion = "220100"\n'
        '[[sources]]\nname = "lost"\nurl = "http://127.0.0.1:1/lost/"\n'
    )
    installed.change("UPDATE source_state SET failures_in_a_row = 4")
    installed.change("UPDATE visit SET outcome = 'timeout', detail = 'no answer', finished_at = started_at")
    lines = installed.lines("sources")
    assert [line["state"] for line in lines] == ["warning", "warning"]
    assert lines[1]["said"].startswith("made：")
    assert lines[1]["advice"] == "qualwatch source show made"
    nowhere = [line["said"] for line in installed.lines("configuration") if "地区" in line["said"]]
    assert len(nowhere) == 1
    assert nowhere[0].endswith("lost")


def test_a_clock_that_sites_and_visits_contradict_is_a_failure(installed: Installed) -> None:
    assert "failure" not in installed.states("time")
    for number in range(2, 8):
        keep_a_page(
            f"sqlite:///{installed.database}",
            installed.directory / "evidence",
            dated=NOW + timedelta(hours=1),
            number=number,
        )
    (line,) = [line for line in installed.lines("time") if line["state"] == "failure"]
    assert re.search(r"(3600|359\d) 秒", line["said"])
    installed.change("UPDATE visit SET started_at = '2099-01-01 00:00:00'")
    assert any("拨回" in line["said"] for line in installed.lines("time"))


def test_hosts_without_an_address_are_named(installed: Installed) -> None:
    installed.write(
        '[[sources]]\nname = "here"\nurl = "http://localhost/"\nregion = "220100"\n'
        '[[sources]]\nname = "gone"\nurl = "http://no-such-host.invalid/"\nregion = "220100"\n'
    )
    (line,) = installed.lines("dns")
    assert line["state"] == "warning"
    assert "no-such-host.invalid" in line["said"]
    assert socket.gethostbyname("localhost")
