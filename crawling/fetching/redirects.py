"""Where an answer sends us: by its status, or by a page that does nothing else."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urldefrag, urljoin

import requests
from requests.utils import requote_uri

from crawling.fetching.block_pages import visible_bytes
from crawling.fetching.model import FetchError
from vocabulary.codes import Outcome

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_REFRESH_PAGE = 8 * 1024
_LONGEST_REFRESH_TEXT = 300
"""Bytes of visible text: a page that sends us on says little else."""
_LONGEST_WAIT = 10
"""Seconds: a page that is renewed less often than this is there to be read."""
_META = re.compile(rb"""(?is)<meta\b((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_IS_REFRESH = re.compile(rb"""(?i)\bhttp-equiv\s*=\s*["']?\s*refresh\b""")
_CONTENT_OF = re.compile(rb"""(?is)\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*))""")
_CONTENT = re.compile(r"(?i)^\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)")


def redirect_target(response: requests.Response) -> str:
    """Where a 3xx answer leads, absolute; empty where the answer is none."""
    location = response.headers.get("Location", "")
    if response.status_code not in _REDIRECTS or not location:
        return ""
    return _absolute(response.url, _decoded(location.encode("latin-1", "replace")))


def refresh_target(url: str, body: bytes) -> str:
    """Where a page sends its readers by ``<meta http-equiv=refresh>``, absolute; empty where it does not."""
    if len(body) > _LONGEST_REFRESH_PAGE:
        return ""
    said = (_CONTENT_OF.search(meta[1]) for meta in _META.finditer(body) if _IS_REFRESH.search(meta[1]))
    match = next((each for each in said if each), None)
    if match is None or len(visible_bytes(body)) > _LONGEST_REFRESH_TEXT:
        return ""
    content = _CONTENT.match(unescape(_decoded(next(group for group in match.groups() if group is not None))))
    if content is None or int(content[1]) > _LONGEST_WAIT:
        return ""
    return _absolute(url, content[2].strip())


def _decoded(raw: bytes) -> str:
    """Addresses arrive in whatever encoding their site has."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _absolute(base: str, target: str) -> str:
    try:
        return requote_uri(urldefrag(urljoin(base, target)).url)
    except (ValueError, requests.RequestException) as error:
        raise FetchError(Outcome.ERROR, f"redirects to {target[:80]!r}, which is no address") from error
