"""A start that cannot work ends with one sentence, and says whether trying again may help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli.main
from tests.alerts.mailserver import free_port
from tests.parts.databases import PostgresqlServer, copy_migrated
from tests.parts.volumes import fill_up, make_read_only, small_volume

MEND_IT, TRY_AGAIN = 2, 75


def _start(folder: Path, storage: str) -> Result:
    config = folder / "qualwatch.toml"
    config.write_text(
        f"[storage]\n{storage}\nleast_free_megabytes = 0\n"
        "[sample]\nenabled = false\n[metrics]\nport = 0\n[detection]\nprocesses = 0\nocr_processes = 0\n"
    )
    app = cli.main.assemble()
    return CliRunner().invoke(app, ["run", "--once", "--config", str(config)])


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    with small_volume(tmp_path / "volume", "4m") as small:
        yield small


def _says_one_sentence(result: Result) -> str:
    assert "Traceback" not in result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("qualwatch: ")]
    return line


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_disk_that_takes_nothing_is_told_and_not_tried_again(
    volume: Path, tmp_path: Path, fault: str, is_new: bool
) -> None:
    directory = volume / "var"
    directory.mkdir()
    if not is_new:
        copy_migrated(directory / "qualwatch.sqlite3")
    if fault == "full":
        fill_up(volume)
    else:
        make_read_only(volume)
    result = _start(tmp_path, f"directory = '{directory}'")
    assert result.exit_code == MEND_IT, result.output
    said = _says_one_sentence(result)
    assert "空间" in said if fault == "full" else "不能写入" in said


def test_a_database_server_that_does_not_answer_yet_is_asked_again(tmp_path: Path) -> None:
    address = f"postgresql+psycopg://qualwatch@127.0.0.1:{free_port()}/qualwatch"
    result = _start(tmp_path, f"directory = '{tmp_path / 'var'}'\ndatabase = '{address}'")
    assert result.exit_code == TRY_AGAIN, result.output
    assert "无法使用" in _says_one_sentence(result)


def test_a_database_server_that_refuses_us_is_not(
    tmp_path: Path, postgresql_server: PostgresqlServer
) -> None:
    address = f"{postgresql_server.address}/there_is_none"
    result = _start(tmp_path, f"directory = '{tmp_path / 'var'}'\ndatabase = '{address}'")
    assert result.exit_code == MEND_IT, result.output
    assert "there_is_none" in _says_one_sentence(result)
