"""The annexes of one document, and which of them is the list that is meant.

One decision of the State Council may end approvals, awards and qualifications, each in an annex of its own.
The titles tell them apart: 行政审批事项 that bear a qualification's name end no qualification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from catalogue.annex import read_annex
from catalogue.annex_items import Annex
from catalogue.annex_lines import is_heading
from catalogue.documents import Effect, OfficialDocument

_LONGEST_TITLE = 70
_ANNEX = re.compile(r"^附(?:件|表|录)\s*[0-9一二三四五六七八九十]{0,2}\s*[：:]?$")
_LEAD = re.compile(
    r"^(?:附(?:件|表)?\s*[0-9一二三四五六七八九十]{0,2}\s*[：:]\s*)?(?:[0-9]{1,2}\s*[.．、]\s*)?"
)
_TITLE = re.compile(
    r"(?:目录|清单|一览表|目录安排|安排表|目录表)(?P<remark>[（(][^（()）]{1,40}[)）])*(?:\s*-?\d{1,3})?$"
)
_SECTION = re.compile(r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）])")
_TOTAL = re.compile(r"[（(](?:共计?|合计|总计|计)?\s*(?P<count>\d{1,3})\s*[项个][^（()）]{0,40}[)）]")
_SHEET = re.compile(
    r"(?:取消|保留|下放)?的?(?:职业资格|行政审批|前置审批|评比达标表彰|评比表彰)(?:许可和认定)?(?:事项|项目)?"
)
"""What the sheets of a workbook are called that holds a whole decision."""
_APPROVAL_NAME = re.compile(r"(?:审批|核准|许可|备案|审核|审查|批准|认定|登记)(?:[（(][^（()）]*[)）])?$")


class Kind(StrEnum):
    """What an annex lists."""

    ENDED = "取消的职业资格"
    EXITED = "退出目录的职业资格"
    EDITION = "职业资格目录"
    APPROVALS = "行政审批事项"
    AWARDS = "评比达标表彰项目"
    OTHER = "其他"
    UNTITLED = "没有标题"


_WANTED = {
    Effect.CANCELLED: {Kind.ENDED},
    Effect.EXITED: {Kind.EXITED},
    Effect.EDITION: {Kind.EDITION},
    Effect.APPROVALS: {Kind.APPROVALS},
    Effect.DEPARTMENTS: {Kind.ENDED},
}


@dataclass(slots=True)
class Part:
    """An annex: its title, where one stands above it, and the rows below."""

    title: str = ""
    rows: list[Sequence[str]] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return kind_of(self.title)


@dataclass(frozen=True, slots=True)
class Choice:
    """The annex that was taken for the list, and the titles of those that were passed over."""

    annex: Annex
    passed_over: tuple[str, ...] = ()
    problem: str = ""
    """Why no annex of the document is the list, in Chinese; empty where one is."""


def kind_of(title: str) -> Kind:
    """What a list of this title holds; ``职业资格`` decides before ``许可``, which stands beside it."""
    said = "".join(title.split())
    if not said:
        return Kind.UNTITLED
    if "职业资格" in said or "技能人员" in said:
        if "退出" in said:
            return Kind.EXITED
        return Kind.ENDED if re.search("取消|停止|废止", said) else Kind.EDITION
    if re.search("审批|许可|前置|后置|工商登记|中介服务|下放", said):
        return Kind.APPROVALS
    return Kind.AWARDS if re.search("评比|达标|表彰", said) else Kind.OTHER


def split_parts(rows: Iterable[Sequence[str]]) -> list[Part]:
    """The rows under the titles of their annexes; what stands before the first one has no title.

    A list of contents names annexes too: such parts are empty. A title that a line end has cut in two is
    one.
    """
    parts = [Part()]
    before = ""
    table = list(rows)
    for row, following in zip(table, [*table[1:], ()], strict=True):
        filled = [cell for cell in (" ".join(each.split()) for each in row) if cell]
        line = filled[0] if len(filled) == 1 else ""
        if _SHEET.fullmatch(line) and sum(map(is_heading, following)) > 1:
            parts.append(Part("" if "职业资格" in line else line))
            continue
        title = _title(line, before)
        if title or (line and _ANNEX.match(line)):
            if title and parts[-1].title == "" and not _has_table(parts[-1]) and len(parts) > 1:
                parts[-1].title = title  # 附件2 stood on a line of its own.
            else:
                parts.append(Part(title))
            parts[-1].rows.append([line])
            before = ""
            continue
        if parts[-1].title and not _has_table(parts[-1]) and (total := _TOTAL.fullmatch(line)):
            parts[-1].title += total[0]
        parts[-1].rows.append(row)
        before = line
    return parts


def _title(line: str, before: str) -> str:
    """The title that a line is; with the line before it where only both together say what is listed."""
    if not line or _SECTION.match(line) or len(line) > _LONGEST_TITLE or re.search("[。；！？]", line):
        return ""
    title = _LEAD.sub("", line).strip("《》“” ")
    if not _TITLE.search(title):
        return ""
    if kind_of(title) in {Kind.OTHER, Kind.APPROVALS} and 0 < len(before) <= 40 and not before.endswith("："):
        joined = _LEAD.sub("", before).strip() + title
        if not re.search("[。；，]", before) and kind_of(joined) is not kind_of(title):
            return joined
    return title


def _has_table(part: Part) -> bool:
    return any(sum(bool(cell.strip()) for cell in row) > 1 for row in part.rows)


def choose_annex(rows: Iterable[Sequence[str]], official: OfficialDocument) -> Choice:
    """The annex of ``official`` among all that the rows hold; the number of items decides between several.

    Annexes of approvals, awards and other things are never taken, whatever they count.
    """
    parts = [(part, read_annex(part.rows, official.number)) for part in split_parts(rows)]
    listing = [(part, annex) for part, annex in parts if annex.items]
    kinds = _kinds_of(official)
    wanted = [(part, annex) for part, annex in listing if part.kind in kinds]
    others = tuple(part.title for part, _ in listing if part.kind not in {*kinds, Kind.UNTITLED})
    if not wanted:
        untitled = [(part, annex) for part, annex in listing if part.kind is Kind.UNTITLED]
        if others and not any(annex.count == official.items for _, annex in untitled):
            return Choice(Annex(()), others, _no_such_annex(others, official))
        wanted = untitled
    annex = _whole(wanted, official)
    if looks_like_approvals(annex) and official.effect is not Effect.APPROVALS:
        problem = "清单中的名称大多是“…审批”“…核准”“…认定”：这是行政审批事项目录，不是职业资格目录。"
        return Choice(annex, others, problem)
    return Choice(annex, others)


def lists_no_qualifications(rows: Iterable[Sequence[str]]) -> bool:
    """Whether every list that the rows hold is titled as one of approvals, awards or other things."""
    kinds = {part.kind for part in split_parts(rows) if part.title and read_annex(part.rows).items}
    return bool(kinds) and not kinds & {Kind.ENDED, Kind.EXITED, Kind.EDITION}


def _kinds_of(official: OfficialDocument) -> set[Kind]:
    """What a list's title may say; a province's list of what it ends may only be called a list of its own."""
    kinds = _WANTED[official.effect]
    return kinds | {Kind.EDITION} if official.region and official.effect is Effect.CANCELLED else kinds


def _whole(wanted: Sequence[tuple[Part, Annex]], official: OfficialDocument) -> Annex:
    """The part with the official number of items, else all parts of this kind one after the other."""
    for part, annex in wanted:
        if annex.count == official.items:
            return replace(annex, title=part.title, misfits=(*annex.misfits, *_misfit(part, annex)))
    if len(wanted) == 1:
        [(part, annex)] = wanted
        return replace(annex, title=part.title, misfits=(*annex.misfits, *_misfit(part, annex)))
    together = read_annex([row for part, _ in wanted for row in part.rows], official.number)
    return replace(together, title="、".join(dict.fromkeys(part.title for part, _ in wanted if part.title)))


def _misfit(part: Part, annex: Annex) -> tuple[str, ...]:
    said = _TOTAL.search(part.title)
    if said is None or int(said["count"]) == annex.count:
        return ()
    return (f"标题“{part.title[:_LONGEST_TITLE]}”写明{said['count']}项，读到{annex.count}项。",)


def looks_like_approvals(annex: Annex) -> bool:
    """Whether most names are those of approvals, which an untitled list would not say."""
    named = sum(_APPROVAL_NAME.search(item.name) is not None for item in annex.items)
    return named * 2 > len(annex.items)


def _no_such_annex(others: Sequence[str], official: OfficialDocument) -> str:
    held = "、".join(f"“{title}”" for title in dict.fromkeys(others))
    return f"这里只有{held}，没有{official.number}的职业资格目录：不是这个附件。"
