"""The official documents whose lists the catalogue follows, with how many items each has."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalogue.loading import DATA, read_rows
from vocabulary.codes import Status

_NUMBER = re.compile(
    r"^(?P<body>[^\d\[\](){}〔〕【】（）]+)[\[({〔【（](?P<year>\d{4})[\])}〕】）](?P<number>\d+)号?$"
)

Day = date
"""Where a field is called ``date``, its type needs another name."""
_BATCH = re.compile(r"第.批")


class Effect(StrEnum):
    """What standing on a list means."""

    CANCELLED = "cancelled"
    EXITED = "exited"
    EDITION = "edition"
    """The list is the catalogue: each item is what its category says."""
    APPROVALS = "approvals"
    """The list ends approvals that may bear a qualification's name; no qualification ends by it."""

    DEPARTMENTS = "departments"
    """The list says which department follows up which item, and changes no standing."""

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
        if self is Effect.DEPARTMENTS:
            raise ValueError("此附件只列责任部门：用 qualwatch routing import 导入")
        return Status(self.value)


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """A document with a list; ``region`` is empty for a national one."""

    number: str
    date: date
    items: int
    region: str
    effect: Effect
    parts: tuple[tuple[str, Day], ...] = ()
    """Batches that leave on days of their own, as ``("第一批", 2020-09-30)``."""

    def since(self, part: str) -> Day:
        """The day of a batch, named or by what the list says of its day; the document's own for all else."""
        for name, day in self.parts:
            if name in part or f"{day.month}月{day.day}日" in part:
                return day
        return self.date


def find_document(number: str, region: str = "") -> OfficialDocument | None:
    """The document of this number, however its brackets are written; None where no total is known."""
    wanted = normalise_number(number)
    found = (each for each in official_documents() if (each.number, each.region) == (wanted, region))
    return next(found, None)


@functools.cache
def official_documents() -> tuple[OfficialDocument, ...]:
    """Every document whose total is known, those of the country first."""
    rows = list(read_rows(DATA / "documents.csv"))
    batches: dict[str, list[tuple[str, date]]] = {}
    for row in rows:
        if _BATCH.fullmatch(row["part"]):
            batches.setdefault(row["number"], []).append((row["part"], date.fromisoformat(row["date"])))
    return tuple(
        OfficialDocument(
            row["number"],
            date.fromisoformat(row["date"]),
            int(row["items"]),
            row["region"],
            Effect(row["effect"]),
            tuple(batches.get(row["number"], ())),
        )
        for row in sorted(rows, key=lambda row: row["region"])
        if (row["region"] or not row["part"]) and not row["number"].endswith("等七批")
    )


def normalise_number(number: str) -> str:
    """``国发 [2016] 68号`` → ``国发〔2016〕68号``; what is no number stays as it is, for example a title."""
    compact = "".join(number.split())
    match = _NUMBER.match(compact)
    return f"{match['body']}〔{match['year']}〕{int(match['number'])}号" if match else compact
