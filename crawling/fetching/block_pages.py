"""Answers that keep programs out: recognised before anything reads them as content.

A page is a block page where it shows next to no text and carries the mark of a known product, or says in
words that the visit was stopped. An article that merely talks about firewalls shows more text than that.
"""

from __future__ import annotations

import re

JAVASCRIPT_CHALLENGE = "a JavaScript challenge"
"""Stands in the reason wherever running the page's scripts may help."""
_BLOCKING_STATUS = {
    401: "asks for a login",
    403: "refuses us",
    405: "refuses us, as web application firewalls do",
    412: f"answers with {JAVASCRIPT_CHALLENGE}",
    418: "refuses robots",
    429: "asks for fewer requests",
    451: "may not be shown for legal reasons",
    521: f"answers with {JAVASCRIPT_CHALLENGE}",
}

_SCRIPT_MARKS: tuple[tuple[str, str], ...] = (
    ("$_ts=window['$_ts']", f"{JAVASCRIPT_CHALLENGE} (瑞数)"),
    ("$_ts.nsd", f"{JAVASCRIPT_CHALLENGE} (瑞数)"),
    ("__jsl_clearance", f"{JAVASCRIPT_CHALLENGE} (加速乐)"),
    ("acw_sc__v2", f"{JAVASCRIPT_CHALLENGE} (阿里云)"),
    ("aliyun_waf", "a firewall page (阿里云)"),
    ("wzws-waf-cgi", "a firewall page (奇安信网站卫士)"),
    ("wzwsconfirm", "a firewall page (奇安信网站卫士)"),
    ("yunsuo_session", "a firewall page (云锁)"),
    ("cf-chl-", f"{JAVASCRIPT_CHALLENGE} (Cloudflare)"),
    ("/cdn-cgi/challenge-platform", f"{JAVASCRIPT_CHALLENGE} (Cloudflare)"),
    ("_incapsula_resource", "a firewall page (Imperva)"),
    ("tencentcaptcha", "a captcha (腾讯)"),
    ("initgeetest", "a captcha (极验)"),
    ("initaliyuncaptcha", "a captcha (阿里云)"),
    ("g-recaptcha", "a captcha"),
    ("h-captcha", "a captcha"),
)

_WORDS: tuple[str, ...] = (
    "您的访问被拦截",
    "您的请求被拦截",
    "访问被拒绝",
    "已被网站管理员设置拦截",
    "您的请求可能存在威胁",
    "对网站造成安全威胁",
    "已被WAF拦截",
    "您的请求带有不合法参数",
    "请求存在安全风险",
    "疑似黑客攻击",
    "网站防火墙",
    "安全狗",
    "创宇盾",
    "D盾",
    "请完成安全验证",
    "请输入验证码",
    "滑动验证",
    "拖动滑块",
    "访问验证",
    "人机验证",
    "访问过于频繁",
    "访问频率过高",
    "请开启JavaScript并刷新",
    "请启用JavaScript",
    "checking your browser",
    "just a moment...",
    "access denied",
    "your request has been blocked",
    "enable javascript and cookies to continue",
)

_MISSING: tuple[str, ...] = (
    "404 not found",
    "page not found",
    "页面不存在",
    "页面未找到",
    "页面找不到",
    "找不到该页面",
    "找不到页面",
    "未找到该页面",
    "访问的页面不存在",
    "访问的内容不存在",
    "信息不存在",
    "文章不存在",
    "内容不存在",
    "已被删除",
    "已经被删除",
    "已下线",
)
_LOGIN = ("登录", "登陆", "统一身份认证", "sign in", "log in", "login")
_PASSWORD = re.compile(rb"""(?i)<input\b[^>]*\btype\s*=\s*["']?password\b""")
_LONGEST_EXCUSE = 240
"""Bytes of visible text, 80 Chinese characters: an apology or the labels of a form."""

_LONGEST_BODY = 256 * 1024
_LONGEST_TEXT = 400
"""Characters of visible text: a challenge or a refusal needs a few sentences at most."""
_UNSEEN = re.compile(rb"(?is)<(script|style|head|noscript)\b.*?</\1\s*>|<!--.*?-->")
_TITLE = re.compile(rb"(?is)<title[^>]*>(.*?)</title>")
_TAG = re.compile(rb"(?s)<[^>]*>")
_SPACE = re.compile(rb"(?:\s|&nbsp;)+")


def _in_page_encodings(text: str) -> tuple[bytes, ...]:
    lowered = text.lower()
    return tuple(dict.fromkeys((lowered.encode(), lowered.encode("gb18030"))))


_WORD_BYTES = tuple((word, encoded) for word in _WORDS for encoded in _in_page_encodings(word))
_MISSING_BYTES = tuple(encoded for word in _MISSING for encoded in _in_page_encodings(word))
_LOGIN_BYTES = tuple(encoded for word in _LOGIN for encoded in _in_page_encodings(word))
_MARK_BYTES = tuple((mark.encode(), what) for mark, what in _SCRIPT_MARKS)


def visible_bytes(body: bytes) -> bytes:
    """Roughly what a reader sees of an HTML page, still encoded: tags, scripts and comments taken out."""
    return _SPACE.sub(b" ", _TAG.sub(b" ", _UNSEEN.sub(b" ", body))).strip()


def block_reason(status: int, body: bytes, *, markup: bool) -> str:
    """Why this answer is a block page, in words that follow "the server"; empty where it is none.

    ``markup`` says whether the body is HTML; the bytes of other files are not searched.
    """
    if status in _BLOCKING_STATUS:
        return _BLOCKING_STATUS[status]
    if not markup or len(body) > _LONGEST_BODY:
        return ""
    lowered = body.lower()
    marks = [what for mark, what in _MARK_BYTES if mark in lowered]
    words = [word for word, encoded in _WORD_BYTES if encoded in lowered]
    if not marks and not words:
        return ""
    title = b" ".join(_TITLE.findall(lowered))
    visible = visible_bytes(lowered)
    if len(visible) > _LONGEST_TEXT * 2:
        return ""
    if marks:
        return f"shows {marks[0]}"
    shown = next((word for word, encoded in _WORD_BYTES if encoded in visible or encoded in title), "")
    return f"shows a block page («{shown}»)" if shown else ""


def is_login_page(body: bytes) -> bool:
    """Whether a page asks for a password and says next to nothing else."""
    if len(body) > _LONGEST_BODY or not _PASSWORD.search(body):
        return False
    visible = visible_bytes(body.lower())
    return len(visible) <= _LONGEST_EXCUSE and any(word in visible for word in _LOGIN_BYTES)


def is_missing_page(body: bytes) -> bool:
    """Whether a page answered with 200 only says that what was asked for is not there."""
    if len(body) > _LONGEST_BODY:
        return False
    lowered = body.lower()
    if not any(word in lowered for word in _MISSING_BYTES):
        return False
    visible = visible_bytes(lowered)
    return len(visible) <= _LONGEST_EXCUSE and any(word in visible for word in _MISSING_BYTES)
