"""Who is at work in a storage directory: locks that several programs see and that end with their holder.

A lock is the kernel's lock on a file: a program that is killed, however hard, holds none any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_TRIES = 10
_TRY_AGAIN_SECONDS = 0.02


class LockedError(Exception):
    """Another program, or another part of this one, holds the lock."""


class Locks:
    """The locks of ``directory``, which is made when the first is taken; names are file names."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextlib.contextmanager
    def hold(self, name: str, *, shared: bool = False) -> Iterator[None]:
        """Hold ``name`` while the block runs, alone or with others who want it ``shared``.

        Raises :class:`LockedError` where it is taken, and ``OSError`` where the directory cannot be written.
        """
        with self._open(name) as descriptor:
            # Somebody may just be asking whether it is held, which takes it for an instant.
            for _ in range(_TRIES):
                if try_lock(descriptor, shared=shared):
                    break
                time.sleep(_TRY_AGAIN_SECONDS)
            else:
                raise LockedError(name)
            yield

    def is_held(self, name: str) -> bool:
        """Whether somebody holds ``name``, alone or shared."""
        with self._open(name) as descriptor:
            return not try_lock(descriptor)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[int]:
        """The lock's file; closing it ends the lock."""
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Whether the file behind ``descriptor`` could be locked without waiting; closing it ends the lock."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
