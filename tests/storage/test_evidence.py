"""The evidence archive: what is written comes back, whatever it was."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.checker import Checker  # type: ignore[import-untyped]

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore, Exchange, _may_come_late
from tests.storage.archived import BODY, EXCHANGE, files_in, only_file


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
        assert len(files_in(tmp_path)) == 2
        for store in (one, two):
            assert [store.read(ref).body for ref in refs] == [bytes([n]) for n in range(10)]


def test_what_a_network_file_system_shows_late_is_waited_for(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        ref = store.write(EXCHANGE)
        file = only_file(tmp_path)
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
    with only_file(tmp_path).open("rb") as file:
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
    with only_file(tmp_path).open("rb") as file:
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
        inputs = (str(only_file(tmp_path)),)
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
    assert len(files_in(tmp_path)) == 1


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
