"""The look of an office's documents: paper, fonts and spacing of GB/T 9704-2012, tables, page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from alerts.reports.texts import on_one_line

BODY, HEADING, SUBHEADING, TITLE = "仿宋", "黑体", "楷体", "方正小标宋简体"
_SIZE_TWO, _SIZE_THREE, _SIZE_FOUR, _SIZE_FIVE = Pt(22), Pt(16), Pt(14), Pt(10.5)
"""二号, 三号, 四号 and 五号."""
_LINE = Pt(28)


def new_document() -> DocumentObject:
    """An empty A4 page with the standard's margins and a page number below."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    style = document.styles["Normal"]
    style.font.name, style.font.size = BODY, _SIZE_THREE
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
    # Without 仿宋, programs choose by language whether commas stand in the corner or in the middle.
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    style.paragraph_format.line_spacing = _LINE
    _number_pages(section.footer.paragraphs[0])
    return document


def add_title(document: DocumentObject, text: str) -> Paragraph:
    """二号小标宋, centred."""
    paragraph = document.add_paragraph(style=_heading_style(document, "Title", TITLE, _SIZE_TWO))
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(36)
    add_run(paragraph, text, font=TITLE, size=_SIZE_TWO)
    return paragraph


def add_heading(document: DocumentObject, text: str) -> Paragraph:
    """三号黑体, kept with what follows."""
    paragraph = document.add_paragraph(style=_heading_style(document, "Heading 1", HEADING, _SIZE_THREE))
    paragraph.paragraph_format.first_line_indent = 2 * _SIZE_THREE
    paragraph.paragraph_format.space_before = Pt(8)
    add_run(paragraph, text, font=HEADING)
    return paragraph


def add_text(document: DocumentObject, text: str, *, indent: bool = True, font: str = BODY) -> Paragraph:
    """A paragraph of the body; with ``indent`` its first line begins two characters in."""
    paragraph = document.add_paragraph()
    if indent:
        paragraph.paragraph_format.first_line_indent = 2 * _SIZE_THREE
    add_run(paragraph, text, font=font)
    return paragraph


def add_note(document: DocumentObject, text: str) -> Paragraph:
    """四号, for what belongs below the text; may hold words without spaces that are longer than a line."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(22)
    paragraph.paragraph_format.space_before = Pt(12)
    add_run(paragraph, text, size=_SIZE_FOUR)
    return paragraph


def add_run(paragraph: Paragraph, text: str, *, font: str = BODY, size: Any = _SIZE_THREE) -> Run:
    """Text in ``font``, for Chinese characters too."""
    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, size
    run.font.color.rgb = RGBColor(0, 0, 0)
    run.font.bold = run.font.italic = False
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001 - no public way
    return run


def add_table(
    document: DocumentObject, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> Table:
    """A table with borders whose head is repeated on each page; ``widths`` in millimetres."""
    table: Table = document.add_table(rows=1 + len(rows), cols=len(head), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    # All cells at once: asking a table for one cell walks through all of them.
    cells = [row.cells for row in table.rows]
    for row, texts in zip(cells, (head, *rows), strict=True):
        for cell, text, width in zip(row, texts, widths, strict=True):
            cell.width = Mm(width)
            _fill(
                cell,
                on_one_line(text),
                font=HEADING if row is cells[0] else BODY,
                centred=row is cells[0] or _short(text),
            )
    for cell in cells[-2]:  # The last row, often a total, never stands alone on a page.
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for number, table_row in enumerate(table.rows):
        properties = table_row._tr.get_or_add_trPr()  # noqa: SLF001 - no public way
        properties.append(OxmlElement("w:cantSplit"))
        if not number:
            properties.append(OxmlElement("w:tblHeader"))
    return table


def _fill(cell: _Cell, text: str, *, font: str, centred: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(3)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_run(paragraph, text, font=font, size=_SIZE_FIVE)


def _short(text: str) -> bool:
    return len(text) <= 10


def _heading_style(document: DocumentObject, name: str, font: str, size: Any) -> str:
    """The style ``name``, which navigation and contents go by, without its colours and lines."""
    style: Any = document.styles[name]
    style.font.name, style.font.size, style.font.bold = font, size, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "eastAsiaTheme", "hAnsiTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), font)
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)
    return name


def _number_pages(paragraph: Paragraph) -> None:
    """``— 1 —`` in the middle, as the standard wants."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_run(paragraph, "— ", font="宋体", size=_SIZE_FOUR)
    run = add_run(paragraph, "", font="宋体", size=_SIZE_FOUR)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        element.text = text or None
        run._r.append(element)  # noqa: SLF001 - no public way to a field
    add_run(paragraph, " —", font="宋体", size=_SIZE_FOUR)
