"""Where an answer sends us: by its status, or by a page that does nothing else."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urldefrag, urlencode, urljoin

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
_NOT_DONE = re.compile(rb"(?is)(<script\b[^>]*>.*?</script\s*>)|<!--.*?-->|<noscript\b.*?</noscript\s*>")
"""What browsers that run scripts pass over, but for the scripts; the pages searched for it are short."""
_LEFT_OUT = re.compile(rb"(?ms)^\s*//[^\n]*|<!--|-->|/\*.*?\*/")
"""Within a script: what hides it from browsers of old, and comments."""
_JOINED = re.compile(rb"(['\"])\s*\+\s*\1")
_BY_KEY = re.compile(rb"\[\s*['\"](location|href)['\"]\s*\]")
_VARIABLE = re.compile(
    rb"""(?:var|let|const)\s+([A-Za-z_$][\w$]*)\s*=\s*("[^"\\]{1,500}"|'[^'\\]{1,500}')\s*[;,\n]"""
)
_OPENED = re.compile(
    rb"""\b(?:window\s*\.\s*)?(?:open|navigate)\s*\(\s*(["'])([^"'\\]{1,500})\1\s*(?:,\s*["']_(?:self|top|parent)["'][^)]*)?\)"""
)
_TO = rb"location(?:\s*\.\s*href)?\s*(?:=|\.\s*(?:replace|assign)\s*\()\s*"
_FORM = re.compile(rb"(?is)<form\b([^>]*)>(.*?)(?:</form\s*>|$)")
_INPUT = re.compile(rb"(?is)<input\b([^>]*)>")
_SUBMITS = re.compile(rb"\.\s*submit\s*\(\s*\)")
_CONTENT = re.compile(r"(?i)^\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*(?:url\s*=)?\s*['\"]?([^'\"]+)")


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
    shown = _NOT_DONE.sub(lambda found: found[1] or b"", body)
    target = _refreshed(shown) or _located(shown) or _submitted(shown)
    if not target or len(visible_bytes(body)) > _LONGEST_REFRESH_TEXT:
        return ""
    return _absolute(url, target)


def _refreshed(body: bytes) -> str:
    for meta in _META.findall(body):
        said = _attributes(meta)
        if said.get(b"http-equiv", b"").strip().lower() != b"refresh":
            continue
        content = _CONTENT.match(unescape(_decoded(said.get(b"content", b""))))
        if content is not None and int(content[1]) <= _LONGEST_WAIT:
            return content[2].strip()
    return ""


def _located(body: bytes) -> str:
    for _, script, one, two in _SCRIPT.findall(body):
        code = _plain(script or one or two)
        found = _LOCATION.search(code)
        if found is not None and not _DEPENDS.search(code[: found.end()]):
            return unescape(_decoded(found[1] or found[2])).strip()
    return ""


def _submitted(body: bytes) -> str:
    """Where the one form of a page leads that its script submits at once, by GET; empty for all others."""
    codes = [_LEFT_OUT.sub(b"", script or one or two) for _, script, one, two in _SCRIPT.findall(body)]
    forms = _FORM.findall(body)
    submits = [found for code in codes if (found := _SUBMITS.search(code)) and not _DEPENDS.search(code)]
    if len(submits) != 1 or len(forms) != 1:
        return ""
    form = _attributes(forms[0][0])
    if form.get(b"method", b"get").strip().lower() != b"get":
        return ""
    fields = [_attributes(field) for field in _INPUT.findall(forms[0][1])]
    said = [(field[b"name"], field.get(b"value", b"")) for field in fields if field.get(b"name")]
    target = unescape(_decoded(form.get(b"action", b""))).strip().partition("#")[0]
    query = urlencode([(name, unescape(_decoded(value))) for name, value in said])
    return f"{target.partition('?')[0]}?{query}" if query else target


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {name.lower(): one or two or bare for name, one, two, bare in _ATTRIBUTE.findall(tag)}


def _plain(code: bytes) -> bytes:
    """A script with its literals whole and where they are used, and ``open(…, '_self')`` as an assignment."""
    code = _BY_KEY.sub(rb".\1", _JOINED.sub(b"", _LEFT_OUT.sub(b"", code).replace(b"\\/", b"/")))
    code = _OPENED.sub(_as_assignment, code)
    for name, value in _VARIABLE.findall(code):
        used = rb"(%b)%b(?![\w$.(\[])" % (_TO, re.escape(name))
        code = re.sub(used, rb"\g<1>" + value, code)
    return code


def _as_assignment(found: re.Match[bytes]) -> bytes:
    """A window of its own is opened beside the page; only one that takes its place sends readers on."""
    in_place = b"navigate" in found[0] or b"_" in found[0][found.end(2) - found.start() :]
    return b"location=" + found[1] + found[2] + found[1] if in_place else found[0]


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
