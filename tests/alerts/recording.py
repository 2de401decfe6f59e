"""A channel without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from alerts.delivery.channels import Rendered


class Recording:
    """A channel that keeps what it accepts; ``fault`` may refuse or kill the sender, before or after."""

    patience = timedelta(seconds=1)

    def __init__(self, fault: Callable[[Rendered], None] | None = None, *, after: bool = False) -> None:
        self.accepted: list[Rendered] = []
        self._fault = fault
        self._after = after

    def send(self, message: Rendered) -> None:
        if self._fault and not self._after:
            self._fault(message)
        self.accepted.append(message)
        if self._fault and self._after:
            self._fault(message)


class Killed(BaseException):
    """What no handler catches: the end of the process."""
