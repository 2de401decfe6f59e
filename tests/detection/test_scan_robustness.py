"""What a scan promises on any text: right offsets, bounded cost, silence on notices that demand nothing."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import detection
from catalogue import load_catalogue
from detection import scan
from detection.detector import detector_of
from detection.rulebook import known_names, spellings
from detection.usage_rules import load_usage
from vocabulary.codes import DocumentKind, Usage

DAY = date(2026, 11, 1)
SHARED = Path(__file__).parents[2].parent / "shared"
WORDS = """会计 电工 从业 资格 证 证书 上岗 或 、 ， 。 （ ） 《 》 持有 优先 不 得 要求 二级 相关
A1 PMP 培训 考试 證 Ｃ 师 的 等 1、"""
PIECES = [*WORDS.split(), "\n", " "]


def seconds(text: str) -> float:
    """The least CPU time of three scans."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        scan(text, as_of=DAY)
        spent.append(time.process_time() - start)
    return min(spent)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
@example("《《《（（（证")
@example("会计证或会计证或")
@example("\r\n证\r\n书")
def test_every_quote_stands_at_its_offsets(text: str) -> None:
    end = 0
    for mention in scan(text, as_of=DAY).mentions:
        assert text[mention.start : mention.end] == mention.quote
        assert mention.start < mention.end
        assert mention.start >= end
        end = mention.end


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(text: str) -> None:
    for mention in scan(text, as_of=DAY, title=text[:20], publisher=text[:10]).mentions:
        assert text[mention.start : mention.end] == mention.quote


@pytest.mark.parametrize("text", ["", " ", "\n\n", "证", "证书", "\x00证", "资格", "《》", "持有"])
def test_a_text_that_names_nothing_has_no_mentions(text: str) -> None:
    assert scan(text, as_of=DAY).mentions == ()


@pytest.mark.parametrize(
    "piece",
    [
        "证",
        "（",
        "《会计",
        "或",
        "会计证或",
        "资格证书",
        "证\n",
        "持有某某证书",
        "电工、焊工、",
        "會計",
        "高级",
        "会 计 ",
    ],
)
def test_the_cost_grows_with_the_length_and_not_faster(piece: str) -> None:
    short, long = piece * (100_000 // len(piece)), piece * (800_000 // len(piece))
    scan(short, as_of=DAY)
    assert seconds(long) < 24 * seconds(short) + 0.1


def test_a_text_of_nothing_but_names_yields_a_bounded_number_of_mentions() -> None:
    mentions = scan("有会计证，" * 100_000, as_of=DAY).mentions
    assert 4_000 < len(mentions) < 30_000


def test_a_long_text_is_read_to_its_end() -> None:
    text = "公司环境优美，待遇优厚。\n" * 30_000 + "任职要求：须持有会计证。"
    assert scan(text, as_of=DAY, title="招聘").mentions[-1].quote == "会计证"


def test_importing_the_room_loads_no_rules() -> None:
    program = "import sys, detection; sys.exit('daachorse' in sys.modules or 'catalogue' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_unknown_name_of_the_room_is_an_error() -> None:
    with pytest.raises(AttributeError, match="detect_everything"):
        _ = detection.detect_everything


@pytest.mark.skipif(
    not (SHARED / "policy").is_dir(), reason="the policy notices are not beside this checkout"
)
def test_the_notices_behind_the_rules_raise_no_alert() -> None:
    notices = sorted((SHARED / "policy").glob("*.txt"))
    assert notices
    results = [scan(notice.read_text("utf-8"), as_of=DAY) for notice in notices]
    assert sum(bool(result.mentions) for result in results) > len(results) / 2
    for result in results:  # one that forwards another names no certificate, only 职业资格
        assert [mention.quote for mention in result.mentions if mention.severity.is_alert] == []


def test_every_kind_of_document_has_a_group_with_an_order_and_a_default() -> None:
    rules = load_usage()
    assert set(rules.groups) == set(DocumentKind)
    for group in rules.groups.values():
        assert rules.defaults[group] in Usage
        assert rules.order[group]


def test_every_cue_counts_in_a_group_that_exists() -> None:
    rules = load_usage()
    groups = {*rules.defaults, "any"}
    scopes = {"next", "touch", "phrase", "held", "clause", "line"}
    for cues in (cues for table in rules.cues.values() for cues in table.cues):
        for cue in cues:
            assert cue.groups <= groups
            assert cue.scope in scopes
            assert cue.before or cue.after


def test_a_short_pattern_is_written_out() -> None:
    assert sorted(spellings("英语[四六]级证?")) == ["英语六级", "英语六级证", "英语四级", "英语四级证"]
    assert sorted(spellings("B(照|本)")) == ["B本", "B照"]


def test_every_known_name_is_looked_for_or_resolved() -> None:
    words = set(detector_of(load_catalogue()).lexicon.words)
    for text, name in known_names().items():
        assert name.kind == "stem" or text in words
