"""What each outcome means and what to do about it, for the people who run and read Qualwatch."""

from __future__ import annotations

import re

from crawling.fetching.block_pages import JAVASCRIPT_CHALLENGE
from vocabulary.codes import Outcome, UnreadReason
from vocabulary.names import CHINESE, name_of

ADVICE: dict[Outcome, str] = {
    Outcome.OK: "一切正常，无需处理。",
    Outcome.UNCHANGED: "内容与上次相同，无需处理。",
    Outcome.EMPTY: "页面没有可读的内容：请用浏览器打开核对；若内容由脚本生成，请改用该站的静态列表页，"
    "或为该来源设置 browser = true。",
    Outcome.FEWER_THAN_EXPECTED: "条目少于往常：请核对列表页是否改版，必要时设置该来源的 selectors.items。",
    Outcome.BLOCKED: "网站拦截了程序访问，该页目前无法监测：请加大 fetching.delay_seconds，或与网站联系。",
    Outcome.MOVED: "地址已转到别处：请核对新地址，并更新该来源的 url。",
    Outcome.GONE: "页面不存在（404/410）：若是列表页，请更新该来源的 url；若是公告，说明已被撤下。",
    Outcome.FORBIDDEN_BY_ROBOTS: "网站的 robots.txt 不允许程序读取该页：请勿绕过，可与网站联系或换一个来源。",
    Outcome.TIMEOUT: "网站在限定时间内没有答完：下次会重试；若长期如此，请调大 fetching.timeout_seconds。",
    Outcome.TLS: "网站的 HTTPS 证书无法验证：请通知网站更换证书，或核对本机时间与根证书；须照现状读取时，"
    "可为该来源设置 verify_tls = false（内容可能被篡改，证据会注明证书未验证）；"
    "服务器只支持旧版 TLS 的，可设置 old_tls = true。",
    Outcome.TOO_LARGE: "内容超过上限：确需读取时，请调大 fetching.max_bytes。",
    Outcome.UNDECODABLE: "内容的压缩或编码已损坏：请用浏览器打开核对，并通知网站。",
    Outcome.UNREADABLE_ATTACHMENT: "附件无法读取（损坏、加密或格式不支持）：请人工打开核对。",
    Outcome.REFUSED_ADDRESS: "地址指向内网或本机，已拒绝：确属自己的，请写入 fetching.allow_private_hosts。",
    Outcome.ERROR: "读取失败：请查看详情，用 qualwatch source test 重试。",
}


_CHALLENGED = (
    "网站要求先运行 JavaScript 验证：可为该来源设置 browser = true（需 pip install 'qualwatch[browser]' 与 "
    "apt-get install chromium libatomic1）；已设置仍被拦截的，请与网站联系。"
)


def advice(outcome: Outcome, detail: str = "") -> str:
    """One Chinese sentence that says what to do about ``outcome``; ``detail`` is why it ended so."""
    if outcome is Outcome.BLOCKED and JAVASCRIPT_CHALLENGE in detail:
        return _CHALLENGED
    return ADVICE[outcome]


def meaning(outcome: Outcome) -> str:
    """The Chinese words of the advice that only say what ``outcome`` means, and nothing of what to do."""
    return _TO_BE_DONE.split(ADVICE[outcome], maxsplit=1)[0]


_TO_BE_DONE = re.compile("[，：（。]")
_MARKS: tuple[tuple[str, UnreadReason], ...] = (
    ("password", UnreadReason.LOCKED),
    ("cannot be decoded", UnreadReason.LETTERS),
    ("embedded document", UnreadReason.EMBEDDED),
    ("no words were found", UnreadReason.NO_WORDS),
    ("were read", UnreadReason.SOME_PICTURES),
    ("pictures", UnreadReason.PICTURES),
    ("bomb", UnreadReason.BOMB),
    ("no reader for", UnreadReason.FORMAT),
    ("archive", UnreadReason.ARCHIVE),
    ("libarchive", UnreadReason.ARCHIVE),
    ("web page in place", UnreadReason.NO_FILE),
    ("older than Word 97", UnreadReason.OLD_WORD),
    ("damaged", UnreadReason.DAMAGED),
    ("cut short", UnreadReason.DAMAGED),
    ("larger than", UnreadReason.LARGE),
    ("no text", UnreadReason.NO_TEXT),
)
"""What the English reason of something unread says: the first mark that it holds."""
_OTHERWISE = {
    Outcome.OK: UnreadReason.PART,
    Outcome.UNCHANGED: UnreadReason.PART,
    Outcome.EMPTY: UnreadReason.NO_TEXT,
    Outcome.TOO_LARGE: UnreadReason.LARGE,
}


def why_unread(outcome: Outcome, detail: str, language: str = CHINESE) -> str:
    """A few words on why something was not read, or not wholly."""
    reason = next((each for mark, each in _MARKS if mark in detail), _OTHERWISE.get(outcome))
    return name_of(reason or outcome, language)
