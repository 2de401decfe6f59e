"""The official documents whose lists the catalogue follows, with how many items each has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalogue.loading import DATA, read_rows
from vocabulary.codes import Status

_NUMBER = re.compile(
    r"^(?P<body>[^\d\[\](){}〔〕【】（）]+)[\[({〔【（](?P<year>\d{4})[\])}〕】）](?P<number>\d+)号?$"
)


class Effect(StrEnum):
    """What standing on a list means."""

    CANCELLED = "cancelled"
    EXITED = "exited"
    EDITION = "edition"
    """The list is the catalogue: each item is what its category says."""
    APPROVALS = "approvals"
    """The list ends approvals that may bear a qualification's name; no qualification ends by it."""

    def status(self, category: str) -> Status:
        """Raises ValueError where a catalogue's item has no category, and for a list of approvals."""
        if self is Effect.APPROVALS:
            raise ValueError("取消的是行政审批事项：审批的取消不是职业资格的取消，不导入")
        if self is Effect.EDITION:
            if category == "准入类":
                return Status.ACCESS
            if category == "水平评价类":
                return Status.LEVEL
            raise ValueError("an item of a catalogue needs its category, 准入类 or 水平评价类")
        return Status(self.value)


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """A document with a list; ``region`` is empty for a national one."""

    number: str
    date: date
    items: int
    region: str
    effect: Effect


def find_document(number: str, region: str = "") -> OfficialDocument | None:
    """The document of this number, however its brackets are written; None where no total is known."""
    wanted = normalise_number(number)
    rows = [
        row
        for row in read_rows(DATA / "documents.csv")
        if row["number"] == wanted and row["region"] == region and (not row["part"] or row["region"])
    ]
    if not rows:
        return None
    row = rows[0]
    return OfficialDocument(
        wanted, date.fromisoformat(row["date"]), int(row["items"]), region, Effect(row["effect"])
    )


def normalise_number(number: str) -> str:
    """``国发 [2016] 68号`` → ``国发〔2016〕68号``; what is no number stays as it is, for example a title."""
    compact = "".join(number.split())
    match = _NUMBER.match(compact)
    return f"{match['body']}〔{match['year']}〕{int(match['number'])}号" if match else compact
