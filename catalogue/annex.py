"""Reads the items of an official list out of table rows and lines, whatever they were extracted from.

Pure: rows in, items out. A cell either stands in its column, under a heading that was met before, or carries
its heading itself (``职业资格名称：…``), as the extraction of web tables and sheets writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from catalogue.documents import normalise_number

HEADINGS = {
    "seq": {"序号", "编号", "seq", "no"},
    "item": {"项目", "item"},
    "name": {
        "名称",
        "职业资格名称",
        "资格名称",
        "职业资格",
        "项目名称",
        "事项名称",
        "职业资格项目名称",
        "职业资格许可和认定事项",
        "职业名称",
        "职业（工种）名称",
        "name",
    },
    "category": {"类别", "资格类别", "职业资格类别", "资格类型", "资格性质", "性质", "category"},
    "domain": {"领域", "人员类别", "domain"},
    "department": {
        "部门",
        "实施部门",
        "实施部门（单位）",
        "实施单位",
        "设定部门",
        "设置部门",
        "主管部门",
        "责任部门",
        "牵头部门",
        "department",
    },
    "document": {"文号", "document_no", "document"},
}
"""Column → the headings that official lists and tidy files give it."""

_COLUMN = {heading: column for column, headings in HEADINGS.items() for heading in headings}
_REMARK = {
    "处理决定",
    "设定依据",
    "依据",
    "备注",
    "basis",
    "note",
    "source",
    "evidence",
    "edition",
    "change",
    "date",
}
"""Headings of columns that are read over."""

_NUMBERED = re.compile(r"^[（(]?(?P<seq>\d{1,3})[)）.、．\s]\s*(?P<rest>\D.*)$")
_DEPARTMENT_REMARK = re.compile(r"[（(](?P<remark>[^（()）]*(?:部|局|委|署|总会|类)[^（()）]*)[)）]$")
_PARTED = re.compile(r"\t|\s\|\s|｜")
_PAGE_NUMBER = re.compile(r"^[-—–\s第]*\d{1,4}[-—–\s页]*$")
_BETWEEN_HAN = re.compile(r"(?<=[一-鿿（），、])\s+(?=[一-鿿（），、])")
_TITLE = re.compile(r"^附件|目录(?:[（(].{1,20}[)）])?$|清单(?:[（(].{1,20}[)）])?$")
_SENTENCE = re.compile(r"[。；：:！？]|^[（(]?[一二三四五六七八九十]+[)）、]|^共计|^合计")
_LONGEST_ITEM = 40


@dataclass(frozen=True, slots=True)
class AnnexItem:
    """One item of a list."""

    seq: str
    name: str
    item: str = ""
    """The numbered item that the name belongs to, where a list groups several names."""
    category: str = ""
    domain: str = ""
    department: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Annex:
    """What was read."""

    items: tuple[AnnexItem, ...]
    other_documents: int = 0
    """Rows that a column gives to another document."""
    loose: tuple[str, ...] = ()
    """Lines between the rows of a table that belong to none: rests of names that a PDF broke in two."""

    @property
    def count(self) -> int:
        """Items as official totals count them: names grouped under one item are one."""
        return len({(item.domain, item.item or item.name) for item in self.items})

    @property
    def missing(self) -> tuple[int, ...]:
        """Sequence numbers that were left out, where a single series numbers the items."""
        numbers = [int(item.seq) for item in self.items if item.seq.isdigit()]
        if not numbers or len(set(numbers)) != len(numbers):
            return ()
        return tuple(sorted(set(range(1, max(numbers) + 1)) - set(numbers)))


@dataclass(slots=True)
class _Reading:
    """Where the reader stands in the list."""

    columns: list[str] = field(default_factory=list)
    domain: str = ""
    category: str = ""
    in_list: bool = False
    """A title such as ``…目录`` was met: lines without a number may be items from here on."""
    tabled: list[AnnexItem] = field(default_factory=list)
    numbered: list[AnnexItem] = field(default_factory=list)
    bare: list[AnnexItem] = field(default_factory=list)
    after_row: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)


def rows_of_text(text: str) -> list[list[str]]:
    """Cells of every line: a table row stands on its own line, its cells parted by tabs, bars or blanks.

    Blanks part cells only in a heading and in lines that begin with a number: so PDF files give their tables.
    """
    return [_cells(line) for line in text.splitlines() if line.strip()]


def _cells(line: str) -> list[str]:
    cells = _PARTED.split(line)
    words = line.split()
    tabular = len(words) > 2 and words[0].isdigit() and len(words[0]) <= 3
    if len(cells) == 1 and (tabular or sum(map(_is_heading, words)) > 1):
        return words
    return cells


def read_annex(rows: Iterable[Sequence[str]], document: str = "") -> Annex:
    """Items in their order, each name once in its group.

    Tables win over numbered lines, and those over bare ones. Where a column names the document of each row,
    only the rows of ``document`` are taken.
    """
    reading = _Reading()
    for row in rows:
        cells = [_clean(cell) for cell in row]
        if any(cells):
            _read_row(reading, cells)
    found = list(dict.fromkeys(reading.tabled or reading.numbered or reading.bare))
    wanted = normalise_number(document)
    attributed = any(item.document for item in found)
    kept = tuple(item for item in found if not attributed or normalise_number(item.document) == wanted)
    loose = tuple(reading.loose) if reading.tabled else ()
    return Annex(tuple(replace(item, document="") for item in kept), len(found) - len(kept), loose)


def _read_row(reading: _Reading, cells: list[str]) -> None:
    filled = [cell for cell in cells if cell]
    if _read_heading(reading, cells) or (len(filled) == 1 and _read_section(reading, filled[0])):
        return
    row = _labelled(filled) or _placed(reading.columns, cells) or _counted(reading, filled)
    if row:
        reading.loose += reading.after_row if reading.tabled else ()
        reading.after_row.clear()
        _take(reading, reading.tabled, row)
    elif len(filled) == 1:
        _read_line(reading, filled[0])


def _read_heading(reading: _Reading, cells: list[str]) -> bool:
    """Whether the row is a heading; keeps what its columns are."""
    columns = [_COLUMN.get(cell.lower(), "") for cell in cells]
    if sum(map(_is_heading, cells)) < 2 or not {"name", "item"} & set(columns):
        return False
    if "name" not in columns:
        columns[columns.index("item")] = "name"
    reading.columns = columns
    return True


def _is_heading(cell: str) -> bool:
    return cell.lower() in _COLUMN or cell.lower() in _REMARK


def _read_section(reading: _Reading, line: str) -> bool:
    """Whether the line is a heading of a part; keeps which domain or category begins with it."""
    heading = re.match(r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）]|附件)", line)
    domain, category = _domain(line), _category(line)
    if not heading or not (domain or category):
        return False
    if domain:
        reading.domain, reading.category = domain, category
    else:
        reading.category = category
    return True


def _labelled(cells: list[str]) -> dict[str, str]:
    """Column → value where the cells carry their headings; empty where no name is among them."""
    row: dict[str, str] = {}
    for cell in cells:
        heading, colon, value = cell.partition("：")
        column = _COLUMN.get(heading.strip().lower(), "")
        if colon and column:
            row.setdefault(column, value.strip())
    if "name" not in row and "item" in row:
        row["name"] = row.pop("item")
    return row if row.get("name") and len(row) > 1 else {}


def _placed(columns: list[str], cells: list[str]) -> dict[str, str]:
    """Column → value where the row fits the heading above it; empty where it does not, or has no name."""
    row = dict(zip(columns, cells, strict=True)) if 1 < len(columns) == len(cells) else {}
    return row if row.get("name") else {}


def _counted(reading: _Reading, filled: list[str]) -> dict[str, str]:
    """A row that begins with its number and fits no heading; empty where nothing speaks for a table."""
    if len(filled) < 2 or not filled[0].isdigit() or len(filled[1]) > _LONGEST_ITEM:
        return {}
    rest = " ".join(filled[2:])
    if not (reading.columns or reading.tabled or _category(rest)):
        return {}
    return {"seq": filled[0], "name": filled[1], "category": rest}


def _read_line(reading: _Reading, line: str) -> None:
    if not _PAGE_NUMBER.match(line):
        reading.after_row.append(line)
    numbered = _NUMBERED.match(line)
    text = numbered["rest"] if numbered else line
    if _TITLE.search(line):
        reading.in_list = True
        return
    if len(text) > _LONGEST_ITEM or _SENTENCE.search(text) or not (numbered or reading.in_list):
        return
    remark = _DEPARTMENT_REMARK.search(text)
    row = {"seq": numbered["seq"] if numbered else "", "name": text[: remark.start()] if remark else text}
    if remark:
        row |= {
            "category": remark["remark"],
            "department": re.split("[，,；;、]?[^，,；;]*类", remark["remark"])[-1],
        }
    _take(reading, reading.numbered if numbered else reading.bare, row)


def _take(reading: _Reading, items: list[AnnexItem], row: dict[str, str]) -> None:
    name = row.get("name", "").strip("，,；;。 ")
    if not name or name in {"合计", "小计", "总计"} or len(name) > _LONGEST_ITEM * 2:
        return
    items.append(
        AnnexItem(
            seq=row.get("seq", ""),
            name=name,
            item=row.get("item", ""),
            category=_category(row.get("category", "")) or reading.category,
            domain=_domain(row.get("domain", "")) or _domain(row.get("category", "")) or reading.domain,
            department=row.get("department", "").strip("，,；; "),
            document=row.get("document", ""),
        )
    )


def _category(text: str) -> str:
    return "准入类" if "准入" in text else "水平评价类" if "水平" in text else ""


def _domain(text: str) -> str:
    return "专业技术" if "专业技术" in text else "技能" if "技能" in text else ""


def _clean(cell: str) -> str:
    """One cell without outer blanks, and without the line ends inside Chinese words."""
    return _BETWEEN_HAN.sub("", " ".join(cell.split()))
