"""Differences as pictures that a person can check in a minute."""

from datetime import date

from lxml import etree

from catalogue import load_catalogue
from catalogue.annex_items import AnnexItem
from catalogue.difference import Difference, Entry, Group, between_editions, of_proposal
from catalogue.documents import Effect, OfficialDocument
from catalogue.editions import compare, read_editions
from catalogue.picture import draw
from catalogue.proposal import Change, Proposed, propose

EDITION = OfficialDocument("国家职业资格目录（2030年版）", date(2030, 1, 1), 72, "", Effect.EDITION)


def _proposed(items: list[AnnexItem], official: OfficialDocument = EDITION) -> tuple[Proposed, ...]:
    return propose(items, load_catalogue(), official=official)


def _lines_of_2021() -> list[AnnexItem]:
    return [
        AnnexItem(line.seq, line.name, line.item, line.category.partition("（")[0], line.domain)
        for line in read_editions()["2021"]
    ]


def test_the_editions_differ_in_four_groups() -> None:
    editions = read_editions()
    difference = between_editions(compare(editions["2017"], editions["2021"]), "2017 → 2021", 65)
    assert "精算师" in [entry.name for entry in difference.of(Group.ADDED)]
    assert "会计从业资格" in [entry.name for entry in difference.of(Group.REMOVED)]
    assert ("专利代理人", "专利代理师") in [(e.before, e.after) for e in difference.of(Group.RENAMED)]
    kinds = {entry.name: (entry.before, entry.after) for entry in difference.of(Group.KIND)}
    assert kinds["设备监理师"] == ("准入类", "水平评价类")


def test_a_newer_edition_adds_renames_changes_kinds_and_lets_go() -> None:
    items = [item for item in _lines_of_2021() if item.name not in {"教师资格", "注册建筑师", "精算师"}]
    items += [
        AnnexItem("90", "注册建筑师", "", "水平评价类", "专业技术"),
        AnnexItem("91", "虚构竹编检测师", "", "准入类", "专业技术"),
        AnnexItem("92", "精算师资格", "", "水平评价类", "专业技术"),
    ]
    proposed = _proposed(items)
    left = [each.item for each in proposed if each.item.is_exit]
    assert [(item.name, item.status, item.since) for item in left] == [
        ("教师资格", "exited", date(2030, 1, 1))
    ]
    difference = of_proposal(proposed, EDITION, load_catalogue())
    assert [(entry.group, entry.name) for entry in difference.entries] == [
        (Group.KIND, "注册建筑师"),
        (Group.ADDED, "虚构竹编检测师"),
        (Group.RENAMED, "精算师资格"),
        (Group.REMOVED, "教师资格"),
    ]


def test_the_edition_in_force_changes_nothing() -> None:
    official = OfficialDocument("国家职业资格目录（2021年版）", date(2021, 11, 23), 72, "", Effect.EDITION)
    proposed = _proposed(_lines_of_2021(), official)
    assert {each.change for each in proposed} == {Change.CONFIRM}
    assert of_proposal(proposed, official, load_catalogue()).entries == ()


def test_a_list_of_ends_shows_what_it_ends() -> None:
    official = OfficialDocument("国发〔2030〕1号", date(2030, 1, 1), 3, "", Effect.CANCELLED)
    items = [AnnexItem("1", "教师资格"), AnnexItem("2", "虚构竹编检测师"), AnnexItem("3", "物业管理师")]
    difference = of_proposal(_proposed(items, official), official, load_catalogue())
    assert [(entry.group, entry.name) for entry in difference.entries] == [
        (Group.REMOVED, "教师资格"),
        (Group.ADDED, "虚构竹编检测师"),
        (Group.CONFLICT, "物业管理师"),
    ]


def test_a_picture_is_whole_safe_and_says_every_group() -> None:
    hostile = '<script>alert(1)</script>&"\u202e'
    entries = tuple(Entry(group, f"{hostile}{n}", "前", "后") for group in Group for n in range(5))
    drawn = etree.fromstring(draw(Difference(hostile, entries, unchanged=7)).encode())
    said = "".join(str(text) for text in drawn.itertext())
    assert all(f"{group} 5" in said for group in Group)
    assert "未变7" in said
    assert not [each for each in drawn.iter() if str(each.tag).endswith("script")]
    assert "\u202e" not in said


def test_no_difference_is_a_picture_too() -> None:
    assert "没有差别" in draw(Difference("国发〔2014〕27号", ()))
