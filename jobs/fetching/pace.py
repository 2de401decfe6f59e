"""One host is asked slowly, whichever threads and sources want something of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

Clock = Callable[[], float]
Sleep = Callable[[float], None]

_HOSTS_REMEMBERED = 2_000


class _Host:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.free_at = 0.0
        self.waiting = 0


class HostPace:
    """Gives turns: between the end of one request to a host and the start of the next lies the delay.

    A delay of 0 sets no limit, so that a loopback site can be read with every thread.
    """

    def __init__(self, delay_seconds: float, clock: Clock, sleep: Sleep) -> None:
        self._delay = delay_seconds
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def turn(self, host: str, *, at_least: float = 0.0) -> Iterator[None]:
        """Wait until ``host`` may be asked again; ``at_least`` is the delay in seconds that it asks for."""
        delay = max(self._delay, at_least)
        entry = self._enter(host)
        try:
            with entry.turn if delay else contextlib.nullcontext():
                wait = entry.free_at - self._clock()
                if wait > 0:
                    self._sleep(wait)
                try:
                    yield
                finally:
                    entry.free_at = max(entry.free_at, self._clock() + delay)
        finally:
            with self._lock:
                entry.waiting -= 1

    def postpone(self, host: str, seconds: float) -> None:
        """Leave ``host`` alone for ``seconds``, because it asked for that."""
        entry = self._enter(host)
        entry.free_at = max(entry.free_at, self._clock() + seconds)
        with self._lock:
            entry.waiting -= 1

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
