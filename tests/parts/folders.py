"""Where the folders of tests lie."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps files in memory
_BYTES = 2 << 30


def keep_in_memory() -> None:
    """Put the folders that are made from now on into memory, where there is room and no ``TMPDIR`` says else.

    Databases, evidence and mails have the disk say that they are kept, some hundredths of a second each time.
    Half of what a test took was to wait for that; nothing of it outlives the run.
    """
    if "TMPDIR" in os.environ or not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return
    runs_programs = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(_MEMORY).free >= _BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # asked for anew
