"""One host is asked slowly, whichever threads, sources and programs want something of it."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator

from storage.host_pace import HostTurns, Turn

Clock = Callable[[], float]
Sleep = Callable[[float], None]

_HOSTS_REMEMBERED = 2_000
_LOOK_AGAIN_SECONDS = 0.1
"""How often a program looks whether another one has got its answer."""
_CHANCE_SECONDS = 0.02
"""Up to how much later than it might each program comes; else who had the last turn has the next one too."""
_LONGEST_EXCHANGE_SECONDS = 300.0


class _Host:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.free_at = 0.0
        self.waiting = 0


class HostPace:
    """Gives turns: between the end of one request to a host and the start of the next lies the delay.

    A delay of 0 sets no limit, so that a loopback site can be read with every thread. With ``shared`` the
    delay holds between programs and machines too; whose turn is next is left to chance, so that none can
    starve another. ``longest_exchange`` is how many seconds a request may take.
    """

    def __init__(
        self,
        delay_seconds: float,
        clock: Clock,
        sleep: Sleep,
        shared: HostTurns | None = None,
        longest_exchange: float = _LONGEST_EXCHANGE_SECONDS,
    ) -> None:
        self._delay = delay_seconds
        self._clock = clock
        self._sleep = sleep
        self._shared = shared
        self._longest_exchange = longest_exchange
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
                    now = self._clock()
                    entry.free_at = max(entry.free_at, now + delay)
                    if turn is not None and self._shared is not None:
                        self._shared.give_back(turn, pause=entry.free_at - now)
        finally:
            with self._lock:
                entry.waiting -= 1

    def postpone(self, host: str, seconds: float) -> None:
        """Leave ``host`` alone for ``seconds``, because it asked for that; called during a turn to ask it."""
        entry = self._enter(host)
        entry.free_at = max(entry.free_at, self._clock() + seconds)
        with self._lock:
            entry.waiting -= 1

    def _wait(self, host: str, entry: _Host, delay: float) -> Turn | None:
        """The turn among the programs, once the host may be asked; None where there are no others."""
        own_wait = entry.free_at - self._clock()
        if self._shared is None or not delay:
            if own_wait > 0:
                self._sleep(own_wait)
            return None
        if own_wait > 0:
            self._sleep(own_wait + _by_chance())
        while True:
            taken = self._shared.take(host, pause=delay, at_most=self._longest_exchange)
            if isinstance(taken, Turn):
                return taken
            self._sleep((taken or _LOOK_AGAIN_SECONDS) + _by_chance())

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


def _by_chance() -> float:
    return random.uniform(0, _CHANCE_SECONDS)  # noqa: S311 - who comes first, no secret
