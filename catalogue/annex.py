"""Reads the items of an official list out of table rows and lines, whatever they were extracted from.

Pure: rows in, items out. A cell either stands in its column, under a heading that was met before, or carries
its heading itself (``职业资格名称：…``), as the extraction of web tables and sheets writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from catalogue.annex_items import Annex, AnnexItem
from catalogue.annex_lines import column_of, is_heading
from catalogue.documents import normalise_number

_NUMBERED = re.compile(r"^[（(]?(?P<seq>\d{1,3})[)）.、．\s]\s*(?P<rest>\D.*)$")
_FOOTNOTE_MARK = re.compile(r"(?:[*＊※①-⑳⁰¹²³⁴-⁹]+|[\[［【]注?\d{1,2}[\]］】]|[（(]注\d{0,2}[)）])$")
_SMALL_NUMBER = re.compile(r"(?<=[一-鿿）)])注?\d{1,2}$")
"""What stands behind a whole name was small and high before it was text."""
_ASIDE = re.compile(
    r"^(?:注|备注|说明|附注)\d{0,2}[：:.．、]|^[*＊※①-⑳]|^[\[［]\d{1,2}[\]］]"
    r"|(?:^[（(]?(?:续|接)上?表|续表?)[一二三四五六七八九十\d]{0,3}[）)]?$|^[（(]?(?:共计|合计|总计|小计)"
)
"""Lines beside a list that are none of its rows: footnotes, 续表, totals."""
_DECLARED = re.compile(r"[（(](?:共计?|合计|总计|计)?(?P<count>\d{1,3})[项个][^（()）]{0,40}[)）]")
_TOTAL_CELL = re.compile(r"^(?:合\s*计|共\s*计|总\s*计|小\s*计)(?:$|[：:\s]|\d)")
_TOTAL_COUNT = re.compile(r"(?P<count>\d{1,3})(?:\.0)?\s*[项个种]?$")
_PART_HEADING = re.compile(r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）]|附件|第.批)")
_PLAIN_HEADING = re.compile(
    r"(?:取消|退出|保留)?的?(?:专业技术(?:人员|类)?|技能(?:人员|类)?|准入类|水平评价类)+(?:职业)?(?:资格)?"
    r"(?:许可和认定)?(?:事项|项目)?\s*(?:[（(][^（()）]*[)）])?"
)
"""Headings of parts that bear no number."""
_PART = re.compile(r"第[一二三四五六七八九十]批")
_WHOLE_NAME = re.compile(
    r"(?:师|员|工|人|者|生|证|证书|资格|认定|许可|代表|经理|协理|手|官|家|医|司机|顾问|导游|秘书|英语)(?:[（(][^（()）]*[)）])?$"
)
"""How the names of qualifications end: what ends otherwise goes on in the next row."""
_SUFFIX = re.compile(r"(?:执业|职业|从业|专业技术)?(?:资格)(?:证书|考试|认定)?|证书?")
"""What is no name by itself, but the end of one."""
_DEPARTMENT_REMARK = re.compile(r"[（(](?P<remark>[^（()）]*(?:部|局|委|署|总会|类)[^（()）]*)[)）]$")
_PAGE_NUMBER = re.compile(r"^[-—–\s第]*\d{1,4}[-—–\s页]*$")
_BETWEEN_HAN = re.compile(r"(?<=[一-鿿（），、])\s+(?=[一-鿿（），、])")
_TITLE = re.compile(r"^附件|目录(?:[（(].{1,20}[)）])?$|清单(?:[（(].{1,20}[)）])?$")
_SENTENCE = re.compile(r"[。；：:！？]|^[（(]?[一二三四五六七八九十]+[)）、]|^共计|^合计")
_LONGEST_ITEM = 40
_SHORTEST_NAME = 2
"""A single character is the rest of something."""


@dataclass(slots=True)
class _Reading:
    """Where the reader stands in the list."""

    columns: list[str] = field(default_factory=list)
    beside: int = 1
    """How often the columns stand side by side."""
    waiting: list[list[list[str]]] = field(default_factory=list)
    """Rows of the columns beside the first ones."""
    domain: str = ""
    category: str = ""
    moved: bool = False
    """Whether the last row had a cell more than its heading, beside its item."""
    in_list: bool = False
    """A title such as ``…目录`` was met: lines without a number may be items from here on."""
    tabled: list[AnnexItem] = field(default_factory=list)
    numbered: list[AnnexItem] = field(default_factory=list)
    bare: list[AnnexItem] = field(default_factory=list)
    after_row: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    part: str = ""
    announced: list[tuple[str, int, int]] = field(default_factory=list)
    """Headings of parts: what they say, how many items they announce (0: none), rows that stood before."""
    totals: list[tuple[str, int, int]] = field(default_factory=list)
    """Sums below tables: what they say, which number, how many rows stood before them."""


def read_annex(rows: Iterable[Sequence[str]], document: str = "") -> Annex:
    """Items in their order, each name once in its group.

    Tables win over numbered lines, and those over bare ones. Where a column names the document of each row,
    only the rows of ``document`` are taken.
    """
    reading = _Reading()
    for row in rows:
        cells = [_clean(cell) for cell in row]
        if any(cells):
            for each in _in_columns(reading, cells):
                _read_row(reading, each)
    for each in _beside(reading):
        _read_row(reading, each)
    found = list(dict.fromkeys(reading.tabled or reading.numbered or reading.bare))
    wanted = normalise_number(document)
    attributed = any(item.document for item in found)
    kept = tuple(item for item in found if not attributed or normalise_number(item.document) == wanted)
    return Annex(
        tuple(replace(item, document="") for item in kept),
        len(found) - len(kept),
        loose=tuple(reading.loose) if reading.tabled else (),
        unclear=tuple(reading.unclear),
        misfits=tuple(_misfits(reading)),
    )


def _in_columns(reading: _Reading, cells: list[str]) -> Iterator[list[str]]:
    """The row of the first column; those of the columns beside it are read when the table ends."""
    width = len(reading.columns)
    if reading.beside > 1 and len(cells) == width * reading.beside and not _is_heading_row(cells):
        for column, waiting in enumerate(reading.waiting, 1):
            waiting.append(cells[column * width : (column + 1) * width])
        yield cells[:width]
    else:
        yield from _beside(reading)
        yield cells


def _beside(reading: _Reading) -> Iterator[list[str]]:
    """What stood beside the first column of a list, one column after the other."""
    waiting, reading.waiting = reading.waiting, [[] for _ in reading.waiting]
    yield from (row for column in waiting for row in column if any(row))


def _misfits(reading: _Reading) -> Iterator[str]:
    """Parts of a table that have another number of items than their heading or their sum says."""
    begins = [0, *(begin for *_, begin in reading.announced), *(at for *_, at in reading.totals)]
    for said, count, at in reading.totals:
        counts = [Annex(tuple(reading.tabled[begin:at])).count for begin in begins if begin < at]
        if counts and count not in counts:
            yield f"“{said[:_LONGEST_ITEM]}”与读到的{counts[0]}项不符。"
    for number, (heading, announced, begin) in enumerate(reading.announced):
        deeper = () if heading.startswith(("（", "(")) else ("（", "(")
        later = (at for other, _, at in reading.announced[number + 1 :] if not other.startswith(deeper))
        read = Annex(tuple(reading.tabled[begin : next(later, None)])).count
        if announced and read not in (0, announced):
            yield f"“{heading[:_LONGEST_ITEM]}”应有{announced}项，读到{read}项。"


def _read_row(reading: _Reading, cells: list[str]) -> None:
    filled = [cell for cell in cells if cell]
    if _read_heading(reading, cells) or (len(filled) == 1 and _read_section(reading, filled[0])):
        return
    if _read_total(reading, filled):
        return
    row = _labelled(filled) or _placed(_columns_of(reading, cells), cells) or _counted(reading, filled)
    if row and not row.get("seq") and _is_numbered(reading):
        _read_rest(reading, row)
    elif row:
        reading.loose += reading.after_row if reading.tabled else ()
        reading.after_row.clear()
        _take(reading, reading.tabled, row)
    elif len(filled) == 1:
        _read_line(reading, filled[0])


def _read_total(reading: _Reading, filled: list[str]) -> bool:
    """Whether the row is the sum below a table; keeps which number it says."""
    values = [cell.partition("：")[2] if column_of(cell.partition("：")[0]) else cell for cell in filled]
    if not any(_TOTAL_CELL.match(value) for value in values[:2]):
        return False
    counts = [int(found["count"]) for value in values if (found := _TOTAL_COUNT.search(value))]
    if len(counts) == 1:
        reading.totals.append((" ".join(values), counts[0], len(reading.tabled)))
    return True


def _is_numbered(reading: _Reading) -> bool:
    """Whether the rows of the table bear numbers, so that one without belongs to the row above it."""
    return bool(reading.tabled and reading.tabled[-1].seq)


def _read_rest(reading: _Reading, row: dict[str, str]) -> None:
    """A row without a number: another name of the item above, or the rest of a row that a page cut in two.

    It is another name where it has a category of its own or the list groups names under items; it is a rest
    where the name above cannot end where it does. Else nobody can tell but a person.
    """
    above = reading.tabled[-1]
    name = _named(row.get("name", ""))
    if not name:
        department = above.department + row.get("department", "")
        reading.tabled[-1] = replace(above, department=department)
        return
    is_cut = _WHOLE_NAME.search(above.name) is None or _SUFFIX.fullmatch(name) is not None
    is_rest = is_cut and not _category(row.get("category", ""))
    if len(name) < _SHORTEST_NAME and not is_rest:
        reading.unclear.append(name)
        return
    item = _item_going_on(reading, row.get("item", ""))
    own = dict(row, seq=above.seq, item=item, department=row.get("department", ""))
    if not is_rest and (above.item or _category(row.get("category", ""))):
        inherited = {
            "department": own["department"] or above.department,
            "category": row.get("category") or above.category,
        }
        _take(reading, reading.tabled, own | inherited)
    elif not is_rest:
        reading.unclear.append(name)
    else:
        reading.tabled[-1] = replace(
            above, name=above.name + name, department=above.department + own["department"]
        )


def _item_going_on(reading: _Reading, item: str) -> str:
    """The item of a row without a number: that of the row above, whole where a page has cut it in two."""
    above = reading.tabled[-1].item
    if not item or not above or above.endswith(item) or _WHOLE_NAME.search(above):
        return item if item and not above.endswith(item) else above
    reading.tabled = [
        replace(each, item=above + item) if each.item == above else each for each in reading.tabled
    ]
    return above + item


def _read_heading(reading: _Reading, cells: list[str]) -> bool:
    """Whether the row is a heading; keeps what its columns are."""
    if not _is_heading_row(cells):
        return False
    columns = _columns_under(cells)
    reading.beside = _repeated(columns)
    reading.columns = columns[: len(columns) // reading.beside]
    reading.waiting = [[] for _ in range(1, reading.beside)]
    return True


def _columns_of(reading: _Reading, cells: Sequence[str]) -> list[str]:
    """The columns of one row: Word 97 writes no cell for what a heading spans, so that names move one on."""
    columns = reading.columns
    is_short = len(cells) == len(columns) > 2 and not columns[-1] and "single" not in columns
    if not is_short or not {"name", "category"} <= set(columns):
        return columns
    name, kind = columns.index("name"), columns.index("category")
    moved = bool(_category(cells[kind + 1])) and not _category(cells[kind])
    reading.moved = moved or (reading.moved and not cells[0] and not cells[name])
    return [*columns[: name + 1], "single", *columns[name + 1 : -1]] if reading.moved else columns


def _columns_under(heading: Sequence[str]) -> list[str]:
    """What each column holds: a heading that spans two has the items first, and beside them their names."""
    columns = [column_of(cell) for cell in heading]
    for place in range(1, len(columns)):
        spans = not heading[place] and columns[place - 1] == "name"
        if spans and not {"item", "single"} & set(columns):
            columns[place] = "single"
    return columns


def _is_heading_row(cells: Sequence[str]) -> bool:
    named = {"name", "item", "single"} & {column_of(cell) for cell in cells}
    return sum(map(is_heading, cells)) > 1 and bool(named)


def _repeated(columns: Sequence[str]) -> int:
    """How often the same columns stand side by side: a narrow list is set in two or three columns."""
    for times in (3, 2):
        width, rest = divmod(len(columns), times)
        if width > 1 and not rest and all(columns[at] == columns[at % width] for at in range(len(columns))):
            return times
    return 1


def _read_section(reading: _Reading, line: str) -> bool:
    """Whether the line is a heading of a part; keeps which domain or category begins with it."""
    heading = _PART_HEADING.match(line) or _PLAIN_HEADING.fullmatch(line)
    domain, category, part = _domain(line), _category(line), _PART.search(line)
    if not heading or not (domain or category or part):
        return False
    announced = _DECLARED.search(line)
    reading.announced.append((line, int(announced["count"]) if announced else 0, len(reading.tabled)))
    if part:
        reading.part = part[0]
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
        column = column_of(heading)
        if colon and column:
            row.setdefault(column, value.strip())
    return _with_name(row) if len(row) > 1 and {"name", "item", "single"} & set(row) else {}


def _with_name(row: dict[str, str]) -> dict[str, str]:
    """The row with its narrowest name as ``name`` and what groups it as ``item``."""
    if row.get("single"):
        row = row | {"item": row.get("name") or row.get("item", ""), "name": row["single"]}
    elif not row.get("name"):
        row = row | {"name": row.get("item", "")}
    return row


def _placed(columns: list[str], cells: list[str]) -> dict[str, str]:
    """Column → value where the row fits the heading above it; empty where it does not, or has no name."""
    if not 1 < len(columns) == len(cells):
        return {}
    row = {column: cell for column, cell in zip(columns, cells, strict=True) if column and cell}
    return _with_name(row) if row.keys() - {"seq"} else {}


def _counted(reading: _Reading, filled: list[str]) -> dict[str, str]:
    """A row that begins with its number and fits no heading; empty where nothing speaks for a table."""
    if len(filled) < 2 or not filled[0].isdigit() or len(filled[1]) > _LONGEST_ITEM:
        return {}
    rest = " ".join(filled[2:])
    is_next = reading.in_list and int(filled[0]) == len(reading.tabled) + 1
    if not (reading.columns or reading.tabled or is_next or _category(rest)):
        return {}
    return {"seq": filled[0], "name": filled[1], "category": rest}


def _read_line(reading: _Reading, line: str) -> None:
    if _TITLE.search(line):
        reading.in_list = True
        reading.domain = _domain(line) or reading.domain
        return
    if _ASIDE.search(line):
        return
    if not _PAGE_NUMBER.match(line):
        reading.after_row.append(line)
    numbered = _NUMBERED.match(line)
    text = numbered["rest"] if numbered else line
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
    name = _named(row.get("name", ""))
    if not name or name in {"合计", "小计", "总计"} or len(name) > _LONGEST_ITEM * 2:
        return
    items.append(
        AnnexItem(
            seq=row.get("seq", ""),
            name=name,
            item=_named(row.get("item", "")),
            category=_category(row.get("category", "")) or reading.category,
            domain=_domain(row.get("domain", "")) or _domain(row.get("category", "")) or reading.domain,
            department=(row.get("responsible") or row.get("department", "")).strip("，,；; "),
            document=row.get("document", ""),
            part=row.get("part", "") or reading.part,
        )
    )


def _named(text: str) -> str:
    """A name without what refers to a footnote."""
    name = _FOOTNOTE_MARK.sub("", text.strip("，,；;。 ")).strip()
    bare = _SMALL_NUMBER.sub("", name)
    return bare if _WHOLE_NAME.search(bare) else name


def _category(text: str) -> str:
    return "准入类" if "准入" in text else "水平评价类" if "水平" in text else ""


def _domain(text: str) -> str:
    return "专业技术" if "专业技术" in text else "技能" if "技能" in text else ""


def _clean(cell: str) -> str:
    """One cell without outer blanks, and without the line ends inside Chinese words."""
    return _BETWEEN_HAN.sub("", " ".join(cell.split()))
