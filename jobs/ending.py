"""How the daemon ends: at a signal, with the work in hand done or left for the next start."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from jobs.context import Context

_STANDBY_SECONDS = 3.0
_ECHO_SECONDS = 0.3
"""One wish to end may arrive twice: from make or timeout, and through the process group."""
_GRACE_SECONDS = 5.0
"""What a request or a worker under way is given when the daemon ends; later it is cut off."""


class _Ending:
    """What SIGINT and SIGTERM do: the first ends the work cleanly, the second the program at once.

    Requests and workers under way get a grace, then they are cut off: their pages are read at the next start.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._first_at: float | None = None
        self._over = threading.Event()

    def take_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first_at is not None:
            if now - self._first_at > _ECHO_SECONDS:
                os._exit(128 + number)
            return
        self._first_at = now
        # In a thread of its own: what the signal interrupts may hold the very locks that ending needs.
        threading.Thread(target=self._wind_down, name="ending", daemon=True).start()

    def _wind_down(self) -> None:
        self._context.stopping.set()
        self._context.fetcher.stop()
        if not self._over.wait(_GRACE_SECONDS):
            self._context.fetcher.abort()
            self._context.workers.abort()
            if self._context.recogniser is not None:
                self._context.recogniser.workers.abort()

    @property
    def begun(self) -> bool:
        """Whether a signal came."""
        return self._first_at is not None

    def over(self) -> None:
        self._over.set()


@contextlib.contextmanager
def end_on_signal(
    context: Context, on_hangup: Callable[[], object] | None = None
) -> Iterator[threading.Event]:
    """The event that the first SIGINT or SIGTERM sets; SIGHUP calls ``on_hangup``, or ends likewise."""
    ending = _Ending(context)
    before = {number: signal.signal(number, ending.take_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    hangup = ending.take_signal if on_hangup is None else _in_a_thread(on_hangup)
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, hangup)
    try:
        yield context.stopping
    finally:
        ending.over()
        if not ending.begun:  # else all is still to be closed, and a repetition must not cut that short
            for number, handler in before.items():
                signal.signal(number, handler)


def _in_a_thread(act: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    """What a signal interrupts may hold the very locks that ``act`` needs."""

    def take_signal(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=act, name="reload", daemon=True).start()

    return take_signal


def stand_by(write: Callable[[str], object], *, is_told: bool) -> bool:
    """Wait a while, because another program schedules; say so unless it ``is_told`` already. Always True.

    Nothing is open meanwhile, so that a signal ends the program at once; SIGHUP changes nothing, because the
    configuration is read anew afterwards.
    """
    if not is_told:
        write("另一个 qualwatch 正在调度，本程序待命：对方结束或一分钟内没有消息时接管")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        time.sleep(_STANDBY_SECONDS)
    finally:
        signal.signal(signal.SIGHUP, before)
    return True
