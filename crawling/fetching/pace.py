"""One host is asked slowly, whichever threads, sources and programs want something of it."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from storage.locks import try_lock

Clock = Callable[[], float]
Sleep = Callable[[float], None]

_HOSTS_REMEMBERED = 2_000
_LOOK_AGAIN_SECONDS = 0.05
"""How often a program looks whether another one has got its answer."""
_LONGEST_SECONDS = 600.0
"""Nobody postpones a host for longer: what lies further ahead was written before the machine started."""
_MOMENT = struct.Struct("<d")


class _Host:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.free_at = 0.0
        self.waiting = 0


class _Turn:
    """The turn of one program: the locked file of a host, which holds when it may be asked again."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def free_at(self, now: float) -> float:
        kept = os.pread(self._descriptor, _MOMENT.size, 0)
        moment: float = _MOMENT.unpack(kept)[0] if len(kept) == _MOMENT.size else 0.0
        return moment if moment <= now + _LONGEST_SECONDS else 0.0

    def keep(self, free_at: float) -> None:
        os.pwrite(self._descriptor, _MOMENT.pack(free_at), 0)

    def end(self, free_at: float) -> None:
        """Let others ask, from ``free_at`` on."""
        try:
            self.keep(free_at)
        finally:
            os.close(self._descriptor)


class SharedTurns:
    """Turns between the programs that work with one storage directory: files in ``directory``, by host.

    There are at most 65,536, whatever hosts a hostile page names; two hosts with one file share their pace.
    Their moments are of the machine's monotonic clock, which is the same for all of its programs.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def take(self, host: str) -> _Turn | None:
        """The turn to ask ``host``; None while another program has it. Raises ``OSError``."""
        self._directory.mkdir(parents=True, exist_ok=True)
        name = sha256(host.encode()).hexdigest()[:4]
        descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if try_lock(descriptor):
            return _Turn(descriptor)
        os.close(descriptor)
        return None


def turns_of(directory: Path) -> SharedTurns | None:
    """The turns of a storage directory; None where it does not exist, because only looking makes none."""
    return SharedTurns(directory / "pace") if directory.is_dir() else None


class HostPace:
    """Gives turns: between the end of one request to a host and the start of the next lies the delay.

    A delay of 0 sets no limit, so that a loopback site can be read with every thread. With ``shared`` the
    delay holds between programs too; whose turn is next is left to chance, so that none can starve another.
    """

    def __init__(
        self, delay_seconds: float, clock: Clock, sleep: Sleep, shared: SharedTurns | None = None
    ) -> None:
        self._delay = delay_seconds
        self._clock = clock
        self._sleep = sleep
        self._shared = shared
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, host: str, *, at_least: float = 0.0) -> Iterator[None]:
        """Wait until ``host`` may be asked again; ``at_least`` is the delay in seconds that it asks for."""
        delay = max(self._delay, at_least)
        entry = self._enter(host)
        try:
            with entry.turn if delay else contextlib.nullcontext():
                turn = self._wait(host, entry, delay)
                try:
                    yield
                finally:
                    entry.free_at = max(entry.free_at, self._clock() + delay)
                    if turn is not None:
                        turn.end(entry.free_at)
        finally:
            with self._lock:
                entry.waiting -= 1

    def postpone(self, host: str, seconds: float) -> None:
        """Leave ``host`` alone for ``seconds``, because it asked for that; called during a turn to ask it."""
        entry = self._enter(host)
        entry.free_at = max(entry.free_at, self._clock() + seconds)
        with self._lock:
            entry.waiting -= 1

    def _wait(self, host: str, entry: _Host, delay: float) -> _Turn | None:
        """The turn among the programs, once the host may be asked; None where there are no others."""
        if self._shared is None or not delay:
            wait = entry.free_at - self._clock()
            if wait > 0:
                self._sleep(wait)
            return None
        while True:
            wait, turn = _LOOK_AGAIN_SECONDS, self._shared.take(host)
            if turn is not None:
                now = self._clock()
                free_at = max(entry.free_at, turn.free_at(now))
                wait = free_at - now
                if wait <= 0:
                    # Should this program die before the answer, its request still counts.
                    turn.keep(now + delay)
                    return turn
                # Who waits with the turn in hand would be the next one again and again.
                turn.end(free_at)
            self._sleep(wait + random.uniform(0, _LOOK_AGAIN_SECONDS))  # noqa: S311 - whose turn is no secret

    def _enter(self, host: str) -> _Host:
        with self._lock:
            if len(self._hosts) >= _HOSTS_REMEMBERED:
                now = self._clock()
                self._hosts = {
                    name: entry for name, entry in self._hosts.items() if entry.waiting or entry.free_at > now
                }
            entry = self._hosts.setdefault(host, _Host())
            entry.waiting += 1
            return entry
