"""Imported lists as rows: kept once, replaced, taken back, and read again only where they changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session

from catalogue.imported import NONE_IMPORTED, ImportedItem, ImportedList
from storage.imported_lists import ListsInForce, forget_list, identities, keep_list, read_lists
from storage.tables import StoredList
from vocabulary.codes import Evidence, Status

ITEM = ImportedItem(
    "7-2", "竹编检测师", "竹编检测师", Status.CANCELLED, date(2016, 12, 1), "水平评价类", "技能", "某部",
    Evidence.UNVERIFIED, "竹编人员", is_exit=True,
)  # fmt: skip
LIST = ImportedList(
    "国发〔2016〕68号", "", "附件.html（SHA-256 00ff）", date(2026, 11, 1), (ITEM,), "00ff" * 16
)
LOCAL = replace(LIST, document="吉政办发〔2017〕54号", region="220000")


def test_what_was_kept_is_read_back(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        assert keep_list(session, LIST)
        assert keep_list(session, LOCAL)
        assert read_lists(session).unpacked() == (LOCAL, LIST)
        assert identities(session) == ["吉政办发〔2017〕54号@220000", "国发〔2016〕68号"]


def test_a_second_import_of_a_document_is_refused_and_a_corrected_one_takes_its_place(engine: Engine) -> None:
    other = replace(LIST, items=(replace(ITEM, name="古琴修复师", evidence=Evidence.PUBLISHED),))
    with Session(engine) as session, session.begin():
        assert keep_list(session, LIST)
        assert not keep_list(session, other)
        assert read_lists(session).unpacked() == (LIST,)
        assert keep_list(session, other, replacing=True)
        assert read_lists(session).unpacked() == (other,)


def test_what_is_taken_back_is_gone_and_cannot_be_taken_back_again(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        keep_list(session, LIST)
        assert forget_list(session, LIST.identity)
        assert not forget_list(session, LIST.identity)
        assert read_lists(session) == NONE_IMPORTED


def test_another_process_s_import_is_seen_at_once_and_nothing_is_read_twice(engine: Engine) -> None:
    lists = ListsInForce(engine)
    assert lists.read() is NONE_IMPORTED
    with Session(engine) as session, session.begin():
        keep_list(session, LIST)
    met = lists.read()
    assert met.unpacked() == (LIST,)
    assert lists.read() is met
    with Session(engine) as session, session.begin():
        forget_list(session, LIST.identity)
    assert lists.read() == NONE_IMPORTED


def test_a_damaged_list_is_named(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        keep_list(session, LIST)
        session.execute(update(StoredList).values(items=[{"name": "竹编检测师"}]))
        with pytest.raises(ValueError, match="国发〔2016〕68号 无法读取"):
            read_lists(session)
