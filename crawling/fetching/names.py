"""Resolving names, and telling a name that nobody answers for from a machine that no name server answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from crawling.fetching.addresses import Resolver

REMEMBERED_SECONDS = 60.0
ASKED_AT_ONCE = 3
LONGEST_SECONDS = 8.0


class Names:
    """Resolves, and remembers for a minute which names were not answered; shared by all threads."""

    def __init__(self, resolver: Resolver, clock: Callable[[], float] = time.monotonic) -> None:
        self._resolver = resolver
        self._clock = clock
        self._silent: dict[str, float] = {}
        self._lock = threading.Lock()

    def resolve(self, host: str, port: int) -> list[str]:
        """As the resolver does; that a name does not exist is an answer."""
        try:
            addresses = self._resolver(host, port)
        except socket.gaierror as error:
            self._note(host, is_silent=error.errno == socket.EAI_AGAIN)
            raise
        self._note(host, is_silent=False)
        return addresses

    @property
    def is_any_silent(self) -> bool:
        """Whether a name was not answered within the last minute."""
        now = self._clock()
        with self._lock:
            self._silent = {host: at for host, at in self._silent.items() if now - at < REMEMBERED_SECONDS}
            return bool(self._silent)

    def are_silent(self, hosts: Iterable[str]) -> bool:
        """Whether no name server answers: asks for some of ``hosts``, and lasts LONGEST_SECONDS at most.

        False where there is no name among them, or one is answered.
        """
        names = [host for host in dict.fromkeys(hosts) if not _is_address(host)][:ASKED_AT_ONCE]
        answered = threading.Event()
        left = threading.Semaphore(0)

        def ask(host: str) -> None:
            try:
                self.resolve(host, 443)
                answered.set()
            except OSError as error:
                if not (isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN):
                    answered.set()
            finally:
                left.release()

        for name in names:
            threading.Thread(target=ask, args=(name,), name="names", daemon=True).start()
        ends = self._clock() + LONGEST_SECONDS
        for _ in names:
            if answered.is_set() or not left.acquire(timeout=max(0.0, ends - self._clock())):
                break
        return bool(names) and not answered.is_set()

    def _note(self, host: str, *, is_silent: bool) -> None:
        with self._lock:
            if is_silent:
                self._silent[host] = self._clock()
            else:
                self._silent.pop(host, None)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
