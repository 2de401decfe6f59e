"""Cells of the lines of an official list, and which column a heading names."""

from __future__ import annotations

import re

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
        "name",
    },
    "single": {"具体项目", "具体名称", "职业名称", "职业（工种）名称", "职业", "工种"},
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
        "department",
    },
    "responsible": {"责任部门", "牵头部门", "落实部门", "落实单位", "责任单位", "省级落实部门"},
    "document": {"文号", "document_no", "document"},
    "part": {"批次", "退出批次", "退出时间", "退出时限", "part"},
}
"""Column → the headings that official lists and tidy files give it; ``single`` is one name of an item."""

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

_LIKE = {
    "name": re.compile(
        r"(?:资格|项目|事项|职业|工种|证书).*名称$|^(?:取消|退出|保留)的?(?:项目|事项|职业资格)$"
    ),
    "category": re.compile(r"(?:类别|类型)$"),
    "department": re.compile(
        r"(?:实施|主管|设定|设置|颁发|认定|发证).*(?:部门|单位|机构|机关)(?:[（(].*[)）])?$"
    ),
}
"""What headings of other words end with."""
_LONGEST_HEADING = 16
_BARS = 2
"""A line with so many bars is a row of cells."""
_PARTED = re.compile(r"\t|\s\|\s|｜")
_BARRED = re.compile(r"\s*[|｜]\s*")
_RULE = re.compile(r"^[\s|｜:+=—-]+$")
"""What text draws between the rows of a table."""
_NUMBER_AND_NAME = re.compile(r"^(?P<seq>\d{1,3})[.．、](?P<name>\D.*)$")
_DEPARTMENT = re.compile(r"(?:部|局|委|署|院|厅|银行|协会|学会|中心|总公司|办公室|办)[)）]?$|准入|水平评价")
_KIND = re.compile(r"准入类|水平评价类")


def rows_of_text(text: str) -> list[list[str]]:
    """Cells of every line: a table row stands on its own line, its cells parted by tabs, bars or blanks.

    Blanks part cells only in a heading and in lines that begin with a number: so PDF files give their tables.
    """
    return [_cells(line) for line in text.splitlines() if line.strip() and not _RULE.match(line)]


def _cells(line: str) -> list[str]:
    if len(re.findall("[|｜]", line)) >= _BARS and "\t" not in line:
        return _BARRED.split(line.strip().strip("|｜"))
    cells = _PARTED.split(line)
    if len(cells) > 1:
        return cells
    words = line.split()
    tabular = len(words) > 2 and words[0].isdigit() and len(words[0]) <= 3
    if tabular or sum(map(is_heading, words)) > 1:
        return words
    return _numbered_cells(words) or cells


def _numbered_cells(words: list[str]) -> list[str]:
    """``1．速录师 某部 水平评价类`` in its columns; empty where blanks only spread out a name."""
    found = _NUMBER_AND_NAME.match(words[0]) if len(words) > 1 else None
    if found is None:
        return []
    is_row = all(_DEPARTMENT.search(word) for word in words[1:]) or any(map(_KIND.match, words[1:]))
    if not is_row:
        return []
    return [found["seq"], found["name"], *words[1:]]


def column_of(heading: str) -> str:
    """The column that a heading names, empty where it is none of those that count."""
    said = _compact(heading).lower()
    if said in _COLUMN or len(said) > _LONGEST_HEADING:
        return _COLUMN.get(said, "")
    return next((column for column, like in _LIKE.items() if like.search(said)), "")


def is_heading(cell: str) -> bool:
    """Whether a cell says what stands in its column."""
    return _compact(cell).lower() in _COLUMN or _compact(cell).lower() in _REMARK


def _compact(cell: str) -> str:
    """``名 称`` → ``名称``; headings are spread out to fill their column."""
    return "".join(cell.split())
