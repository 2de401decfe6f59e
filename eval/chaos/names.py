"""A name server that programs ask which were started with it, and that can be away: it needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

ADDRESSES = tuple(f"127.0.53.{number}" for number in range(53, 253))
"""Of this machine alone, the first that is free is taken; name servers are asked at port 53."""
_A, _CLASS_IN = 1, 1
_ANSWERED, _IS_ANSWER, _SECONDS = 0x8180, 0xC00C, 1


class NameServer:
    """Every name is this machine; no answer at all while it is away."""

    def __init__(self, folder: Path) -> None:
        """Raises ``OSError`` where this user may serve no names, or give no program others."""
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            raise PermissionError("giving programs a name server of their own needs root and unshare")
        self.is_away = False
        self._socket, address = _listen()
        self._file = folder / "resolv.conf"
        self._file.write_text(f"nameserver {address}\noptions timeout:2 attempts:2\n")
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def before(self) -> Sequence[str]:
        """Words before a command that let it ask this server; other programs keep theirs."""
        script = f'mount --bind "{self._file}" /etc/resolv.conf && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, "sh")

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                question, whom = self._socket.recvfrom(512)
            except OSError:
                return
            if not self.is_away:
                self._socket.sendto(answer_to(question), whom)


def _listen() -> tuple[socket.socket, str]:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for address in ADDRESSES[:-1]:
        with contextlib.suppress(OSError):
            listening.bind((address, 53))
            return listening, address
    listening.bind((ADDRESSES[-1], 53))
    return listening, ADDRESSES[-1]


def answer_to(question: bytes) -> bytes:
    """This machine's address where one is asked for; a name without such a record otherwise."""
    end = question.index(b"\0", 12) + 5
    asked = question[12:end]
    kind, _ = struct.unpack("!HH", asked[-4:])
    record = struct.pack("!HHHIH", _IS_ANSWER, _A, _CLASS_IN, _SECONDS, 4) + socket.inet_aton("127.0.0.1")
    answers = [record] if kind == _A else []
    return question[:2] + struct.pack("!HHHHH", _ANSWERED, 1, len(answers), 0, 0) + asked + b"".join(answers)
