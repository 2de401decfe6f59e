"""``qualwatch user``, and the rights of whom ``qualwatch case`` names, on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session
from typer import Typer
from typer.testing import CliRunner, Result

from accounts import people
from alerts.delivery.links import ServedAt, remember_served
from cli import case, user
from storage.database import open_database
from storage.tables import Case
from tests.accounts.office import NOW
from tests.parts.databases import copy_migrated


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with a case of Fujian and one of Jilin, whose console was served."""
    file = tmp_path / "qualwatch.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path}'\n")
    remember_served(tmp_path, ServedAt("127.0.0.1:9465", "http://127.0.0.1:9465"))
    engine = open_database(f"sqlite:///{copy_migrated(tmp_path / 'qualwatch.sqlite3')}")
    with Session(engine) as session, session.begin():
        for region, name in (("350981", "福安市某公司"), ("220100", "长春市某公司")):
            session.add(
                Case(
                    key=region,
                    qualification="会计从业资格",
                    status="cancelled",
                    usage="required",
                    violation="cancelled_hiring_requirement",
                    severity="high",
                    publisher=name,
                    publisher_kind="company",
                    region=region,
                    opened_at=NOW,
                    updated_at=NOW,
                )
            )
    engine.dispose()
    return file


def _run(app: Typer, config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def _add(config: Path, email: str, *more: str) -> Result:
    return _run(user.app, config, "add", email, *more)


def test_an_account_is_added_listed_reset_disabled_and_written_down(config: Path) -> None:
    assert "尚无账号" in _run(user.app, config, "list").output
    added = _add(config, "Wang@example.com", "--name", "王科长", "--region", "350000")
    assert added.exit_code == 0, added.output
    assert "http://127.0.0.1:9465/welcome?token=" in added.stdout
    assert "72 小时内有效" in added.stdout
    listed = _run(user.app, config, "list").stdout
    assert "wang@example.com  王科长  办理人员  福建省  尚未设置密码" in listed
    again = _add(config, "wang@example.com")
    assert (again.exit_code, "已有账号" in again.output) == (2, True)
    changed = _run(user.app, config, "change", "wang@example.com", "--role", "viewer", "--region", "220000")
    assert "查阅人员  吉林省" in changed.stdout
    changed = _run(user.app, config, "change", "wang@example.com", "--region", "-", "--department", "财政")
    assert "查阅人员  财政" in changed.stdout
    assert "/welcome?token=" in _run(user.app, config, "reset", "wang@example.com").stdout
    assert _run(user.app, config, "disable", "wang@example.com").exit_code == 0
    assert "已停用" in _run(user.app, config, "list").stdout
    assert _run(user.app, config, "enable", "wang@example.com").exit_code == 0
    assert "已退出 0 处登录" in _run(user.app, config, "sign-out", "wang@example.com").stdout
    written = _run(user.app, config, "audit", "wang@example.com").stdout.splitlines()
    kinds = [line.split("  ")[1] for line in reversed(written)]
    assert kinds == ["新增账号", "修改账号", "修改账号", "重置账号", "停用账号", "恢复账号", "退出全部设备"]
    assert all("（命令行）" in line for line in written)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "wang"), "不是邮箱地址"),
        (("add", "a@example.com", "--region", "999999"), "999999"),
        (("add", "a@example.com", "--language", "fr"), "zh-CN"),
        (("reset", "nobody@example.com"), "没有 nobody@example.com 的账号"),
        (("leave", "nobody@example.com"), "--end"),
        (("leave", "nobody@example.com", "--to", "a@example.com"), "--until"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    config: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = _run(user.app, config, *arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_substitute_is_set_and_ended(config: Path) -> None:
    _add(config, "wang@example.com")
    _add(config, "li@example.com")
    leave = ("leave", "wang@example.com", "--to", "li@example.com", "--since", "2026-11-02")
    assert _run(user.app, config, *leave, "--until", "2020-01-01").exit_code == 2
    done = _run(
        user.app, config, "leave", "wang@example.com", "--to", "li@example.com", "--until", "2100-01-01"
    )
    assert (done.exit_code, "至多一年" in done.output) == (2, True)
    assert _run(user.app, config, "leave", "wang@example.com", "--end").exit_code == 2


def test_a_named_person_sees_and_decides_only_what_is_theirs(config: Path) -> None:
    _add(config, "wang@example.com", "--region", "350000")
    _add(config, "look@example.com", "--role", "viewer")
    listed = _run(case.app, config, "list", "--as", "wang@example.com")
    assert "福安市某公司" in listed.stdout
    assert "长春市某公司" not in listed.stdout
    assert _run(case.app, config, "show", "2", "--as", "wang@example.com").exit_code == 2
    register = config.parent / "register.csv"
    exported = _run(case.app, config, "export", "--output", str(register), "--as", "wang@example.com")
    assert "已导出 1 项" in exported.stdout
    refused = _run(case.app, config, "confirm", "1", "2", "--actor", "wang@example.com")
    assert refused.exit_code == 2
    assert "案件 1：已确认" in refused.output
    assert "案件2不存在，或不在 wang@example.com 负责的地区和部门之内" in refused.output
    for actor, said in (("look@example.com", "只能查阅"), ("nobody@example.com", "没有")):
        done = _run(case.app, config, "confirm", "2", "--actor", actor)
        assert (done.exit_code, said in done.output) == (2, True)
    assert _run(case.app, config, "confirm", "2").exit_code == 0, "whoever is at the machine"
    kinds = [line.split("  ")[1] for line in _run(user.app, config, "audit").stdout.splitlines()]
    assert kinds[:3] == ["办理", "办理", "导出"]


def test_who_is_disabled_is_nobody_at_the_command_line_either(config: Path) -> None:
    _add(config, "wang@example.com")
    _run(user.app, config, "disable", "wang@example.com")
    done = _run(case.app, config, "list", "--as", "wang@example.com")
    assert (done.exit_code, "已停用" in done.output) == (2, True)
    assert people.normal_email(" A@B.cn ") == "a@b.cn"
