"""What has had its time goes, in steps that may end anywhere; what a case rests on stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from cases.holds import hold
from settings.retention import Retention
from storage.keeping import keep_unchanged
from storage.leases import Leases, LockedError
from storage.retention.rows import RETENTION, Due, run_rules
from storage.retention.tidying import ALL_RULES
from storage.tables import (
    DigestItem,
    Document,
    DocumentVersion,
    FetchRecord,
    HostPace,
    IntakeMessage,
    IntakeReporter,
    JudgedDocument,
    OutboxMessage,
    PublicReport,
    RejudgedChange,
    Rejudgement,
    Sighting,
    Visit,
)
from storage.visits import start_visit
from tests.storage.kept import NOW, QUOTE, Archive, ago
from vocabulary.codes import CaseState, KeptKind, OutboxState, Outcome

HARMLESS = "招聘保安两名，身体健康。"
VIOLATION = f"招聘会计一名，须持有{QUOTE}。"


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Archive:
    return Archive(engine, tmp_path / "var")


def test_the_shipped_defaults_keep_a_year(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    for days in (364, 200, 100, 1):
        archive.visit(ago(days), page)
    assert not archive.tidy().removed.rows.total()


def test_visits_and_their_records_go_after_their_days_but_for_a_sources_first_visit(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    for days in (500, 450, 400, 300, 10):
        archive.visit(ago(days), page)
    archive.visit(ago(420), source="other")
    archive.tidy()
    with Session(archive.engine) as session:
        begun = session.exec(select(Visit.source, Visit.started_at).order_by(col(Visit.id))).all()
        assert begun == [("sample", ago(500)), ("sample", ago(300)), ("sample", ago(10)), ("other", ago(420))]
        records = session.exec(select(Visit.started_at).join(FetchRecord).order_by(col(Visit.id))).all()
        assert records == [ago(300), ago(10)]


def test_records_may_go_before_their_visits_and_never_after_them(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    for days in (100, 50, 1):
        archive.visit(ago(days), page)
    archive.tidy(fetch_records_days=30)
    assert (archive.count(Visit), archive.count(FetchRecord)) == (3, 1)
    with pytest.raises(ValidationError, match="visits_days = 90 is less than"):
        Retention(visits_days=90)


def test_of_unchanged_pages_one_sighting_stays_for_each_month_and_every_change(archive: Archive) -> None:
    first, other = archive.page(1, HARMLESS), archive.page(1, "招聘保洁两名，身体健康。")
    met = [(first, 500 - day) for day in range(0, 60, 3)]
    met += [(other, 440), (other, 439), (first, 438), (first, 437), (first, 436), (first, 2), (first, 1)]
    for page, days in met:
        archive.visit(ago(days), page)
    archive.tidy(documents_days=1_000)
    with Session(archive.engine) as session:
        kept = session.exec(select(Sighting).order_by(col(Sighting.id))).all()
    by_version = [(sighting.version_id, (NOW - sighting.seen_at).days) for sighting in kept]
    one, two = sorted({sighting.version_id for sighting in kept})
    # The first of June, July and August, and the last before the change; each change with its last day.
    assert by_version == [
        (one, 500), (one, 488), (one, 455), (one, 443), (two, 440), (two, 439), (one, 438), (one, 2),
        (one, 1),
    ]  # fmt: skip
    assert [sighting.visit_id is None for sighting in kept] == [True] * 7 + [False] * 2
    assert not archive.tidy(documents_days=1_000).removed.rows.total()


def test_a_text_that_returns_is_still_known_to_return(archive: Archive) -> None:
    first, other = archive.page(1, HARMLESS), archive.page(1, "招聘保洁两名，身体健康。")
    for page, days in ((first, 500), (first, 499), (other, 480), (other, 470)):
        archive.visit(ago(days), page)
    archive.tidy(documents_days=1_000)
    (kept,) = archive.visit(NOW, first)
    assert (kept.changed, kept.returned) == (True, True)


def test_pages_without_findings_go_once_they_were_not_met_for_long(archive: Archive) -> None:
    archive.visit(ago(500), archive.page(1, HARMLESS), archive.page(2, HARMLESS))
    archive.visit(ago(10), archive.page(2, HARMLESS), archive.page(3, HARMLESS))
    archive.tidy()
    with Session(archive.engine) as session:
        urls = session.exec(select(Document.url).order_by(Document.url)).all()
    assert [url[-6:] for url in urls] == ["2.html", "3.html"]
    assert archive.count(DocumentVersion) == archive.count(JudgedDocument) == 2


def test_versions_that_gave_way_go_and_the_last_one_stays(archive: Archive) -> None:
    for number, days in enumerate((600, 500, 400, 10)):
        archive.visit(ago(days), archive.page(1, f"{HARMLESS}第{number}版"), archive.page(9, HARMLESS))
    archive.visit(ago(5), archive.page(10, HARMLESS))
    archive.tidy()
    with Session(archive.engine) as session:
        texts = session.exec(select(DocumentVersion.text).order_by(col(DocumentVersion.id))).all()
        assert texts == [HARMLESS, f"{HARMLESS}第3版", HARMLESS]


def test_a_publication_with_a_finding_stays_whole(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    file = archive.page(2, VIOLATION, parent=page.url)
    beside = archive.page(3, HARMLESS, parent=page.url)
    kept = archive.visit(ago(900), page, file, beside)
    archive.visit(ago(800), archive.page(1, f"{HARMLESS}已更正"))
    archive.find(kept[1].version_id, state=CaseState.CLOSED)
    archive.visit(
        ago(900), archive.page(4, HARMLESS), archive.page(5, HARMLESS, parent=archive.page(4, "").url)
    )
    archive.visit(NOW, archive.page(9, HARMLESS))
    archive.tidy()
    assert (archive.count(Document), archive.count(DocumentVersion)) == (4, 5)


def test_a_file_that_a_living_page_no_longer_links_goes(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    archive.visit(ago(500), page, archive.page(2, HARMLESS, parent=page.url))
    archive.visit(ago(10), page, archive.page(3, HARMLESS, parent=page.url))
    archive.visit(ago(5), archive.page(9, HARMLESS))
    archive.tidy()
    with Session(archive.engine) as session:
        assert [url[-6:] for url in session.exec(select(Document.url).order_by(Document.url))] == [
            "1.html", "3.html", "9.html",
        ]  # fmt: skip


def _message(
    key: str, days: float, *, state: OutboxState = OutboxState.SENT, cases: tuple[int, ...] = ()
) -> OutboxMessage:
    return OutboxMessage(
        key=key, channel="maildir", recipient="li@example.com", template="digest", state=state,
        payload={"case_ids": list(cases)}, next_attempt_at=ago(days), created_at=ago(days),
        sent_at=ago(days) if state is OutboxState.SENT else None,
    )  # fmt: skip


def test_messages_that_were_sent_go_unless_one_of_their_cases_is_on_hold(archive: Archive) -> None:
    (kept,) = archive.visit(ago(10), archive.page(1, VIOLATION))
    _, case = archive.find(kept.version_id, state=CaseState.CLOSED)
    with archive.begin() as session:
        session.add(_message("dead", 500, state=OutboxState.DEAD))
        session.add_all([_message("old", 500), _message("of the case", 500, cases=(case,))])
        session.add_all([_message("new", 10), _message("newest of all", 500)])
        session.add_all(
            DigestItem(
                recipient="li@example.com", key=f"case:{case}:{number}", case_id=case,
                version_id=kept.version_id, added_at=ago(500), told_at=ago(500),
            )
            for number in range(3)
        )  # fmt: skip
        hold(session, case, actor="王科长", reason="复议期间", now=NOW)

    def left() -> set[str]:
        with Session(archive.engine) as session:
            return set(session.exec(select(OutboxMessage.key)))

    archive.tidy()
    assert left() == {"dead", "of the case", "new", "newest of all"}
    assert archive.count(DigestItem) == 3
    with archive.begin() as session:
        from cases.holds import release  # noqa: PLC0415 - reads as what it does

        release(session, case, actor="王科长", reason="复议结束", now=NOW)
    archive.tidy()
    assert left() == {"dead", "new", "newest of all"}
    assert archive.count(DigestItem) == 1  # the newest number is never given twice


def test_reports_of_judging_again_go_and_so_do_paces_of_forgotten_hosts(archive: Archive) -> None:
    with archive.begin() as session:
        for days in (500, 400, 10):
            order = Rejudgement(catalogue="a", begun_at=ago(days), finished_at=ago(days))
            session.add(order)
            session.flush()
            session.add_all(RejudgedChange(rejudgement_id=order.id or 0, kind="opened") for _ in range(3))
        session.add_all(HostPace(host=f"h{days}", free_at=ago(days), held_until=NOW) for days in (500, 10))
    archive.tidy()
    assert (archive.count(Rejudgement), archive.count(RejudgedChange)) == (1, 3)
    assert archive.count(HostPace) == 1


def test_a_message_of_the_public_in_which_nothing_was_found_goes_with_who_wrote_it(archive: Archive) -> None:
    with archive.begin() as session:
        visit = start_visit(session, "intake", ago(500))
        for number, findings in enumerate((0, 1, 0, 0)):
            message = IntakeMessage(
                key=f"{number:064}",
                visit_id=visit,
                outcome=Outcome.OK,
                findings=findings,
                taken_in_at=ago(500),
            )
            session.add(message)
            session.flush()
            session.add(IntakeReporter(message_id=message.id or 0, address="someone@example.org"))
            session.add(
                PublicReport(
                    receipt=f"{number:064}",
                    words="请查",
                    contact="sealed",
                    message=b"",
                    message_key=message.key,
                    received_at=ago(500),
                    taken_in_at=ago(500),
                )
            )
    removed = archive.tidy().removed
    assert archive.count(IntakeMessage) == archive.count(IntakeReporter) == 2
    assert removed.rows[KeptKind.OTHER_ROWS] == 4
    with archive.begin() as session:
        left = session.exec(select(PublicReport.message_key).order_by(col(PublicReport.id))).all()
    assert list(left) == [f"{1:064}", f"{3:064}"], "one led to a case, and the newest row of each table stays"


def test_looking_counts_what_removing_removes_and_changes_nothing(archive: Archive) -> None:
    page, other = archive.page(1, HARMLESS), archive.page(2, HARMLESS)
    for number in range(12):
        archive.visit(ago(500 - number), page, other, archive.page(100 + number, HARMLESS))
    archive.visit(NOW, page, archive.page(999, HARMLESS))
    before = [archive.count(table) for table in (Visit, FetchRecord, Sighting, Document, DocumentVersion)]
    preview, _, _ = archive.tidying().preview()
    assert [
        archive.count(table) for table in (Visit, FetchRecord, Sighting, Document, DocumentVersion)
    ] == before
    removed = archive.tidy().removed
    # Sightings of documents that go whole are counted where they are thinned or with them: never twice.
    del preview.rows[KeptKind.SIGHTINGS], removed.rows[KeptKind.SIGHTINGS]
    assert removed.rows == preview.rows
    assert removed.rows[KeptKind.VISITS] == 11
    assert removed.rows[KeptKind.DOCUMENTS] == 13


def test_it_may_end_after_any_step_and_goes_on(archive: Archive) -> None:
    page = archive.page(1, HARMLESS)
    for number in range(12):
        archive.visit(ago(500 - number), page, archive.page(100 + number, HARMLESS))
    archive.visit(NOW, page, archive.page(999, HARMLESS))
    tidying = archive.tidying()
    for _ in range(12):
        steps = iter((True, False))
        run_rules(
            ALL_RULES, archive.begin, Due(tidying.rules, NOW), removes=True,
            goes_on=lambda steps=steps: next(steps, False),  # type: ignore[misc]
        )  # fmt: skip
    assert archive.count(FetchRecord) == 2
    archive.tidy()
    assert (archive.count(Visit), archive.count(Document)) == (2, 2)
    with archive.begin() as session:
        assert keep_unchanged(session, page.url, start_visit(session, "sample", NOW), NOW) is not None


def test_two_do_not_tidy_at_once(archive: Archive) -> None:
    with Leases(archive.engine).hold(RETENTION), pytest.raises(LockedError):
        archive.tidy(NOW + timedelta(days=1))
