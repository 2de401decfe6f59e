"""Why something could not be reached or delivered, for readers of Chinese.

What networks, libraries and mail servers answer is English, and each says it differently; what it comes to
are a few sentences. What a server said of its own stands behind them, because its administrator may need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_REASONS: tuple[tuple[str, str], ...] = (
    (r"the server asks for a login", "网站要求登录"),
    (r"the server shows ", "网站返回的是拦截或验证页面"),
    (
        r"\b5\.1\.\d\b|user unknown|no such user|mailbox (?:not found|unavailable)|recipient.{0,20}reject",
        "收件地址不存在或已停用",
    ),
    (r"\b5\.2\.2\b|over ?quota|mailbox.{0,10}full|insufficient.{0,20}storage", "收件人邮箱已满"),
    (r"\b5\.3\.4\b|too (?:big|large)|size exceed|exceed\w* .{0,30}size", "内容过大"),
    (r"\b5[03][0-9] 5\.7\b|\b53[0458]\b|authentication|login", "邮件服务器不接受登录，请检查账号配置"),
    (r"spam|blocked|policy|blacklist|\b5\.7\.\d", "对方服务器按其规则拒收"),
    (r"frequen|\brates?\b|too many|limit", "发送过于频繁，对方暂不接收"),
    (r"name or service not known|name resolution|getaddrinfo|nodename|no address|NXDOMAIN", "域名无法解析"),
    (r"connection refused|errno 111|WinError 10061", "对方拒绝连接"),
    (r"timed? ?out|timeout|errno 110", "连接超时"),
    (r"reset by peer|errno 104|broken pipe|broke off|aborted|remote end closed|incompleteread", "连接中断"),
    (r"certificate|ssl|tls", "对方的安全证书无效或加密连接失败"),
    (r"network is unreachable|no route|errno 101|errno 113", "网络不通"),
    (r"cannot be reached|failed to establish|max retries", "无法连接"),
    (r"refuses us|refuses the sender", "邮件服务器不接受本系统发信，请检查配置"),
    (r"no chat is called|does not take the address", "群聊已不在配置中或地址无效"),
    (r"cannot be written|the sender died", "邮件未能生成"),
    (r"\bHTTP 4\d\d\b", "对方不接受这一请求"),
    (r"\bHTTP 5\d\d\b", "对方服务器出错"),
    (r"^\d{3} ", "邮件服务器拒收"),
)
_OF_VISITS: tuple[tuple[str, str], ...] = (
    (r"(\d+) items where (\d+) are usual", "本次{0}条，通常{1}条"),
    (r"^(\d+) of (\d+) pages could not be read", "{1}个页面中有{0}个未能读取"),
    (r"the list could not be read to its end", "列表未能读到末尾"),
)
"""What a visit says of itself before it names a reason; the braces hold its figures."""
_VISITS = tuple((re.compile(pattern), said) for pattern, said in _OF_VISITS)
_KNOWN = tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in _REASONS)
_QUOTED = re.compile(r"«[^»]*»")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ANSWER = re.compile(r"^(\d{3}) (.*)$|\b(HTTP \d{3})\b", re.DOTALL)


def reason_in_chinese(why: str) -> str:
    """One Chinese sentence for ``why``, with a server's own answer or code behind it."""
    answer = _ANSWER.search(why)
    if _CHINESE.search(_QUOTED.sub("", why)) and not answer:
        return why
    of_visit = next((words.format(*found.groups()) for found, words in _matches(why)), "")
    known = next((words for pattern, words in _KNOWN if pattern.search(why)), "")
    said = "：".join(filter(None, (of_visit, known))) or "原因不明，请查看日志"
    if answer is None:
        return said
    quoted = f"{answer[1]} {answer[2]}" if answer[1] else answer[3]
    return f"{said}（对方答复：{quoted.strip()[:160]}）"


def _matches(why: str) -> Iterator[tuple[re.Match[str], str]]:
    return ((found, words) for pattern, words in _VISITS if (found := pattern.search(why)))
