"""Addresses of documents: one spelling each, and whether two belong to the same site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote_plus, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from vocabulary.addresses import AddressError, canonical_url, is_plain

ATTACHMENT_SUFFIXES = (
    *(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".wps", ".et", ".rtf", ".ofd"),
    *(".zip", ".rar", ".7z", ".tgz", ".tar.gz", ".ppt", ".pptx", ".csv", ".txt"),
    *(".docm", ".dot", ".dotx", ".xlsm", ".xlsb", ".dps", ".mht", ".mhtml"),
    *(".odt", ".ods", ".odp", ".fodt"),
)
_SESSION = re.compile(r"(?i);jsessionid=[^?#/]*|/\((?:[a-z]\([^()/]{1,80}\)){1,3}\)(?=/)")
"""Servlets append theirs to the path, ASP.NET without cookies puts it before: ``/(S(k2x…))/list.aspx``."""
_SESSION_KEYS = re.compile(
    r"(?i)(?:phpsessid|jsessionid|aspsessionid\w*|asp\.net_sessionid|sessionid|session_id|sessid|cfid|cftoken"
    r"|viewstateid|zenid|oscsid)=[^&#]*"
)
_MOMENT = re.compile(
    r"(?i)(?:_|t|ts|time|timestamp|rand|random|rnd|r|v|nocache|_t|dt|date|tm)=(?:1\d{9}(?:\d{3})?|0\.\d{4,})"
)
"""What scripts add so that nothing is taken from a cache: a moment in seconds, or a number by chance."""


def absolute_url(url: str, base: str = "") -> str:
    """One spelling per document, absolute and without a session.

    Empty where ``url`` leads nowhere that could be asked for (``javascript:``, ``mailto:``, broken).
    """
    if is_plain(url):
        return url
    try:
        return canonical_url(without_session(_SESSION.sub("", urljoin(base, url.strip()))))
    except (AddressError, ValueError):
        return ""


def without_session(url: str) -> str:
    """``url`` without those parts of its query that are other at each visit."""
    address, mark, query = url.partition("?")
    if not mark:
        return url
    pairs = [
        pair for pair in query.split("&") if not (_SESSION_KEYS.fullmatch(pair) or _MOMENT.fullmatch(pair))
    ]
    return f"{address}?{'&'.join(pairs)}" if pairs else address


def with_query(url: str, values: Mapping[str, str]) -> str:
    """``url`` with these values in its query; the others keep their place and their bytes."""
    parts = urlsplit(url)
    left = dict(values)
    pairs = []
    for pair in parts.query.split("&") if parts.query else ():
        key = pair.partition("=")[0]
        pairs.append(f"{key}={quote_plus(left.pop(key))}" if key in left else pair)
    pairs += [f"{quote_plus(key)}={quote_plus(value)}" for key, value in left.items()]
    return urlunsplit(parts._replace(query="&".join(pairs)))


def query_number(url: str, key: str) -> int | None:
    """The number that ``key`` has in the query; None where it has none."""
    value = dict(parse_qsl(urlsplit(url).query)).get(key, "")
    return int(value) if value.isdecimal() and len(value) < 8 else None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def registered_site(host: str) -> str:
    """The part of a host name that somebody registered: ``rsj.fuzhou.gov.cn`` → ``fuzhou.gov.cn``."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return _suffixes().privatesuffix(host.lower()) or host.lower()
    return host


def same_site(url: str, other: str) -> bool:
    """Whether both addresses belong to one registered site."""
    return _site_of(url) == _site_of(other)


@lru_cache(1_000)
def _site_of(url: str) -> str:
    """Kept for the addresses met last: all links of a list are compared with one."""
    return registered_site(urlsplit(url).hostname or "")


def is_attachment(url: str) -> bool:
    """Whether an address names a file that offices attach, by its suffix in path or query."""
    parts = urlsplit(url)
    values = [parts.path, *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    return any(value.lower().endswith(ATTACHMENT_SUFFIXES) for value in values)
