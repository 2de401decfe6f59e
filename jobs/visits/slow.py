"""Pages of a source that were too slow before: asked for and read again only when their pause is over."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from hashlib import sha256

from sqlmodel import Session

from assessment.workers import WorkMemoryError, WorkTimeoutError
from crawling.fetching.model import Fetched, FetchError
from crawling.fetching.patience import HostLeftError
from jobs.context import Context
from storage.database import for_reading
from storage.slow_pages import forget_slow, remember_slow, slow_pages
from storage.tables import SlowPage
from vocabulary.addresses import recordable_url
from vocabulary.codes import Outcome
from vocabulary.page_errors import PageError


class StillSlowError(PageError):
    """The page was too slow before and is left alone for now."""


class SlowPages:
    """What is remembered of one source's slow pages, for the threads of one visit."""

    def __init__(self, context: Context, source: str) -> None:
        self._context = context
        self._source = source
        self._pages: dict[str, SlowPage] | None = None
        self._lock = threading.Lock()

    def refuse_to_ask(self, url: str) -> None:
        """Raise :class:`StillSlowError` where its server did not answer before, and it is not tried yet."""
        page = self._known(url)
        if page is not None and not page.body_sha256:
            self._refuse(page)

    def refuse_to_read(self, url: str, fetched: Fetched) -> None:
        """Raise :class:`StillSlowError` where the very same bytes were not read in time before."""
        page = self._known(url)
        if page is not None and page.body_sha256 and page.body_sha256 == _digest(fetched):
            self._refuse(page)

    def note(self, url: str, error: Exception | None, fetched: Fetched | None) -> None:
        """The page ended with ``error``, or well."""
        context, source = self._context, self._source
        if error is None:
            if self._known(url) is not None:
                context.write(lambda session: forget_slow(session, source, url))
        elif isinstance(error, PageError) and _is_slow(error, fetched):
            page = SlowPage(
                source=source,
                url=url,
                body_sha256=_digest(fetched),
                outcome=error.outcome,
                detail=error.detail,
                next_try_at=context.now(),
            )
            context.write(lambda session: remember_slow(session, page, context.now()))

    def _refuse(self, page: SlowPage) -> None:
        left = page.next_try_at - self._context.now()
        if left > timedelta():
            hours = math.ceil(left / timedelta(hours=1))
            raise StillSlowError(page.outcome, f"{page.detail}; tried {page.times} times, again in {hours} h")

    def _known(self, url: str) -> SlowPage | None:
        with self._lock:
            if self._pages is None:
                with Session(for_reading(self._context.engine)) as session:
                    self._pages = slow_pages(session, self._source)
            return self._pages.get(recordable_url(url))


def _digest(fetched: Fetched | None) -> str:
    return sha256(fetched.body).hexdigest() if fetched is not None else ""


def _is_slow(error: PageError, fetched: Fetched | None) -> bool:
    if fetched is not None:
        return isinstance(error, WorkTimeoutError | WorkMemoryError)
    is_silence = isinstance(error, FetchError) and error.outcome is Outcome.TIMEOUT
    return is_silence and not isinstance(error, HostLeftError)
