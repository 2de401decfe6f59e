"""Answers that keep programs out: recognised before anything reads them as content.

A page is a block page where it shows next to no text and carries the mark of a known product, or says in
words that the visit was stopped. An article that merely talks about firewalls shows more text than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    ("aliyuncaptcha", "a captcha (阿里云)"),
    ("acw_sc__v3", f"{JAVASCRIPT_CHALLENGE} (阿里云)"),
    ("turing.captcha", "a captcha (腾讯)"),
    ("tcaptcha.js", "a captcha (腾讯)"),
    ("eo_bot_ssid", f"{JAVASCRIPT_CHALLENGE} (腾讯 EdgeOne)"),
    ("/.safeline/", f"{JAVASCRIPT_CHALLENGE} (长亭雷池)"),
    ("safeline", "a firewall page (长亭雷池)"),
    ("btwaf", "a firewall page (宝塔)"),
    ("hwwafsesid", "a firewall page (华为云)"),
    ("yunjiasu", "a firewall page (百度云加速)"),
    ("waf_captcha", "a captcha"),
    ("safedog", "a firewall page (安全狗)"),
    ("jsl_clearance", f"{JAVASCRIPT_CHALLENGE} (加速乐)"),
)
_RUISHU = re.compile(
    rb"""<(?:script|meta)\b[^<>]*\br\s*=\s*["']?m["'\s/>]|<input\b[^<>]*\bid\s*=\s*["']__onload__["']"""
)
"""What stays of 瑞数's challenge where its code lies in a script of its own."""
_ASKS_AGAIN = re.compile(rb"location\s*\.\s*(?:reload|replace|assign|href)|location\s*=|\.submit\s*\(")
_SCRAMBLED = re.compile(rb"\b_0x[0-9a-f]{4,6}\b")
_MANY_SCRAMBLED = 10
_REFUSING = re.compile(
    r"(?:访问|请求|操作|浏览|ip(?:地址)?|网络|行为|流量|终端)[^。！!？?\n]{0,24}?"
    r"(?:过快|过于频繁|太频繁|频繁|过多|异常|受限|受到?限制|被?限制|禁止|被?拒绝|被?拦截|阻断|封禁|封锁|屏蔽|黑名单|不合法|非法)"
    r"|(?:验证码|安全验证|身份验证|人机|滑块|拼图|向右滑动|拖动|captcha|verification|verify you are)"
    r"|(?:拦截|阻断|封禁|防护|防火墙|waf)[^。\n]{0,16}(?:提示|页面|系统|编号|原因|日志|事件)"
    r"|(?:没有|无)权限?[^。\n]{0,6}访问|无权访问|仅限内网|(?:系统|服务器|网站)(?:繁忙|维护|升级)[^。\n]{0,12}"
    r"(?:稍后|稍候|再试|重试|中)|forbidden|too many requests|rate limit"
    r"|unusual traffic|are you a robot|trace\s?id"
    r"|(?:请求|访问|行为|操作)[^。\n]{0,10}(?:疑似|涉嫌|存在|可能)[^。\n]{0,8}(?:攻击|威胁|风险|恶意|爬虫|注入)"
    r"|(?:仅限|只允许|仅允许|不支持|暂不支持|禁止)[^。\n]{0,12}(?:地区|境内|境外|大陆|海外|国内|国外|区域|ip)[^。\n]{0,6}访问"
    r"|(?:所在|来自)[^。\n]{0,6}(?:地区|区域|国家|位置|网络)[^。\n]{0,10}(?:不支持|无法|不能|不允许|不可|禁止|限制)"
    r"|(?:检查|检测|验证)(?:您|你)?的?(?:浏览器|网络环境|访问环境)|浏览器(?:安全)?(?:检查|验证|版本过低)|环境异常|正在(?:进行)?(?:安全|客户端|环境|浏览器)[^。\n]{0,4}(?:检查|检测)"
    r"|仅?在?(?:工作|规定|上班)时间(?:内)?(?:开放|提供)|not available in your (?:region|country|area)",
    re.IGNORECASE,
)
"""Wordings of refusals: believed only where a page shows little else."""

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
    "you have been blocked",
    "attention required!",
    "当前环境异常",
    "完成验证后即可",
    "your request has been blocked",
    "the requested url was rejected",
    "enable javascript and cookies to continue",
)

