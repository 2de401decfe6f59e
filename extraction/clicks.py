"""Addresses that stand elsewhere than in ``href``: in what a click runs, and in other attributes."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

PAGES = "s?html?|xhtml|jspx?|aspx?|php|do|action|cfm"
FILES = (
    "pdf|docx?|docm|dotx?|xlsx?|xls[mb]|wps|et|dps|ofd|rtf|od[tsp]|fodt|zip|rar|7z|pptx?|csv|txt|tgz"
    "|tar\\.gz|mht|mhtml"
)
_ADDRESS = re.compile(
    rf"(?:https?://|//|/|\.{{1,2}}/)[^\s<>\"'\\{{}}]{{2,}}"
    rf"|[\w%./~-]+\.(?:{PAGES}|{FILES})(?:[?#][^\s<>\"']*)?"
    rf"|[\w%./~-]*\?[\w.%-]+=[^\s<>\"']*"
    rf"|(?:https?://|//|/|\.{{1,2}}/)[^<>\"']{{2,}}\.(?:{FILES})",
    re.IGNORECASE,
)
_NO_PAGE = re.compile(r"(?i)\.(?:js|css|png|gif|jpe?g|bmp|ico|svg|webp|woff2?|ttf|mp3|mp4)(?:[?#]|$)")
_QUOTED = re.compile(
    r"(?<![+\s])\s*(?P<mark>['\"])(?P<words>(?:(?!(?P=mark)).){2,2000})(?P=mark)(?!\s*\+)", re.DOTALL
)
_JOINED = re.compile(r"(['\"])\s*\+\s*\1")
_CALL = re.compile(
    r"(?<![\w$.])(?!(?:void|alert|confirm|print|eval|return|if|this)\b)[A-Za-z_$][\w$.]{0,60}\s*\([^()]{0,400}['\"\d][^()]{0,400}\)"
)
_OWN_ATTRIBUTES = (
    "data-href",
    "data-url",
    "data-link",
    "data-path",
    "data-linkurl",
    "linkurl",
    "url",
    "link",
    "tagname",
)
_ROW_ATTRIBUTES = frozenset({"data-href", "data-url", "data-link", "data-linkurl", "linkurl"})
_NUMBERS = (
    *("data-id", "data-guid", "data-infoid", "data-articleid", "data-docid", "data-newsid", "data-key"),
    *("data-uuid", "data-iid", "data-rowguid", "data-nid", "data-aid", "data-jobid"),
)
_NUMBER = re.compile(r"[\w-]{1,64}")
FILE_ATTRIBUTES = frozenset(
    {
        *(
            "pdfsrc",
            "data-pdf",
            "data-pdfsrc",
            "data-file",
            "data-fileurl",
            "fileurl",
            "file-url",
            "data-src",
        ),
        *("data-href", "data-url", "data-path", "data-download", "data-attach", "data-link"),
        *("file", "filepath", "data-filepath", "data-attachment", "attach", "src-file"),
    }
)
_FILE_ENDS = re.compile(rf"(?i)\.(?:{FILES})(?:[?#]|$)")
_SCRIPT, _SCRIPT_END = re.compile(r"<script\b[^<>]*>", re.IGNORECASE), re.compile(r"</script", re.IGNORECASE)
_FILE_NAMED = re.compile(r"""(\.(?:pdf|docx?|xlsx?|wps|et|ofd|zip|rar))\\?["'`]""", re.IGNORECASE)
_ADDRESS_BEFORE = re.compile(r"""["'`=(]\s*([^"'`\\<>\s(){}=]*[^"'`\\<>\s(){}=/])$""")
_NAMED = re.compile(r"[\w%)）】\]]\.\w+$")
_LONGEST_FILE = 300
_MOST_SCRIPTS, _MOST_FILES = 100, 20
_VIEWED = ("file", "url", "src", "pdf", "path", "furl", "fileurl")
"""Keys in which viewers (pdf.js, kkFileView, Office Online) are told what to show."""
_OBJECT_SHOWS = frozenset({"src", "filename", "url", "movie", "data", "_url"})
"""What players and readers of old are told by ``<param>``."""
_SUDY_TITLE = re.compile(r"""['"]title['"]\s*:\s*['"]([^'"]{1,300})['"]""")
_VIEWER = re.compile(r"(?i)pdf\.?js|viewer|preview|/op/view\.aspx$|view\.s?html?$")
_IS_FILE = re.compile(r"(?i)application/(?:pdf|msword|vnd\.|x-pdf|octet-stream)")
_LOADED = re.compile(
    r"""\.load\(\s*["']([^"'\s<>#]{3,300})|\.src\s*=\s*["']([^"'\s<>]{3,300})["']|["']src["']\s*,\s*["']([^"'\s<>]{3,300})["']"""
)
_WRITTEN_FRAME = re.compile(
    r"""<i?frame\b[^<>]{0,300}?\bsrc\s*=\s*\\?["']([^"'\\<>+\s]{2,500})\\?["']""", re.IGNORECASE
)
_MOST_WRITTEN = 3
_IS_PAGE = re.compile(rf"(?i)\.(?:{PAGES})(?:[?#]|$)")
_LONGEST_ACTION = 500


