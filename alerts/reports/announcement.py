"""The announcement of what was made public of a case (曝光), as a DOCX file."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from docx.enum.text import WD_ALIGN_PARAGRAPH

from alerts.reports.paper import add_note, add_text, add_title, new_document
from alerts.reports.texts import masked
from cases.publications import Public
from vocabulary.areas import region_name
from vocabulary.codes import Violation
from vocabulary.dates import chinese_day
from vocabulary.names import name_of, rule_behind


def write_announcement(public: Public, now: datetime) -> bytes:
    """What the public page says, in the layout of an office's announcement, to be signed and dated."""
    shown = public.publication
    violation = Violation(shown.violation)
    document = new_document()
    add_title(document, f"关于{masked(shown.publisher, 60)}违规要求职业资格证书的通报")
    place = f"{region_name(shown.region)}" if shown.region else ""
    title = f"发布的《{masked(shown.title, 120)}》" if shown.title else "发布的信息"
    add_text(
        document,
        f"经查，{place}{masked(shown.publisher, 120)}{title}载有“{masked(shown.quote, 200)}”的内容，"
        f"涉及“{masked(shown.qualification, 60)}”，属于“{name_of(violation)}”。{rule_behind(violation)}",
    )
    if shown.legal_basis:
        clauses = dict.fromkeys(masked(each, 200) for each in shown.legal_basis)
        add_text(document, f"依据：{'、'.join(clauses)}。")
    done = "目前已完成整改。" if public.is_put_right else "截至目前尚未完成整改。"
    add_text(document, f"{done}现予通报。" + (masked(shown.remark, 500) if shown.remark else ""))
    add_text(document, "各单位要引以为戒，对照国家职业资格目录开展自查，不得违规设置职业资格要求。")
    for words in ("（发布机关名称、印章）", chinese_day(now.date())):
        add_text(document, words, indent=False).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    add_note(document, f"（草稿，经审核后发布。案件{shown.case_id}）")
    document.core_properties.title = "通报"
    document.core_properties.author = "Qualwatch"
    file = BytesIO()
    document.save(file)
    return file.getvalue()
