"""Documents and their versions: once each, whoever meets them, and never forgotten when they return."""

from __future__ import annotations

import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func
from sqlmodel import Session, SQLModel, select

from storage.database import open_database
from storage.documents import (
    ConditionalHeaders,
    KeptVersion,
    PageRecord,
    remembered,
)
from storage.evidence import EvidenceRef
from storage.keeping import Met, MetAgain, keep_all_unchanged, keep_unchanged, keep_version, keep_versions
from storage.tables import Document, DocumentVersion, Sighting
from storage.visits import start_visit
from vocabulary.addresses import ADDRESS_LIMIT, AddressError, canonical_url, recordable_url

NOW = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
PAGE = PageRecord(
    url="http://hr.example/zp/1.html",
    source="sample",
    text="招聘会计一名，须持有会计从业资格证。",
    media_type="text/html",
    document_kind="recruitment",
    publisher_kind="company",
    evidence=EvidenceRef("202611/20261101-a.warc.gz", "<urn:uuid:1>", "b" * 64, 120),
    title="招聘启事",
    publisher="某某公司",
    region="350100",
    published_on=date(2026, 10, 30),
    charset="gb18030",
    facts={"number": None, "issuer": "某某公司", "date": "2026-10-30", "forwards": []},
    etag='"one"',
    last_modified="Sun, 01 Nov 2026 08:00:00 GMT",
)


def _visit(engine: Engine, number: int = 0) -> int:
    with Session(engine) as session:
        visit_id = start_visit(session, "sample", NOW + timedelta(hours=number))
        session.commit()
    return visit_id


def _keep(engine: Engine, page: PageRecord, visit_id: int) -> KeptVersion:
    with Session(engine) as session:
        kept = keep_version(session, page, visit_id, NOW)
        session.commit()
    return kept


