"""What an answer says of the document that was asked for, before it is read."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

from crawling.fetching.model import Fetched, FetchError
from crawling.listing.addresses import same_site
from extraction.mime import parameter, readings_of
from vocabulary.codes import Outcome

_FRONT_PAGES = frozenset({"", "/", "/index.html", "/index.htm", "/index.shtml", "/index.jsp", "/index.php"})


def refuse_elsewhere(fetched: Fetched) -> None:
    """What leads to another site or to the front page is not that document any more; FetchError."""
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


def file_name(fetched: Fetched) -> str:
    """What the server calls the file, else the last part of the address."""
    named = parameter(fetched.header("Content-Disposition"), "filename")
    return named.text or readings_of(unquote_to_bytes(urlsplit(fetched.final_url).path.rpartition("/")[2]))[0]
