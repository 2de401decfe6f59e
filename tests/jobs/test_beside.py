"""Commands beside a running daemon: real programs, one directory, both kinds of database."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, select

from storage.database import for_reading, open_database
from storage.evidence import EvidenceRef, EvidenceStore
from storage.leases import Leases
from storage.tables import Backfill, Case, Document, DocumentVersion, Finding, OutboxMessage, Visit
from storage.under_way import LOOK_BACK, LOOK_BACK_ROUND, backfill_lock
from storage.visits import DIED, start_visit
from tests.jobs.test_daemon import PLACES, lines_until, wait_until
from tests.parts.commands import Started
from tests.parts.databases import PostgresqlServer, copy_migrated
from tests.parts.loopback import Site, answer
from tests.parts.operators import Operator
from vocabulary.codes import CaseState, OutboxState, VisitPurpose

T = TypeVar("T", bound=SQLModel)
DELAY = 0.03
PAGES, ITEMS = 7, 5
ALL = PAGES * ITEMS
FIRST_DAY = date(2026, 10, 30)
SINCE = FIRST_DAY - timedelta(days=ALL)


class Office:
    """An operator whose programs share one database, looked into from outside."""

    def __init__(self, operator: Operator, site: Site, database: str) -> None:
        self.operator = operator
        self.site = site
        self.engine: Engine | None = None
        self.database = database or f"sqlite:///{operator.folder / 'var' / 'qualwatch.sqlite3'}"
        (operator.folder / "qualwatch.toml").write_text(
            f"[fetching]\nallow_private_hosts = ['{site.host}']\ndelay_seconds = {DELAY}\nthreads = 4\n"
            f"[metrics]\nport = 0\n[detection]\nprocesses = 1\n[storage]\ndatabase = '{self.database}'\n"
            f'[[sources]]\nname = "news"\nurl = "{site.address}/news/"\npage_limit = 1\nevery_minutes = 1\n'
        )

    def rows(self, table: type[T]) -> Sequence[T]:
        if self.engine is None:
            self.engine = open_database(self.database)
        with Session(for_reading(self.engine)) as session:
            return session.exec(select(table)).all()

    def leases(self) -> Leases:
        """Those of the office's database, once a program made it."""
        self.rows(Visit)
        assert self.engine is not None
        return Leases(self.engine)

    def backfill(self) -> Started:
        return self.operator.start(
            "backfill", "--source", "news", "--since", str(SINCE), "--until", str(FIRST_DAY)
        )

    def visits(self, purpose: VisitPurpose) -> list[Visit]:
        return [visit for visit in self.rows(Visit) if visit.purpose is purpose]

    def daemon(self) -> Started:
        running = self.operator.start("run")
        lines_until(running, "visit_ended")
        return running


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, operator: Operator, site: Site) -> Iterator[Office]:
    database = ""
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        database = server.empty()
    publish(site)
    somebody = Office(operator, site, database)
    yield somebody
    operator.end_all()
    if somebody.engine is not None:
        somebody.engine.dispose()


def publish(site: Site) -> None:
    """A list of PAGES pages; every posting is a case of its own, and each page has its own office."""
    for page in range(PAGES):
        rows = []
        for number in range(page * ITEMS, (page + 1) * ITEMS):
            where, place = f"/a/t{1000 + number}.html", PLACES[number]
            title = f"{place}城街道办事处招聘公告"
            day = FIRST_DAY - timedelta(days=number)
            rows.append(f"<li><a href='{where}'>{title}</a><span>{day}</span></li>")
            site[where] = answer(
                f"<html><head><title>{title}</title><meta name='PubDate' content='{day}'></head><body>"
                f"<p>示例市{place}城街道办事处招聘出纳，须持有会计从业资格证书。</p></body></html>"
            )
        following = f"<a href='index_{page + 1}.html'>下一页</a>" if page + 1 < PAGES else ""
        site[f"/news/index_{page}.html" if page else "/news/"] = answer(
            f"<html><title>通知公告</title><ul>{''.join(rows)}</ul>{following}</html>"
        )


def ended(program: Started) -> str:
    said = program.communicate(timeout=60)[0]
    assert "Traceback" not in said, said
    return said


