"""A desk of any size for :mod:`eval.bench_desk`: cases, where they were met, what became of them.

Rows are written by the database's own way for many: COPY into PostgreSQL, prepared statements into SQLite.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, text
from sqlmodel import SQLModel

from catalogue import load_catalogue
from storage.tables import (
    Case,
    CaseEvent,
    CaseWords,
    Document,
    DocumentVersion,
    FetchRecord,
    Finding,
    SourceState,
    Visit,
)
from vocabulary.codes import CaseState, EventKind, Outcome
from vocabulary.grams import index_words
from vocabulary.regions import full_name, known_regions

SOURCES = 50
VISITS, PAGES = 250, 8
"""Of each source, and pages of each that were asked for."""
_DAYS = 900
"""Over which cases were opened."""
_BATCH = 10_000
_STATES = {
    CaseState.FOUND: 3,
    CaseState.NOTIFIED: 12,
    CaseState.CONFIRMED: 4,
    CaseState.RECTIFICATION_ASKED: 5,
    CaseState.OVERDUE: 4,
    CaseState.RECTIFIED: 7,
    CaseState.CLOSED: 40,
    CaseState.DISMISSED: 25,
}
_OPEN = frozenset(_STATES) - {CaseState.RECTIFIED, CaseState.CLOSED, CaseState.DISMISSED}
_DUE = frozenset({CaseState.RECTIFICATION_ASKED, CaseState.OVERDUE})
_OFFICES = (
    "人力资源和社会保障局",
    "教育局",
    "住房和城乡建设局",
    "卫生健康委员会",
    "财政局",
    "中心医院",
    "职业学院",
)
_POSTS = (
    "会计",
    "出纳",
    "物业管理员",
    "心理咨询师",
    "造价人员",
    "营销员",
    "保育员",
    "电工",
    "网络管理员",
    "秘书",
)
_KINDS = ("公开招聘编外人员公告", "招聘公告", "办事指南", "行政许可事项办理流程", "采购项目招标公告")


@dataclass
class Desk:
    """What is written, and for whom."""

    cases: int
    assignees: Sequence[str]
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(16))  # noqa: S311 - a sample
    rows: dict[type[SQLModel], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: type[SQLModel], **values: Any) -> None:
        self.rows.setdefault(model, []).append(values)


def fill(engine: Engine, desk: Desk) -> None:
    """Write so many cases with all that belongs to them, and sources with a month of visits."""
    with engine.begin() as connection:
        with _without_index_of_words(connection):
            for number in range(1, desk.cases + 1):
                _add_case(desk, number)
                if not number % _BATCH or number == desk.cases:
                    _write(connection, desk)
        _add_visits(desk)
        _write(connection, desk)
    if engine.dialect.name == "postgresql":  # which does so by itself after a while
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _add_case(desk: Desk, number: int) -> None:
    chance = desk.chance
    opened = desk.now - timedelta(days=_DAYS) * (1 - number / desk.cases) - timedelta(minutes=number % 60)
    region, qualification = chance.choice(_regions()), chance.choices(*_qualifications())[0]
    publisher = f"{full_name(region)}{chance.choice(_OFFICES)}"
    title = f"{publisher}{2024 + number % 3}年{chance.choice(_POSTS)}{chance.choice(_KINDS)}"
    quote, paper = f"须持有{qualification}", f"人社函〔{2024 + number % 3}〕{number}号"
    said = (
        f"一、招聘岗位：{chance.choice(_POSTS)}1名。\n二、条件：{quote}，大专以上学历。\n三、待遇面议。\n" * 3
    )
    around = {"title": title, "publisher": publisher, "region": region}
    address = f"https://hr{number % SOURCES}.example.com/{number}.html"
    seen = {"first_seen_at": opened, "last_seen_at": opened}
    desk.add(Document, id=number, url=address, source=f"source{number % SOURCES}", **around, **seen)
    _add_version(desk, number, said, paper, opened)
    verdict = {
        "qualification": qualification,
        "status": "cancelled",
        "usage": "required",
        "violation": "cancelled_hiring_requirement",
        "severity": chance.choices(("critical", "high", "medium"), (1, 6, 3))[0],
        "needs_review": number % 10 == 0,
    }
    _add_state(desk, number, opened, {**verdict, **around, "url": address})
    desk.add(
        Finding,
        id=number,
        version_id=number,
        case_id=number,
        start=said.index(quote),
        end=said.index(quote) + len(quote),
        quote=quote,
        context=said[:60],
        as_of=opened.date(),
        found_at=opened,
        foreign=False,
        **verdict,
    )
    words = " ".join(_words(each) for each in (title, publisher, qualification, quote, paper))
    desk.add(CaseWords, case_id=number, words=words)


def _add_version(desk: Desk, number: int, said: str, paper: str, seen_at: datetime) -> None:
    desk.add(
        DocumentVersion,
        id=number,
        document_id=number,
        text_sha256=f"{number:064x}",
        text=said,
        media_type="text/html",
        charset="utf-8",
        document_kind="recruitment",
        publisher_kind="public_body",
        facts={"number": paper},
        body_sha256=f"{number:064x}",
        evidence_file="none.warc.gz",
        evidence_record=f"<urn:uuid:{number:032x}>",
        seen_at=seen_at,
    )


def _add_state(desk: Desk, number: int, opened: datetime, values: dict[str, Any]) -> None:
    """The case itself, and the steps that led it where it stands."""
    chance, state = desk.chance, desk.chance.choices(list(_STATES), list(_STATES.values()))[0]
    has_come_back = number % 100 == 7
    deadline = None
    if state in _DUE:
        ahead = (
            chance.randrange(1, 30) if state is CaseState.RECTIFICATION_ASKED else -chance.randrange(1, 200)
        )
        deadline = desk.now.date() + timedelta(days=ahead)
    is_assigned = state in _OPEN and number % 5 == 0
    desk.add(
        Case,
        id=number,
        key=f"{number:064x}",
        state=state,
        publisher_kind="public_body",
        deadline=deadline,
        extension=deadline + timedelta(days=9) if deadline and number % 40 == 0 else None,
        assignee=chance.choice(desk.assignees) if is_assigned else "",
        accepted_at=opened if is_assigned and number % 2 else None,
        dismissal="job_title" if state is CaseState.DISMISSED else "",
        opened_at=opened,
        updated_at=opened + (desk.now - opened) * chance.random(),
        **values,
    )
    kinds = [EventKind.FOUND, EventKind.NOTIFIED, EventKind(state.value)]
    kinds += [EventKind.REOPENED] * has_come_back
    for at, kind in enumerate(kinds):
        desk.add(
            CaseEvent,
            case_id=number,
            key=f"{kind.value}:{at}",
            kind=kind.value,
            actor="qualwatch",
            note="",
            at=opened + timedelta(minutes=at),
        )


def _add_visits(desk: Desk) -> None:
    """A month of them."""
    outcomes = (Outcome.OK, Outcome.UNCHANGED, Outcome.OK, Outcome.UNREADABLE_ATTACHMENT)
    visit = 0
    for source in range(SOURCES):
        name = f"source{source}"
        desk.add(SourceState, name=name, is_watched=True, every_minutes=180, next_due_at=desk.now)
        for turn in range(VISITS):
            visit += 1
            at = desk.now - timedelta(hours=3 * (VISITS - turn))
            said = {"source": name, "started_at": at, "finished_at": at, "outcome": Outcome.OK}
            desk.add(Visit, id=visit, items=40, pages=PAGES, **said)
            for page in range(PAGES):
                outcome = outcomes[page % len(outcomes)]
                url = f"https://hr{source}.example.com/{turn % 60}-{page}.html"
                desk.add(FetchRecord, visit_id=visit, url=url, outcome=outcome, fetched_at=at)


def _write(connection: Connection, desk: Desk) -> None:
    """Everything that was added, one table after the other; nothing of it is left."""
    for model, rows in desk.rows.items():
        table: Table = model.__table__  # type: ignore[attr-defined]
        whole = {**_defaults(model), **rows[0]}
        columns = [column for column in table.columns if column.name in whole]
        dialect = connection.dialect
        prepare = [column.type.dialect_impl(dialect).bind_processor(dialect) or _same for column in columns]
        names = [column.name for column in columns]
        values = (
            [to(row.get(name, whole[name])) for name, to in zip(names, prepare, strict=True)] for row in rows
        )
        _insert(connection, table.name, names, values)
    desk.rows.clear()


def _insert(connection: Connection, table: str, names: Sequence[str], values: Iterator[list[Any]]) -> None:
    """Rows of values as the driver takes them."""
    columns, driver = ", ".join(f'"{name}"' for name in names), connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the database was closed")
    if connection.dialect.name == "postgresql":
        with driver.cursor().copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in values:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(names))
    driver.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', values)  # noqa: S608


@contextmanager
def _without_index_of_words(connection: Connection) -> Iterator[None]:
    """PostgreSQL makes it of many rows at once in a fraction of the time."""
    if connection.dialect.name != "postgresql":
        yield
        return
    name = "ix_case_words_index"
    definition = text("SELECT indexdef FROM pg_indexes WHERE indexname = :name")
    made: str = connection.execute(definition, {"name": name}).scalar_one()
    connection.execute(text(f"DROP INDEX {name}"))
    yield
    connection.execute(text(made))


@cache
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    fields = model.model_fields.items()
    return {
        name: each.get_default(call_default_factory=True)
        for name, each in fields
        if not each.is_required() and name != "id"
    }


def _same(value: Any) -> Any:
    return value


@cache
def _regions() -> list[str]:
    return [code for code, region in known_regions().items() if not region.now and not code.endswith("0000")]


@cache
def _qualifications() -> tuple[list[str], list[float]]:
    """Certificates, and how often each is met: few make up most of the cases."""
    keys = [entry.key for entry in load_catalogue().entries]
    return keys, [1 / (place + 1) for place in range(len(keys))]


@cache
def _words(part: str) -> str:
    return index_words((part,))
