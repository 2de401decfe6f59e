"""Scans and pictures that a notice links: read by processes of their own, which come and go."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from assessment.recognising import Recogniser
from assessment.workers import Workers
from crawling.fetching.fetcher import Fetcher
from extraction import Recognition
from jobs.context import Context
from settings.model import Detection, Fetching, Settings
from settings.retention import Storage as StorageSettings
from storage.evidence import EvidenceStore
from storage.tables import Case, Document, DocumentVersion, FetchRecord, Finding
from tests.extraction.pictures import POSTING, encoded, needs_fonts, page
from tests.parts.databases import open_migrated
from tests.parts.house import House, listing, posting
from tests.parts.loopback import Site, answer
from vocabulary.codes import Outcome

NOTICE = "/a/20261101_101.html"
Open = Callable[[Recogniser | None], House]


def recogniser(*, memory: int = 1_280, timeout: float = 100) -> Recogniser:
    workers = Workers(1, timeout, memory, limits="detection.ocr_", idle_seconds=60)
    return Recogniser(workers, Recognition(40))


@pytest.fixture(scope="module")
def reading() -> Iterator[Workers]:
    """A process that has read what reading pictures needs, which takes longer than most pictures do."""
    with recogniser().workers as workers:
        yield workers


@pytest.fixture
def reader(reading: Workers) -> Recogniser:
    return Recogniser(reading, Recognition(40))


@pytest.fixture
def open_house(site: Site, fetching: Fetching, reading: Workers, tmp_path: Path) -> Iterator[Open]:
    settings = Settings(fetching=fetching, storage=StorageSettings(directory=tmp_path / "var"))
    engine = open_migrated(settings.storage.database_url)
    fetcher = Fetcher(settings.fetching, sleep=lambda _: None)
    opened: list[Recogniser] = []
    with EvidenceStore(settings.storage.evidence_directory) as evidence, Workers(0, 20) as workers:

        def open_with(reader: Recogniser | None) -> House:
            if reader is not None and reader.workers is not reading:
                opened.append(reader)
            return House(Context(settings, engine, evidence, fetcher, workers, reader), site)

        yield open_with
    for reader in opened:
        reader.workers.close()
    fetcher.close()
    engine.dispose()


def serve(site: Site, path: str, body: bytes) -> None:
    site["/list/"] = listing(NOTICE)
    site[NOTICE] = posting("详见附件。", below=f"<a href='{path}'>附件：公告{Path(path).suffix}</a>")
    site[path] = answer(body)


def scan(lines: list[str] = POSTING) -> bytes:
    return encoded(page(lines), "PDF")


def record_of(house: House, path: str) -> FetchRecord:
    [record] = [row for row in house.rows(FetchRecord) if row.url.endswith(path)]
    return record


@needs_fonts
def test_a_scanned_attachment_is_read_and_what_it_demands_is_to_be_reviewed(
    open_house: Open, reader: Recogniser, site: Site
) -> None:
    serve(site, "/f/1.pdf", scan())
    house = open_house(reader)
    summary = house.visit()
    assert (summary.errors, summary.attachments) == (0, 1)
    findings = house.rows(Finding)
    assert {finding.qualification for finding in findings} >= {"会计从业资格", "物业管理师"}
    assert {(finding.severity, finding.needs_review) for finding in findings} == {("medium", True)}
    assert all("由图片识别" in finding.explanation for finding in findings)
    assert {case.severity for case in house.rows(Case)} == {"medium"}
    [version] = [version for version in house.rows(DocumentVersion) if "recognised" in version.facts]
    assert "须持有会计从业资格证书" in version.text


@needs_fonts
def test_without_recognition_a_scan_is_listed_with_what_to_do(
    open_house: Open, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(site, "/f/1.pdf", scan())
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert Recogniser.configured(Detection()) is None
    house = open_house(None)
    assert house.visit().errors == 1
    record = record_of(house, "/f/1.pdf")
    assert record.outcome is Outcome.UNREADABLE_ATTACHMENT
    assert "pip install 'qualwatch[ocr]'" in record.detail


@needs_fonts
def test_the_same_scan_is_not_read_again(open_house: Open, reader: Recogniser, site: Site) -> None:
    serve(site, "/f/1.pdf", scan(POSTING[:4]))
    open_house(reader).visit()
    house = open_house(recogniser(timeout=0.01))
    assert house.visit().errors == 0
    assert house.outcomes()["/f/1.pdf"] is Outcome.UNCHANGED
    serve(site, "/f/1.pdf", scan(POSTING[:5]))
    assert house.visit().errors == 1


@needs_fonts
def test_pictures_in_an_archive_are_read_too(open_house: Open, reader: Recogniser, site: Site) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("扫描件.png", encoded(page(POSTING[:5]), "PNG"))
        archive.writestr("须知.txt", "报名时间另行通知，请留意本网站。")
    serve(site, "/f/1.zip", stream.getvalue())
    house = open_house(reader)
    summary = house.visit()
    assert (summary.errors, summary.attachments) == (0, 3)
    assert "会计从业资格" in {finding.qualification for finding in house.rows(Finding)}


@needs_fonts
def test_an_archive_whose_pictures_take_too_long_is_read_without_them(open_house: Open, site: Site) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("扫描件.png", encoded(page(), "PNG"))
        archive.writestr("岗位表.txt", "示例市某局招聘出纳1名，须持有会计从业资格证书。")
    serve(site, "/f/1.zip", stream.getvalue())
    house = open_house(recogniser(timeout=0.3))
    summary = house.visit()
    assert (summary.errors, summary.findings) == (1, 1)
    [unread] = [row for row in house.rows(FetchRecord) if row.outcome is Outcome.UNREADABLE_ATTACHMENT]
    assert "detection.ocr_timeout_seconds" in unread.detail


@needs_fonts
def test_pages_beyond_the_limit_are_noted_in_the_record(
    open_house: Open, reading: Workers, site: Site
) -> None:
    pages = [page(POSTING[:4], paper=(1240, 600)) for _ in range(3)]
    serve(site, "/f/1.pdf", encoded(pages[0], "PDF", save_all=True, append_images=pages[1:]))
    house = open_house(Recogniser(reading, Recognition(1)))
    house.visit()
    assert record_of(house, "/f/1.pdf").detail.startswith("only 1 of its 3 pages")
    assert len(house.rows(Document)) == 2


def test_a_picture_that_needs_too_much_memory_ends_its_process_only(open_house: Open, site: Site) -> None:
    serve(site, "/f/1.png", encoded(Image.linear_gradient("L").resize((6_000, 6_000)), "PNG"))
    reader = recogniser(memory=300)
    house = open_house(reader)
    assert house.visit().errors == 1
    record = record_of(house, "/f/1.png")
    assert record.outcome is Outcome.UNREADABLE_ATTACHMENT
    assert "memory" in record.detail
    assert reader.workers.run(abs, -1) == 1


def serve_picture_page(site: Site, pictures: dict[str, bytes], text: str = "") -> None:
    shown = "".join(f"<p><img src='{path}'></p>" for path in pictures)
    site["/list/"] = listing(NOTICE)
    site[NOTICE] = posting(
        text or "招聘公告",
        below=f"<header><img src='/head.png'></header>{shown}<a href='/x.html'><img src='/linked.png'></a>"
        "<img src='/code.png' width=120 height='120px'><img src='http://elsewhere.example.cn/seal.png'>",
    )
    for path, body in pictures.items():
        site[path] = answer(body)


@needs_fonts
def test_a_notice_that_is_a_picture_is_read(open_house: Open, reader: Recogniser, site: Site) -> None:
    small, photograph = Image.new("L", (240, 300)), Image.linear_gradient("L").resize((700, 500))
    pictures = {
        "/p/1.png": encoded(page(POSTING[:6], paper=(1240, 500)), "PNG"),
        "/p/2.png": encoded(small, "PNG"),
        "/p/3.jpg": encoded(photograph, "JPEG"),
    }
    serve_picture_page(site, pictures)
    house = open_house(reader)
    summary = house.visit()
    assert summary.errors == 0
    assert {path for path, _ in site.asked if path.endswith(("png", "jpg"))} == set(pictures)
    [document] = [document for document in house.rows(Document) if document.url.endswith(".png")]
    assert document.title == "示例市某局招聘公告（附件：公告图片1）"
    assert "会计从业资格" in {finding.qualification for finding in house.rows(Finding)}
    assert record_of(house, "/p/2.png").detail == "240 by 300 pixels are too few for a notice"
    assert record_of(house, "/p/3.jpg").outcome is Outcome.OK


def test_pictures_beside_words_are_left_alone(open_house: Open, reader: Recogniser, site: Site) -> None:
    serve_picture_page(site, {"/p/1.png": b""}, text="公告的正文写得很清楚，不需要看图片。" * 30)
    house = open_house(reader)
    assert house.visit().errors == 0
    assert not [path for path, _ in site.asked if path.endswith("png")]


def test_without_recognition_a_page_of_pictures_says_so(open_house: Open, site: Site) -> None:
    serve_picture_page(site, {"/p/1.png": b""})
    house = open_house(None)
    house.visit()
    assert record_of(house, NOTICE).detail.startswith(
        "the page shows 1 pictures in place of text: it needs OCR"
    )
    assert not [path for path, _ in site.asked if path.endswith("png")]


def test_processes_without_a_picture_end_and_begin_again() -> None:
    with Workers(1, 30, idle_seconds=0.3) as workers:
        first = workers.run(_own_process)
        assert workers.run(_own_process) == first
        deadline = time.monotonic() + 20
        while Path(f"/proc/{first}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{first}").exists()
        assert workers.run(_own_process) != first


def _own_process() -> int:
    return os.getpid()


def test_it_is_switched_off_by_a_setting() -> None:
    assert Recogniser.configured(Detection(ocr_processes=0)) is None
    configured = Recogniser.configured(Detection(ocr_processes=2))
    assert configured is not None
    configured.workers.close()
