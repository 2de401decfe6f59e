"""What systemd is told where it started the program: that it is ready, and now and then that it still lives.

One datagram for each word, as sd_notify(3) describes; nobody else started it, nobody is told.
"""

from __future__ import annotations

import os
import socket

import structlog

log = structlog.get_logger()


class ServiceManager:
    """Speaks to the socket that ``NOTIFY_SOCKET`` names."""

    def __init__(self, address: str | None = None) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._is_silent = False

    def ready(self) -> None:
        """All is open and runs."""
        self._say("READY=1")

    def alive(self) -> None:
        """Still here; to be said more often than ``WatchdogSec``."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.connect(self._address)
                to.sendall(words.encode())
            self._is_silent = False
        except OSError as error:
            if not self._is_silent:
                log.warning("service_manager_not_told", why=error.strerror)
            self._is_silent = True
