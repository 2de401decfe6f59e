"""Whatever the program says of what it could not read has its Chinese, wherever in the code it is said."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from vocabulary.reasons import in_chinese, reason_in_chinese

ROOT = Path(__file__).parents[2]
ROOMS = (
    "extraction",
    "crawling",
    "assessment",
    "jobs/visits",
    "cli/archive/files.py",
    "cli/archive/judging.py",
    "cli/archive/tables.py",
    "cli/archive/web_archives.py",
    "jobs/daemon.py",
    "jobs/runtime.py",
    "alerts/delivery/channels/__init__.py",
    "alerts/delivery/chats.py",
    "cli/checking",
    "console/serving.py",
    "settings",
    "storage/backup.py",
    "storage/database.py",
    "storage/evidence.py",
    "storage/migrate.py",
    "storage/move.py",
    "storage/proof.py",
    "storage/retention/room.py",
    "storage/visits.py",
    "storage/queue_schema.py",
    "storage/warc.py",
    "vocabulary/addresses.py",
    "vocabulary/regions",
)
SENTENCE = re.compile(r"[A-Za-z'’]+[,;:]? (?:[a-z'’]+[,;:]? )+[A-Za-z'’{(]+")
"""At least three English words in a row."""
NO_REASONS = {
    # by which pages are known
    "checking your browser",
    "just a moment...",
    "your request has been blocked",
    "the requested url was rejected",
    "you have been blocked",
    "enable javascript and cookies to continue",
    # by which reasons are known
    "cannot be decoded",
    "no words were found",
    "no reader for",
    "web page in place",
    "older than Word 97",
    ": if it is yours",
    "chat {}: its server cannot be reached: {}",
    "chat {}: {} cannot be reached: {}",
    "its answer has no code",
    "its answer is no JSON object",
    "no chat is called {} any more",
    # said to developers, or in the log
    "Hour and minute, for example 08:30",
    "module {} has no attribute {}",
    "visits wait: {}",
    "made_at needs a time zone",
    "started_at needs a time zone",
    "{} is no http address: only what was fetched from the web is kept",
    "Bodies are kept with their Content-Encoding undone",
    "there is always a port to try",
    "the console has ended, and the buttons of mails open nothing: see the log, and start qualwatch again",
    "write console.base_url: mails leave this machine",
    "value is not a valid email address",
    "{} lies outside the evidence directory",
    # what an identity provider is asked for
    "openid email profile",
    # how a terminal writes
    "bold white on red",
}


def _files() -> Iterator[Path]:
    for room in ROOMS:
        yield from [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def texts() -> frozenset[str]:
    """Every text of these rooms that is no docstring; what differs as ``{}``."""
    return frozenset(_read_texts())


def _read_texts() -> Iterator[str]:
    for file in _files():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        within: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr):
                within.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                within.update(node.values)
        for node in ast.walk(tree):
            if node not in within and (text := _text(node)):
                yield text


_TYPED = r"apt-get install[ \w-]+|pip install \S+|qualwatch [a-z ]+|systemctl stop qualwatch"
TABLE = tomllib.loads((ROOT / "vocabulary" / "reasons.toml").read_text(encoding="utf-8"))
SAID = {english: chinese for section in TABLE.values() for english, chinese in section.items()}


def _sentences() -> list[str]:
    """English, and no pattern or list."""
    return sorted(
        text
        for text in texts() - NO_REASONS
        if SENTENCE.search(text) and not re.search(r"[\n\\一-龥]|\(\?", text)
    )


def test_every_reason_that_the_code_can_give_is_said_in_chinese() -> None:
    sentences = _sentences()
    assert len(sentences) > 150
    unsaid = [said for said in sentences if said not in SAID]
    assert [said for said in unsaid if f"{said.partition(' (')[0]} ({{}})" not in SAID] == []


def test_no_reason_is_kept_that_nothing_says_any_more() -> None:
    begun = {english.partition("(")[0] for english in SAID.keys() - TABLE["composed"].keys() - texts()}
    assert [words for words in begun if not any(words.rstrip() in text for text in texts())] == []


@pytest.mark.parametrize("english", SAID)
def test_its_chinese_has_no_more_than_what_it_names(english: str) -> None:
    chinese = SAID[english].format(*["甲"] * english.count("{}"))
    assert re.search("[一-龥]", chinese)
    assert not SENTENCE.search(re.sub(_TYPED, "", chinese))


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            "no text: 3 of 4 pages of the PDF are pictures, or their fonts name no characters; "
            "it needs OCR: switch it on (detection.ocr_processes), or ask for the file that was printed",
            "没有文字：PDF 4 页中有 3 页是图片，或字体没有字符对照；"
            "需要文字识别（OCR）：请开启（detection.ocr_processes），或索取打印前的文件",
        ),
        (
            "5 of 6 pages could not be read: the server refuses us (status 403)",
            "6个页面中有5个未能读取：网站拒绝访问（HTTP 403）",
        ),
        (
            "the list could not be read to its end: no connection to a.cn: [Errno 111] Connection refused",
            "列表未能读到末尾：无法连接 a.cn：对方拒绝连接",
        ),
        (
            "paging not followed: the page says «下一页», and gives no address for the next: "
            "look in the browser's network view for one that answers GET, and name that as url, "
            "or set selectors.next_page",
            "翻页未能跟进：页面写有“下一页”，但没有下一页的网址：请在浏览器的网络面板中查找可用 GET "
            "访问的网址，写作 url，或设置 selectors.next_page",
        ),
        (
            "2 of 90 characters cannot be decoded: compare with the page itself; "
            "only 40 pages of the picture were read (detection.ocr_pages)",
            "90 字中有 2 字无法解码：请与原页面核对；图片只识别了 40 页（detection.ocr_pages）",
        ),
        ("line 3: no text, or a text that is no string", "第 3 行：没有 text，或 text 不是字符串"),
        ("550 5.1.1 user unknown", "收件地址不存在或已停用（对方答复：550 5.1.1 user unknown）"),
        ("OSError: [Errno 113] No route to host", "网络不通"),
        ("something that nobody foresaw", "原因不明，请查看日志"),
    ],
)
def test_sentences_are_said_with_all_that_they_hold(why: str, said: str) -> None:
    assert reason_in_chinese(why) == said


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "/etc/q.toml: line 3: mail.smtp.port = 'a' is not usable: write a whole number",
            "/etc/q.toml 第 3 行：mail.smtp.port = 'a' 不可用：请写整数",
        ),
        (
            "q.toml: line 9: sources[0].nmae ([[sources]] number 1 of the file, called 'rsj') is no known "
            "key: did you mean 'name'? known keys here: name, url",
            "q.toml 第 9 行：sources[0].nmae（文件中第 1 个 [[sources]]，名为 'rsj'） 不是已知的键："
            "是否指 'name'？此处可用的键：name, url",
        ),
        (
            "q.toml: line 2: 'host' belongs under the heading [mail.smtp]",
            "q.toml 第 2 行：'host' 应写在 [mail.smtp] 标题之下",
        ),
        (
            "q.toml: channel is 'smtp' but smtp.host is empty: name the mail server in [mail.smtp]",
            "q.toml：channel 为 'smtp' 而 smtp.host 为空：请在 [mail.smtp] 中填写邮件服务器",
        ),
        (
            "cannot use the database postgresql+psycopg://q@db/q: connection refused: "
            "check the host, the name, the password, and that the server is running",
            "数据库 postgresql+psycopg://q@db/q 无法使用（connection refused）："
            "请核对主机、名称、密码，并确认服务器在运行",
        ),
        ("尚无数据库，请先运行", "尚无数据库，请先运行"),
        ("two words\nwrite a number", "two words\n请写数字"),
    ],
)
def test_what_a_command_says_of_the_installation_is_chinese(message: str, said: str) -> None:
    assert in_chinese(message) == said
