"""Keys of this house: made at their first use, and readable by its user alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_key(directory: Path, name: str, make: Callable[[], str]) -> str:
    """The key that stands in the file ``name`` of ``directory``; what ``make`` gives where there is none yet.

    Whichever process is first makes it, and all have the same one. Raises ``OSError``.
    """
    file = directory / name
    if not file.exists():
        aside = directory / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(make())
            new.flush()
            os.fsync(new.fileno())
        try:
            # Unlike a rename, a link leaves the key alone that another process has made meanwhile.
            os.link(aside, file)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return file.read_text(encoding="ascii").strip()