_GONE = re.compile(
    r"(?:页面|信息|文章|内容|职位|岗位|网页|栏目|资源|文件|链接|公告|帖子)[^。！!\n]{0,14}?"
    r"(?:不存在|被?删除|找不到|未找到|已下线|已?下架|已过期|已关闭|已失效|已撤销|被?移除|已停止|飞走了|走丢了)"
    r"|(?:找不到|未找到|没有找到|不存在)[^。\n]{0,10}(?:页面|信息|文章"
    r"|内容|网页|资源|文件)|\b404\b|not found",
    re.IGNORECASE,
)
_LOGIN = ("登录", "登陆", "统一身份认证", "sign in", "log in", "login")
_PASSWORD = re.compile(rb"""(?i)<input\b[^<>]*\btype\s*=\s*["']?password\b""")
_LETTERS = re.compile(r"[\W_]+")
_CUT = re.compile(r"(?:\.{2,}|…+|·{3,})\s*[\]】)）]?$")
_SHORTEST_TITLE = 5
_FEWEST_BESIDE = 30
"""Characters beside the title from which a page says more than that its subject is not to be had."""
_SPEAKS = re.compile(
    r"您|抱歉|对不起|很遗憾|返回|该(?:信息|页面|职位|文章)|页面|sorry|please|error", re.IGNORECASE
)
_LONGEST_EXCUSE = 240
"""Bytes of visible text, 80 Chinese characters: an apology or the labels of a form."""

_LONGEST_REFUSAL = 500
"""Bytes of visible text, 160 Chinese characters, up to which a wording that notices use too is a refusal."""
_LONGEST_BODY = 256 * 1024
_LONGEST_TEXT = 400
"""Characters of visible text: a challenge or a refusal needs a few sentences at most."""
_OPENING = re.compile(rb"(?i)<(?:(script|style|head|noscript|title)\b|!--)")
_CLOSING = {
    name: re.compile(rb"(?i)</" + name + rb"\s*>")
    for name in (b"script", b"style", b"head", b"noscript", b"title")
} | {b"": re.compile(rb"-->")}
"""What ends each part; under the empty name, a comment."""
_TAG = re.compile(rb"<[^<>]*>")


def _in_page_encodings(text: str) -> tuple[bytes, ...]:
    lowered = text.lower()
    return tuple(dict.fromkeys((lowered.encode(), lowered.encode("gb18030"))))


_WORD_BYTES = tuple((word, encoded) for word in _WORDS for encoded in _in_page_encodings(word))
_LOGIN_BYTES = tuple(encoded for word in _LOGIN for encoded in _in_page_encodings(word))
_MARK_BYTES = tuple((mark.encode(), what) for mark, what in _SCRIPT_MARKS)


def visible_bytes(body: bytes) -> bytes:
    """Roughly what a reader sees of an HTML page, still encoded: tags, scripts and comments taken out.

    In time that grows with the length alone: a page of a hundred thousand openings that never end would
    otherwise hold up every thread while a pattern looks for each one's end.
    """
    kept, at = [], 0
    for start, end in _parts(body, frozenset(_CLOSING) - {b"title"}):
        kept.append(body[at:start])
        at = end
    text = _TAG.sub(b" ", b" ".join([*kept, body[at:]]))
    return b" ".join(text.replace(b"&nbsp;", b" ").split())


def _parts(body: bytes, names: frozenset[bytes]) -> Iterator[tuple[int, int]]:
    """Where the outermost parts of these names begin and end, in bytes; those that never end are none."""
    at = 0
    endless: set[bytes] = set()
    for opening in _OPENING.finditer(body):
        name = (opening[1] or b"").lower()
        if opening.start() < at or name not in names or name in endless:
            continue
        closing = _CLOSING[name].search(body, opening.end())
        if closing is None:
            endless.add(name)
            continue
        at = closing.end()
        yield opening.start(), at


def seen_bytes(body: bytes) -> bytes:
    """:func:`visible_bytes` in small letters; empty for a page that is too long to be a refusal."""
    return visible_bytes(body.lower()) if len(body) <= _LONGEST_BODY else b""


