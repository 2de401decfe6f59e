"""List pages in the worker processes: from bytes to items and next pages, whatever the list's form. Pure."""

from __future__ import annotations

from datetime import date

from assessment.reading import Answer, ReadingError, extract_answer
from crawling.listing.forms import PAGE, read_data_list, recognise
from crawling.listing.model import ListError, ListPage
from crawling.listing.reading import read_list_page
from extraction.model import Extracted
from settings.sources import Listing, Selectors
from vocabulary.codes import Outcome


def read_list(
    answer: Answer,
    url: str,
    selectors: Selectors,
    listing: Listing | None = None,
    today: date | None = None,
) -> ListPage:
    """Items and next pages of a list of any form. Raises :class:`ReadingError`.

    ``today`` tells the year of days that a list gives without one.
    """
    form = recognise(answer.body, listing)
    try:
        if form != PAGE:
            return read_data_list(answer.body, url, form, listing, charset=answer.charset, today=today)
        return _read_page(answer, url, selectors, listing, today)
    except ListError as error:
        raise ReadingError(Outcome.ERROR, str(error)) from error


def _read_page(
    answer: Answer, url: str, selectors: Selectors, listing: Listing | None, today: date | None
) -> ListPage:
    """A page without a visible word may carry its list in a script, for that to draw."""
    try:
        extracted, nothing = extract_answer(answer, url, is_file=False), None
    except ReadingError as error:
        if error.outcome is not Outcome.EMPTY or b"<script" not in answer.body.lower():
            raise
        extracted, nothing = Extracted("", "text/html", charset=answer.charset), error
    page = read_list_page(answer.body, url, extracted, selectors, listing, today=today)
    if nothing is not None and not page.items:
        raise nothing
    return page
