"""What is installed beside other packages: one name, and a program that runs from it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_adds_one_name_and_runs_from_there(tmp_path: Path) -> None:
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(built, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/")[0] for name in archive.namelist()}
        archive.extractall(installed)
    assert {name for name in names if not name.endswith(".dist-info")} == {"qualwatch"}
    posting = tmp_path / "岗位.txt"
    posting.write_text("任职要求：\n1、须持有物业管理师证书。\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "qualwatch", "check", str(posting)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert done.returncode == 1, done.stderr
    assert "物业管理师" in done.stdout
    where = [sys.executable, "-c", "import qualwatch; print(qualwatch.ROOMS)"]
    shown = subprocess.run(
        where,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert shown.stdout.strip() == str(installed / "qualwatch" / "rooms")
