"""Real small file systems, which fill up and turn read-only as disks do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_volume(place: Path, size: str) -> Iterator[Path]:
    """A file system of ``size`` (``256k``, ``8m``) at ``place``; the test is skipped where none can be."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def make_read_only(
    volume: Path, *, read_only: bool = True, close: Callable[[], object] = lambda: None
) -> None:
    """Nothing can be written there any more, or again; ``close`` closes what is open to be written to.

    A disk with errors turns read-only under open files too; a healthy one refuses to.
    """
    remount = ["mount", "-o", f"remount,{'ro' if read_only else 'rw'}", str(volume)]
    for _ in range(50):
        close()
        if not subprocess.run(remount, check=False, capture_output=True).returncode:
            return
        time.sleep(0.02)
    raise OSError(f"{volume} stays in use")


def fill_up(volume: Path) -> Path:
    """Leave no byte free; the file to take away again."""
    ballast = volume / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for block in (1 << 16, 1 << 12, 1 << 6, 1):
            try:
                while True:
                    if file.write(bytes(block)) < block:
                        break
            except OSError:
                continue
    return ballast
