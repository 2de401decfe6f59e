"""``qualwatch check`` as it is typed: real processes, real files, real pipes."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.extraction.pictures import POSTING, encoded, needs_fonts, page
from tests.parts.commands import run_command
from tests.parts.loopback import Site, answer

ROOT = Path(__file__).parents[2]
UNLAWFUL = "青禾物业有限公司\n岗位职责：管理小区。\n任职要求：\n1、须持有物业管理师证书。\n"
LAWFUL = "青禾物业有限公司\n岗位职责：管理小区。\n任职要求：\n1、高中以上学历，吃苦耐劳。\n"


def _check(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return run_command(("check", *map(str, arguments)), cwd or Path.cwd(), environment, typed=stdin)


def as_lines(*records_: dict[str, Any] | bytes) -> bytes:
    return b"".join(
        (record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode()) + b"\n"
        for record in records_
    )


def _answers(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_an_unlawful_file_is_told_and_exits_1(tmp_path: Path) -> None:
    path = tmp_path / "岗位.txt"
    path.write_text(UNLAWFUL, "utf-8")
    done = _check(path)
    assert done.returncode == 1
    assert "物业管理师证书" in done.stdout.decode()
    assert done.stderr == b""


def test_what_a_visit_knows_of_region_and_publisher_may_be_told(tmp_path: Path) -> None:
    path = tmp_path / "岗位.txt"
    path.write_text(UNLAWFUL.partition("\n")[2], "utf-8")
    known = ("--region", "350102", "--publisher", "福州市建设局", "--format", "json")
    told, plain = (json.loads(_check(path, *more).stdout) for more in (known, known[4:]))
    assert (told["publisher_kind"], plain["publisher_kind"]) == ("public_body", "unknown")
    basis, alone = ("".join(answer["findings"][0]["legal_basis"]) for answer in (told, plain))
    assert "榕人社培〔2017〕139号" in basis
    assert "榕人社培" not in alone
    refused = _check(path, "--region", "350199")
    assert refused.returncode == 2
    assert "350199" not in refused.stdout.decode()


def test_a_lawful_file_exits_0(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(LAWFUL, "utf-8")
    done = _check(path)
    assert done.returncode == 0
    assert "未发现违规要求" in done.stdout.decode()


def test_a_file_in_gb18030_reads_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(UNLAWFUL.encode("gb18030"))
    assert _check(path, "--format", "json").returncode == 1


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_what_cannot_be_read_says_why_and_exits_2(tmp_path: Path, form: str) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"\x00\xff" * 200)
    done = _check(path, "--format", form)
    assert done.returncode == 2
    assert "broken.pdf" in (done.stdout + done.stderr).decode()
    assert b"Traceback" not in done.stderr


def test_a_path_that_is_not_there_exits_2(tmp_path: Path) -> None:
    done = _check(tmp_path / "missing.txt", "--format", "jsonl")
    assert done.returncode == 2
    assert "没有这个文件" in done.stderr.decode()
    assert done.stdout == b""


@pytest.mark.parametrize("written", ["2026-13-01", "yesterday", "20261101"])
def test_a_date_that_is_none_exits_2(written: str) -> None:
    done = _check("-", "--as-of", written)
    assert done.returncode == 2
    assert "as-of" in done.stderr.decode()


def test_records_are_answered_in_order_and_a_bad_one_fails_alone() -> None:
    done = _check(
        "-",
        "--format",
        "jsonl",
        "--as-of",
        "2026-11-01",
        stdin=as_lines(
            {"id": 1, "text": UNLAWFUL},
            b"not json",
            {"id": "b", "text": None},
            {"text": LAWFUL},
            {"id": "c", "text": LAWFUL, "title": 7},
            {"id": "d", "text": LAWFUL, "title": None, "publisher": None, "url": None, "date": None},
            b"[1]",
            b"",
            b"[" * 100_000,
            b'{"id": "e", "text": "\xff"}',
            {"id": "f", "text": ""},
        ),
    )
    answers = _answers(done.stdout)
    assert [answer["id"] for answer in answers] == [1, None, "b", None, "c", "d", None, None, None, "f"]
    assert ["error" in answer for answer in answers] == [
        False,
        True,
        True,
        True,
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    assert answers[0]["findings"][0]["severity"] == "high"
    assert all(set(answer) == {"id", "error"} for answer in answers if "error" in answer)
    assert "第 2 行" in answers[1]["error"]
    assert done.returncode == 2


def test_offsets_count_characters_of_the_records_own_text() -> None:
    text = "🙂\r\n　" + UNLAWFUL
    (answer,) = _answers(
        _check("-", "--format", "jsonl", "--all", stdin=as_lines({"id": "a", "text": text})).stdout
    )
    assert answer["mentions"]
    for mention in answer["mentions"] + answer["findings"]:
        assert text[mention["start"] : mention["end"]] == mention["quote"]


def test_a_given_day_wins_over_the_records_which_wins_over_today() -> None:
    stdin = as_lines({"id": "a", "text": UNLAWFUL, "date": "2015-03-12"}, {"id": "b", "text": UNLAWFUL})
    own, today = _answers(_check("-", "--format", "jsonl", stdin=stdin).stdout)
    assert own["as_of"] == "2015-03-12"
    assert own["findings"] == []
    assert today["as_of"] >= "2025-01-01"
    assert today["findings"]
    given = _answers(_check("-", "--format", "jsonl", "--as-of", "2018-01-01", stdin=stdin).stdout)
    assert [answer["as_of"] for answer in given] == ["2018-01-01", "2018-01-01"]
    assert all(answer["findings"] for answer in given)


def test_mentions_are_empty_without_all() -> None:
    stdin = as_lines({"id": "a", "text": UNLAWFUL})
    (answer,) = _answers(_check("-", "--format", "jsonl", stdin=stdin).stdout)
    assert answer["mentions"] == []


def test_a_half_character_in_a_record_comes_back_as_an_escape() -> None:
    stdin = b'{"id": "\\ud800", "text": "\\ud800"}\n'
    done = _check("-", "--format", "jsonl", stdin=stdin)
    (answer,) = _answers(done.stdout)
    assert answer["id"] == "\ud800"


def test_an_answer_comes_before_the_next_question() -> None:
    command = [sys.executable, "-m", "qualwatch", "check", "--format", "jsonl", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for identity in ("a", "b"):
            running.stdin.write(as_lines({"id": identity, "text": LAWFUL}))
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == identity
        running.stdin.close()
        assert running.wait(timeout=30) == 0


def test_several_processes_answer_in_order() -> None:
    stdin = as_lines(*({"id": number, "text": UNLAWFUL if number % 3 else LAWFUL} for number in range(1500)))
    one = _check("-", "--format", "jsonl", "--as-of", "2026-11-01", stdin=stdin)
    two = _check("-", "--format", "jsonl", "--as-of", "2026-11-01", "--jobs", "2", stdin=stdin)
    assert [answer["id"] for answer in _answers(two.stdout)] == list(range(1500))
    assert two.stdout == one.stdout
    assert two.returncode == one.returncode == 1


def test_standard_input_without_records_is_a_document() -> None:
    done = _check("-", "--format", "json", stdin=f"<html><body><p>{UNLAWFUL}</p></body></html>".encode())
    assert json.loads(done.stdout)["findings"][0]["quote"] == "物业管理师证书"
    assert done.returncode == 1


def test_a_folder_is_walked_in_order_and_each_file_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.txt").write_text(UNLAWFUL, "utf-8")
    (tmp_path / "a.txt").write_text(LAWFUL, "utf-8")
    (tmp_path / "b" / "page.html").write_text(f"<p>{UNLAWFUL}</p>", "utf-8")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100)
    (tmp_path / "records.jsonl").write_bytes(as_lines({"id": "r1", "text": UNLAWFUL}))
    (tmp_path / "packed.jsonl.gz").write_bytes(b"\x1f\x8bbroken")
    (tmp_path / "loop").symlink_to(tmp_path)
    done = _check(".", "--format", "jsonl", cwd=tmp_path)
    answers = {answer["id"]: answer for answer in _answers(done.stdout)}
    assert list(answers) == ["a.txt", "packed.jsonl.gz", "photo.png", "r1", "b/page.html"]
    assert answers["b/page.html"]["findings"]
    assert "error" in answers["photo.png"]
    assert done.returncode == 2


@needs_fonts
@pytest.mark.parametrize("form", ["PNG", "PDF"])
def test_a_scan_is_judged_with_its_findings_to_be_reviewed(tmp_path: Path, form: str) -> None:
    scan = tmp_path / f"scan.{form.lower()}"
    scan.write_bytes(encoded(page(POSTING[:5], paper=(1240, 500)), form))
    done = _check(scan, "--format", "json", "--as-of", "2026-11-01")
    assert done.returncode == 1
    [finding] = json.loads(done.stdout)["findings"]
    assert finding["quote"] == "会计从业资格证书"
    assert (finding["severity"], finding["needs_review"]) == ("medium", True)
    assert "由图片识别" in finding["explanation"]


def test_files_of_other_kinds_in_a_folder_are_skipped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LAWFUL, "utf-8")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100)
    done = _check(tmp_path)
    assert done.returncode == 0
    assert "1 份不是可检查的格式，已跳过" in done.stdout.decode()


def test_packed_records_are_read_while_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(as_lines({"id": "a", "text": UNLAWFUL}, {"id": "b", "text": LAWFUL})))
    done = _check(path, "--format", "json")
    assert [answer["id"] for answer in json.loads(done.stdout)] == ["a", "b"]


def test_an_empty_folder_gives_an_empty_answer(tmp_path: Path) -> None:
    done = _check(tmp_path, "--format", "json")
    assert json.loads(done.stdout) == []
    assert done.returncode == 0


def test_sarif_is_one_log_for_the_whole_run(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\r\n" + UNLAWFUL.replace("\n", "\r\n"), "utf-8", newline="")
    (tmp_path / "b.txt").write_text(LAWFUL, "utf-8")
    done = _check(".", "--format", "sarif", cwd=tmp_path)
    (run,) = json.loads(done.stdout)["runs"]
    (result,) = run["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.txt"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert done.returncode == 1


def test_escapes_of_a_scraped_text_do_not_reach_the_terminal(tmp_path: Path) -> None:
    records_ = tmp_path / "a.jsonl"
    records_.write_bytes(
        as_lines({"id": "x\x1b[2J", "text": UNLAWFUL.replace("须持有", "须\x1b]0;t\x07持有")})
    )
    done = _check(records_)
    assert b"\x1b" not in done.stdout
    assert b"\x07" not in done.stdout


def test_a_file_without_end_is_refused_within_its_limit() -> None:
    done = _check("/dev/zero", "--format", "jsonl")
    (answer,) = _answers(done.stdout)
    assert "error" in answer
    assert done.returncode == 2


def test_a_folder_shows_its_progress_on_a_terminal(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(LAWFUL, "utf-8")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "qualwatch", "check", "--format", "jsonl", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as running:
        os.close(theirs)
        output, _ = running.communicate(timeout=60)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # the terminal's other side is closed
            pass
        os.close(ours)
    assert len(_answers(output)) == 30
    assert "检查文件" in shown.decode("utf-8", "replace")


def test_private_addresses_are_refused(site: Site) -> None:
    site.answers["/"] = answer(UNLAWFUL, media_type="text/plain; charset=utf-8")
    done = _check(f"http://{site.host}/", "--format", "json")
    assert done.returncode == 2
    told = json.loads(done.stdout)["error"]
    assert "不是公网地址：请另存网页" in told
    assert "allow_private_hosts" not in told  # no configuration is read
    assert site.asked == []


def test_an_address_of_another_scheme_says_which_ones_are_read() -> None:
    done = _check("ftp://example.com/a.txt", "--format", "json")
    assert done.returncode == 2
    assert "只读取 http 和 https" in done.stderr.decode()


def test_bytes_that_are_no_text_exit_2(tmp_path: Path) -> None:
    path = tmp_path / "scan.txt"
    path.write_bytes(bytes(range(256)) * 40)
    done = _check(path, "--format", "json")
    assert done.returncode == 2
    assert "不支持的格式" in json.loads(done.stdout)["error"]