def clicked_address(attributes: Mapping[str, str]) -> str:
    """The literal address to which a click on the element leads; empty where it names none.

    Read from ``onclick`` (``window.open('/a.html')``), a ``javascript:`` link and attributes of the site's
    own (``data-href``); an address that a script still adds something to is none.
    """
    href = attributes.get("href", "").strip()
    for script in (attributes.get("onclick", ""), href if href[:11].lower() == "javascript:" else ""):
        if found := literal_address(script):
            return found
    for name in _OWN_ATTRIBUTES:
        value = attributes.get(name, "").strip()
        if value and _ADDRESS.fullmatch(value) and not _NO_PAGE.search(value):
            return value
    return ""


def names_its_page(attributes: Mapping[str, str]) -> bool:
    """Whether attributes of the site's own name the page that a row opens, or its number."""
    return any(name in attributes for name in _ROW_ATTRIBUTES) or _numbered(attributes) != ""


def _numbered(attributes: Mapping[str, str]) -> str:
    """``data-id(38196)`` for a row with such an attribute."""
    for name in _NUMBERS:
        value = attributes.get(name)
        if value and _NUMBER.fullmatch(value.strip()):
            return f"{name}('{value.strip()}')"
    return ""


def clicked_action(attributes: Mapping[str, str]) -> str:
    """The call with arguments that a click makes, as ``showview(38196)``; empty where there is none.

    A row that only bears a number, for a script to read, has that number's name: ``data-id('38196')``.
    """
    href = attributes.get("href", "").strip()
    for script in (
        attributes.get("onclick", ""),
        unquote(href[11:]) if href[:11].lower() == "javascript:" else "",
    ):
        if found := _CALL.search(script[:_LONGEST_ACTION]):
            return found[0]
    if href.startswith(("#/", "#!/")):  # a page that a script draws under an address of its own
        return f"route('{href[:200]}')"
    return _numbered(attributes)


def literal_address(script: str) -> str:
    """The first quoted string of a script that is an address as it stands."""
    for found in _QUOTED.finditer(_JOINED.sub("", script[: 2 * _LONGEST_ACTION])):
        words = found["words"].strip()
        if _ADDRESS.fullmatch(words) and not _NO_PAGE.search(words):
            return words
    return ""


