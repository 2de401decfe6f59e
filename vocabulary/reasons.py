"""Why something could not be read, reached or delivered, for readers of Chinese.

What the program says itself stands sentence by sentence in ``reasons.toml``. What networks, libraries and
mail servers answer is English, and each says it differently; what it comes to are a few sentences. What a
server said of its own stands behind them, because its administrator may need it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_REASONS: tuple[tuple[str, str], ...] = (
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
    (r"permission denied|errno 13\b", "没有权限"),
    (r"no such file|errno 2\b", "没有这个文件"),
    (r"is a directory|errno 21", "是文件夹，不是文件"),
    (r"cannot be written|the sender died", "邮件未能生成"),
    (r"\bHTTP 4\d\d\b", "对方不接受这一请求"),
    (r"\bHTTP 5\d\d\b", "对方服务器出错"),
    (r"^\d{3} ", "邮件服务器拒收"),
)
_KNOWN = tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in _REASONS)
_QUOTED = re.compile(r"«[^»]*»")
_OF_SYSTEMS = re.compile(r"\[Errno -?\d+\]|\b[A-Z]\w+(?:Error|Exception|Timeout): ")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ANSWER = re.compile(r"^(\d{3}) (.*)$|\b(HTTP \d{3})\b", re.DOTALL)


class _Sentence(NamedTuple):
    """A reason as the program says it, with what differs as groups, and its Chinese."""

    pattern: re.Pattern[str]
    chinese: str


@cache
def _sentences() -> tuple[_Sentence, ...]:
    """Those that say most of themselves first, and those that begin with something else last."""
    table = tomllib.loads(files("vocabulary").joinpath("reasons.toml").read_text(encoding="utf-8"))
    said = {english: chinese for section in table.values() for english, chinese in section.items()}
    return tuple(
        _Sentence(re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL), said[english])
        for english in sorted(said, key=lambda said: (said.startswith("{}"), -len(said)))
    )


def reason_in_chinese(why: str) -> str:
    """``why`` in Chinese: the program's own sentences word by word, all others by what they come to.

    A server's own answer or code stays behind the sentence.
    """
    return _program_says(why) or _others_say(why)


def in_chinese(said: str) -> str:
    """What the program says to whoever typed a command, line by line; what is not known stays as it is."""
    return "\n".join(map(_line_in_chinese, said.splitlines()))


def _line_in_chinese(said: str) -> str:
    """A sentence; it may stand behind the name of a file or of a key."""
    if known := _program_says(said):
        return known
    for behind in re.finditer(": ", said):
        if known := _program_says(said[behind.end() :]):
            return f"{said[: behind.start()]}：{known}"
    return said


def _program_says(why: str) -> str:
    """Empty where it is none of the program's sentences, nor several of them."""
    for sentence in _sentences():
        if found := sentence.pattern.fullmatch(why):
            parts = map(_part, found.groups())
            return sentence.chinese.format(*parts)
    for between in re.finditer("; ", why):
        first, rest = _program_says(why[: between.start()]), _program_says(why[between.end() :])
        if first and rest:
            return f"{first}；{rest}"
    return ""


def _part(said: str) -> str:
    """What stands within a sentence: another one, what a system says of its own, or a name, which stays."""
    return _program_says(said) or (_others_say(said) if _OF_SYSTEMS.search(said) else said)


def _others_say(why: str) -> str:
    answer = _ANSWER.search(why)
    if _CHINESE.search(_QUOTED.sub("", why)) and not answer:
        return why
    said = next((words for pattern, words in _KNOWN if pattern.search(why)), "原因不明，请查看日志")
    if answer is None:
        return said
    quoted = f"{answer[1]} {answer[2]}" if answer[1] else answer[3]
    return f"{said}（对方答复：{quoted.strip()[:160]}）"
