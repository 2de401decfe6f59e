"""The report: the contract's JSON, the terminal's lines, and SARIF."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from cli.checking.lines import LineIndex
from cli.checking.sarif import SarifRun, to_uri
from cli.checking.terminal import make_printable, print_result, print_summary
from detection.model import DocumentFacts, Mention, OfficialDocument, ScanResult
from detection.record import to_record
from vocabulary.codes import DocumentKind, PublisherKind, Severity, Status, Usage, Violation
from vocabulary.names import name_of, rule_behind

TEXT = "青禾水业招聘\n任职要求：\n1、须持有二级心理咨询师证书；\n2、有健康证。"


def _mention(quote: str, **changes: Any) -> Mention:
    start = TEXT.index(quote)
    values: dict[str, Any] = {
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "qualification": "心理咨询师",
        "status": Status.EXITED,
        "since": date(2017, 9, 12),
        "status_document": "人社部发〔2017〕68号",
        "usage": Usage.REQUIRED,
        "cue": "须持有",
        "violation": Violation.LEVEL_TIED_TO_EMPLOYMENT,
        "severity": Severity.MEDIUM,
        "legal_basis": ("人社部发〔2017〕68号",),
        "explanation": "心理咨询师已退出国家职业资格目录，不得作为录用条件。",
        "advice": "删除该条件。",
    }
    return Mention(**{**values, **changes})


BROKEN = _mention("二级心理咨询师证书")
LAWFUL = _mention(
    "健康证",
    qualification="健康证",
    status=Status.LAWFUL_OTHER,
    since=None,
    status_document="",
    cue="有",
    violation=None,
    severity=Severity.NONE,
    legal_basis=(),
    explanation="",
    advice="",
)


def _result(*mentions: Mention) -> ScanResult:
    facts = DocumentFacts(
        DocumentKind.RECRUITMENT,
        PublisherKind.COMPANY,
        OfficialDocument("青人社〔2020〕1号", "青山市人力资源和社会保障局", date(2020, 2, 3)),
        (OfficialDocument("江人社〔2020〕9号"),),
    )
    return ScanResult(date(2026, 11, 1), facts, mentions)


def _printed(
    result: ScanResult, text: str = TEXT, *, colours: bool = False, every_mention: bool = False
) -> str:
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=colours, width=80, color_system="standard" if colours else None
    )
    print_result(console, "岗位.txt", text, result, every_mention=every_mention)
    return out.getvalue()


def test_a_record_is_the_contracts_json() -> None:
    record = json.loads(json.dumps(to_record("a1", _result(BROKEN, LAWFUL), every_mention=True)))
    assert record["id"] == "a1"
    assert record["as_of"] == "2026-11-01"
    assert (record["document_kind"], record["publisher_kind"]) == ("recruitment", "company")
    assert record["document"] == {
        "number": "青人社〔2020〕1号",
        "issuer": "青山市人力资源和社会保障局",
        "date": "2020-02-03",
        "forwards": [{"number": "江人社〔2020〕9号", "issuer": None, "date": None}],
    }
    assert [finding["quote"] for finding in record["findings"]] == ["二级心理咨询师证书"]
    finding = record["findings"][0]
    assert TEXT[finding["start"] : finding["end"]] == finding["quote"]
    assert finding["status"] == "exited"
    assert finding["violation"] == "level_tied_to_employment"
    assert finding["since"] == "2017-09-12"
    assert [mention["violation"] for mention in record["mentions"]] == ["level_tied_to_employment", None]


def test_mentions_stay_empty_unless_every_one_is_asked_for() -> None:
    assert to_record("a1", _result(BROKEN, LAWFUL), every_mention=False)["mentions"] == []


def test_every_value_of_the_contract_has_a_chinese_name() -> None:
    for values in (Status, Usage, Severity, DocumentKind, PublisherKind):
        assert all(name_of(value) for value in values)
    assert all(rule_behind(violation) for violation in Violation)


def test_a_finding_shows_its_line_its_verdict_its_clause_and_the_advice() -> None:
    printed = _printed(_result(BROKEN, LAWFUL))
    assert "第 3 行第 6 字" in printed
    assert "1、须持有二级心理咨询师证书；" in printed
    for part in (
        "非准入类职业资格与就业挂钩",
        "人社部发〔2017〕68号",
        "须持有",
        "删除该条件。",
        "2017年9月12日",
    ):
        assert part in printed
    assert "健康证" not in printed


def test_every_mention_shows_lawful_ones_too() -> None:
    assert "健康证" in _printed(_result(LAWFUL), every_mention=True)


def test_a_document_without_findings_says_so() -> None:
    assert "未发现违规要求" in _printed(_result(LAWFUL))


def test_the_quote_is_coloured_on_a_terminal() -> None:
    printed = _printed(_result(BROKEN), colours=True)
    before, _, rest = printed.partition("二级心理咨询师证书")
    assert before.endswith("m")
    assert rest.startswith("\x1b[0m")


def test_an_uncertain_verdict_says_that_it_needs_a_person() -> None:
    mention = _mention("二级心理咨询师证书", needs_review=True, foreign=True)
    assert "待人工核实" in _printed(_result(mention))


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\u202e", "\x00", "\r", "\ud800", "\u2028"]
)
def test_no_control_of_a_scraped_text_reaches_the_terminal(hostile: str) -> None:
    text = TEXT.replace("须持有", f"须{hostile}持有").replace("证书；", f"证书{hostile}；")
    start = text.index("二级")
    mention = _mention(
        "二级心理咨询师证书", start=start, end=start + 9, cue=f"须{hostile}", explanation=hostile
    )
    printed = _printed(_result(mention), text)
    assert hostile[0] not in printed
    assert make_printable(hostile) == "".join(
        "\ufffd" if ord(char) not in range(0x20, 0x7F) else char for char in hostile
    )


def test_markup_in_a_text_is_shown_as_it_stands() -> None:
    text = TEXT.replace("须持有", "[red]须持有[/]")
    start = text.index("二级")
    assert "[red]须持有[/]" in _printed(
        _result(_mention("二级心理咨询师证书", start=start, end=start + 9)), text
    )


def test_the_summary_counts_what_was_read_and_what_was_not() -> None:
    out = io.StringIO()
    print_summary(Console(file=out, width=80), documents=3, findings=2, alerts=1, unread=1, skipped=2)
    assert (
        out.getvalue().strip()
        == "共检查 3 份，发现 2 处问题，其中需处理 1 处，1 份无法读取，2 份不是可检查的格式，已跳过"
    )


def test_lines_and_columns_count_from_one() -> None:
    lines = LineIndex("甲\n\n乙丙")
    assert [(lines.position(at).line, lines.position(at).column) for at in range(5)] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (3, 1),
        (3, 2),
    ]


def test_a_long_line_is_shown_around_the_quote_only() -> None:
    text = "甲" * 500 + "会计证" + "乙" * 500
    assert LineIndex(text).around(500, 503, 10) == ("…" + "甲" * 10, "乙" * 10 + "…")


def _sarif(*mentions: Mention, source: str | None = None, every_mention: bool = False) -> dict[str, Any]:
    run = SarifRun("1.0")
    run.add("岗位 1.txt", TEXT, _result(*mentions), every_mention=every_mention, source=source)
    run.add_failure("坏.pdf", "broken")
    log: dict[str, Any] = json.loads(json.dumps(run.to_log()))
    return log


def test_sarif_has_what_the_schema_requires() -> None:
    log = _sarif(BROKEN, LAWFUL, every_mention=True)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Qualwatch"
    identities = [rule["id"] for rule in driver["rules"]]
    assert len(set(identities)) == len(identities)
    for result in run["results"]:
        assert identities[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["kind"] == "fail" or result["level"] == "none"
        assert result["message"]["text"]
        physical = result["locations"][0]["physicalLocation"]
        artifact = run["artifacts"][physical["artifactLocation"]["index"]]
        assert (
            artifact["location"]["uri"] == physical["artifactLocation"]["uri"] == "%E5%B2%97%E4%BD%8D%201.txt"
        )
        region = physical["region"]
        text = artifact["contents"]["text"]
        assert text[region["charOffset"] :][: region["charLength"]] == region["snippet"]["text"]
        line = text.split("\n")[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == region["snippet"]["text"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"][0]["executionSuccessful"] is False


def test_sarif_points_into_a_plain_file_as_it_stands() -> None:
    source = "\ufeff\r\n\r\n  " + TEXT.replace("\n", "\r\n")
    (result,) = _sarif(BROKEN, source=source)["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert source[region["charOffset"] :].startswith("二级心理咨询师证书")
    assert region["startLine"] == 5


def test_sarif_keeps_a_result_whose_place_in_the_file_is_lost() -> None:
    (result,) = _sarif(BROKEN, source="二级心理\n咨询师证书")["runs"][0]["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_a_fingerprint_stays_when_the_text_around_a_quote_moves() -> None:
    run = SarifRun("1.0")
    for shift in (0, 7):
        moved = _mention("二级心理咨询师证书", start=BROKEN.start + shift, end=BROKEN.end + shift)
        run.add("a.txt", "甲" * shift + TEXT, _result(moved), every_mention=False)
    first, second = run.results
    assert first["partialFingerprints"] == second["partialFingerprints"]


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b.txt", "a%20b.txt"),
        ("/data/岗.txt", "file:///data/%E5%B2%97.txt"),
        ("https://example.cn/a?b=1&c=2", "https://example.cn/a?b=1&c=2"),
        ("a.jsonl#7", "a.jsonl#7"),
    ],
)
def test_a_name_becomes_an_address(name: str, uri: str) -> None:
    assert to_uri(name) == uri
