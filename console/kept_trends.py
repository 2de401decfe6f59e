"""What was counted of a million cases, shown again for a few minutes to those who see the same ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from cases.case_filter import CaseScope
from cases.trends import Trends

KEPT = timedelta(minutes=5)
_MANY = 64
Key = tuple[CaseScope, int, str]
"""Whose cases, how many weeks, and which region."""


class KeptTrends:
    """What was counted a while ago, by whose cases and of which period."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, tuple[datetime, Trends]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, now: datetime) -> tuple[datetime, Trends] | None:
        """When it was counted, and what; None where that is too long ago."""
        with self._lock:
            found = self._kept.get(key)
        return found if found and timedelta(0) <= now - found[0] < KEPT else None

    def keep(self, key: Key, now: datetime, trends: Trends) -> None:
        with self._lock:
            self._kept[key] = now, trends
            self._kept.move_to_end(key)
            if len(self._kept) > _MANY:
                self._kept.popitem(last=False)
