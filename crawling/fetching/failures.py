"""What an answer or a broken connection means: the outcome, why, and whether asking again may help."""

from __future__ import annotations

import http.client
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from tenacity import RetryCallState, wait_exponential_jitter
from urllib3.exceptions import (
    DecodeError,
    InvalidChunkLength,
    InvalidHeader,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from crawling.fetching.certificates import why_tls_failed
from crawling.fetching.connection import Exchange
from crawling.fetching.model import FetchError
from crawling.fetching.patience import HostLeftError
from settings.model import Fetching
from vocabulary.codes import Outcome

PAUSING = frozenset({429, 500, 502, 503, 504})
"""Statuses of a site that may answer in a moment."""
LONGEST_WAIT = 120.0
"""Seconds that a server may ask us to wait within one visit; where it asks for more, the visit goes on."""
_NONSENSE = (http.client.LineTooLong, http.client.BadStatusLine, InvalidHeader, InvalidChunkLength)


def may_be_asked_again(status: int, retry_after: float | None) -> bool:
    """Whether asking again within this visit may help; ``retry_after`` in seconds."""
    return status in PAUSING and (retry_after or 0) <= LONGEST_WAIT


def bad_status(status: int, retry_after: float | None, bytes_read: int) -> FetchError:
    phrase = http.client.responses.get(status, "unknown status")
    outcome = Outcome.GONE if status in {404, 410} else Outcome.ERROR
    return FetchError(
        outcome,
        f"the server answers {status} {phrase}",
        status=status,
        bytes_read=bytes_read,
        transient=may_be_asked_again(status, retry_after),
        retry_after=retry_after,
    )


def not_finished(settings: Fetching) -> FetchError:
    return FetchError(Outcome.TIMEOUT, f"not finished after {settings.total_seconds:g} s")


def as_fetch_error(error: Exception, exchange: Exchange, settings: Fetching) -> FetchError:
    """The outcome of what the libraries raise."""
    if exchange.expired:
        return not_finished(settings)
    if isinstance(error, requests.exceptions.SSLError | SSLError):
        return FetchError(Outcome.TLS, why_tls_failed(error)[:500])
    if isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError):
        return FetchError(Outcome.TIMEOUT, f"no answer for {settings.timeout_seconds:g} s")
    if isinstance(error, requests.exceptions.ContentDecodingError | DecodeError):
        return FetchError(Outcome.UNDECODABLE, f"the compression is broken: {error}"[:500])
    return FetchError(Outcome.ERROR, _plain(error)[:500], transient=_may_pass(error))


def _may_pass(error: BaseException) -> bool:
    """Whether it may be gone in a moment: an unknown name and a server that talks nonsense stay so."""
    if isinstance(error, requests.exceptions.InvalidURL | ValueError):
        return False
    below = [error]
    for each in below:
        inner = (getattr(each, "reason", None), each.__cause__, *each.args)
        below += [one for one in inner if isinstance(one, BaseException) and one not in below]
    for each in below:
        if isinstance(each, socket.gaierror):
            return each.errno == socket.EAI_AGAIN
        if isinstance(each, _NONSENSE) and not isinstance(each, http.client.RemoteDisconnected):
            return False
    return True


def _plain(error: Exception) -> str:
    """What went wrong underneath the layers that wrap it: for the operator, not for a debugger."""
    inner: object = error
    while isinstance(inner, BaseException) and (below := getattr(inner, "reason", None) or inner.args[:1]):
        inner = below[0] if isinstance(below, tuple) else below
        if isinstance(inner, NewConnectionError):
            return _without_address(inner)
    return f"{type(error).__name__}: {error}"


def _without_address(error: NewConnectionError) -> str:
    """urllib3 puts the connection before its messages."""
    return str(error).rpartition("): ")[2] or str(error)


def seconds_to_wait(value: str) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


_backoff = wait_exponential_jitter(initial=1, max=30, jitter=1)


def wait_before_retry(state: RetryCallState) -> float:
    """Exponential with jitter, or longer where the server says so."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, FetchError) and error.retry_after else 0.0
    return max(asked, _backoff(state))


def ask_again(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, FetchError) and error.transient


def ask_list_again(state: RetryCallState) -> bool:
    """A list page that timed out is asked once more: without it the visit sees nothing of what is behind."""
    error = state.outcome.exception() if state.outcome else None
    timed_out = isinstance(error, FetchError) and error.outcome is Outcome.TIMEOUT
    timed_out = timed_out and not isinstance(error, HostLeftError)
    return ask_again(state) or (timed_out and state.attempt_number == 1)
