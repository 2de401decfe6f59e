"""Annexes of makes that offices meet beside the usual one: read whole, or refused for their own reason."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook

from assessment.official_lists import read_list
from catalogue.annex import read_annex
from catalogue.annex_items import Annex
from catalogue.checks import misreadings
from catalogue.documents import find_document
from catalogue.parts import choose_annex
from settings.model import Fetching
from tests.catalogue.made_lists import (
    ENDED_TITLE,
    HEADING,
    Row,
    edition_lines,
    edition_rows,
    ended_names,
    page,
    pdf,
    rows_of,
    table,
)

NUMBER = "国发〔2016〕35号"
NAMES = ended_names(NUMBER, 47)
ROWS = rows_of(NAMES)
TITLE = f"<p>附件</p><p>{ENDED_TITLE}（共计47项）</p>"


def _read(folder: Path, body: bytes | str, name: str = "annex.html") -> tuple[Annex, list[str]]:
    """The annex that a file holds, and why it may not be imported."""
    file = folder / name
    file.write_bytes(page(NUMBER, body) if isinstance(body, str) else body)
    official = find_document(NUMBER)
    assert official is not None
    choice = choose_annex(read_list(str(file), Fetching()).rows, official)
    return choice.annex, [choice.problem] if choice.problem else misreadings(choice.annex, official)


def _whole(folder: Path, body: bytes | str, name: str = "annex.html", names: Sequence[str] = NAMES) -> None:
    annex, problems = _read(folder, body, name)
    assert [item.name for item in annex.items] == list(names)
    assert not problems
    assert annex.count == len(NAMES)


def _numbered_anew(rows: Sequence[Row]) -> list[Row]:
    return [(str(seq), *row[1:]) for seq, row in enumerate(rows, 1)]


@pytest.mark.parametrize(
    "above", ["专业技术人员职业资格（共20项）", "取消的专业技术人员职业资格许可和认定事项"]
)
@pytest.mark.parametrize("below", ["技能人员职业资格（共27项）", "技能人员职业资格"])
def test_parts_are_told_by_headings_without_a_number(tmp_path: Path, above: str, below: str) -> None:
    second = _numbered_anew(ROWS[20:])
    _whole(tmp_path, f"{TITLE}<p>{above}</p>{table(ROWS[:20])}<p>{below}</p>{table(second)}")
    annex, problems = _read(
        tmp_path, f"{TITLE}<p>专业技术人员（21项）</p>{table(ROWS[:20])}<p>{below}</p>{table(second)}"
    )
    assert problems == ["“专业技术人员（21项）”应有21项，读到20项。"]
    assert [item.domain for item in annex.items] == ["专业技术"] * 20 + ["技能"] * 27


@pytest.mark.parametrize("times", [2, 3])
def test_a_narrow_list_set_in_columns_is_read_column_by_column(tmp_path: Path, times: int) -> None:
    pairs = [row[:2] for row in ROWS]
    tall = -(-len(pairs) // times)
    columns = [pairs[at : at + tall] for at in range(0, len(pairs), tall)]
    rows = [sum((c[at] if at < len(c) else ("", "") for c in columns), ()) for at in range(tall)]
    _whole(tmp_path, TITLE + table(rows, ("序号", "项目名称") * times))


def test_marks_of_footnotes_are_no_part_of_a_name(tmp_path: Path) -> None:
    marks = {3: "<sup>1</sup>", 5: "<sup>注2</sup>", 7: "<sup>①</sup>", 9: "<sup>[4]</sup>", 11: "*"}
    rows = [(row[0], row[1] + marks.get(at, ""), *row[2:]) for at, row in enumerate(ROWS)]
    _whole(tmp_path, f"{TITLE}{table(rows)}<p>注：1．另有规定。</p><p>2．已取得的证书继续有效。</p>")


def test_a_table_goes_on_under_each_way_to_say_so(tmp_path: Path) -> None:
    said = ("（续表1）", "续表二", "续上表", "（接上表）")
    parts = [ROWS[at : at + 12] for at in range(0, 47, 12)]
    _whole(tmp_path, TITLE + "".join(f"<p>{s}</p>{table(p)}" for s, p in zip(said, parts, strict=True)))


@pytest.mark.parametrize("row", [("合计", "47项"), ("", "合计：47项"), ("", "总 计", "47"), ("共计47项",)])
def test_the_sum_below_a_table_is_no_item_of_it(tmp_path: Path, row: Row) -> None:
    last = (*row, *[""] * (len(HEADING) - len(row)))
    _whole(tmp_path, TITLE + table([*ROWS, last]))


def test_sums_of_parts_are_compared_with_what_was_read_there(tmp_path: Path) -> None:
    def sum_of(name: str, count: str) -> Row:
        return (name, count, "", "", "", "")

    def body(first: str) -> str:
        second = [*_numbered_anew(ROWS[20:]), sum_of("小计", "27"), sum_of("总计", "47")]
        above = [*ROWS[:20], sum_of("小计", first)]
        return f"{TITLE}<p>一、专业技术人员</p>{table(above)}<p>二、技能人员</p>{table(second)}"

    _whole(tmp_path, body("20"))
    assert _read(tmp_path, body("21"))[1] == ["“小计 21”与读到的20项不符。"]


@pytest.mark.parametrize("parts", [("7①", "7②"), ("7a", "7b"), ("7-1", "7-2"), ("7（1）", "7（2）")])
def test_an_item_in_two_parts_counts_once(tmp_path: Path, parts: tuple[str, str]) -> None:
    rows: list[Row] = [*ROWS[:6], (parts[0], *ROWS[6][1:]), (parts[1], "虚构另名师", *ROWS[6][2:]), *ROWS[7:]]
    _whole(tmp_path, TITLE + table(rows), names=[*NAMES[:7], "虚构另名师", *NAMES[7:]])


def test_a_name_that_a_page_cut_before_its_last_character_is_whole(tmp_path: Path) -> None:
    assert NAMES[8][-1] in "师员工"
    rest = ("", NAMES[8][-1], *[""] * (len(HEADING) - 2))
    rows = [*ROWS[:8], (ROWS[8][0], NAMES[8][:-1], *ROWS[8][2:]), rest, *ROWS[9:]]
    _whole(tmp_path, TITLE + table(rows))


def test_tables_without_a_heading_and_with_other_words_in_it_are_read(tmp_path: Path) -> None:
    _whole(tmp_path, TITLE + table([row[:3] for row in ROWS], None))
    heading = ("序号", "资格类型", "取消的职业资格名称", "原实施部门（单位）")
    _whole(tmp_path, TITLE + table([(row[0], row[3], row[1], row[2]) for row in ROWS], heading))


def test_lines_of_text_are_parted_where_their_columns_are(tmp_path: Path) -> None:
    document, body = Document(), BytesIO()
    document.add_paragraph(f"{ENDED_TITLE}（共计47项）")
    for seq, name, *_ in ROWS:
        document.add_paragraph(f"{seq}．{name}\t人力资源社会保障部\t水平评价类")
    document.save(body)
    _whole(tmp_path, body.getvalue(), "annex.docx")
    spread = "".join(f"<p>{seq}．{' '.join(name[-4:])}</p>" for seq, name, *_ in ROWS)
    annex, _ = _read(tmp_path, f"{TITLE}{spread}")
    assert annex.items[0].name == NAMES[0][-4:]
    bars = "\n".join("|".join(row) for row in [HEADING, *ROWS])
    _whole(tmp_path, bars.encode(), "annex.txt")
    ruled = f"|{'|'.join(HEADING)}|\n|{'---|' * len(HEADING)}\n" + "\n".join(f"|{'|'.join(r)}|" for r in ROWS)
    _whole(tmp_path, ruled.encode(), "annex.md")


@pytest.mark.parametrize(("mark", "charset"), [(";", "utf-8"), ("\t", "utf-16"), (",", "gb18030")])
def test_sheets_saved_as_text_are_read_whatever_parts_their_cells(
    tmp_path: Path, mark: str, charset: str
) -> None:
    body = "\n".join(mark.join(row) for row in [HEADING, *ROWS])
    _whole(tmp_path, body.encode(charset), "annex.csv")


def test_a_workbook_holds_a_whole_decision_in_sheets_that_only_their_names_tell_apart(tmp_path: Path) -> None:
    book, body = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "行政审批事项"
    for row in [("序号", "项目名称", "审批部门"), *((n, f"虚构事项{n}审批", "某部") for n in range(1, 13))]:
        sheet.append(row)
    second = book.create_sheet("职业资格")
    for cells in [HEADING, *ROWS]:
        second.append(cells)
    book.save(body)
    book.close()
    _whole(tmp_path, body.getvalue(), "annex.xlsx")


def _edition_read(file: Path) -> Annex:
    official = find_document("国家职业资格目录（2021年版）")
    assert official is not None
    annex = choose_annex(read_list(str(file), Fetching()).rows, official).annex
    assert not misreadings(annex, official)
    assert annex.count == official.items
    return annex


SPANNING = ("序号", "职业资格名称", "", "实施部门", "资格类别")


def test_names_under_a_heading_that_spans_them_and_their_items_are_read(tmp_path: Path) -> None:
    """Both editions print 职业资格名称 over the item and, beside it, the occupations that it holds."""
    lines = edition_lines("2021")
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in edition_rows(lines)
    )
    heading = '<tr><td>序号</td><td colspan="2">职业资格名称</td><td>实施部门</td><td>资格类别</td></tr>'
    (tmp_path / "2021.html").write_bytes(page("", f"<p>国家职业资格目录</p><table>{heading}{rows}</table>"))
    names = [item.name for item in _edition_read(tmp_path / "2021.html").items]
    assert names == [line.name for line in lines]


def test_word_97_writes_no_cell_for_what_spans_two() -> None:
    """As its reader gives them: short rows, and cells that go on from above without words."""
    annex = read_annex(
        [
            ("序号", "职业资格名称", "实施部门", "资格类别", ""),
            ("1", "教师资格", "教育部", "准入类", ""),
            ("2", "核设施操纵人员资格", "民用核设施操纵人员", "生态环境部", "准入类"),
            ("", "", "军用核设施操纵人员", "国防科工局", ""),
            ("3", "注册建筑师", "住房城乡建设部", "准入类", ""),
        ]
    )
    assert [(item.name, item.item, item.department) for item in annex.items] == [
        ("教师资格", "", "教育部"),
        ("民用核设施操纵人员", "核设施操纵人员资格", "生态环境部"),
        ("军用核设施操纵人员", "核设施操纵人员资格", "国防科工局"),
        ("注册建筑师", "", "住房城乡建设部"),
    ]
    assert {item.category for item in annex.items} == {"准入类"}


def test_cells_that_a_pdf_merges_across_are_not_filled_from_above(tmp_path: Path) -> None:
    lines = edition_lines("2021")
    rows = list(edition_rows(lines))
    alone = [at for at, row in enumerate(rows, 1) if not row[2]]
    body = pdf(["国家职业资格目录"], rows, SPANNING, across=[0, *alone])
    (tmp_path / "2021.pdf").write_bytes(body)
    names = [item.name for item in _edition_read(tmp_path / "2021.pdf").items]
    assert names == [line.name for line in lines]


@pytest.mark.parametrize(
    "cut", [("国防科技工业", "军用核安全设备焊接人员"), ("咨询专业技术人员", "职业资格")]
)
def test_a_name_cut_by_a_page_is_whole_within_an_item_too(cut: tuple[str, str]) -> None:
    rows = [
        ("序号", "名称", "具体项目", "部门", "类别"),
        ("1", "焊工", cut[0], "生态环境部", "准入类"),
        ("", "", cut[1], "", ""),
        ("", "", "民用核安全设备焊接人员", "", ""),
        ("2", "监理工程师", "", "住房城乡建设部", "准入类"),
    ]
    annex = read_annex(rows)
    assert [item.name for item in annex.items] == ["".join(cut), "民用核安全设备焊接人员", "监理工程师"]
    assert (annex.count, annex.unclear) == (2, ())


def test_an_item_cut_by_a_page_between_its_names_is_one_item() -> None:
    rows = [
        ("序号", "名称", "具体项目", "部门", "类别"),
        ("1", "水泥、石灰、", "水泥生产工", "某部", "水平评价类"),
        ("", "石膏及其制品制造人员", "石膏制品生产工", "某部", ""),
        ("", "石膏及其制品制造人员", "水泥混凝土制品工", "某部", ""),
        ("2", "速录师", "", "某部", "水平评价类"),
    ]
    annex = read_annex(rows)
    assert annex.count == 2
    assert {item.item for item in annex.items} == {"水泥、石灰、石膏及其制品制造人员", ""}
