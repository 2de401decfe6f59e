"""``qualwatch outbox`` on a real database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from alerts.delivery.channels import PermanentFailure, Rendered
from alerts.delivery.outbox import deliver_due
from cli.outbox import app
from settings.model import Settings
from tests.alerts.stored import NOW, Posting, report

TEXT = "二、条件：须持有会计从业资格证，年龄35周岁以下。"


class Refusing:
    patience = timedelta(seconds=1)

    def send(self, message: Rendered) -> None:
        raise PermanentFailure(f"550 no such user {message.recipient}")


class Accepting:
    patience = timedelta(seconds=1)

    def send(self, message: Rendered) -> None:
        assert message.text


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "qualwatch.toml"
    file.write_text(f"[storage]\ndirectory = '{tmp_path}'\n")
    return file


@pytest.fixture
def dead_letter(engine: Engine, settings: Settings) -> None:
    report(engine, settings, Posting(TEXT))
    deliver_due(engine, {"maildir": Refusing()}, NOW, owner="sender")


def _run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


@pytest.mark.usefixtures("dead_letter")
def test_a_dead_letter_is_shown_with_its_reason(config: Path) -> None:
    shown = _run(config, "list")
    assert shown.exit_code == 0
    assert "1  发送失败  maildir → wang@example.com  【高】福建省宁德市｜会计从业资格" in shown.stdout
    assert "550 no such user wang@example.com" in shown.stdout
    assert "待发送 0，发送中 0，已发送 0，发送失败 1" in shown.stdout


@pytest.mark.usefixtures("dead_letter")
@pytest.mark.parametrize("which", ["1", "--dead"])
def test_a_dead_letter_can_be_sent_again(engine: Engine, config: Path, which: str) -> None:
    assert _run(config, "retry", which).stdout == "1 条将重新发送\n"
    assert deliver_due(engine, {"maildir": Accepting()}, NOW + timedelta(days=3650), owner="sender") == 1
    assert "已发送 1，发送失败 0" in _run(config, "list").stdout
    late = _run(config, "retry", "1")
    assert (late.exit_code, late.stdout) == (1, "0 条将重新发送\n")


@pytest.mark.usefixtures("dead_letter")
def test_a_dropped_message_is_gone(config: Path) -> None:
    assert _run(config, "drop", "1").stdout == "1 条已放弃\n"
    assert "发送失败 0" in _run(config, "list", "--sent").stdout


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("typed", [["retry"], ["retry", "1", "--dead"], ["drop"]])
def test_nothing_is_changed_without_saying_what(config: Path, typed: list[str]) -> None:
    assert _run(config, *typed).exit_code == 2


def test_a_configuration_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    failed = _run(tmp_path / "missing.toml", "list")
    assert failed.exit_code == 2
    assert "missing.toml" in failed.stderr
    assert "Traceback" not in failed.output


def test_looking_at_an_outbox_that_is_not_there_makes_no_database(config: Path) -> None:
    failed = _run(config, "list")
    assert failed.exit_code == 2
    assert "尚无数据库" in failed.stderr
    assert not (config.parent / "qualwatch.sqlite3").exists()
