"""Places to watch, as they are configured: ``[[sources]]`` and the presets that come with the program."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, model_validator

from settings.section import TIME, RegionCode, Section, SourceName

SLEEPS_AT_MOST = 2
"""A list that sleeps is visited at least once in so many times its ``every_minutes``."""


class SourceKind(StrEnum):
    NOTICES = "notices"
    PERMIT_GUIDES = "permit_guides"
    JOBS = "jobs"
    TENDERS = "tenders"


class Selectors(Section):
    """CSS selectors for a list page; without them links are found automatically."""

    items: str = ""
    """Selects each item's link."""
    next_page: str = ""
    """Selects the link to the next page."""


class Listing(Section):
    """What a source says of its list where that does not show by itself."""

    form: Literal["auto", "page", "datastore", "json", "feed", "sitemap", "xml"] = "auto"
    """How the list is written; ``auto`` recognises it by its first bytes."""
    contains: str = ""
    """Only addresses with this in them are items; for a sitemap, which lists everything."""
    records: str = ""
    """JSON: where the list is, as ``data.rows``; empty: found by its shape."""
    title: str = ""
    """JSON: the field that holds a record's title, as ``title`` or ``meta.title``."""
    link: str = ""
    """JSON: the field that holds a record's address, or a pattern as ``/detail?id={id}``."""
    date: str = ""
    """JSON: the field that holds a record's day of publication."""
    page_key: str = ""
    """The part of the address' query that counts pages, as ``pageNo``."""
    page_step: Annotated[int, Field(ge=1, le=1_000)] = 1
    """What one page adds to ``page_key``; more than 1 where it counts records."""


class Source(Section):
    """A place to watch: where its list is, what it lists and how often to look."""

    name: SourceName
    title: str = ""
    """What people call it, in Chinese."""
    url: HttpUrl
    kind: SourceKind = SourceKind.NOTICES
    region: RegionCode | None = None
    publisher_kind: Literal["public_body", "company", "training_school", "association"] | None = None
    """What the publisher is where every document of the source has the same kind of publisher."""
    enabled: bool = True
    muted_until: date | None = None
    """It is visited, and before this day nobody is told of its troubles: the site is being rebuilt."""
    every_minutes: Annotated[int, Field(ge=1, le=44_640)] = 360
    adaptive: bool = True
    """Whether busy lists are visited more often than ``every_minutes`` and sleeping ones less."""
    quiet_hours: Annotated[str, Field(pattern=rf"^({TIME}-{TIME})?$")] = ""
    """No visit begins within them, for example ``22:00-06:00``; in ``time_zone``. Empty: none."""
    expected_items: Annotated[int, Field(ge=0, le=5_000)] = 0
    """Items that the list always has; 0: learnt from its visits."""
    page_limit: Annotated[int, Field(ge=1, le=500)] = 5
    """List pages read in one visit."""
    item_limit: Annotated[int, Field(ge=1, le=5_000)] = 200
    """Detail pages read in one visit."""
    selectors: Selectors = Selectors()
    listing: Listing = Listing()
    attachments: bool = True
    verify_tls: bool = True
    """False: whoever sits between may change what the host of ``url`` says, and nobody would notice."""
    old_tls: bool = False
    """Whether the host of ``url`` may speak TLS 1.0 with weak keys: its pages can be changed on the way."""
    browser: bool = False
    """Whether a browser draws its pages before they are read; needs the extra ``browser`` and Chromium."""
    catalogue: bool = False
    """Whether it announces changes of the catalogue: lists found there are proposed for import."""
    tried: bool = True
    """False in a preset that could not be tried against the live site."""

    def is_muted(self, today: date) -> bool:
        """Whether nobody is told of its troubles on that day."""
        return self.muted_until is not None and today < self.muted_until

    @property
    def longest_minutes(self) -> int:
        """The longest time that may be planned between two visits."""
        longest = self.every_minutes * (SLEEPS_AT_MOST if self.adaptive else 1)
        if not self.quiet_hours:
            return longest
        begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in self.quiet_hours.split("-"))
        return longest + (end - begin) % (24 * 60)

    @model_validator(mode="after")
    def _quiet_hours_end(self) -> Source:
        begin, _, end = self.quiet_hours.partition("-")
        if begin and begin == end:
            raise ValueError(f"quiet_hours {self.quiet_hours!r} never end: set enabled = false instead")
        return self
