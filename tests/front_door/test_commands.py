"""What the other tests run commands with: it says what somebody with a shell would read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.commands import ROOT, run_command

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "90"}


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        (("--version",), b""),
        (("chek",), b""),
        (("check", "-", "--as-of", "2026-11-01"), "某公司招聘会计，须持有会计从业资格证书。".encode()),
    ],
    ids=lambda typed: " ".join(typed) if isinstance(typed, tuple) else "",
)
def test_a_command_says_what_it_says_in_a_shell(typed: tuple[str, ...], given: bytes, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qualwatch", *typed]
    shell = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, input=given, capture_output=True, check=False
    )
    done = run_command(typed, tmp_path, ENVIRONMENT, typed=given)
    assert (done.returncode, done.stdout, done.stderr) == (shell.returncode, shell.stdout, shell.stderr)


def test_a_command_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_command(("run",), tmp_path, {**ENVIRONMENT, "QUALWATCH_METRICS__PORT": "0"}, timeout=0.5)
