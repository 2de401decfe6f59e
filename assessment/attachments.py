"""Which links of a page lead to its parts: files by address, name or wording, and frames."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from crawling.listing.actions import opened_address
from crawling.listing.addresses import absolute_url, is_attachment, same_site
from extraction.clicks import is_file_address, shown_file
from extraction.model import Link

_ENDS = (
    r"pdf|docx?|docm|dotx?|xlsx?|xls[mb]|wps|et|dps|rtf|ofd|zip|rar|7z|tgz|tar\.gz|pptx?|csv|mht|mhtml|od[tsp]|fodt"
    r"|png|jpe?g|tiff?|bmp|webp"
)
_NAMES_A_FILE = re.compile(
    rf"\.(?:{_ENDS})[\s》】」”\"）)\]]*(?:[（(\[【]?\s*(?:\d[\d.,]*\s*(?:[kmg]i?b?|字节|bytes?)|已?下载\S{{0,8}}|点击\S{{0,8}})\s*[）)\]】]?)?"
    r"[\s.。）)\]】]*$",
    re.IGNORECASE,
)
"""``岗位表.docx``, ``岗位表.docx（32KB）``, ``岗位表.xls 下载``."""
_LABELLED = re.compile(
    r"^[\s【\[（(]*附\s?(?:件|表|录|图)|(?:岗位|职位|计划|报名|申请|推荐|汇总|信息)表[）)》\s]*$|下载附件|点击下载|附件下载"
)
_FILE_ADDRESS = re.compile(
    r"(?:file|attach(?:ment)?|annex|fj|accessory|doc)_?(?:id|guid|code|key|name|path|url)?=[^&#]{3}"
    r"|/(?:down|download\w*|down_?files?|file_?down\w*|get_?files?|view_?files?|read_?attach\w*|attach(?:ment)?s?\w*)"
    r"(?:\.\w{2,6})?(?:\?[^#]*\w{2}|/[\w/-]*\d{3})",
    re.IGNORECASE,
)
"""Addresses of programs that send files: ``download.jsp?wbfileid=…``, ``/attachment/88123``."""
_MARKUP = re.compile(r"\.(?:s?html?|xhtml)(?:$|[?#])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a page links; ``is_guess``: only its wording says so, and the server's answer decides."""

    url: str
    text: str
    is_guess: bool = False


def attached_files(links: tuple[Link, ...], page_url: str, markup: str = "") -> tuple[Attachment, ...]:
    """Links to files, each once: those that are certain, and those that the server is to be asked about.

    ``markup`` tells what address a call in a link opens.
    """
    found: dict[str, Attachment] = {}
    for link in links:
        address = shown_file(link.url) or (_named_in_call(link) and _opened(link, markup)) or link.url
        url = absolute_url(address or _opened(link, markup), page_url)
        if not url or url == absolute_url(page_url):
            continue
        certain = is_attachment(url) or link.is_file or _names_a_file(link)
        if not certain and not _may_be_a_file(link, url, page_url):
            continue
        known = found.get(url)
        if known is None or (known.is_guess and certain):
            found[url] = Attachment(url, link.text or link.title, is_guess=not certain)
    return tuple(found.values())


def unopened_files(links: tuple[Link, ...], markup: str) -> str:
    """What to say of links to files that only a script opens, by a call that is not explained; else empty."""
    unknown = [link for link in links if not link.url and _offers_a_file(link) and not _opened(link, markup)]
    if not unknown:
        return ""
    names = "、".join((link.text or link.title)[:40] for link in unknown[:3])
    call = unknown[0].action[:60]
    return (
        f"{len(unknown)} files are opened by a script ({call}) and were not read ({names}): open them by hand"
    )


def _named_in_call(link: Link) -> bool:
    """Whether the address is but the name of a file that a call is told beside its number."""
    name = unquote(link.url.rpartition("/")[2])
    told = re.search(rf"""['"]{re.escape(name)}['"]""", link.action) if name and link.action else None
    return told is not None and "," in link.action


def _opened(link: Link, markup: str) -> str:
    return opened_address(link.action, markup) if link.action and _offers_a_file(link) else ""


def _offers_a_file(link: Link) -> bool:
    return bool(link.action) and (
        _names_a_file(link)
        or _LABELLED.search(link.text) is not None
        or _LABELLED.search(link.title) is not None
    )


def _names_a_file(link: Link) -> bool:
    return any(_NAMES_A_FILE.search(words) for words in (link.text, link.title))


def _may_be_a_file(link: Link, url: str, page_url: str) -> bool:
    if not same_site(url, page_url):
        return False
    if _LABELLED.search(link.text) or _LABELLED.search(link.title) or link.is_below_label:
        return True
    return _FILE_ADDRESS.search(url) is not None and not _MARKUP.search(url)


_AROUND = re.compile(
    r"(?i)(?:head|foot|top|bottom|left|right|nav|menu|banner|search|login|count|weather|share|comment|tongji|stat|ad|ads"
    r"|float|link|logo|bdshare|message|qrcode|video|map)s?\d{0,2}(?:[_.-]\w*)?(?:\.\w{2,6})?(?:$|[?])"
)
"""Frames by name that stand around the content of every page of a site."""
_MOST_FRAMES = 3
_FEW_WORDS = 300
"""Characters of a page whose content is likely in its frames."""


def unread_frames(frames: tuple[str, ...], page_url: str, text: str) -> str:
    """What to say of a page with few words that shows a frame of another site; empty for others."""
    if len(text) > _FEW_WORDS or any(same_site(frame, page_url) for frame in frames):
        return ""
    return f"the page shows {frames[0][:200]}, which is another site and is not read" if frames else ""


def content_frames(frames: tuple[str, ...], page_url: str) -> tuple[str, ...]:
    """Those frames of the page's own site that may hold some of its content."""
    inside = (absolute_url(frame, page_url) for frame in frames if not is_file_address(urlsplit(frame).path))
    content = (
        frame
        for frame in inside
        if frame
        and frame != absolute_url(page_url)
        and same_site(frame, page_url)
        and not _AROUND.match(frame.partition("?")[0].rpartition("/")[2])
    )
    return tuple(dict.fromkeys(content))[:_MOST_FRAMES]
