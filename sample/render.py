"""Renders the sample site once: every address with the bytes and headers that it answers with."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.resources import files
from typing import Any
from urllib.parse import urljoin

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

ROBOTS = "User-agent: *\nDisallow: /admin/\n"

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""By suffix; not left to the machine's own list, which differs from one to the next."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one address answers with."""

    body: bytes
    media_type: str
    """The whole ``Content-Type``."""
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True)
class Attachment:
    href: str
    """Relative to the page."""
    file: str
    """In ``files/``."""
    text: str


@dataclass(frozen=True, slots=True)
class Posting:
    path: str
    """Relative to the list."""
    title: str
    publisher: str
    date: date
    body: Markup
    attachments: tuple[Attachment, ...] = ()
    missing: bool = False
    """Listed, but answered with 404: visitors see what becomes of a dead link."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the two sites: a paged list and its detail pages."""

    name: str
    title: str
    subtitle: str
    list_title: str
    root: str
    first: str
    """File name of the first list page."""
    following: str
    """File name of the others, with ``{index}`` counting from 0 for the first."""
    per_page: int
    charset: str
    """As the page declares it."""
    encoding: str
    """What its bytes really are: GB2312 pages are in truth GB18030 nearly everywhere."""
    charset_in_header: bool
    colour: str

    def address_of(self, index: int) -> str:
        return self.root + self.page_name(index)

    def page_name(self, index: int) -> str:
        return self.following.format(index=index, number=index + 1) if index else self.first


NOTICES = Listing(
    name="notices",
    title="示例市人力资源和社会保障局",
    subtitle="Qualwatch 示例站点 · 并非真实机关",
    list_title="通知公告",
    root="/tzgg/",
    first="index.html",
    following="index_{index}.html",
    per_page=5,
    charset="utf-8",
    encoding="utf-8",
    charset_in_header=True,
    colour="#1d5a9b",
)
BOARD = Listing(
    name="board",
    title="样例人才网",
    subtitle="Qualwatch 示例站点 · 并非真实网站",
    list_title="最新招聘",
    root="/zhaopin/",
    first="list.html",
    following="list_{number}.html",
    per_page=7,
    charset="gb2312",
    encoding="gb18030",
    charset_in_header=False,
    colour="#a8452f",
)
LISTINGS = (NOTICES, BOARD)


def render_site() -> dict[str, Answer]:
    """Every path of the sample site, beginning with ``/``, with its answer; other paths are 404."""
    templates = Environment(
        loader=PackageLoader("sample", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    board = _read_postings(BOARD, {})
    notices = _read_postings(NOTICES, {posting.path: posting for posting in board})
    postings = {NOTICES.name: notices, BOARD.name: board}
    newest = max(posting.date for each in postings.values() for posting in each)
    answers = {"/robots.txt": Answer(ROBOTS.encode(), "text/plain; charset=utf-8", _morning_of(newest))}
    for listing in LISTINGS:
        answers |= _render_listing(listing, postings[listing.name], templates)
    welcome = templates.get_template("welcome.html").render(
        site={"title": "Qualwatch 示例站点", "subtitle": "仅供试用", "root": "/", "colour": "#3d4a5c"},
        sites=LISTINGS,
        charset="utf-8",
    )
    answers["/"] = Answer(welcome.encode(), "text/html; charset=utf-8", _morning_of(newest))
    return answers


def _render_listing(
    listing: Listing, postings: tuple[Posting, ...], templates: Environment
) -> dict[str, Answer]:
    chunks = [postings[i : i + listing.per_page] for i in range(0, len(postings), listing.per_page)]
    names = [listing.page_name(index) for index in range(len(chunks))]
    list_template = templates.get_template(f"{listing.name}_list.html")
    detail_template = templates.get_template(f"{listing.name}_detail.html")
    answers = {}
    for index, chunk in enumerate(chunks):
        text = list_template.render(
            site=listing, charset=listing.charset, postings=chunk, pages=names, current=index
        )
        answers[listing.address_of(index)] = _page(text, listing, chunk[0].date)
    answers[listing.root] = answers[listing.address_of(0)]
    for posting in postings:
        if posting.missing:
            continue
        text = detail_template.render(site=listing, charset=listing.charset, posting=posting)
        address = listing.root + posting.path
        answers[address] = _page(text, listing, posting.date)
        for attachment in posting.attachments:
            answers[urljoin(address, attachment.href)] = _file(attachment.file, posting.date)
    return answers


def _page(text: str, listing: Listing, changed: date) -> Answer:
    media_type = f"text/html; charset={listing.charset}" if listing.charset_in_header else "text/html"
    return Answer(text.encode(listing.encoding), media_type, _morning_of(changed))


def _file(name: str, changed: date) -> Answer:
    body = (files("sample") / "files" / name).read_bytes()
    return Answer(body, MEDIA_TYPES[name.rpartition(".")[2]], _morning_of(changed))


def _read_postings(listing: Listing, shared: dict[str, Posting]) -> tuple[Posting, ...]:
    """The postings of a data file, newest first; ``shared`` are those that another list lends, by path."""
    data = tomllib.loads((files("sample") / "pages" / f"{listing.name}.toml").read_text(encoding="utf-8"))
    return tuple(_read_posting(row, shared) for row in data["postings"])


def _read_posting(row: dict[str, Any], shared: dict[str, Posting]) -> Posting:
    if "shared" in row:
        lent = shared[row["shared"]]
        return Posting(row["path"], lent.title, lent.publisher, lent.date, lent.body)
    return Posting(
        path=row["path"],
        title=row["title"],
        publisher=row["publisher"],
        date=row["date"],
        body=Markup(row.get("body", "")),  # noqa: S704 - our own file, never anybody's input
        attachments=tuple(Attachment(**each) for each in row.get("attachments", ())),
        missing=row.get("missing", False),
    )


def _morning_of(day: date) -> datetime:
    """One o'clock UTC: nine in the morning where the invented city lies."""
    return datetime.combine(day, time(1), UTC)
