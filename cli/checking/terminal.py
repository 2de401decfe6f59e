"""The report for people: each finding with its line, its verdict, its clause and what to do."""

from __future__ import annotations

import unicodedata
from datetime import date

from rich.console import Console
from rich.text import Text

from cli.checking.lines import LineIndex
from detection.model import Mention, ScanResult
from vocabulary.codes import Severity
from vocabulary.names import name_of

CONTEXT = 40
"""Characters of the line shown on each side of a quote."""
COLOURS = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "blue",
    Severity.NONE: "green",
}
_REPLACED = "\ufffd"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def make_printable(text: str) -> str:
    """Text without what could steer a terminal or turn a line round: controls, escapes, bidi marks."""
    if text.isprintable():
        return text
    return "".join(_REPLACED if unicodedata.category(char) in _UNSEEN else char for char in text)


def print_result(console: Console, name: str, text: str, result: ScanResult, *, every_mention: bool) -> None:
    """Prints one document's findings, or that it has none; lawful mentions too with ``every_mention``."""
    _print(console, Text(make_printable(name), style="bold underline"))
    _print(console, Text(f"  {_describe(result)}", style="dim"))
    shown = result.mentions if every_mention else result.findings
    lines = LineIndex(text)
    for mention in shown:
        _print_mention(console, lines, mention)
    if not result.findings:
        _print(console, Text("  未发现违规要求", style="green"))
    _print(console, Text())


def print_failure(name: str, reason: str) -> None:
    """Prints on standard error why a file, a page or a record could not be read."""
    line = Text("无法读取 ", style="bold red")
    line.append(make_printable(name), style="bold").append("：" + make_printable(reason), style="default")
    _print(Console(stderr=True), line)


def print_summary(
    console: Console, *, documents: int, findings: int, alerts: int, unread: int, skipped: int
) -> None:
    """Prints the closing line: what was read, and what of it needs somebody."""
    parts = [f"共检查 {documents} 份，发现 {findings} 处问题，其中需处理 {alerts} 处"]
    if unread:
        parts.append(f"{unread} 份无法读取")
    if skipped:
        parts.append(f"{skipped} 份不是可检查的格式，已跳过")
    _print(console, Text("，".join(parts), style="bold red" if alerts else "bold green"))


def _print(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True, highlight=False)


def _describe(result: ScanResult) -> str:
    facts = result.facts
    own = facts.document
    parts = [name_of(facts.document_kind), name_of(facts.publisher_kind)]
    parts += [part for part in (own.number, own.issuer, _written(own.date)) if part]
    parts += [f"转发 {forwarded.number or forwarded.issuer}" for forwarded in facts.forwards]
    return make_printable(" · ".join(parts)) + f"（按 {_written(result.as_of)} 的规定判断）"


def _written(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _print_mention(console: Console, lines: LineIndex, mention: Mention) -> None:
    place = lines.position(mention.start)
    before, after = lines.around(mention.start, mention.end, CONTEXT)
    colour = COLOURS[mention.severity]
    verdict = name_of(mention.violation) if mention.violation else name_of(mention.status)
    heading = Text("  ")
    heading.append(f" {name_of(mention.severity)} ", style=colour).append(f" {verdict}", style="bold")
    heading.append(f"  第 {place.line} 行第 {place.column} 字", style="dim")
    if mention.needs_review:
        heading.append("  待人工核实", style="magenta")
    if mention.foreign:
        heading.append("  境外证书", style="magenta")
    _print(console, heading)
    quoted = Text("    │ ", style="dim")
    quoted.append(make_printable(before), style="default")
    quoted.append(make_printable(mention.quote.replace("\n", " ")), style=f"{colour} underline")
    quoted.append(make_printable(after), style="default")
    _print(console, quoted)
    for name, value in _explain(mention):
        _print(console, Text.assemble(("    " + name, "dim"), (make_printable(value), "default")))


def _explain(mention: Mention) -> list[tuple[str, str]]:
    since = f"，自{_written(mention.since)}起" if mention.since else ""
    source = f"（{mention.status_document}）" if mention.status_document else ""
    cue = f"，依据“{mention.cue}”" if mention.cue else ""
    rows = [
        ("证书：", f"{mention.qualification}，{name_of(mention.status)}{since}{source}"),
        ("用法：", f"{name_of(mention.usage)}{cue}"),
        ("条款：", "、".join(mention.legal_basis)),
        ("说明：", mention.explanation),
        ("建议：", mention.advice),
    ]
    return [(name, value) for name, value in rows if value]
