"""How long one visit waits for hosts that do not answer: after some requests in a row it leaves them."""

from __future__ import annotations

import threading
from collections import Counter
from urllib.parse import urlsplit

from crawling.fetching.model import FetchError
from vocabulary.codes import Outcome


class HostLeftError(FetchError):
    """The host was not asked any more in this visit."""


class Patience:
    """What one visit met of each host; its threads share it."""

    def __init__(self, unanswered_at_most: int) -> None:
        """A host is left after so many requests in a row without an answer in time."""
        self._at_most = unanswered_at_most
        self._unanswered: Counter[str] = Counter()
        self._lock = threading.Lock()

    def require(self, url: str) -> None:
        """Raise :class:`HostLeftError` where the host of ``url`` was left."""
        host = urlsplit(url).netloc
        if self._unanswered[host] >= self._at_most:
            raise HostLeftError(
                Outcome.TIMEOUT,
                f"not asked for: {host} left {self._at_most} requests of this visit unanswered in a row "
                "(fetching.unanswered_requests)",
            )

    def note(self, url: str, failure: FetchError | None) -> None:
        """An exchange with the host of ``url`` ended, with ``failure`` or an answer.

        Only silence counts: a connection that is refused costs no time.
        """
        host = urlsplit(url).netloc
        with self._lock:
            if failure is not None and failure.outcome is Outcome.TIMEOUT:
                self._unanswered[host] += 1
            elif failure is None or failure.status is not None:
                self._unanswered.pop(host, None)