def file_addresses(tag: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Address and name of each file that the element shows or offers without being a link."""
    name = _name(attributes)
    found = [
        attributes[key] for key in attributes.keys() & FILE_ATTRIBUTES if _FILE_ENDS.search(attributes[key])
    ]
    if tag in {"embed", "iframe", "object", "frame"}:
        source = attributes.get("src") or attributes.get("data") or attributes.get("data-src") or ""
        is_file = _FILE_ENDS.search(source.partition("?")[0]) or _IS_FILE.search(attributes.get("type", ""))
        found += [source] if is_file else _viewed(source)
    elif tag == "param" and attributes.get("name", "").lower() in _OBJECT_SHOWS:
        found += [value for value in (attributes.get("value", ""),) if _FILE_ENDS.search(value)]
    elif tag == "input" and _FILE_ENDS.search(attributes.get("value", "")):
        found.append(attributes["value"])
    return [(address, name) for address in dict.fromkeys(found)]


def is_file_address(url: str) -> bool:
    """Whether an address ends as that of a document does."""
    return _FILE_ENDS.search(url) is not None


def shown_file(url: str) -> str:
    """The file that a link has a viewer show; empty where it leads to no viewer."""
    found = _viewed(url) if _VIEWER.search(url.partition("?")[0]) else []
    return urljoin(url, found[0]) if found else ""


def _viewed(source: str) -> list[str]:
    """What a viewer is told to show: ``viewer.html?file=%2Ffiles%2Fa.pdf``."""
    try:
        query = parse_qs(urlsplit(source).query)
    except ValueError:
        return []
    values = [value for key in _VIEWED for value in query.get(key, ())]
    return [value for value in (*values, *map(_from_base64, values)) if _FILE_ENDS.search(value)][:1]


def _from_base64(value: str) -> str:
    """What kkFileView is told, which takes addresses in base64; empty for everything else."""
    try:
        found = b64decode(unquote(value).replace(" ", "+"), validate=True).decode("utf-8")
    except ValueError:  # binascii's and Unicode's own among them
        return ""
    return unquote(found) if _ADDRESS.fullmatch(found) else ""


def written_frames(markup: str) -> Iterator[str]:
    """Addresses of frames that a page's script writes, where they stand there as they are."""
    for frame in islice(_WRITTEN_FRAME.finditer(markup), _MOST_WRITTEN):
        yield unescape(frame[1])


def frames_in_scripts(markup: str) -> list[str]:
    """Addresses of pages that scripts load into an element or a frame of the page."""
    found: dict[str, None] = {}
    has_frame = "<iframe" in markup.lower()
    for script in islice(_scripts(markup), _MOST_SCRIPTS):
        for loaded in islice(_LOADED.finditer(script), _MOST_FILES):
            address = loaded[1] or loaded[2] or loaded[3]
            if _IS_PAGE.search(address) and (loaded[1] or has_frame):
                found.setdefault(unescape(address))
        if "<iframe" in script.lower():
            found |= dict.fromkeys(each for each in written_frames(script) if _IS_PAGE.search(each))
    return list(found)


def files_in_scripts(markup: str) -> list[str]:
    """Addresses of documents that the page's own scripts name whole, to show or to link them."""
    found: dict[str, None] = {}
    for script in islice(_scripts(markup), _MOST_SCRIPTS):
        for end in islice(_FILE_NAMED.finditer(script), _MOST_FILES):
            address = _ADDRESS_BEFORE.search(script[max(end.start() - _LONGEST_FILE, 0) : end.end(1)])
            if address is not None and _NAMED.search(address[1]):
                found.setdefault(unescape(address[1]))
    # A name beside an address is no address of its own.
    whole = [address for address in found if "/" in address]
    return (whole or list(found))[:_MOST_FILES]


def _scripts(markup: str) -> Iterator[str]:
    """What stands in the scripts of a page, in time that grows with its length alone."""
    for part in _SCRIPT_END.split(markup)[:-1]:
        opening = _SCRIPT.search(part)
        if opening is not None:
            yield part[opening.end() :].replace("\\/", "/")


def _name(attributes: Mapping[str, str]) -> str:
    if titled := _SUDY_TITLE.search(attributes.get("sudyfile-attr", "")):
        return titled[1]
    return attributes.get("title") or attributes.get("download") or attributes.get("data-name") or ""
