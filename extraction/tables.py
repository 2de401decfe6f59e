"""Rows of a table as lines of text: each cell beside its heading, so that a requirement is read as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from extraction.grids import SEPARATOR, grid_lines
from extraction.limits import MAX_TABLE_COLUMNS

_HEADER_SEARCH_ROWS = 12
_LONGEST_HEADING = 40
_LONGEST_REPEATED_CELL = 120
"""A cell that spans rows is repeated in each (the unit above its positions), but no essay is."""
_MOST_ROWSPAN = 1_000
_HEADING_WORDS = re.compile(
    "序号|编号|代码|名称|单位|部门|机构|机关|岗位|职位|职务|工种|人数|数量|名额|计划|要求|条件|资格|学历|学位|专业|年龄|"
    "性别|经验|经历|备注|说明|地点|地区|区域|联系|电话|邮箱|地址|时间|日期|期限|薪|工资|待遇|类别|类型|大类|门类|分类|级别|等级|项目|"
    "事项|内容|依据|方式|比例|对象|证书|姓名|职称|户籍|籍贯|身份|科目|编制|性质|来源|标准|金额|单价|程度|面貌|状况|简介|职责|文号|层级|分值|因素"
)
_LABEL_END = (":", "：")


@dataclass(slots=True)
class Cell:
    """A cell as its lines; ``is_heading`` where the file itself says so (``th``)."""

    lines: list[str] = field(default_factory=list)
    is_heading: bool = False
    columns: int = 1
    rows: int = 1
    continues_above: bool = False
    """The cell belongs to the one above it: how Word writes a cell that spans rows."""
    holds_table: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def lay_out(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines of a table: one a row where it holds data, its blocks in order where it only places them."""
    rows = [row for row in rows if any(cell.lines for cell in row)]
    if any(cell.holds_table for row in rows for cell in row):
        return [line for row in rows for line in _blocks(row)]
    grid = _spread(rows)
    header = _declared_header(rows) or _find_header(grid)
    if header:
        return rows_as_lines(grid, header)
    return [line for row in rows for line in _blocks(row)]


