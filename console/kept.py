"""What took long to look up, shown again for a while to those for whom it is the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_MANY = 64
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """What was looked up ``lasting`` ago at most, by what it was looked up for; for threads."""

    def __init__(self, lasting: timedelta) -> None:
        self._lasting = lasting
        self._kept: OrderedDict[Key, tuple[datetime, Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, now: datetime) -> tuple[datetime, Value] | None:
        """When it was looked up, and what; None where that is too long ago."""
        with self._lock:
            found = self._kept.get(key)
        return found if found and timedelta(0) <= now - found[0] < self._lasting else None

    def keep(self, key: Key, now: datetime, value: Value) -> None:
        with self._lock:
            self._kept[key] = now, value
            self._kept.move_to_end(key)
            if len(self._kept) > _MANY:
                self._kept.popitem(last=False)
