"""Moments of publication that a page states by an element or a script, and not in its text."""

from __future__ import annotations

import re

from extraction.stated import SHOWN

_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
"""JSON-LD, as search engines read it."""
_TIME = re.compile(
    r"""<time\b[^<>]{0,300}?\bdatetime\s*=\s*["']?([^"'<>\s]{8,40}(?:\s[\d:.]{5,12})?)""", re.IGNORECASE
)
_MOST_TIMES = 2
"""Elements: a page with more of them lists others."""
_WRITES_ITSELF = re.compile(
    r"""\b(?:ct|create_?time|ori_?create_?time|publish_?time)\s*[:=]\s*["'](\d{10}|20\d\d-\d\d-\d\d[^"']{0,9})["']""",
    re.IGNORECASE,
)
_IS_WECHAT = re.compile(r"rich_media_(?:title|content|meta)|id=[\"']js_content")


def note_moments(metas: dict[str, str], markup: str) -> None:
    """Add what is found to the facts that the page states of itself."""
    if found := _PUBLISHED.search(markup):
        metas.setdefault("datepublished", found[1])
    times = _TIME.findall(markup) if "<time" in markup else []
    if times and len(times) <= _MOST_TIMES:
        metas.setdefault(SHOWN, times[0])
    elif _IS_WECHAT.search(markup) and (written := _WRITES_ITSELF.search(markup)):
        metas.setdefault(SHOWN, written[1])  # WeChat's script prints it under the title
