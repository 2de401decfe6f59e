"""Pages and files that nobody here wrote: every one is read right, or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from extraction import Extracted, ExtractionError, UnreadableError, expand_archive, extract

RAW = Path(__file__).parents[2].parent / "shared" / "corpus" / "raw"

pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason="the collected documents are third-party text and lie beside the repository only"
)


def files(folder: str) -> list[Path]:
    return sorted((RAW / folder).iterdir())


def readings(folder: str) -> Iterator[tuple[Path, Extracted | ExtractionError]]:
    for path in files(folder):
        try:
            yield path, extract(path.read_bytes(), url="http://www.example.cn/", name=path.name)
        except ExtractionError as error:
            yield path, error


def known_share(text: str) -> float:
    """Share of characters that simplified Chinese documents use; mojibake falls far below."""
    letters = "".join(text.split())
    return len(letters.encode("gb2312", "ignore").decode("gb2312")) / len(letters)


def assert_no_mojibake(path: Path, text: str) -> None:
    assert "\ufffd" not in text, path.name
    assert "锟斤拷" not in text, path.name
    assert known_share(text) > 0.97, path.name
    assert not re.search(r"[鍏鐨鍙涓浜鏄銆]{3}|[\x80-\x9f]", text), path.name


def test_every_page_of_the_job_board_is_read_without_mojibake() -> None:
    outcomes = list(readings("html-gbk"))
    empty = [path for path, outcome in outcomes if isinstance(outcome, ExtractionError)]
    assert len(outcomes) == 115
    assert all(path.stat().st_size <= 3 for path in empty)
    assert len(empty) == 6
    for path, outcome in outcomes:
        if isinstance(outcome, Extracted):
            assert_no_mojibake(path, outcome.text)
        else:
            assert isinstance(outcome, UnreadableError)
            assert "no text" in str(outcome)


def test_job_pages_say_title_publisher_and_date() -> None:
    extracted = extract((RAW / "html-gbk" / "gongzuoku__jiazhengfuwu__032012E2015.html").read_bytes())
    assert extracted.title == "保洁员和绿化工"
    assert extracted.publisher == "安徽绿城物业管理有限公司"
    assert str(extracted.days.printed) == "2015-03-20"


def test_every_government_page_is_read_with_its_facts() -> None:
    for path, outcome in readings("html-gov"):
        assert isinstance(outcome, Extracted), path.name
        assert_no_mojibake(path, outcome.text)
        if path.name.startswith("govcn"):
            assert "国务院" in outcome.publisher, path.name
            assert outcome.days.printed or outcome.days.in_meta, path.name
            assert re.search(r"^发文字号：\S*\t发布日期：", outcome.text, re.MULTILINE), path.name


def test_every_word97_file_is_read() -> None:
    outcomes = list(readings("doc97"))
    assert len(outcomes) == 20
    for path, outcome in outcomes:
        assert isinstance(outcome, Extracted), path.name
        assert_no_mojibake(path, outcome.text)
        assert len(outcome.text) > 100, path.name


def test_requirements_of_four_megabytes_of_positions_stand_with_their_position() -> None:
    text = extract((RAW / "attachments" / "附件1_职位表.xls").read_bytes()).text
    rows = [line for line in text.split("\n") if line.startswith("招考单位：")]
    assert len(rows) > 8_000
    assert all("\t招考职位：" in row and "\t职位代码：" in row for row in rows)
    assert sum("\t其他要求：" in row for row in rows) > 3_500
    assert_no_mojibake(Path("附件1_职位表.xls"), text)


def test_every_attachment_is_read_or_says_why_not() -> None:
    refused = {}
    for path, outcome in readings("attachments"):
        if isinstance(outcome, Extracted):
            assert_no_mojibake(path, outcome.text)
        else:
            refused[path.name] = str(outcome)
    assert sorted(refused) == ["招标文件-2.pdf", "附件1-2.zip"]
    assert "OCR" in refused["招标文件-2.pdf"]


def test_members_of_the_archive_carry_their_chinese_names() -> None:
    body = (RAW / "attachments" / "附件1-2.zip").read_bytes()
    members = {name: extract(member, name=name) for name, member in expand_archive(body)}
    assert list(members) == ["附件1：面试考生须知.wps", "附件2：面试流程及注意事项.docx"]
    for name, extracted in members.items():
        assert_no_mojibake(Path(name), extracted.text)