@pytest.mark.long
def test_a_back_fill_beside_the_daemon_killed_and_resumed(office: Office, site: Site) -> None:
    daemon = office.daemon()
    assert len(office.rows(Document)) == ITEMS
    killed = office.backfill()
    wait_until(lambda: len(office.rows(Document)) >= ALL // 2)
    killed.kill()
    killed.wait()
    assert daemon.poll() is None
    assert [each.finished_at for each in office.rows(Backfill)] == [None]
    resumed = office.backfill()
    said = ended(resumed)
    assert resumed.returncode == 0, said
    assert f"最早 {FIRST_DAY - timedelta(days=ALL - 1)}" in said
    assert [visit.detail for visit in office.visits(VisitPurpose.BACKFILL)] == [DIED, ""]
    # The daemon delivers what the back-fill found, the last of it too.
    wait_until(lambda: [each.state for each in office.rows(Case)] == [CaseState.NOTIFIED] * ALL)
    wait_until(lambda: {each.state for each in office.rows(OutboxMessage)} == {OutboxState.SENT})
    daemon.send_signal(signal.SIGTERM)
    said = ended(daemon)
    assert daemon.returncode == 0, said
    assert "job_failed" not in said
    for table in (Document, DocumentVersion, Finding, Case):
        assert len(office.rows(table)) == ALL
    mails = office.operator.message_ids()
    assert len(mails) == len(set(mails)) == len(office.rows(OutboxMessage))
    asked = sorted(site.asked_at)
    assert all(later - earlier >= DELAY for earlier, later in pairwise(asked))
    assert_evidence(office)


def assert_evidence(office: Office) -> None:
    """Every version is proved by a record; two programs never wrote into one file."""
    versions = office.rows(DocumentVersion)
    with EvidenceStore(office.operator.folder / "var" / "evidence") as evidence:
        for each in versions:
            ref = EvidenceRef(
                each.evidence_file, each.evidence_record, each.body_sha256, each.evidence_offset
            )
            assert each.text[:12] in evidence.read(ref).body.decode()
    assert len({each.evidence_file for each in versions}) >= 3


def test_a_daemon_that_starts_ends_only_the_visits_of_programs_that_died(office: Office) -> None:
    assert office.operator.run("run", "--once").returncode == 0
    purposes = {
        "news": VisitPurpose.BACKFILL,
        "other": VisitPurpose.BACKFILL,
        "looked": VisitPurpose.LOOK_BACK,
        "watched": VisitPurpose.WATCH,
    }
    locks = office.leases()
    assert office.engine is not None
    with Session(office.engine) as session, session.begin():
        for source, purpose in purposes.items():
            start_visit(session, source, datetime.now(UTC), purpose)

    def under_way() -> set[str]:
        assert office.operator.run("run", "--once").returncode == 0
        return {visit.source for visit in office.rows(Visit) if visit.finished_at is None}

    with locks.hold(backfill_lock("news")), locks.hold(LOOK_BACK, shared=True):
        assert under_way() == {"news", "looked"}
    assert under_way() == set()


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_a_second_back_fill_of_a_source_is_refused(office: Office, site: Site) -> None:
    copy_migrated(office.operator.folder / "var" / "qualwatch.sqlite3")
    with office.leases().hold(backfill_lock("news")):
        second = office.backfill()
        said = ended(second)
    assert second.returncode == 2, said
    assert "news 正在补采" in said
    assert site.asked == []


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_a_second_look_back_is_refused_and_one_of_a_case_is_not(office: Office) -> None:
    assert office.operator.run("run", "--once").returncode == 0
    with office.leases().hold(LOOK_BACK_ROUND):
        ran = office.operator.run("look-back")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert "正在回头看" in ran.stderr
        assert office.operator.run("look-back", "1").returncode == 0


def test_looking_back_and_judging_again_run_beside_the_daemon(office: Office, site: Site) -> None:
    daemon = office.daemon()
    site["/a/t1000.html"] = answer(
        "<html><head><title>东城街道办事处招聘公告</title></head><body>"
        "<p>示例市东城街道办事处招聘出纳，持有会计从业资格证书者优先。</p></body></html>"
    )
    [looked] = [each for each in office.rows(Case) if each.url.endswith("/a/t1000.html")]
    ran = office.operator.run("look-back", str(looked.id))
    assert ran.returncode == 0, ran.stderr
    assert "已整改 1" in ran.stdout
    ran = office.operator.run("look-back")
    assert ran.returncode == 0, ran.stderr
    ran = office.operator.run("rejudge")
    assert ran.returncode == 0, ran.stderr
    assert daemon.poll() is None
    daemon.send_signal(signal.SIGTERM)
    assert "job_failed" not in ended(daemon)
