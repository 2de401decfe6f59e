"""The evidence archive: what is written comes back, and what was tampered with does not."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.checker import Checker  # type: ignore[import-untyped]

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore, Exchange, _may_come_late
from tests.parts.volumes import fill_up, small_volume

BODY = "<p>招聘会计一名，须持有会计从业资格证。</p>".encode("gb18030")
EXCHANGE = Exchange(
    url="http://hr.example/zp/t20261101_1.html?id=7",
    method="GET",
    request_headers=(("User-Agent", "Qualwatch/0.1"), ("Cookie", "session=secret")),
    status=200,
    reason="OK",
    response_headers=(("Content-Type", "text/html; charset=gb2312"), ("Content-Encoding", "gzip")),
    body=BODY,
    started_at=datetime(2026, 11, 1, 8, 30, 15, 123456, tzinfo=UTC),
)


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*/*.warc.gz"))


def _only_file(directory: Path) -> Path:
    (file,) = _files(directory)
    return file


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        record = store.read(ref)
    assert record.body == BODY
    assert (record.url, record.status, record.fetched_at) == (EXCHANGE.url, 200, EXCHANGE.started_at)
    assert ref.body_sha256 == record.body_sha256 == sha256(BODY).hexdigest()
    assert record.header("content-type") == "text/html; charset=gb2312"


def test_workers_that_share_a_directory_write_files_of_their_own_and_read_each_others(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as one, EvidenceStore(tmp_path) as two:
        refs = [store.write(replace(EXCHANGE, body=bytes([n]))) for n, store in enumerate([one, two] * 5)]
        assert len(_files(tmp_path)) == 2
        for store in (one, two):
            assert [store.read(ref).body for ref in refs] == [bytes([n]) for n in range(10)]


def test_what_a_network_file_system_shows_late_is_waited_for(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        file = _only_file(tmp_path)
        away = file.with_name("away")
        file.rename(away)
        threading.Timer(0.1, away.rename, (file,)).start()  # its name comes late
        assert store.read(ref).body == BODY
        whole = file.read_bytes()
        file.write_bytes(whole[: ref.offset])
        threading.Timer(0.1, file.write_bytes, (whole,)).start()  # so does its length
        assert store.read(ref).body == BODY


def test_old_evidence_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    ref = EvidenceRef("202001/20200101-0123456789ab.warc.gz", "<urn:uuid:1>", "0" * 64, 0)
    with EvidenceStore(tmp_path) as store, pytest.raises(EvidenceError, match="cannot be read") as missing:
        store.read(ref)
    assert not _may_come_late(ref, missing.value)


def test_a_record_is_found_without_its_offset(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        refs = [store.write(replace(EXCHANGE, body=bytes([number]) * 1000)) for number in range(20)]
        for number, ref in enumerate(refs):
            assert store.read(replace(ref, offset=None)).body == bytes([number]) * 1000


def test_any_warc_reader_understands_the_file(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
    with _only_file(tmp_path).open("rb") as file:
        records = [
            (record.rec_type, record.rec_headers, record.http_headers, record.content_stream().read())
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert [kind for kind, *_ in records] == ["warcinfo", "response", "request"]
    (_, response, http_response, body), (_, request, http_request, _) = records[1:]
    assert response.protocol == "WARC/1.1"
    assert response.get_header("WARC-Payload-Digest").startswith("sha256:")
    assert response.get_header("WARC-Block-Digest").startswith("sha256:")
    assert response.get_header("WARC-Date") == "2026-11-01T08:30:15.123456Z"
    assert request.get_header("WARC-Concurrent-To") == ref.record_id
    assert body == BODY
    assert http_response.get_header("Content-Length") == str(len(BODY))
    assert http_response.get_header("X-Archive-Orig-Content-Encoding") == "gzip"
    assert http_request.statusline == "/zp/t20261101_1.html?id=7 HTTP/1.1"
    assert http_request.get_header("Host") == "hr.example"
    assert http_request.get_header("Cookie") is None


def test_a_page_that_a_browser_drew_is_kept_as_sent_and_as_drawn(tmp_path: Path) -> None:
    drawn = replace(EXCHANGE, drawn="<p>会计从业资格证</p>".encode(), drawn_by="Chromium 156\r\nX: 1")
    with EvidenceStore(tmp_path) as store:
        ref = store.write(drawn)
        record = store.read(ref)
        assert store.read(replace(ref, offset=None)).body == drawn.drawn
    assert (record.body, record.status) == (drawn.drawn, 0)
    assert record.drawn_by == "Chromium 156%0D%0AX: 1"
    assert record.header("Content-Type") == "text/html; charset=utf-8"
    with _only_file(tmp_path).open("rb") as file:
        kept = [
            (each.rec_type, each.rec_headers, each.content_stream().read()) for each in ArchiveIterator(file)
        ]
    assert [kind for kind, *_ in kept] == ["warcinfo", "conversion", "response", "request"]
    assert kept[2][2] == BODY
    assert kept[1][1].get_header("WARC-Refers-To") == kept[2][1].get_header("WARC-Record-ID")


def test_a_certificate_that_was_not_verified_is_part_of_the_record(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        assert store.read(store.write(EXCHANGE)).certificate_verified
        unverified = store.write(replace(EXCHANGE, certificate_verified=False))
        assert not store.read(unverified).certificate_verified


def test_the_tool_of_warcio_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        store.write(EXCHANGE)
        store.write(replace(EXCHANGE, body=b"", status=404, reason="Not Found"))

    class Arguments:
        inputs = (str(_only_file(tmp_path)),)
        verbose = False

    checker = Checker(Arguments())
    checker.process_all()
    assert checker.exit_value == 0


def test_headers_from_outside_inject_nothing(tmp_path: Path) -> None:
    hostile = replace(
        EXCHANGE,
        url="http://hr.example/公告 一.html\r\nX-Injected: 1",
        reason="OK\r\nX-Injected: 1",
        response_headers=(
            ("Location", "http://hr.example/\r\nX-Injected: 1"),
            ("X-Injected: 1\r\nName", "value"),
            ("", "no name"),
            ("Title", "公告".encode().decode("latin-1")),
            ("Wide", "公告"),
        ),
    )
    with EvidenceStore(tmp_path) as store:
        record = store.read(store.write(hostile))
    assert record.body == BODY
    assert record.header("X-Injected") == ""
    assert record.url == "http://hr.example/%E5%85%AC%E5%91%8A%20%E4%B8%80.html%0D%0AX-Injected:%201"
    assert record.header("Title") == record.header("Wide") == "%E5%85%AC%E5%91%8A"


def test_an_empty_body_and_a_large_one_come_back(tmp_path: Path) -> None:
    large = os.urandom(3_000_000)
    with EvidenceStore(tmp_path) as store:
        empty_ref, large_ref = (store.write(replace(EXCHANGE, body=body)) for body in (b"", large))
        assert store.read(empty_ref).body == b""
        assert store.read(large_ref).body == large


@pytest.mark.parametrize("url", ["file:///etc/passwd", "mailto:a@hr.example", "http://[broken", ""])
def test_only_web_addresses_are_kept(tmp_path: Path, url: str) -> None:
    with EvidenceStore(tmp_path) as store, pytest.raises(EvidenceError, match="no http address"):
        store.write(replace(EXCHANGE, url=url))


def test_threads_write_to_one_file_without_mixing_their_records(tmp_path: Path) -> None:
    refs: dict[int, EvidenceRef] = {}

    def write(first: int) -> None:
        for number in range(first, first + 25):
            refs[number] = store.write(replace(EXCHANGE, body=str(number).encode() * 500))

    with EvidenceStore(tmp_path) as store:
        threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 200, 25)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refs) == 200
        for number, ref in refs.items():
            assert store.read(ref).body == str(number).encode() * 500
    assert len(_files(tmp_path)) == 1


def test_a_file_closed_while_others_write_loses_nothing(tmp_path: Path) -> None:
    refs: list[EvidenceRef] = []

    def write() -> None:
        for _ in range(50):
            refs.append(store.write(EXCHANGE))  # noqa: PERF401  each as soon as it is there

    with EvidenceStore(tmp_path) as store:
        threads = [threading.Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(30):
            store.close()
        for thread in threads:
            thread.join()
        assert len(refs) == 150
        assert all(store.read(ref).body == BODY for ref in refs)


def test_a_torn_record_at_the_end_spoils_neither_those_before_nor_those_after(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        whole, torn = store.write(EXCHANGE), store.write(replace(EXCHANGE, body=os.urandom(5000)))
    file = _only_file(tmp_path)
    assert torn.offset is not None
    os.truncate(file, torn.offset + 2500)
    with EvidenceStore(tmp_path) as store:
        later = store.write(EXCHANGE)
        for ref in (whole, replace(whole, offset=None), later, replace(later, offset=None)):
            assert store.read(ref).body == BODY
        for ref in (torn, replace(torn, offset=None)):
            with pytest.raises(EvidenceError):
                store.read(ref)
    assert later.file != whole.file


def test_a_killed_process_leaves_every_record_that_it_reported(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from storage.evidence import EvidenceStore, Exchange\n"
        "store = EvidenceStore(Path(sys.argv[1]))\n"
        "for number in range(5):\n"
        "    ref = store.write(Exchange('http://a.example/', 'GET', (), 200, 'OK', (), b'x%d' % number,\n"
        "                      datetime.now(UTC)))\n"
        "    print(ref.file, ref.record_id, ref.body_sha256, ref.offset, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert killed.returncode == -9
    reported = [line.split() for line in killed.stdout.splitlines()]
    assert len(reported) == 5
    with EvidenceStore(tmp_path) as store:
        for number, (file, record_id, digest, offset) in enumerate(reported):
            ref = EvidenceRef(file, record_id, digest, int(offset))
            assert store.read(ref).body == b"x%d" % number


def test_a_changed_body_is_noticed(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        file = _only_file(tmp_path)
        whole, member = file.read_bytes(), zlib.decompressobj(zlib.MAX_WBITS | 16)
        plain = member.decompress(whole[ref.offset :])
        changed = plain.replace("须持有".encode("gb18030"), "无需有".encode("gb18030"))
        assert changed != plain
        file.write_bytes(whole[: ref.offset] + gzip.compress(changed) + member.unused_data)
        with pytest.raises(EvidenceError, match="its own digest"):
            store.read(replace(ref, offset=None))


def test_a_body_that_fits_its_record_but_not_the_database_is_noticed(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        with pytest.raises(EvidenceError, match="when it was fetched"):
            store.read(replace(ref, body_sha256="0" * 64))


@pytest.mark.parametrize(
    "change",
    [
        {"record_id": "<urn:uuid:00000000-0000-0000-0000-000000000000>"},
        {"file": "202611/20261101-missing.warc.gz"},
        {"file": "../../etc/passwd"},
        {"file": "/etc/passwd"},
        {"offset": 0},
        {"offset": 3},
        {"offset": 10**9},
    ],
)
def test_a_record_that_is_not_where_it_should_be_is_a_clear_error(
    tmp_path: Path, change: dict[str, str | int]
) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        with pytest.raises(EvidenceError):
            store.read(replace(ref, **change))  # type: ignore[arg-type]


def test_any_damaged_byte_is_noticed(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        assert ref.offset is not None
        file = _only_file(tmp_path)
        whole = file.read_bytes()
        unnoticed = 0
        for place in range(ref.offset, ref.offset + 500, 3):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
            try:
                unnoticed += store.read(ref).body != BODY
            except EvidenceError:
                continue
        assert unnoticed == 0


def test_a_full_disk_is_a_clear_error_and_the_next_record_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EvidenceStore(tmp_path) as store:
        before = store.write(EXCHANGE)
        write = os.pwrite

        def half_of_it(descriptor: int, data: memoryview, offset: int) -> int:
            if offset != half_of_it_starts:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, data[: len(data) // 2], offset)

        half_of_it_starts = _only_file(tmp_path).stat().st_size
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", half_of_it)
            with pytest.raises(EvidenceError, match="free some space"):
                store.write(EXCHANGE)
        assert _only_file(tmp_path).stat().st_size == half_of_it_starts
        after = store.write(EXCHANGE)
        assert store.read(before).body == store.read(after).body == BODY


def test_a_directory_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file stands where the directory should be")
    with (
        EvidenceStore(tmp_path / "evidence") as store,
        pytest.raises(EvidenceError, match="cannot be written"),
    ):
        store.write(EXCHANGE)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 kB."""
    with small_volume(tmp_path / "small", "256k") as volume:
        yield volume


