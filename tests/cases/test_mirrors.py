"""The same notice on several sites is one case; what only looks like it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from cases import mirrors
from cases.mirrors import BANDS, Notice, is_mirror, likeness, signature
from settings.model import Settings
from storage.tables import Case, CaseEvent, OutboxMessage, SketchBand, TextSketch
from tests.alerts.stored import Posting, mention, report, scanned

BODY = (
    "因工作需要，现面向社会公开招聘财务人员三名，有关事项公告如下。\n"
    "一、招聘对象应具有全日制大专以上学历，年龄在三十五周岁以下，身体健康，品行端正。\n"
    "二、应聘者须持有会计从业资格证，熟悉财务软件操作，有两年以上相关工作经验者优先考虑。\n"
    "三、报名时间为即日起至本月月底，报名地点为医院行政楼三楼人事科，逾期不再受理。\n"
)
HERE = Posting(f"首页\n新闻\n{BODY}")
"""On the site of its publisher, with that site's menus."""
THERE = Posting(
    f"网站地图\n招聘信息\n会员登录\n{BODY.replace('本月月底', '十一月底')}\n主办单位",
    title=f"{HERE.title}_某某人才网",
    publisher="",
    url="https://jobs.example.net/a/77.html",
)


def _count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return len(session.exec(select(table)).all())


def test_a_reprint_with_another_title_and_no_publisher_is_the_same_case(
    engine: Engine, settings: Settings
) -> None:
    report(engine, settings, HERE)
    reprinted = replace(THERE, text=f"网站地图\n{BODY}\n主办单位")
    seen = report(engine, settings, reprinted)
    assert (seen.opened, len(seen.seen), seen.messages) == ((), 1, 0)
    assert _count(engine, Case) == _count(engine, OutboxMessage) == 1
    with Session(engine) as session:
        events = session.exec(select(CaseEvent).order_by(CaseEvent.id)).all()  # type: ignore[arg-type]
    assert [(event.kind, event.note) for event in events] == [("found", HERE.url), ("seen", THERE.url)]


def test_sketches_are_kept_once_and_only_for_cases(engine: Engine, settings: Settings) -> None:
    report(engine, settings, HERE)
    report(engine, settings, HERE)
    assert (_count(engine, TextSketch), _count(engine, SketchBand)) == (1, BANDS)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "福安市某某学校2026年公开招聘财务人员公告"},
        {"title": f"{HERE.title}（第二批）"},
        {"publisher": "宁德市另一家医院"},
        {"url": "https://hr.example.com/notice/2.html", "publisher": ""},
    ],
    ids=["another title", "another batch", "another publisher", "the same site"],
)
def test_what_says_something_else_of_itself_is_another_case(
    engine: Engine, settings: Settings, changes: dict[str, str]
) -> None:
    report(engine, settings, HERE)
    report(engine, settings, replace(THERE, **{"text": f"网站地图\n{BODY}", **changes}))
    assert _count(engine, Case) == 2


NOTICE = Notice("某某医院公开招聘公告", "某某医院", "", date(2026, 3, 1), "one.example")


@pytest.mark.parametrize(
    ("changes", "alike", "expected"),
    [
        ({}, 0.93, True),
        ({}, 0.89, False),
        ({"publisher": "", "title": "【转载】某某医院公开招聘公告"}, 0.93, False),
        ({"publisher": "", "title": "某某医院公开招聘公告 - 某某人才网"}, 0.93, True),
        ({"published_on": date(2025, 3, 1)}, 1.0, False),
        ({"published_on": None}, 0.93, True),
        ({"number": "榕人社培〔2017〕139号"}, 0.93, True),
        ({"title": "公告"}, 1.0, False),
    ],
)
def test_likeness_counts_only_where_nothing_contradicts(
    changes: dict[str, object], alike: float, expected: bool
) -> None:
    other = replace(NOTICE, **{"site": "two.example", **changes})  # type: ignore[arg-type]
    assert is_mirror(NOTICE, other, alike) is expected


def test_two_numbers_are_two_documents() -> None:
    one = replace(NOTICE, number="榕人社培〔2017〕139号")
    other = replace(NOTICE, number="榕人社培〔2017〕140号", site="two.example")
    assert not is_mirror(one, other, 1.0)


def test_menus_do_not_change_what_is_alike_and_other_words_do() -> None:
    here, there = signature(HERE.text), signature(f"网站地图\n会员登录\n{BODY}\n主办单位")
    other = signature("完全不同的一篇文章，讲的是天气变化和农业生产的关系。\n" * 9)
    assert here is not None
    assert here == there != other
    assert likeness(HERE.text, f"网站地图\n发布时间：2026-11-02 来源：某某网\n{BODY}\n主办单位") == 1.0
    assert likeness(HERE.text, THERE.text) == 0.0, "another month is another notice"
    assert 0.7 < likeness(HERE.text, HERE.text.replace("逾期不再受理", "过期不予受理")) < 0.97
    assert likeness(HERE.text, "完全不同的一篇文章，讲的是天气变化。\n" * 9) == 0.0


def test_a_text_that_repeats_itself_is_compared_all_the_same() -> None:
    flood = "须持有会计从业资格证，方可报名参加本次考试。\n" * 3_000
    assert likeness(flood, flood) == 1.0


def test_a_text_too_short_to_tell_has_no_signature() -> None:
    assert signature("须持有会计从业资格证。") is None


def test_a_scan_of_a_mirror_written_twice_changes_nothing(engine: Engine, settings: Settings) -> None:
    report(engine, settings, HERE)
    for _ in range(2):
        report(engine, settings, replace(THERE, text=f"网站地图\n{BODY}\n主办单位"))
    assert _count(engine, Case) == 1
    assert scanned(mention(THERE.text)).findings


def test_pages_of_its_own_site_crowd_no_mirror_out(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "_CANDIDATES", 2)
    monkeypatch.setattr(mirrors, "_agreeing", mirrors._agreeing.__wrapped__)  # built anew
    report(engine, settings, HERE)
    reprinted = replace(THERE, text=f"网站地图\n{BODY}\n主办单位")
    sites = ("https://jobs.example.net", "http://jobs.example.net", "https://jobs.example.net:8443")
    for number, address in enumerate(sites):
        beside = replace(reprinted, url=f"{address}/b/{number}.html", title=f"第{number}号另一家单位的公告")
        assert report(engine, settings, beside).opened
    assert len(report(engine, settings, reprinted).seen) == 1
