"""The service file, judged by systemd's own checker."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "qualwatch.service"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("shipped", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_unit(tmp_path: Path, shipped: Path) -> None:
    # The program is installed nowhere here: a program that is there stands in for it.
    unit = tmp_path / shipped.name
    unit.write_text(
        shipped.read_text().replace("ExecStart=/opt/qualwatch/.venv/bin/qualwatch", "ExecStart=/bin/true")
    )
    result = analyse("verify", "--recursive-errors=no", str(unit))
    assert (result.returncode, result.stderr) == (0, "")


def test_the_checker_would_notice_a_misspelt_key(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("ProtectHome=", "ProtectHouse="))
    assert "ProtectHouse" in analyse("verify", "--recursive-errors=no", str(unit)).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_exposure_is_rated_ok(unit: Path) -> None:
    result = analyse("security", "--offline=true", "--no-pager", str(unit))
    rated = rf"exposure level for {re.escape(unit.name)}: \d\.\d OK"
    assert re.search(rated, result.stdout), result.stdout