def test_a_full_volume_is_left_without_empty_files_and_goes_on_once_there_is_space(small: Path) -> None:
    large = replace(EXCHANGE, body=os.urandom(50_000))
    with EvidenceStore(small / "evidence") as store:
        before = store.write(large)
        ballast = fill_up(small)
        for _ in range(50):
            with pytest.raises(EvidenceError, match="free some space"):
                store.write(large)
        with pytest.raises(EvidenceError, match="free some space"):
            store.probe()
        assert len(_files(small / "evidence")) == 1
        ballast.unlink()
        store.probe()
        assert store.read(store.write(large)).body == store.read(before).body == large.body


def test_a_directory_that_is_moved_away_takes_nothing_until_it_is_back(tmp_path: Path) -> None:
    directory, elsewhere = tmp_path / "evidence", tmp_path / "elsewhere"
    with EvidenceStore(directory) as store:
        before = store.write(EXCHANGE)
        unsynced = store.append(EXCHANGE)
        directory.rename(elsewhere)
        with pytest.raises(EvidenceError, match="moved or removed"):
            store.sync([unsynced])
        for ask in (store.probe, lambda: store.write(EXCHANGE)):
            with pytest.raises(EvidenceError, match="moved away while qualwatch runs: put it back"):
                ask()
        assert not directory.exists(), "nothing stands in the way of its return"
        elsewhere.rename(directory)
        store.probe()
        after = store.write(EXCHANGE)
        assert store.read(before).body == store.read(after).body == BODY


