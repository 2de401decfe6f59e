"""Builds the shipped template: ``python -m alerts.reports.notice_template`` writes it into ``templates/``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from alerts.reports.paper import SUBHEADING, add_note, add_table, add_text, add_title, new_document

FILE = Path(__file__).parent / "templates" / "rectification_notice.docx"
_BODY = (
    "经监测{% if confirmed %}并核实{% else %}发现{% endif %}，"
    "{{ you }}{% if published_on %}于{{ published_on }}{% endif %}发布的《{{ title }}》"
    "（网址：{{ url }}）载有下列内容：",
    "{%p for quote in quotes %}",
    "{{ loop.index }}．“{{ quote }}”",
    "{%p endfor %}",
    "上述内容涉及的“{{ qualification }}”{{ status }}{% if since %}（自{{ since }}起）{% endif %}，"
    "{{ you }}的行为属于“{{ violation }}”。{{ rule }}。依据如下：",
    "{%p for clause in clauses %}",
    "{{ loop.index }}．{{ clause }}{% if loop.last %}。{% else %}；{% endif %}",
    "{%p endfor %}",
    "现责令{{ you }}立即改正，并于{{ deadline }}前完成整改：{{ advice }}",
    "请于整改期限届满前，将整改情况连同更正后的页面、文件书面报送本机关"
    "{% if answer_url %}，或者登录{{ answer_url }}提交（反馈码：{{ answer_code }}）{% endif %}"
    "。逾期未整改的，本机关将依照有关规定处理，"
    "并予以公开曝光。",
    "{{ you }}如不服本通知，可以自收到本通知书之日起六十日内，依照《中华人民共和国行政复议法》向"
    "________________申请行政复议；也可以自收到本通知书之日起六个月内，依照《中华人民共和国行政诉讼法》向"
    "________________人民法院提起行政诉讼。行政复议、行政诉讼期间，不停止本通知的执行，法律另有规定的除外。",
)
_RECEIPT = (
    ("受送达人", "{{ publisher }}"),
    ("送达文书名称、文号", "责令整改通知书（______〔____〕____号）"),
    ("送达方式", "□直接送达　□留置送达　□邮寄送达　□电子送达（经受送达人同意）　□其他：______"),
    ("送达地点", ""),
    ("送达时间", "____年__月__日__时__分"),
    ("受送达人签名或者盖章", ""),
    ("代收人签名、与受送达人的关系", ""),
    ("拒收事由、见证人签名", ""),
    ("送达人签名（两人）", ""),
    ("备注", ""),
)
"""Of the acknowledgement of service: what stands left and right."""


def build_template() -> bytes:
    """The template as a DOCX file, in the layout of an office's letter."""
    document = new_document()
    _mark_as_draft(document)
    add_title(document, "责令整改通知书")
    number = add_text(document, "______〔____〕____号", indent=False)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_text(document, "{{ publisher }}：", indent=False)
    for text in _BODY:
        add_text(document, text)
    add_text(document, "联系人：__________　　联系电话：__________")
    add_text(document, "").paragraph_format.keep_with_next = True
    signature = add_text(document, "（发文机关名称、印章）", indent=False)
    signature.alignment, signature.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.RIGHT, True
    add_text(document, "____年__月__日", indent=False).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_note(document, "抄送：{{ copies_to }}")
    add_note(
        document, "本通知书一式____份，一份送达受送达人，一份由本机关存档。"
    ).paragraph_format.space_before = Pt(0)
    add_note(document, "附：送达回证及取证说明").paragraph_format.space_before = Pt(0)
    _add_receipt(document)
    add_note(document, "取证说明：原网页取证时间{{ seen_at }}，原始文件的SHA-256摘要：")
    add_note(document, "{{ sha256 }}").paragraph_format.space_before = Pt(0)
    document.core_properties.title = "责令整改通知书"
    document.core_properties.author = "Qualwatch"
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _mark_as_draft(document: DocumentObject) -> None:
    """What has to be done before it may leave, above the title."""
    for text in (
        "（草稿，经审核、编号并加盖印章后生效）",
        "{%p if not confirmed %}",
        "（本案尚未经监管人员确认属实，确认前不得发出。）",
        "{%p endif %}",
        "{%p if needs_review %}",
        "（本案的判断尚待人工核实，发文前请先确认证书性质。）",
        "{%p endif %}",
    ):
        add_text(document, text, indent=False, font=SUBHEADING).alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _add_receipt(document: DocumentObject) -> None:
    """送达回证, on a page of its own."""
    add_title(document, "送达回证").paragraph_format.page_break_before = True
    add_table(document, ("事项", "内容"), _RECEIPT, (52, 104))


if __name__ == "__main__":
    FILE.write_bytes(build_template())
