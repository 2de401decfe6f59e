"""``qualwatch scan-archive``: exports as boards write them, archives of crawlers, breaks."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from assessment.workers import Workers
from cli.archive.columns import read_day, to_document
from cli.archive.files import read_batches
from cli.archive.journal import Journal, JournalError
from cli.archive.judging import judge_items
from cli.archive.model import Batch, Judged, Whole
from cli.archive.report import FINDINGS, UNREAD, write_report
from cli.archive.scanning import judge_batch, scan
from cli.checking.model import Rules

ROOT = Path(__file__).parents[2]
RULES = Rules(None, date(2026, 11, 1), every_mention=False, as_lines=False)
UNLAWFUL, LAWFUL = "须持有物业管理师证书，吃苦耐劳。", "高中以上学历，吃苦耐劳。"
WHOLE = f"青禾物业有限公司招聘小区管理员。\n任职要求：\n1、{UNLAWFUL}"
HEADING = ("职位编号", "职位名称", "企业名称", "任职要求", "发布日期")


def _judged(path: Path, *, in_folder: bool = False) -> Judged:
    judged = Judged()
    for batch in read_batches(path, in_folder=in_folder):
        judged.add(judge_items(batch.items, RULES))
    return judged


def _posting(number: int, *, unlawful: bool) -> tuple[object, ...]:
    return (number, "小区管理员", "青禾物业有限公司", UNLAWFUL if unlawful else LAWFUL, "2026-05-03")


def _csv(path: Path, rows: int, encoding: str = "gb18030") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        writer.writerows(_posting(number, unlawful=number % 100 == 0) for number in range(rows))
    return path


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_board_s_csv_is_judged_row_by_row_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    judged = _judged(_csv(tmp_path / "export.csv", 301, encoding))
    assert (judged.tally.documents, judged.tally.alerts, judged.tally.unread) == (301, 4, 0)
    first = judged.found[0]
    assert (first.identity, first.title, first.publisher) == ("0", "小区管理员", "青禾物业有限公司")
    assert (first.day, first.qualification) == ("2026-05-03", "物业管理师")


def test_a_workbook_s_sheets_are_read_below_their_headings(tmp_path: Path) -> None:
    book = Workbook()
    for sheet in (book.active, book.create_sheet("第二页")):
        sheet.append(["某平台招聘信息导出"])
        sheet.append(HEADING)
        sheet.append((*_posting(7, unlawful=True)[:4], datetime(2026, 5, 3, 8, 30)))  # noqa: DTZ001 - as in cells
        sheet.append(_posting(8, unlawful=False))
    book.save(tmp_path / "export.xlsx")
    judged = _judged(tmp_path / "export.xlsx", in_folder=True)
    assert (judged.tally.documents, judged.tally.alerts) == (4, 2)
    assert {each.day for each in judged.found} == {"2026-05-03"}


def test_a_certificate_in_a_column_that_nobody_knows_is_judged_under_its_heading() -> None:
    fields = {"jobName": "小区管理员", "必备证书": "须持有物业管理师证书", "salary": 8000, "isHot": True}
    document = to_document(fields.items(), "x")
    assert document is not None
    assert document.text == "小区管理员\n必备证书：须持有物业管理师证书\nsalary：8000"


def test_markup_in_a_cell_is_read_as_a_page_would_be() -> None:
    document = to_document(
        {"id": 1, "description": "<p>须持有<b>物业管理师</b>证书</p><p>&nbsp;</p>"}.items(), "x"
    )
    assert document is not None
    assert "<" not in document.text
    assert "物业管理师证书" in document.text.replace("\n", "")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-05-03 08:30:00", date(2026, 5, 3)),
        ("2026年5月3日", date(2026, 5, 3)),
        ("20260503", date(2026, 5, 3)),
        ("1777766400000", date(2026, 5, 3)),
        ("1777766400", date(2026, 5, 3)),
        ("2026/5", date(2026, 5, 1)),
        ("3天前", None),
        ("2026-13-40", None),
        ("", None),
    ],
)
def test_days_are_read_as_boards_write_them(written: str, day: date | None) -> None:
    assert read_day(written) == day


def test_lines_of_json_fail_alone_and_packed_ones_are_unpacked(tmp_path: Path) -> None:
    records = [
        {"positionId": 1, "jobTitle": "小区管理员", "jobDescription": UNLAWFUL},
        {"id": 2, "text": LAWFUL},
    ]
    lines = [json.dumps(each, ensure_ascii=False).encode() for each in records]
    body = b"\n".join([lines[0], b"{broken", b"[1]", b'{"id": 3}', lines[1]])
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(body))
    judged = _judged(tmp_path / "a.jsonl.gz")
    assert (judged.tally.documents, judged.tally.alerts, judged.tally.unread) == (2, 1, 3)
    assert judged.found[0].identity == "1"
    assert [each.name.rpartition(":")[2] for each in judged.unread] == ["2", "3", "4"]


def _warc(*pages: tuple[str, str, str]) -> bytes:
    stream = BytesIO()
    writer = WARCWriter(stream, gzip=True)
    for url, status, text in pages:
        headers = StatusAndHeaders(
            status, [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
        )
        body = f"<html><body><h1>招聘小区管理员</h1><p>{text}</p></body></html>".encode()
        record = writer.create_warc_record(
            url,
            "response",
            payload=BytesIO(body),
            length=len(body),
            http_headers=headers,
            warc_headers_dict={"WARC-Date": "2026-05-03T20:00:00Z"},
        )
        writer.write_record(record)
    return stream.getvalue()


def test_pages_that_another_crawler_kept_are_judged_as_on_the_day_of_their_capture(tmp_path: Path) -> None:
    whole = _warc(
        ("https://jobs.example.com/1", "200 OK", UNLAWFUL),
        ("https://jobs.example.com/2", "404 Not Found", UNLAWFUL),
        ("https://jobs.example.com/3", "200 OK", LAWFUL),
    )
    (tmp_path / "a.warc.gz").write_bytes(whole)
    judged = _judged(tmp_path / "a.warc.gz")
    assert (judged.tally.documents, judged.tally.alerts, judged.tally.unread) == (2, 1, 0)
    assert (judged.found[0].url, judged.found[0].as_of) == ("https://jobs.example.com/1", "2026-05-04")


def test_what_breaks_off_is_told_and_what_stood_before_it_is_judged(tmp_path: Path) -> None:
    whole = gzip.compress(
        json.dumps({"id": 1, "text": WHOLE}).encode() + b"\n" + os.urandom(4096).hex().encode()
    )
    (tmp_path / "a.jsonl.gz").write_bytes(whole[:-900])
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    broken, no_book = _judged(tmp_path / "a.jsonl.gz"), _judged(tmp_path / "b.xlsx")
    assert (broken.tally.alerts, broken.unread[-1].name) == (1, str(tmp_path / "a.jsonl.gz"))
    assert no_book.tally.unread == 1
    assert "XLSX" in no_book.unread[0].why or "工作簿" in no_book.unread[0].why


def _journal(path: Path, *files: Path, **conditions: str) -> Journal:
    return Journal(path, conditions or {"as_of": ""}, {str(file): str(file.stat().st_size) for file in files})


def _scan(journal: Journal, batches: list[Batch], stop_after: int | None = None) -> int:
    done = 0

    def on_batch(_: Batch) -> None:
        nonlocal done
        done += 1
        if done == stop_after:
            raise KeyboardInterrupt

    with Workers(0, 10) as workers:
        scan(batches, journal, RULES, workers, processes=1, on_batch=on_batch)
    return done


def test_a_scan_that_broke_off_goes_on_and_tells_the_same_in_the_end(tmp_path: Path) -> None:
    export = _csv(tmp_path / "export.csv", 1_000)
    batches = list(read_batches(export, in_folder=False))
    with _journal(tmp_path / "whole", export) as journal:
        _scan(journal, batches)
        whole = (journal.tally(), list(journal.found()))
    with _journal(tmp_path / "part", export) as journal, pytest.raises(KeyboardInterrupt):
        _scan(journal, batches, stop_after=3)
    with _journal(tmp_path / "part", export) as journal:
        assert journal.has_begun
        assert 0 < journal.tally().documents < 1_000
        assert journal.begun_on(date(2026, 11, 1)) == journal.begun_on(date(2026, 11, 2))
        _scan(journal, list(read_batches(export, in_folder=False)))
        assert (journal.tally(), list(journal.found())) == whole
    assert whole[0].alerts == 10


def test_a_report_is_in_one_order_whichever_batch_ends_first(tmp_path: Path) -> None:
    batches = list(read_batches(_csv(tmp_path / "export.csv", 1_000), in_folder=False))
    told = []
    with Workers(0, 10) as workers:
        judged = [(batch, judge_batch(batch, RULES, workers)) for batch in batches]
    for name, ended in (("first", judged), ("last", judged[::-1])):
        with _journal(tmp_path / name, tmp_path / "export.csv") as journal:
            for batch, what in ended:
                journal.add(batch, what)
            told.append(list(journal.found()))
    assert len(judged) > 1
    assert len(told[0]) == 10
    assert told[0] == told[1]


def test_a_file_that_changed_meanwhile_is_judged_anew_and_other_conditions_are_refused(
    tmp_path: Path,
) -> None:
    export = _csv(tmp_path / "export.csv", 200)
    with _journal(tmp_path / "part", export) as journal:
        _scan(journal, list(read_batches(export, in_folder=False)))
    _csv(export, 101)
    with _journal(tmp_path / "part", export) as journal:
        assert not journal.has_begun
        assert journal.tally().documents == 0
        _scan(journal, list(read_batches(export, in_folder=False)))
        assert (journal.tally().documents, journal.tally().alerts) == (101, 2)
    with pytest.raises(JournalError, match="其他条件"):
        _journal(tmp_path / "part", export, as_of="2016-01-01")


def test_what_kills_or_holds_its_process_is_set_aside_after_a_second_try(tmp_path: Path) -> None:
    good = tmp_path / "岗位.txt"
    good.write_text(f"青禾物业有限公司\n任职要求：\n1、{UNLAWFUL}", "utf-8")
    os.mkfifo(tmp_path / "never")  # opening it waits for a writer that never comes
    batch = Batch("x", 0, (Whole(str(tmp_path / "never"), False), Whole(str(good), False)), 0)
    with Workers(1, 1.5, limits="") as workers:
        judged = judge_batch(batch, RULES, workers)
        workers.abort()
    assert (judged.tally.alerts, judged.tally.unread) == (1, 1)
    assert judged.unread[0].name == str(tmp_path / "never")


def test_the_report_holds_no_formula_and_every_finding(tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(
        f"id,title,company,任职要求\n1,=1+1,=HYPERLINK(1),电话13912345678，{UNLAWFUL}\n2,,,\n", "utf-8"
    )
    with _journal(tmp_path / "part", export) as journal:
        _scan(journal, list(read_batches(export, in_folder=False)))
        write_report(journal, tmp_path / "报告.xlsx", [("检查的资料", "export.csv")])
    book = load_workbook(tmp_path / "报告.xlsx")
    assert book.sheetnames == ["概况", FINDINGS, UNREAD]
    heading, row = list(book[FINDINGS].iter_rows(values_only=True))
    shown = dict(zip(heading, row, strict=True))
    assert shown["单位"] == "'=HYPERLINK(1)"
    assert "13912345678" not in str(shown["原文"])
    assert ("检查份数", 1) in list(book["概况"].iter_rows(values_only=True))


def test_a_folder_is_scanned_as_it_is_typed_and_a_report_is_not_lost(tmp_path: Path) -> None:
    _csv(tmp_path / "export.csv", 150)
    (tmp_path / "a.warc.gz").write_bytes(_warc(("https://jobs.example.com/1", "200 OK", UNLAWFUL)))
    (tmp_path / "岗位.txt").write_text(f"青禾物业有限公司\n任职要求：\n1、{UNLAWFUL}", "utf-8")
    command = [sys.executable, "-m", "qualwatch", "scan-archive", str(tmp_path), "--jobs", "1"]
    command += ["--report", str(tmp_path / "scan.xlsx")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    first, second = (
        subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=120, check=False, cwd=tmp_path
        )
        for _ in range(2)
    )
    assert first.returncode == 1, first.stderr
    assert "共检查 152 份，发现 4 处问题" in first.stdout
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "a.warc.gz",
        "export.csv",
        "scan.xlsx",
        "岗位.txt",
    ]
    assert second.returncode == 2
    assert "已存在" in second.stderr