def block_reason(
    status: int, body: bytes, *, markup: bool, seen: bytes | None = None, title: str = ""
) -> str:
    """Why this answer is a block page, in words that follow "the server"; empty where it is none.

    ``markup`` says whether the body is HTML; the bytes of other files are not searched. ``seen`` is what
    :func:`seen_bytes` gives, where it is known. A page that shows the ``title`` which its list gives, and a
    text below it, is no refusal, whatever it talks about.
    """
    if status in _BLOCKING_STATUS:
        return _BLOCKING_STATUS[status]
    if not markup or len(body) > _LONGEST_BODY:
        return ""
    visible = seen_bytes(body) if seen is None else seen
    if len(visible) > _LONGEST_TEXT * 2 or is_notice(title, visible):
        return ""
    lowered = body.lower()
    if what := _mark(lowered, visible):
        return f"shows {what}"
    named = b" ".join(lowered[start:end] for start, end in _parts(lowered, frozenset({b"title"})))
    shown = next((word for word, encoded in _WORD_BYTES if encoded in visible or encoded in named), "")
    if not shown and len(visible) <= _LONGEST_REFUSAL and b"<a " not in lowered:
        refusing = _REFUSING.search(_decoded(visible + b" " + named))
        shown = refusing[0] if refusing is not None else ""
    return f"shows a block page («{shown}»)" if shown else ""


def _mark(lowered: bytes, visible: bytes) -> str:
    """The product whose mark a page carries; empty where it carries none."""
    marks = [what for mark, what in _MARK_BYTES if mark in lowered or _reversed_mark(mark, lowered)]
    if marks:
        return marks[0]
    if visible:
        return ""
    if _RUISHU.search(lowered):
        return f"{JAVASCRIPT_CHALLENGE} (瑞数)"
    return JAVASCRIPT_CHALLENGE if _sets_a_cookie(lowered) or _is_scrambled(lowered) else ""


def _sets_a_cookie(lowered: bytes) -> bool:
    """Whether a page without words does nothing but set a cookie and ask for itself again."""
    return b"document.cookie" in lowered and _ASKS_AGAIN.search(lowered) is not None


def _is_scrambled(lowered: bytes) -> bool:
    """Whether a page without words runs a script that hides what it does."""
    return b"eval(function(p,a,c,k,e" in lowered or len(_SCRAMBLED.findall(lowered)) >= _MANY_SCRAMBLED


def _reversed_mark(mark: bytes, lowered: bytes) -> bool:
    """加速乐 writes the name of its cookie letter by letter: ``('_')+('_')+('j')+('s')+('l')``."""
    return mark == b"__jsl_clearance" and b"('_')+('_')+('j')" in lowered


def _decoded(visible: bytes) -> str:
    try:
        return visible.decode("utf-8")
    except UnicodeDecodeError:
        return visible.decode("gb18030", "replace")


def is_login_page(body: bytes) -> bool:
    """Whether a page asks for a password and says next to nothing else."""
    if len(body) > _LONGEST_BODY or not _PASSWORD.search(body):
        return False
    visible = seen_bytes(body)
    return len(visible) <= _LONGEST_EXCUSE and any(word in visible for word in _LOGIN_BYTES)


def is_notice(title: str, visible: bytes) -> bool:
    """Whether a page shows the title by which it is known, and under it more than an excuse would say.

    An excuse may name what it refuses (``您访问的“……”已下线``), in a few words that speak to its reader.
    """
    wanted = _LETTERS.sub("", _CUT.sub("", title.lower()))
    if len(wanted) < _SHORTEST_TITLE:
        return False
    said = _decoded(visible)
    before, found, behind = _LETTERS.sub("", said).partition(wanted)
    return bool(found) and (len(before + behind) >= _FEWEST_BESIDE or not _SPEAKS.search(said))


def is_missing_page(body: bytes, seen: bytes | None = None, title: str = "") -> bool:
    """Whether a page answered with 200 only says that what was asked for is not there."""
    if len(body) > _LONGEST_BODY:
        return False
    visible = seen_bytes(body) if seen is None else seen
    if len(visible) > _LONGEST_EXCUSE or is_notice(title, visible):
        return False
    return _GONE.search(_decoded(visible)) is not None
