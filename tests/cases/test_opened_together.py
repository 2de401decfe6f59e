"""Cases of many pages opened together are those that are opened one by one, by as few statements as two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from cases.exceptions import set_exception
from cases.opening import OpenedCases, open_all_cases
from cases.scanned import Scan
from storage.database import open_database
from storage.tables import Case, CaseEvent, CaseWords, Finding, SketchBand, TextSketch
from tests.alerts.stored import NOW, Posting, keep, mention, scanned
from tests.cases.test_mirrors import HERE, THERE
from tests.parts.databases import PostgresqlServer, copy_migrated
from vocabulary.codes import Severity

OTHER = "执业药师岗位要求"


def _posting(number: int, **changes: str) -> Posting:
    words = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
    values = {
        "text": f"{words[number] * 30}单位招聘{words[-number] * 20}人员，须持有会计从业资格证，{OTHER}。",
        "title": f"示例市{words[number]}单位2026年公开招聘财务人员公告",
        "publisher": f"示例市{words[number]}单位",
        "url": f"https://hr.example.com/{number}.html",
    }
    return Posting(**(values | changes))


@pytest.fixture(params=["sqlite", "postgresql"])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two databases of each kind."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{copy_migrated(tmp_path / name)}" for name in ("one", "other")]
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        urls = [server.migrated() for _ in range(2)]
    one, other = map(open_database, urls)
    yield one, other
    one.dispose()
    other.dispose()


def _scan(session: Session, posting: Posting) -> Scan:
    found = [mention(posting.text)]
    if OTHER in posting.text:
        found.append(mention(posting.text, OTHER, qualification="执业药师", severity=Severity.LOW))
        found.append(mention(posting.text, "人员", qualification="财务人员"))
    return Scan(keep(session, posting), scanned(*found, number=posting.number), NOW)


def _together(session: Session, scans: Sequence[Scan]) -> list[OpenedCases]:
    return open_all_cases(session, scans)


def _one_by_one(session: Session, scans: Sequence[Scan]) -> list[OpenedCases]:
    return [opened for scan in scans for opened in open_all_cases(session, [scan])]


def _plain(session: Session, opened: Sequence[OpenedCases]) -> dict[str, Any]:
    """What was written and said, with keys in place of numbers, which depend on the order of writing."""
    keys = {case.id: case.key for case in session.exec(select(Case))}

    def rows(kind: Any, *hidden: str) -> list[str]:
        found = []
        for row in session.exec(select(kind)):
            values = row.model_dump(exclude={"id", *hidden})
            if "case_id" in values:
                values["case_id"] = keys.get(values["case_id"])
            found.append(repr(sorted(values.items())))
        return sorted(found)

    def said(value: Any) -> Any:
        return sorted(keys[each] for each in value) if isinstance(value, tuple) else value

    kinds = (Case, CaseEvent, CaseWords, Finding, TextSketch, SketchBand)
    told = [asdict(each) for each in opened]
    for each in told:
        each["news"] = {name: said(value) for name, value in each["news"].items()}
    return {kind.__name__: rows(kind) for kind in kinds} | {
        "said": [{name: said(value) for name, value in each.items()} for each in told]
    }


def _run(
    engine: Engine, postings: Sequence[Posting], how: Callable[[Session, Sequence[Scan]], list[OpenedCases]]
) -> dict[str, Any]:
    with Session(engine) as session, session.begin():
        # A case of before, dismissed for its publisher until a day.
        (first,) = open_all_cases(session, [_scan(session, _posting(19))])
        set_exception(session, first.opened[0], date(2026, 12, 31), actor="w", reason="依法需要", now=NOW)
        opened = how(session, [_scan(session, posting) for posting in postings])
        session.flush()
        return _plain(session, opened)


def test_pages_that_have_much_to_do_with_each_other_come_to_the_same(engines: tuple[Engine, Engine]) -> None:
    page, excepted = _posting(3), _posting(19)
    postings = [
        HERE,
        _posting(1),
        replace(THERE, text=f"网站地图\n{HERE.text}\n主办单位"),  # its mirror
        replace(HERE, url="https://hr.example.com/notice/again.html"),  # the same once more
        page,
        _posting(4, title=f"{page.title}（附件：岗位表）", publisher=page.publisher, parent=page.url),
        replace(page, text=f"{page.text}\n更正：报名延长。"),
        _posting(18, publisher=excepted.publisher),
        _posting(5, text="须持有会计从业资格证"),  # too short for a sketch
        _posting(6),
    ]
    one, other = engines
    together, apart = _run(one, postings, _together), _run(other, postings, _one_by_one)
    assert together == apart
    said = together["said"]
    assert sum(bool(each["seen"]) for each in said) >= 3  # mirror, same posting, attachment or new wording
    assert any(each["excepted"] for each in said)
    assert sum(len(each["opened"]) for each in said) >= 8


def test_twenty_pages_take_no_more_statements_than_two(engines: tuple[Engine, Engine]) -> None:
    counted = []
    for engine, postings in zip(engines, (range(2), range(18)), strict=True):
        statements: list[str] = []

        def count(_conn: Any, _cursor: Any, statement: str, *_: Any, into: list[str] = statements) -> None:
            into.append(statement)

        with Session(engine) as session, session.begin():
            scans = [_scan(session, _posting(number)) for number in postings]
            event.listen(engine, "before_cursor_execute", count)
            opened = open_all_cases(session, scans)
            event.remove(engine, "before_cursor_execute", count)
        assert all(each.opened for each in opened)
        counted.append(len(statements))
    assert counted[1] == counted[0] <= 13
