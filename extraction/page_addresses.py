"""Addresses of a page as browsers read them."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

_LONGEST = 2_000
_UNENCODED = re.compile(r"[^\x21-\x7e]+")


def absolute(base: str, href: str, charset: str = "utf-8") -> str:
    """The address made absolute, without its fragment; empty where it leads nowhere that can be fetched.

    As browsers read it: line ends and tabs count for nothing, other blanks are escaped, a backslash is a
    slash, and the query is escaped in the page's own encoding.
    """
    href = re.sub(r"[\t\r\n]", "", href).strip()
    if not href or href.startswith("#") or len(href) > _LONGEST:
        return ""
    address, mark, query = href.partition("?")
    try:
        href = f"{address.replace(chr(92), '/')}{mark}{_in_charset(query, charset)}".replace(" ", "%20")
        url = href if href.startswith(("http://", "https://")) else urljoin(base, href)
        url = url.partition("#")[0]
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return url if parts.path else urlunsplit(parts._replace(path="/"))


def _in_charset(query: str, charset: str) -> str:
    if charset.startswith("utf") or query.isascii():
        return query
    return _UNENCODED.sub(lambda raw: quote(raw[0].encode(charset, "replace")), query)
