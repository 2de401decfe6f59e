"""What a page says of itself: its title, and who published it; when, is told by ``extraction.stated``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from extraction.cleaning import clean_line

_PUBLISHER_METAS = ("contentsource", "source", "article:author", "publisher")
_PUBLISHER_LABELS = (
    r"发文机关|发布机构|发布单位|发布部门|发文单位|发布者|供稿单位|信息提供单位|来源于|信息来源|文章来源|稿件来源|(?<![\u4e00-\u9fff])来\s{0,2}源",
    r"招录机关|招聘单位|招考单位|用人单位|企业名称|公司名称|单位名称|(?:采购|招标)(?:人|单位)(?:名称)?|(?<![\u4e00-\u9fff])公\s{0,2}司",
)
_OFFICE = r"(?:局|厅|部|处|科|委|会|办|院|所|中心|站|馆|校|大学|公司|集团|政府|办公室)"
_NEXT_LABEL = (
    r"(?:(?:发布|发文|更新|上传|录入)?(?:时间|日期)|(?:浏览|点击|阅读|访问)(?:次数|量|数)?|(?:文章|信息|稿件)?来源|作者|(?:责任)?编辑"
    r"|审核人?|字[号体]|发布[者人]|供稿)"
)
"""Labels that templates set close behind a name; style sheets keep them apart for readers."""
_PUBLISHERS = tuple(
    re.compile(
        rf"(?:{labels})[ \t]{{0,4}}[:：][ \t]{{0,4}}([^\s:：|<>【】，,。；;]{{2,40}}?)"
        rf"(?={_NEXT_LABEL}\s?[:：]|[\s|<>【】，,。；;]|$)"
    )
    for labels in _PUBLISHER_LABELS
)
_CELL = re.compile(
    r"(?:发布机构|发文机关|发布单位|实施主体|实施机关|实施机构|实施部门)(?:[ \t]{0,4}[:：\t][ \t]{0,4}|\n)"
    r"([\u4e00-\u9fff（）()]{2,40})(?=[\t\n]|$)"
)
"""Label and name in two cells or lines; a guide names the office that gives the permit."""
_AUTHOR = re.compile(
    r"(?:作\s{0,2}者|(?:信息)?发布人|(?:信息)?提供|供\s{0,2}稿|撰\s{0,2}稿)[ \t]{0,4}[:：][ \t]{0,4}"
    rf"([\u4e00-\u9fff（）()]{{1,30}}{_OFFICE})(?![\u4e00-\u9fff])"
)
"""An author is an office only where it is called like one."""
_NOT_A_NAME = re.compile(
    r"https?://|www\.|^[\W\d_]+$|^[\w.-]+$(?<![\u4e00-\u9fff])|^(?:本站|本站原创|本网|网络|互联网|原创|转载|未知|佚名|不详|admin)$|盖章|签字|详见|见附件"
)
_ATTACHMENT_MARK = re.compile(r"附\s?件\s?[\d一二三四五六七八九十\-－—]{0,4}\s?[:：]?$")
_LONGEST_TITLE = 80
_HEAD = 6_000
"""Characters of a text in which its labels are looked for: they stand above the body."""


def page_title(metas: Mapping[str, str], title: str, headings: Iterable[str]) -> str:
    """The page's own title: its heading where the ``title`` element repeats it before the site's name."""
    if own := clean_line(metas.get("articletitle", "")):
        return own
    title = clean_line(title or metas.get("og:title", ""))
    cleaned = [clean_line(heading) for heading in headings]
    repeated = [heading for heading in cleaned if len(heading) > 2 and title.startswith(heading)]
    if repeated:
        return max(repeated, key=len)
    return title or next((heading for heading in cleaned if heading), "")


def text_title(text: str) -> str:
    """The title of a file without metadata to trust: its first line, past the mark of an attachment."""
    for line in text.split("\n")[:5]:
        if line.strip() and not _ATTACHMENT_MARK.match(line):
            return line if len(line) <= _LONGEST_TITLE else ""
    return ""


def page_publisher(metas: Mapping[str, str], text: str) -> str:
    """Who published the page, as it says itself; empty where it does not."""
    for name in _PUBLISHER_METAS:
        if (value := clean_line(metas.get(name, ""))) and not _NOT_A_NAME.search(value):
            return value[:80]
    head = text[:_HEAD]
    for pattern in (*_PUBLISHERS, _CELL, _AUTHOR):
        for match in pattern.finditer(head):
            if not _NOT_A_NAME.search(match[1]):
                return match[1].strip("，,。；;、()（）[]")
    return ""
