"""``qualwatch case link``: an address of a case's page for whoever lost their mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.case import app
from tests.console.visitor import Page, Room

CONFIG = """
administrator = "admin@example.com"
[storage]
directory = "."
[console]
port = 0
[[supervisors]]
name = "王科长"
email = "wang@example.com"
"""


def _link(folder: Path, *words: str) -> Result:
    config = folder / "qualwatch.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return CliRunner().invoke(app, ["link", *words, "--config", str(config)])


@pytest.mark.parametrize(("words", "whose"), [((), "系统管理员"), (("--to", "wang@example.com"), "王科长")])
def test_it_opens_the_case_for_whom_it_was_made(
    room: Room, tmp_path: Path, words: tuple[str, ...], whose: str
) -> None:
    case = room.report()
    printed = _link(tmp_path, str(case), *words)
    assert printed.exit_code == 0, printed.output
    answer = room.get(printed.stdout.strip())
    assert answer.status_code == 200
    assert whose in Page(answer.text).words


def test_what_would_open_nothing_is_not_printed(room: Room, tmp_path: Path) -> None:
    case = room.report()
    for words, why in (
        (("99",), "没有编号为 99 的案件"),
        ((str(case), "--to", "gone@example.com"), "gone@example.com 不是监管人员"),
    ):
        refused = _link(tmp_path, *words)
        assert refused.exit_code == 2
        assert why in refused.stderr
        assert refused.stdout == ""
    (tmp_path / "console.address").unlink()
    assert "请先运行一次 qualwatch run" in _link(tmp_path, str(case)).stderr
