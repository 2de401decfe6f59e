"""How lists are written: one module per form, one row in the table.

A new form is a module with ``recognises(head)`` and ``read(text, url, listing)``, and its row in ``FORMS``.
HTML pages are the form of everything else; they need their links extracted, and stand in ``listing.reading``.
"""

from __future__ import annotations

import importlib
from datetime import date
from typing import Protocol, cast

from crawling.listing.model import ListError, ListPage
from crawling.listing.unpacking import unpacked
from extraction.charset import decode
from settings.sources import Listing

PAGE = "page"
FORMS: dict[str, str] = {
    "datastore": "datastore",
    "sitemap": "sitemap",
    "feed": "feed",
    "json": "json_interface",
    "xml": "xml_records",
}
"""Form as a source names it → module of this package, in the order in which they are asked."""

_HEAD = 2_000
"""Characters that tell a form; comments and style sheets may stand before the first element."""
MAX_BYTES = 16 * 2**20
"""A list of this size is no list; a sitemap may have 50 MB by its standard, and never has."""


class Form(Protocol):
    """A module of this package."""

    def recognises(self, head: str) -> bool:
        """Whether a text that begins with ``head`` is written in this form."""
        ...

    def read(self, text: str, url: str, listing: Listing, today: date | None = None, /) -> ListPage:
        """Items and next pages of the list at ``url``. Raises :class:`ListError`."""
        ...


def recognise(body: bytes, listing: Listing | None = None) -> str:
    """The form of a list: as its source says, else by its first characters; ``page`` for all others."""
    if listing is not None and listing.form != "auto":
        return listing.form
    head = _head(body)
    return next((name for name in FORMS if _form(name).recognises(head)), PAGE)


def read_data_list(
    body: bytes,
    url: str,
    form: str,
    listing: Listing | None = None,
    *,
    charset: str = "",
    today: date | None = None,
) -> ListPage:
    """Read a list that is data rather than a page. Raises :class:`ListError`, KeyError for unknown forms.

    ``charset`` is the one that the server declares.
    """
    body = unpacked(body, MAX_BYTES)
    if len(body) > MAX_BYTES:
        raise ListError(f"the list has more than {MAX_BYTES // 2**20} MB: name a smaller one")
    text, _ = decode(body, charset)
    return _form(form).read(text.lstrip("\ufeff \t\r\n"), url, listing or Listing(), today)


def _head(body: bytes) -> str:
    """The first characters; a packed list is unpacked that far."""
    try:
        start = unpacked(body, MAX_BYTES)[: _HEAD * 4]
    except ListError:
        return ""
    return start.decode("utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8", "replace")[
        :_HEAD
    ].lstrip("\ufeff \t\r\n")


def _form(name: str) -> Form:
    return cast("Form", importlib.import_module(f"crawling.listing.forms.{FORMS[name]}"))