def test_a_directory_that_is_removed_is_begun_anew_and_what_was_lost_is_not_kept(tmp_path: Path) -> None:
    directory = tmp_path / "evidence"
    with EvidenceStore(directory) as store:
        lost = store.append(EXCHANGE)
        shutil.rmtree(directory)
        after = store.write(EXCHANGE)
        assert store.read(after).body == BODY
        with pytest.raises(EvidenceError, match="moved or removed"):
            store.sync([lost])


def test_a_directory_that_another_one_replaces_is_written_to(tmp_path: Path) -> None:
    directory = tmp_path / "evidence"
    with EvidenceStore(directory) as store:
        store.write(EXCHANGE)
        directory.rename(tmp_path / "elsewhere")
        directory.mkdir()
        assert store.read(store.write(EXCHANGE)).body == BODY


_ANSWERS = st.builds(
    replace,
    st.just(EXCHANGE),
    url=st.text().map(lambda path: "http://hr.example/" + path),
    response_headers=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    body=st.binary(),
    reason=st.text(),
    status=st.integers(100, 599),
)


@given(answer=_ANSWERS)
@settings(max_examples=200, deadline=None)
def test_whatever_a_server_answers_comes_back(
    tmp_path_factory: pytest.TempPathFactory, answer: Exchange
) -> None:
    with EvidenceStore(tmp_path_factory.mktemp("evidence")) as store:
        record = store.read(store.write(answer))
    assert (record.body, record.status) == (answer.body, answer.status)
