"""What a qualification is, and what standing it has on a given day.

A certificate's standing changes: it is granted, cancelled, moved out of the national catalogue. An
:class:`Entry` therefore carries :class:`Period` rows, and everything that is asked of the catalogue is asked
as of a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vocabulary.codes import Evidence, Status


@dataclass(frozen=True, slots=True)
class Period:
    """One standing of an entry, from ``since`` (inclusive; None: from the beginning) until the next one."""

    status: Status
    since: date | None
    document: str
    """Number or title of the document that gave this standing, for example ``国发〔2016〕5号``."""
    evidence: Evidence
    source: str
    """Where the row was read; shown to a reviewer, never fetched."""
    category: str = ""
    """``准入类``, ``水平评价类`` or empty."""
    note: str = ""
    """What a reader has to know about this row, in Chinese: what is unverified, what goes on instead."""
    contested: str = ""
    """What another source says against this row, unsettled, in Chinese; empty where none does."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A qualification with every name it goes by."""

    key: str
    """Stable identity across editions: the canonical name."""
    name: str
    aliases: tuple[str, ...]
    periods: tuple[Period, ...]
    """Oldest first, never empty."""
    department: str = ""
    domain: str = ""
    """``专业技术``, ``技能`` or empty."""
    region: str | None = None
    """GB/T 2260 code of the province whose own list this is; None for a national entry."""
    foreign: bool = False
    """Issued by a foreign or vendor body: counted, never alerted."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An administrative approval that bears a qualification's name, and its end.

    The end of an approval is not the end of the qualification: 物业管理师注册执业资格认定 ended in 2015, the
    qualification in 2016. Only where the approval itself is what people held did both end.
    """

    name: str
    key: str
    """Of the entry whose name it bears."""
    number: str
    """Of the decision that ended it; empty where that is not known."""
    ended_on: date | None
    ends_qualification: bool
    evidence: Evidence
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry's standing as of the day that was asked about."""

    entry: Entry
    period: Period
    matched: str
    """The name or alias that the lookup met."""

    @property
    def status(self) -> Status:
        return self.period.status

    @property
    def certain(self) -> bool:
        """Whether the standing rests on a published document that no other source contradicts."""
        return self.period.evidence is Evidence.PUBLISHED and not self.period.contested
