"""Builds the shipped template: ``python -m alerts.reports.notice_template`` writes it into ``templates/``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from alerts.reports.paper import SUBHEADING, add_note, add_text, add_title, new_document

FILE = Path(__file__).parent / "templates" / "rectification_notice.docx"
_BODY = (
    "经监测{% if confirmed %}并核实{% else %}发现{% endif %}，"
    "你单位{% if published_on %}于{{ published_on }}{% endif %}发布的《{{ title }}》"
    "（网址：{{ url }}）存在“{{ violation }}”问题，涉及职业资格为“{{ qualification }}”（{{ status }}）。"
    "原文如下：",
    "{%p for quote in quotes %}",
    "{{ loop.index }}．“{{ quote }}”",
    "{%p endfor %}",
    "{{ explanation }}",
    "上述行为不符合{{ legal_basis }}的规定。现责令你单位于{{ deadline }}前完成整改：{{ advice }}",
    "请于整改期限届满前，将整改情况书面报送本机关。逾期未整改的，将依照有关规定处理，并予以公开曝光。",
)


def build_template() -> bytes:
    """The template as a DOCX file, in the layout of an office's letter."""
    document = new_document()
    draft = add_text(document, "（草稿，经审核、编号并加盖印章后生效）", indent=False, font=SUBHEADING)
    draft.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    doubt = "{%p if needs_review %}", "（本案的判断尚待人工核实，发文前请先确认证书性质。）", "{%p endif %}"
    for text in doubt:
        add_text(document, text, indent=False, font=SUBHEADING).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_title(document, "责令整改通知书")
    number = add_text(document, "______〔____〕____号", indent=False)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_text(document, "{{ publisher }}：", indent=False)
    for text in _BODY:
        add_text(document, text)
    add_text(document, "联系人：__________　　联系电话：__________").paragraph_format.space_after = Pt(28)
    signature = add_text(document, "（发文机关名称、印章）", indent=False)
    signature.alignment, signature.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.RIGHT, True
    add_text(document, "____年__月__日", indent=False).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_note(document, "附：取证时间{{ seen_at }}，网页原始文件的SHA-256摘要：")
    add_note(document, "{{ sha256 }}").paragraph_format.space_before = Pt(0)
    document.core_properties.title = "责令整改通知书"
    document.core_properties.author = "Qualwatch"
    file = BytesIO()
    document.save(file)
    return file.getvalue()


if __name__ == "__main__":
    FILE.write_bytes(build_template())
