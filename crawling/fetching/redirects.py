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
_META = re.compile(rb"""(?is)<meta\b(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(rb"""(?is)([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_SCRIPT = re.compile(
    rb"(?is)<script\b([^>]*)>(.*?)</script\s*>|<body\b[^>]*\bonload\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"
)
_LOCATION = re.compile(
    rb"""(?i)(?:(?:window|top|self|parent|document)\s*\.\s*)*location(?:\s*\.\s*href)?\s*(?:=|\.\s*(?:replace|assign)\s*\()"""
    rb"""\s*\\?(?:"([^"\\]{1,500})\\?"|'([^'\\]{1,500})\\?')\s*(?![+\s]*\+)"""
)
_DEPENDS = re.compile(rb"(?i)\bif\s*\(|\?[^:'\"]*:|\bswitch\b|onclick|addEventListener|\bcookie\b")
"""A script that looks at something before it sends readers on: which of them it sends cannot be told."""
_NOT_DONE = re.compile(rb"(?is)<!--.*?-->|<noscript\b.*?</noscript\s*>")
"""What browsers that run scripts pass over; the pages searched for it are short."""
_CONTENT = re.compile(r"(?i)^\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)")


def redirect_target(response: requests.Response) -> str:
    """Where a 3xx answer leads, absolute; empty where the answer is none."""
    location = response.headers.get("Location", "")
    if response.status_code not in _REDIRECTS or not location:
        return ""
    return _absolute(response.url, _decoded(location.encode("latin-1", "replace")))


def refresh_target(url: str, body: bytes) -> str:
    """Where a page that says next to nothing sends its readers, absolute; empty where it does not.

    By ``<meta http-equiv=refresh>``, its attributes in any order, or by a script that does nothing else than
    to set ``location``.
    """
    if len(body) > _LONGEST_REFRESH_PAGE:
        return ""
    shown = _NOT_DONE.sub(b"", body)
    target = _refreshed(shown) or _located(shown)
    if not target or len(visible_bytes(body)) > _LONGEST_REFRESH_TEXT:
        return ""
    return _absolute(url, target)


def _refreshed(body: bytes) -> str:
    for meta in _META.findall(body):
        said = {name.lower(): one or two or bare for name, one, two, bare in _ATTRIBUTE.findall(meta)}
        if said.get(b"http-equiv", b"").strip().lower() != b"refresh":
            continue
        content = _CONTENT.match(unescape(_decoded(said.get(b"content", b""))))
        if content is not None and int(content[1]) <= _LONGEST_WAIT:
            return content[2].strip()
    return ""


def _located(body: bytes) -> str:
    for _, script, one, two in _SCRIPT.findall(body):
        code = script or one or two
        found = _LOCATION.search(code)
        if found is not None and not _DEPENDS.search(code[: found.end()]):
            return unescape(_decoded(found[1] or found[2])).strip()
    return ""


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