def lay_out_grid(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines of a table with every cell in its column; a table that only places blocks gives them in order."""
    rows = [row for row in rows if any(cell.lines for cell in row)]
    if any(cell.holds_table for row in rows for cell in row) or all(len(row) == 1 for row in rows):
        return [line for row in rows for cell in row for line in cell.lines]
    return grid_lines(_spread(rows))


def rows_as_lines(grid: Sequence[Sequence[str]], header: range | None = None) -> list[str]:
    """Lines of a grid of cell texts; the header rows are found by their words where none is given."""
    if header is None:
        header = _find_header(grid)
    headings = _headings(grid, header)
    lines = [_plain_line(row) for row in grid[: header.stop]]
    lines += [_headed_line(row, headings) if headings else _plain_line(row) for row in grid[header.stop :]]
    return [line for line in lines if line]


def _blocks(row: Sequence[Cell]) -> list[str]:
    """A row without column headings: one line where its cells are short, else blocks behind their label."""
    filled = [cell for cell in row if cell.lines]
    if all(len(cell.lines) == 1 and not cell.holds_table for cell in filled):
        return [_plain_line([_as_label(cell) for cell in filled])]
    label, *others = filled
    if len(others) == 1 and len(label.lines) == 1 and (label.is_heading or _is_short_label(label.text)):
        first, *rest = others[0].lines
        return [f"{label.text.removesuffix('：')}：{first}", *rest]
    return [line for cell in filled for line in cell.lines]


def _as_label(cell: Cell) -> str:
    return f"{cell.text}：" if cell.is_heading and not cell.text.endswith(_LABEL_END) else cell.text


def _spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """The grid of texts, with cells that span rows repeated in each; spanned columns stay empty."""
    grid: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # column → rows still to fill, text
    for row in rows:
        texts: list[str] = []
        cells = iter(row)
        while len(texts) < MAX_TABLE_COLUMNS:
            if len(texts) in pending:
                left, text = pending.pop(len(texts))
                if left > 1:
                    pending[len(texts)] = (left - 1, text)
                texts.append(text)
            elif (cell := next(cells, None)) is not None:
                above = grid[-1] if grid and cell.continues_above else []
                _place(cell, texts, pending, above[len(texts)] if len(texts) < len(above) else "")
            elif any(column > len(texts) for column in pending):
                texts.append("")
            else:
                break
        grid.append(texts)
    return grid


def _place(cell: Cell, texts: list[str], pending: dict[int, tuple[int, str]], above: str) -> None:
    text = cell.text or (above if len(above) <= _LONGEST_REPEATED_CELL else "")
    repeated = text if len(text) <= _LONGEST_REPEATED_CELL else ""
    for offset in range(max(1, min(cell.columns, MAX_TABLE_COLUMNS - len(texts)))):
        if cell.rows > 1:
            pending[len(texts)] = (min(cell.rows, _MOST_ROWSPAN) - 1, "" if offset else repeated)
        texts.append("" if offset else text)


def _declared_header(rows: Sequence[Sequence[Cell]]) -> range:
    """The leading rows whose every cell says that it is a heading; empty where the words must decide."""
    count = 0
    while count < len(rows) and len(rows[count]) > 1 and all(cell.is_heading for cell in rows[count]):
        count += 1
    return range(count if count < len(rows) else 0)


def _find_header(grid: Sequence[Sequence[str]]) -> range:
    """The row (or two, where headings are grouped) whose words are headings; an empty range where none is."""
    for index, row in enumerate(grid[:_HEADER_SEARCH_ROWS]):
        below = grid[index + 1 :]
        if below and _is_header(row) and not _is_form(grid[index:]):
            return range(index, index + 1 + (len(below) > 1 and _is_below_groups(row, below[0])))
    return range(0)


def _is_below_groups(groups: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a row names the columns of the grouped headings above it, and nothing else."""
    if not _is_header(row) or "" not in groups:
        return False
    for column, text in enumerate(row[: len(groups)]):
        is_group = groups[column] == "" or (column + 1 < len(groups) and groups[column + 1] == "")
        if text and not is_group and text != groups[column]:
            return False
    return True


def _is_header(row: Sequence[str]) -> bool:
    cells = [cell for cell in row if cell]
    if len(cells) < 2 or any(len(cell) > _LONGEST_HEADING or cell.endswith(_LABEL_END) for cell in cells):
        return False
    if any(cell.isdigit() for cell in cells):
        return False
    return sum(_is_label(cell) for cell in cells) >= 0.6 * len(cells)


def _is_label(cell: str) -> bool:
    return len(cell) <= _LONGEST_HEADING and _HEADING_WORDS.search(cell) is not None


def _is_short_label(cell: str) -> bool:
    return len(cell) <= 12 and _is_label(cell)


def _is_form(rows: Sequence[Sequence[str]]) -> bool:
    """Whether labels stand in columns rather than in a row (``岗位名称 | 会计 | 工作地点 | 福州``)."""
    sample = [row for row in rows[1:30] if any(row)]
    cells = [cell for row in sample for cell in row if cell]
    headings = sum(cell != "" for cell in rows[0])
    if len(cells) * 2 < headings * len(sample) or sum(map(_is_short_label, cells)) > 0.6 * len(cells):
        return True
    first = [row[0] for row in sample if row[0]]
    is_paired = max(len(row) for row in rows) in {2, 4, 6}
    return is_paired and sum(map(_is_short_label, first)) * 2 > len(first)


def _headings(grid: Sequence[Sequence[str]], header: range) -> list[str]:
    """One heading per column: the lowest filled header cell above it, a group's name for its first column."""
    headings: list[str] = []
    for row in grid[header.start : header.stop]:
        headings += [""] * (len(row) - len(headings))
        headings = [text or above for text, above in zip(_padded(row, len(headings)), headings, strict=True)]
    return [heading.replace(" ", "") for heading in headings]


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _headed_line(row: Sequence[str], headings: Sequence[str]) -> str:
    filled = [(column, text) for column, text in enumerate(row) if text]
    if len(filled) == 1 and filled[0][0] == 0 and len(row) > 2:
        return filled[0][1]  # a note or a subtitle across the table
    named = (
        f"{headings[column]}：{text}" if column < len(headings) and headings[column] else text
        for column, text in filled
    )
    return SEPARATOR.join(named)


def _plain_line(row: Sequence[str]) -> str:
    """Cells side by side; a label that ends with a colon is joined to its value."""
    line = ""
    for text in row:
        if text:
            line += text if not line or line.endswith(_LABEL_END) else SEPARATOR + text
    return line
