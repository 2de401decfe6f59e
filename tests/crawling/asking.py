"""Asking a fetcher for a page in tests, or for why it gives none."""

from __future__ import annotations

import pytest

from crawling.fetching.fetcher import Fetcher
from crawling.fetching.model import Fetched, FetchError
from vocabulary.codes import PageKind

Waits = list[float]
"""Seconds that a fetcher would have waited."""


def page(fetcher: Fetcher, url: str) -> Fetched:
    return fetcher.fetch(url, kind=PageKind.PAGE)


def failure(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        page(fetcher, url)
    return caught.value
