"""A list page, read: bytes in, items and next pages out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bs4 import BeautifulSoup, Tag

from crawling.listing.addresses import absolute_url, same_site
from crawling.listing.dates import item_beside
from crawling.listing.forms import datastore, script_data
from crawling.listing.links import find_items, link_title
from crawling.listing.model import Item, ListError, ListPage, Note, NoteKind, rows_of_another_site
from crawling.listing.paging import next_pages, paging_note
from crawling.listing.submitted import submitted_pages
from extraction.charset import decode
from extraction.clicks import clicked_address, written_frames
from extraction.model import Extracted, Link
from extraction.nesting import within_reason
from settings.sources import Listing, Selectors

_ROWS = ("li", "tr", "dd", "dt", "article", "p", "div")
_FEWEST_ROWS = 2
_SURE_ENOUGH = 0.6
_MOST_FRAMES = 3


class SelectorError(ListError):
    """A CSS selector of the configuration cannot be understood; the message names it."""


def read_list_page(
    body: bytes,
    url: str,
    extracted: Extracted,
    selectors: Selectors | None = None,
    listing: Listing | None = None,
    *,
    today: date | None = None,
) -> ListPage:
    """Items and next pages of an HTML list page at ``url``, by ``selectors`` where given, else by its links.

    ``extracted`` is what extraction made of the same ``body``; ``today`` tells the year of days that the page
    gives without one. Raises :class:`ListError`. Lists that are no pages are read by
    :func:`crawling.listing.forms.read_data_list`.
    """
    selectors, listing = selectors or Selectors(), listing or Listing()
    soup = None
    if selectors.items or selectors.next_page:
        soup = BeautifulSoup(within_reason(decode(body, extracted.charset)[0]), "lxml")
    markup = body.decode(extracted.charset or "utf-8", "replace")
    notes: list[Note] = []
    if soup is not None and selectors.items:
        page = ListPage(
            url, extracted.title, _selected_items(soup, selectors.items, url), (), 1.0, "selectors"
        )
    else:
        page = _unselected(markup, url, extracted, listing, today)
    items = tuple(item for item in page.items if listing.contains in item.url)
    if soup is not None and selectors.next_page:
        following = _selected_pages(soup, selectors.next_page, url)
    else:
        following, paging = _following(page, markup, url, extracted)
        notes += paging
    parts = () if items else _frames((*extracted.frames, *written_frames(markup)), url)
    if not items and not parts and extracted.frames:
        notes.append(_foreign_frames(extracted))
    return ListPage(
        url,
        extracted.title,
        items,
        following,
        page.sureness if items else 0.0,
        page.found_by if items else "nothing",
        parts=parts,
        notes=(*page.notes, *notes),
    )


def _unselected(
    markup: str, url: str, extracted: Extracted, listing: Listing, today: date | None
) -> ListPage:
    """By the records in the page's script where it has any, else by its links."""
    island = _island(markup, url, listing)
    if island is not None:
        return island
    found = find_items(extracted.links, url, markup=markup, pattern=listing.link, today=today)
    notes = []
    if found.rows_without_address >= _FEWEST_ROWS and found.rows_without_address > len(found.items):
        notes.append(_rows_without_address(found.rows_without_address, extracted))
    if len(found.elsewhere) >= _FEWEST_ROWS and len(found.elsewhere) > len(found.items):
        notes.append(rows_of_another_site(found.elsewhere))
    if found.sureness < _SURE_ENOUGH:
        scripted = script_data.read(markup, url, listing, today)
        if scripted is not None and len(scripted.items) > len(found.items) * (found.sureness > 0.5):
            return scripted
    return ListPage(url, "", found.items, (), found.sureness, "links", notes=tuple(notes))


def _rows_without_address(number: int, extracted: Extracted) -> Note:
    call = next((link.action for link in extracted.links if link.action and not link.url), "")
    return Note(
        NoteKind.ROWS_WITHOUT_ADDRESS,
        f"{number} rows are opened by a script ({call[:80]}) that does not stand in the page: open one in a "
        "browser, and set listing.link to its address with the call's arguments, as '/show?id={1}'",
    )


def _following(
    page: ListPage, markup: str, url: str, extracted: Extracted
) -> tuple[tuple[str, ...], list[Note]]:
    """Next pages by the records and by the page's own links, and why there are none."""
    following = next_pages(extracted.links, markup, url)
    note = None
    if not following:
        following, posted = submitted_pages(markup, url, extracted.charset or "utf-8")
        note = Note(NoteKind.PAGING_NOT_FOLLOWED, posted) if posted else None
        if not following and not posted:
            note = paging_note(extracted.links, extracted.text, markup, url)
    following = tuple(dict.fromkeys((*page.next_pages, *following)))
    return following, [note] if note is not None and not following else []


def _foreign_frames(extracted: Extracted) -> Note:
    return Note(
        NoteKind.FRAMES_NOT_FOLLOWED,
        f"the page lists nothing itself and shows {extracted.frames[0][:200]}, which is another site: "
        "name that as url",
    )


def _frames(addresses: Iterable[str], url: str) -> tuple[str, ...]:
    """The frames of a page that lists nothing itself: one of them holds the list."""
    frames = dict.fromkeys(absolute_url(frame, url) for frame in addresses)
    return tuple(frame for frame in frames if frame and frame != absolute_url(url) and same_site(frame, url))[
        :_MOST_FRAMES
    ]


def _island(markup: str, url: str, listing: Listing) -> ListPage | None:
    """The list inside a page's script, where that has items; a broken one leaves the page's own links."""
    if not datastore.in_page(markup):
        return None
    try:
        page = datastore.read(markup, url, listing)
    except ListError:
        return None
    return page if page.items else None


def _selected_pages(soup: BeautifulSoup, selector: str, url: str) -> tuple[str, ...]:
    targets = (absolute_url(str(tag.get("href", "")), url) for tag in _select(soup, selector, "next_page"))
    return tuple(dict.fromkeys(target for target in targets if target))


def _select(soup: BeautifulSoup, selector: str, key: str) -> list[Tag]:
    from soupsieve import SelectorSyntaxError  # noqa: PLC0415 - only sources with selectors need it

    try:
        return list(soup.select(selector))
    except SelectorSyntaxError as error:
        raise SelectorError(f"selectors.{key} = {selector!r} is no CSS selector: {error}") from error


def _selected_items(soup: BeautifulSoup, selector: str, page_url: str) -> tuple[Item, ...]:
    items: dict[str, Item] = {}
    for tag in _select(soup, selector, "items"):
        attributes = {name: str(value) for name, value in tag.attrs.items()}
        anchor = tag if tag.name == "a" or clicked_address(attributes) else tag.find("a")
        if anchor is None:
            continue
        link = _as_link(anchor)
        url = absolute_url(link.url, page_url) if link.url else ""
        if url and url not in items:
            items[url] = item_beside(url, link_title(link), link.before, link.after)
    return tuple(items.values())


def _as_link(anchor: Tag) -> Link:
    row = anchor.find_parent(_ROWS)
    text = anchor.get_text(" ", strip=True)
    around = row.get_text(" ", strip=True)[:500] if row is not None else ""
    before, _, after = around.partition(text)
    attributes = {name: str(value) for name, value in anchor.attrs.items()}
    href = attributes.get("href", "").strip()
    is_address = href and not href.startswith("#") and not href.lower().startswith("javascript:")
    return Link(
        url=href if is_address else clicked_address(attributes),
        text=text,
        title=str(anchor.get("title", "")).strip(),
        before=before.strip(),
        after=after.strip(),
    )