def _count(engine: Engine, table: type[SQLModel]) -> int:
    with Session(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_a_new_page_is_kept_with_everything_that_is_known_of_it(engine: Engine) -> None:
    kept = _keep(engine, PAGE, _visit(engine))
    assert (kept.new_document, kept.changed, kept.returned, kept.unchanged) == (True, False, False, False)
    with Session(engine) as session:
        document = session.get_one(Document, kept.document_id)
        version = session.get_one(DocumentVersion, kept.version_id)
        assert (document.url, document.title, document.publisher) == (PAGE.url, PAGE.title, PAGE.publisher)
        assert (document.published_on, document.region, document.source) == (
            PAGE.published_on, "350100", "sample",
        )  # fmt: skip
        assert (version.text, version.facts, version.charset) == (PAGE.text, PAGE.facts, "gb18030")
        assert version.text_sha256 == sha256(PAGE.text.encode()).hexdigest()
        assert (version.evidence_file, version.evidence_record, version.evidence_offset) == (
            PAGE.evidence.file, PAGE.evidence.record_id, 120,
        )  # fmt: skip


def test_keeping_a_page_twice_changes_nothing_and_answers_the_same(engine: Engine) -> None:
    visit_id = _visit(engine)
    assert _keep(engine, PAGE, visit_id) == _keep(engine, PAGE, visit_id)
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [1, 1, 1]


def test_a_later_visit_tells_unchanged_from_changed(engine: Engine) -> None:
    first = _keep(engine, PAGE, _visit(engine))
    second = _keep(engine, PAGE, _visit(engine, 1))
    third = _keep(engine, replace(PAGE, text="招聘会计一名。"), _visit(engine, 2))
    assert second.unchanged
    assert second.version_id == first.version_id
    assert (third.changed, third.returned, third.unchanged) == (True, False, False)
    assert third.document_id == first.document_id
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [1, 2, 3]


def test_a_text_that_returns_is_a_rebound(engine: Engine) -> None:
    first = _keep(engine, PAGE, _visit(engine))
    _keep(engine, replace(PAGE, text="招聘会计一名。"), _visit(engine, 1))
    visit_id = _visit(engine, 2)
    back = _keep(engine, PAGE, visit_id)
    assert (back.changed, back.returned) == (True, True)
    assert back.version_id == first.version_id
    assert _keep(engine, PAGE, visit_id) == back
    assert _keep(engine, PAGE, _visit(engine, 3)).unchanged


def test_a_version_keeps_the_evidence_of_its_first_sighting(engine: Engine) -> None:
    _keep(engine, PAGE, _visit(engine))
    later = replace(PAGE, evidence=EvidenceRef("202611/20261102-b.warc.gz", "<urn:uuid:2>", "c" * 64))
    kept = _keep(engine, later, _visit(engine, 1))
    with Session(engine) as session:
        assert session.get_one(DocumentVersion, kept.version_id).evidence_record == "<urn:uuid:1>"


def test_what_a_page_no_longer_says_of_itself_is_kept_and_what_it_says_anew_is_taken(engine: Engine) -> None:
    _keep(engine, PAGE, _visit(engine))
    kept = _keep(
        engine, replace(PAGE, title="更正：招聘启事", publisher="", published_on=None), _visit(engine, 1)
    )
    with Session(engine) as session:
        document = session.get_one(Document, kept.document_id)
    assert (document.title, document.publisher) == ("更正：招聘启事", PAGE.publisher)
    assert document.published_on == PAGE.published_on


def test_an_attachment_knows_the_page_that_links_it(engine: Engine) -> None:
    visit_id = _visit(engine)
    page = _keep(engine, PAGE, visit_id)
    attachment = replace(PAGE, url="http://hr.example/zp/1.xls", parent_url=PAGE.url + "#top", text="职位表")
    kept = _keep(engine, attachment, visit_id)
    with Session(engine) as session:
        assert session.get_one(Document, kept.document_id).parent_id == page.document_id


def test_an_unchanged_answer_of_the_server_is_a_sighting(engine: Engine) -> None:
    first = _keep(engine, PAGE, _visit(engine))
    with Session(engine) as session:
        kept = keep_unchanged(session, PAGE.url, _visit_in(session), NOW + timedelta(hours=3))
        session.commit()
        document = session.get_one(Document, first.document_id)
        assert document.last_seen_at == NOW + timedelta(hours=3)
    assert kept is not None
    assert kept.unchanged
    assert kept.version_id == first.version_id
    assert _count(engine, Sighting) == 2


def _visit_in(session: Session) -> int:
    return start_visit(session, "sample", NOW)


def test_what_counts_is_who_met_a_page_last_and_not_whose_visit_began_last(engine: Engine) -> None:
    """A back-fill meets a page hours after it began; visits of the daemon have met it meanwhile."""
    backfill, visit, later = (_visit(engine, number) for number in range(3))
    _keep(engine, PAGE, visit)
    changed = _keep(engine, replace(PAGE, text="招聘会计一名。", etag='"two"'), backfill)
    assert (changed.new_document, changed.changed) == (False, True)
    with Session(engine) as session:
        assert remembered(session, [PAGE.url])[PAGE.url].conditions.etag == '"two"'
        unchanged = keep_unchanged(session, PAGE.url, later, NOW)
    assert unchanged is not None
    assert (unchanged.version_id, unchanged.changed) == (changed.version_id, False)


def test_an_unchanged_answer_for_an_unknown_page_is_none(engine: Engine) -> None:
    with Session(engine) as session:
        assert keep_unchanged(session, "http://hr.example/unknown", _visit_in(session), NOW) is None
        assert keep_unchanged(session, "no address", _visit_in(session), NOW) is None


def test_conditional_headers_are_those_of_the_last_answer(engine: Engine) -> None:
    _keep(engine, PAGE, _visit(engine))
    with Session(engine) as session:
        assert remembered(session, [PAGE.url])[PAGE.url].conditions == ('"one"', PAGE.last_modified)
        assert remembered(session, ["http://hr.example/unknown", "no address"]) == {}
    _keep(engine, replace(PAGE, etag="", last_modified=""), _visit(engine, 1))
    with Session(engine) as session:
        assert remembered(session, [PAGE.url])[PAGE.url].conditions == ConditionalHeaders()


def test_pages_kept_together_are_kept_as_one_by_one(engine: Engine) -> None:
    one, two = _visit(engine), _visit(engine, 1)
    urls = [f"http://hr.example/zp/{number}.html" for number in range(5)]
    pages = [replace(PAGE, url=url, text=f"招聘会计{number}名。") for number, url in enumerate(urls)]
    _keep(engine, pages[0], one)
    _keep(engine, replace(pages[1], text="停招。"), one)
    met = [
        Met(pages[4], two, NOW), Met(pages[1], two, NOW), Met(pages[0], two, NOW),
        Met(replace(pages[2], parent_url=urls[0]), two, NOW), Met(pages[1], two, NOW),
        Met(replace(pages[4], text="招满。"), one, NOW),
    ]  # fmt: skip
    with Session(engine) as session:
        kept = keep_versions(session, met)
        session.commit()
        assert session.get_one(Document, kept[3].document_id).parent_id == kept[2].document_id
    assert [each.new_document for each in kept] == [True, False, False, True, False, False]
    assert [each.changed for each in kept] == [False, True, False, False, True, True]
    assert kept[1] == kept[4]
    assert [_keep(engine, each.page, each.visit_id).version_id for each in met] == [
        each.version_id for each in kept
    ]
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [4, 6, 7]


def test_documents_met_again_together_are_sightings_each(engine: Engine) -> None:
    one, two = _visit(engine), _visit(engine, 1)
    urls = [f"http://hr.example/zp/{number}.html" for number in range(3)]
    kept = [_keep(engine, replace(PAGE, url=url), one) for url in urls]
    later = NOW + timedelta(hours=1)
    with Session(engine) as session:
        again = keep_all_unchanged(
            session,
            [MetAgain(url, two, later) for url in (*urls, urls[0], "no address", "http://hr.example/new")],
        )
        session.commit()
        assert session.get_one(Document, kept[2].document_id).last_seen_at == later
    assert [each and each.version_id for each in again] == [
        *(each.version_id for each in kept), kept[0].version_id, None, None,
    ]  # fmt: skip
    assert _count(engine, Sighting) == 6


def test_text_that_no_database_takes_is_kept_with_its_offsets(engine: Engine) -> None:
    hostile = replace(
        PAGE, text="须\x00持有\udc80会计证", title="a\x00b", media_type="text/\x00", charset="\x00",
        facts={"issuer": "某\x00公司\udc80"}, etag="\x00",
    )  # fmt: skip
    visit_id = _visit(engine)
    kept = _keep(engine, hostile, visit_id)
    assert _keep(engine, hostile, visit_id) == kept
    with Session(engine) as session:
        version = session.get_one(DocumentVersion, kept.version_id)
    assert version.text.index("会计证") == hostile.text.index("会计证")
    assert version.text_sha256 == sha256(version.text.encode()).hexdigest()


def test_a_rolled_back_page_leaves_nothing(engine: Engine) -> None:
    visit_id = _visit(engine)
    with Session(engine) as session:
        keep_version(session, PAGE, visit_id, NOW)
        session.rollback()
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [0, 0, 0]
    assert _keep(engine, PAGE, visit_id).new_document


def test_threads_that_keep_the_same_page_at_once_keep_one_version(engine: Engine) -> None:
    visits = [_visit(engine, number) for number in range(6)]
    barrier = threading.Barrier(len(visits))
    answers: list[KeptVersion] = []

    def keep(visit_id: int) -> None:
        barrier.wait()
        for number in range(10):
            page = replace(PAGE, url=f"http://hr.example/{number}.html")
            answers.append(_keep(engine, page, visit_id))

    threads = [threading.Thread(target=keep, args=(visit_id,)) for visit_id in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 60
    assert len({answer.version_id for answer in answers}) == 10
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [10, 10, 60]


def _keep_in_process(database_url: str, visit_id: int) -> None:
    engine = open_database(database_url)
    try:
        for number in range(20):
            _keep(engine, replace(PAGE, url=f"http://hr.example/{number}.html"), visit_id)
    finally:
        engine.dispose()


def test_processes_that_keep_the_same_pages_at_once_keep_one_version_each(
    engine: Engine, database_url: str
) -> None:
    visit_id = _visit(engine)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_keep_in_process, args=(database_url, visit_id)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(90)
    assert [process.exitcode for process in processes] == [0, 0]
    assert [_count(engine, table) for table in (Document, DocumentVersion, Sighting)] == [20, 20, 20]


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://HR.Example:80/a.html#top", "http://hr.example/a.html"),
        ("https://hr.example:443", "https://hr.example/"),
        ("https://hr.example:8443/?b=2&a=1", "https://hr.example:8443/?b=2&a=1"),
        ("http://hr.example/a?utm_source=x&id=7&spm=1.2.3&utm_medium=y", "http://hr.example/a?id=7"),
        ("http://hr.example/a?spmid=7", "http://hr.example/a?spmid=7"),
        ("http://hr.example/a?title=%b9%ab%b8%e6", "http://hr.example/a?title=%B9%AB%B8%E6"),
        ("http://hr.example/公告 1.html", "http://hr.example/%E5%85%AC%E5%91%8A%201.html"),
        ("http://user:secret@hr.example/a", "http://hr.example/a"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("  http://hr.example/a\n", "http://hr.example/a"),
    ],
)
def test_an_address_has_one_spelling(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "", "a.html", "ftp://hr.example/a", "javascript:alert(1)", "http://", "http://[broken",
        "http://hr.example:99999/", "http://hr.example/" + "a" * ADDRESS_LIMIT,
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_kept_is_an_error(url: str) -> None:
    with pytest.raises(AddressError):
        canonical_url(url)


def test_the_longest_address_still_fits_the_databases_keys(engine: Engine) -> None:
    noise = sha256(b"0").hexdigest()
    while len(noise) < ADDRESS_LIMIT:
        noise += sha256(noise.encode()).hexdigest()
    longest = ("http://hr.example/" + noise)[:ADDRESS_LIMIT]
    kept = _keep(engine, replace(PAGE, url=longest), _visit(engine))
    assert kept.new_document


def test_any_address_can_be_recorded(engine: Engine) -> None:
    long = "http://hr.example/" + "公告" * 5000
    assert recordable_url("javascript:void(0)") == "javascript:void(0)"
    assert recordable_url(long) != recordable_url(long + "x")
    assert len(recordable_url(long).encode()) < ADDRESS_LIMIT


@given(
    st.one_of(
        st.text(),
        st.text().map(lambda text: "http://" + text),
        st.text().map(lambda text: "http://hr.example/" + text),
        st.text().map(lambda text: "http://hr.example/?" + text),
    )
)
def test_any_text_is_one_address_or_an_error(text: str) -> None:
    try:
        canonical = canonical_url(text)
    except AddressError:
        return
    assert canonical_url(canonical) == canonical
    assert canonical.isascii()
    assert not any(char.isspace() for char in canonical)
