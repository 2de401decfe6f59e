"""The browser's processes: where the program is, how much memory they hold together, and their end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

from crawling.fetching.model import FetchError
from vocabulary.codes import Outcome

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PRIVATE = ("RssAnon:", "RssShmem:")
"""Lines of /proc/PID/status: memory that is a process' own; the program itself is shared by all of them."""


def find_chromium(path: str) -> str:
    """Chromium's program: ``path`` where that is given, else from PATH. Raises :class:`FetchError`."""
    found = shutil.which(path) if path else next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = f"fetching.browser_path = {path!r} is no program" if path else "no Chromium is in PATH"
        raise FetchError(
            Outcome.ERROR,
            f"browser = true needs Chromium, but {missing}: apt-get install chromium, "
            "or write where it is to fetching.browser_path",
        )
    return found


def family(root: int) -> list[int]:
    """Process ids of ``root`` and of all below it, parents first."""
    found = [root]
    for parent in found:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
    return found


def parent_of(process: int) -> int:
    """The process that started ``process``. Raises ``OSError`` where it has ended."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("\nPPid:")[2].split(maxsplit=1)[0])


def private_megabytes(root: int) -> float:
    """Memory that ``root`` and all below it hold of their own."""
    kilobytes = 0
    for process in family(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith(_PRIVATE):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1024


def end_below(root: int) -> None:
    """End everything below ``root`` at once."""
    for process in family(root)[1:]:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
