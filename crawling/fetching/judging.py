"""Whether an answer is what was asked for: refusals, block pages and apologies are told from content."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from crawling.fetching.block_pages import block_reason, is_login_page, is_missing_page, seen_bytes
from crawling.fetching.failures import LONGEST_WAIT, PAUSING, bad_status, may_be_asked_again, seconds_to_wait
from crawling.fetching.model import Fetched, FetchError
from vocabulary.codes import Outcome


def is_markup(fetched: Fetched) -> bool:
    """Whether the body is HTML, by what the server says or by how it begins."""
    return "html" in fetched.header("Content-Type").lower() or fetched.body.lstrip()[:1] == b"<"


_CHALLENGING = frozenset({403, 405, 412, 418, 503, 521})
"""Statuses with which sites send the scripts that let a browser in."""


def is_drawable(fetched: Fetched) -> bool:
    """Whether a browser may make more of the answer than stands in it: a page, or a challenge."""
    if not is_markup(fetched) or not fetched.body.strip():
        return False
    is_page = 200 <= fetched.status < 300
    return is_page or (fetched.status in _CHALLENGING and b"<script" in fetched.body.lower())


def refuse_failure(fetched: Fetched, postpone: Callable[[str, float], None], title: str = "") -> None:
    """Raise :class:`FetchError` where an answer is none to be read; ``postpone`` a host that asks for it.

    ``title``: the one that a list gives of the page.
    """
    status, body = fetched.status, fetched.body
    if status == HTTPStatus.NOT_MODIFIED and _is_conditional(fetched):
        return
    markup = is_markup(fetched)
    seen = seen_bytes(body) if markup else b""
    blocked = block_reason(status, body, markup=markup, seen=seen, title=title)
    if not blocked and markup and is_login_page(body):
        blocked = "asks for a login"
    retry_after = seconds_to_wait(fetched.header("Retry-After"))
    if status in PAUSING and retry_after:
        postpone(urlsplit(fetched.final_url).hostname or "", min(retry_after, LONGEST_WAIT))
    if blocked:
        raise FetchError(
            Outcome.BLOCKED,
            f"the server {blocked} (status {status})",
            status=status,
            bytes_read=len(body),
            transient=may_be_asked_again(status, retry_after),
            retry_after=retry_after,
        )
    if not 200 <= status < 300:
        raise bad_status(status, retry_after, len(body))
    if not body.strip():
        raise FetchError(Outcome.EMPTY, "the answer is empty", status=status, bytes_read=len(body))
    if markup and is_missing_page(body, seen, title):
        detail = f"the page says that it is not there (status {status})"
        raise FetchError(Outcome.GONE, detail, status=status, bytes_read=len(body))


def _is_conditional(fetched: Fetched) -> bool:
    """Whether "not modified" is an answer: to a plain request it would leave us without the page."""
    sent = {name.lower() for name, _ in fetched.request_headers}
    return not sent.isdisjoint({"if-none-match", "if-modified-since"})
