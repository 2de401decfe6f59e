"""The evidence archive when it was damaged, tampered with, filled up, moved or removed."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.errors import EvidenceError
from storage.evidence import EvidenceRef, EvidenceStore
from tests.parts.volumes import fill_up, small_volume
from tests.storage.archived import BODY, EXCHANGE, files_in, only_file


def test_a_torn_record_at_the_end_spoils_neither_those_before_nor_those_after(tmp_path: Path) -> None:
    with EvidenceStore(tmp_path) as store:
        whole, torn = store.write(EXCHANGE), store.write(replace(EXCHANGE, body=os.urandom(5000)))
    file = only_file(tmp_path)
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
        file = only_file(tmp_path)
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
        file = only_file(tmp_path)
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

        half_of_it_starts = only_file(tmp_path).stat().st_size
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", half_of_it)
            with pytest.raises(EvidenceError, match="free some space"):
                store.write(EXCHANGE)
        assert only_file(tmp_path).stat().st_size == half_of_it_starts
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
        assert len(files_in(small / "evidence")) == 1
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
