"""Words that a case holds, on both databases, whether they are rare or common there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from cases import search
from cases.case_filter import CaseFilter, CaseScope
from cases.queries import count_cases, list_cases
from settings.model import Settings
from storage.database import open_database
from tests.alerts.stored import NOW, Posting, report
from tests.parts.databases import PostgresqlServer, open_migrated

TEXT = "二、条件：须持有会计从业资格证。"
FUZHOU = Posting(TEXT, title="招聘启事", publisher="福州市财政局", region="350100")
CHANGCHUN = Posting(
    TEXT + "一", title="公告 ＡＢＣ", publisher="长春市教育局", url="https://b.example/", region="220100"
)
MAYOR = Posting(TEXT + "二", title="市长到长春市调研 ab", publisher="某局", url="https://c.example/")
"""Its title has every pair of letters of 长春市长, and not the word."""


@pytest.fixture(params=["sqlite", "postgresql"])
def cases(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[Engine]:
    """Three of them."""
    if request.param == "sqlite":
        engine = open_migrated(f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        engine = open_database(server.migrated())
    for day, posting in enumerate((FUZHOU, CHANGCHUN, MAYOR)):
        report(engine, settings, posting, now=NOW + timedelta(days=day))
    yield engine
    engine.dispose()


def _found(engine: Engine, wanted: CaseFilter, scope: CaseScope = CaseScope()) -> list[int]:  # noqa: B008 - a value
    with Session(engine) as session:
        found = [case.id or 0 for case in list_cases(session, wanted, now=NOW, scope=scope).cases]
        assert count_cases(session, wanted, now=NOW, scope=scope) == len(found)
    return found


@pytest.mark.parametrize("at_most", [-1, 10**6], ids=["read in order", "found first"])
def test_words_stand_in_a_row_however_many_cases_hold_them(
    cases: Engine, monkeypatch: pytest.MonkeyPatch, at_most: int
) -> None:
    for name in ("COMMON", "COMMON_THERE"):
        monkeypatch.setattr(search, name, at_most)
    meant = {
        "长春市": [3, 2],
        "长春市长": [],
        "市长 长春": [3],
        "市": [3, 2, 1],
        "ab": [3, 2],
        "ｂ": [3, 2],
        "局公": [],
        "宇航员": [],
        "会计从业资格": [3, 2, 1],
    }
    assert {text: _found(cases, CaseFilter(text=text)) for text in meant} == meant
    assert _found(cases, CaseFilter(publisher="市教育")) == [2]
    assert _found(cases, CaseFilter(publisher="市育教")) == []
    assert _found(cases, CaseFilter(qualification="计从业", text="长春")) == [3, 2]
    assert _found(cases, CaseFilter(text="市"), CaseScope(("220000", "350100"))) == [2, 1]
