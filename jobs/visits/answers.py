"""What an answer says of the document that was asked for, before it is read."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes, urlsplit

from assessment.reading import Assessment, Known, ReadingError
from crawling.fetching.model import Fetched, FetchError
from crawling.listing.addresses import absolute_url, same_site
from extraction.mime import parameter, readings_of
from vocabulary.codes import Outcome

_FRONT_PAGES = frozenset({"", "/", "/index.html", "/index.htm", "/index.shtml", "/index.jsp", "/index.php"})


_LONGEST_EXCUSE = 400
"""Characters of a page that may be an excuse in place of a notice."""
_FAILURE = re.compile(
    r"HTTP Status [45]\d\d|应用程序中的服务器错误|Traceback \(most recent"
    r"|\b(?:java|javax|org)\.[\w.]{3,80}(?:Exception|Error)\b"
    r"|SQLSTATE\[|ORA-\d{5}|(?:Fatal|Parse) error:|Whitelabel Error Page|Stack trace:|System\.\w+Exception"
)
_HEAD = 2_000
"""Characters of a page in which a failing program says so."""
_ERROR_PAGE = re.compile(r"(?i)/(?:404|error|notfound|not_found|errorpage|err)(?:[./_-]|$)")


def refuse_elsewhere(fetched: Fetched, list_url: str = "") -> None:
    """What leads to another site, the front page, the list or an error page is no document: FetchError."""
    if not fetched.redirects:
        return
    if not same_site(fetched.url, fetched.final_url):
        raise FetchError(Outcome.MOVED, f"leads to another site: {fetched.final_url}", status=fetched.status)
    asked, answered = urlsplit(fetched.url), urlsplit(fetched.final_url)
    if (
        answered.path.lower() in _FRONT_PAGES
        and not answered.query
        and asked.path.lower() not in _FRONT_PAGES
    ):
        raise FetchError(Outcome.GONE, "leads to the front page of the site", status=fetched.status)
    if list_url and absolute_url(fetched.final_url) == absolute_url(list_url) != absolute_url(fetched.url):
        raise FetchError(Outcome.GONE, "leads back to its list", status=fetched.status)
    if _ERROR_PAGE.search(answered.path) and not _ERROR_PAGE.search(asked.path):
        raise FetchError(Outcome.GONE, f"leads to an error page: {fetched.final_url}", status=fetched.status)


def refuse_excuse(known: Known, reading: Assessment) -> None:
    """A page that shows nothing of the title of its item is none where it is short, a list or a failure.

    Raises :class:`ReadingError`.
    """
    if reading.attachments or reading.pictures or reading.frames:
        return
    without = f"without the title that the list gives («{known.title[:40]}»)"
    if _FAILURE.search(reading.text[:_HEAD]):
        raise ReadingError(Outcome.EMPTY, f"what a failing program of the server says, {without}")
    if reading.is_index:
        raise ReadingError(Outcome.EMPTY, f"a page of links {without}")
    if len(reading.text) <= _LONGEST_EXCUSE:
        raise ReadingError(
            Outcome.EMPTY,
            f"a short page {without}: a refusal in words that are not known here, or filled by a script",
        )


def file_name(fetched: Fetched) -> str:
    """What the server calls the file, else the last part of the address."""
    named = parameter(fetched.header("Content-Disposition"), "filename")
    return named.text or readings_of(unquote_to_bytes(urlsplit(fetched.final_url).path.rpartition("/")[2]))[0]
