"""``qualwatch supervisor`` and ``qualwatch chat``: what the desk keeps, seen and changed by commands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli.main
from tests.alerts.mailserver import free_port
from tests.parts.databases import open_migrated

ROBOT = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef"
FILE = """
administrator = "admin@example.com"
presets = []
[[supervisors]]
name = "王科长"
email = "wang@example.com"
[[sources]]
name = "fujian"
url = "https://hr.example.com/"
region = "350000"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(FILE, encoding="utf-8")
    (tmp_path / "var").mkdir()
    open_migrated(f"sqlite:///{tmp_path}/var/qualwatch.sqlite3").dispose()
    return file


def _run(config: Path, *arguments: str, typed: str = "") -> Result:
    app = cli.main.assemble()
    return CliRunner().invoke(app, [*arguments, "--config", str(config)], input=typed)


def test_people_are_added_told_of_and_removed(config: Path) -> None:
    said = ("--name", "郑科长", "--region", "南平市", "--chat", "nanping")
    assert _run(config, "supervisor", "add", "zheng@example.com", *said).exit_code == 2  # no such chat
    assert _run(config, "chat", "add", "nanping", "--channel", "wecom", typed=f"{ROBOT}\n").exit_code == 0
    assert _run(config, "supervisor", "add", "zheng@example.com", *said).exit_code == 0
    listed = _run(config, "supervisor", "list").stdout + _run(config, "chat", "list").stdout
    for words in (
        "wang@example.com>（配置文件）",
        "zheng@example.com>（数据库）",
        "nanping（wecom，数据库）",
    ):
        assert words in listed
    assert "0123456789abcdef" not in listed
    told = _run(config, "routing", "who", "会计从业资格", "--region", "350700").stdout
    assert "zheng@example.com" in told
    assert _run(config, "supervisor", "pause", "zheng@example.com").exit_code == 0
    assert (
        "zheng@example.com" not in _run(config, "routing", "who", "会计从业资格", "--region", "350700").stdout
    )
    assert _run(config, "chat", "remove", "nanping").exit_code == 2  # Zheng is told there
    assert _run(config, "supervisor", "remove", "zheng@example.com").exit_code == 0
    assert _run(config, "chat", "remove", "nanping").exit_code == 0
    assert _run(config, "supervisor", "remove", "wang@example.com").exit_code == 2  # the file's


def test_doctor_knows_what_the_desk_keeps_and_whose_address_cannot_be_read(config: Path) -> None:
    closed = f"127.0.0.1:{free_port()}"
    config.write_text(f"{FILE}[fetching]\nallow_private_hosts = ['{closed}']\n", encoding="utf-8")
    typed = f"http://{closed}/hook\n"
    assert _run(config, "chat", "add", "nanping", "--channel", "webhook", typed=typed).exit_code == 0
    assert _run(config, "supervisor", "add", "zheng@example.com", "--name", "郑").exit_code == 0
    with closing(sqlite3.connect(config.parent / "var" / "qualwatch.sqlite3")) as connection, connection:
        connection.execute(
            "INSERT INTO stored_source VALUES ('neu', '{\"url\": \"https://neu.invalid/\"}', '', 0, '', 0)"
        )
        at = "2026-11-01 00:30:00"
        connection.execute("UPDATE stored_source SET added_at = ?, changed_at = ?", (at, at))
    said = _run(config, "doctor").stdout
    assert "监测来源 2 个，监管人员 2 人，群聊 1 个" in said
    assert "地址不能读取" not in said
    (config.parent / "var" / "contact.key").unlink()
    assert "nanping 的地址不能读取" in _run(config, "doctor").stdout
