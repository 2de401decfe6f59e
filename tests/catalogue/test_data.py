"""The committed data files: complete, with provenance, and without contradictions."""

from collections import Counter, defaultdict
from datetime import date

import pytest

from catalogue import load_catalogue
from catalogue.editions import item_count, kind, read_editions
from catalogue.loading import DATA, read_rows
from catalogue.naming import fold
from vocabulary.codes import Evidence, Status

FILES = sorted(path.name for path in DATA.glob("*.csv"))
TOTALS = {
    "国发〔2014〕27号": 11,
    "国发〔2014〕50号": 67,
    "国发〔2015〕11号": 67,
    "国发〔2015〕41号": 62,
    "国发〔2016〕5号": 61,
    "国发〔2016〕35号": 47,
    "国发〔2016〕68号": 114,
}


@pytest.mark.parametrize("file", FILES)
def test_every_row_says_where_it_was_read_and_how_well_it_is_known(file: str) -> None:
    for row in read_rows(DATA / file):
        assert Evidence(row["evidence"])
        assert row["source"].strip(), row
        assert not row["source"].endswith(("http://", "https://")), row


def test_every_entry_has_periods_that_begin_without_a_date_and_go_forward() -> None:
    for entry in load_catalogue().entries:
        first, *later = (period.since for period in entry.periods)
        assert first is None, entry.key
        days = [day for day in later if day is not None]
        assert len(days) == len(later), entry.key
        assert days == sorted(set(days)), entry.key


def test_every_standing_names_its_document() -> None:
    assert not [e.key for e in load_catalogue().entries for p in e.periods if not p.document]


def test_no_name_means_two_entries_unless_it_is_declared_ambiguous() -> None:
    keys = defaultdict(set)
    declared = set()
    for row in read_rows(DATA / "names.csv"):
        keys[fold(row["name"])].add(row["key"])
        if row["ambiguous"] == "yes":
            declared.add(fold(row["name"]))
    assert {name for name, meant in keys.items() if len(meant) > 1} == declared


def test_an_ambiguous_name_is_no_trigger() -> None:
    rows = list(read_rows(DATA / "names.csv"))
    assert not [row["name"] for row in rows if row["ambiguous"] == "yes" and row["trigger"] == "yes"]


def test_every_name_belongs_to_an_entry_and_every_entry_bears_its_own_name() -> None:
    keys = {row["key"] for row in read_rows(DATA / "qualifications.csv")}
    named = {(row["name"], row["key"]) for row in read_rows(DATA / "names.csv")}
    assert {key for _, key in named} == keys
    assert {(key, key) for key in keys} <= named


def test_diplomas_are_no_certificates_here() -> None:
    names = {row["name"] for row in read_rows(DATA / "names.csv")}
    assert not names & {"毕业证", "毕业证书", "学历证书", "学位证", "学位证书", "大专", "本科", "学士学位"}


@pytest.mark.parametrize("name", ["A证", "N1", "ACE", "人证", "C2", "B2", "会计", "高级工", "黑带"])
def test_hopeless_short_names_are_known_but_not_looked_for_in_texts(name: str) -> None:
    catalogue = load_catalogue()
    assert catalogue.as_of(date(2026, 11, 1)).lookup(name)
    assert name not in catalogue.names()


def test_every_line_of_an_edition_points_to_an_entry_that_then_stood_in_it() -> None:
    catalogue = load_catalogue()
    days = {"2017": date(2017, 9, 13), "2021": date(2021, 11, 24)}
    for year, lines in read_editions().items():
        edition = catalogue.as_of(days[year])
        for line in lines:
            expected = Status.ACCESS if kind(line) == "准入类" else Status.LEVEL
            assert edition.standing(line.key).status is expected, line


def test_editions_have_the_official_totals_of_items() -> None:
    editions = read_editions()
    assert {year: item_count(lines) for year, lines in editions.items()} == {"2017": 140, "2021": 72}
    for year, totals in {"2017": (59, 81), "2021": (59, 13)}.items():
        items = {(line.domain, line.item) for line in editions[year]}
        assert tuple(Counter(domain for domain, _ in items)[d] for d in ("专业技术", "技能")) == totals


def test_the_cancelling_decisions_carry_their_official_totals() -> None:
    rows = {row["number"]: int(row["items"]) for row in read_rows(DATA / "documents.csv") if not row["part"]}
    assert {number: rows[number] for number in TOTALS} == TOTALS
    assert sum(TOTALS.values()) == rows["国发〔2014〕27号等七批"] == 429
    parts = {
        r["part"]: int(r["items"]) for r in read_rows(DATA / "documents.csv") if r["items"] in {"154", "280"}
    }
    assert sum(parts.values()) == 434


def test_no_decision_has_more_published_items_than_its_total() -> None:
    published = Counter(
        period.document
        for entry in load_catalogue().entries
        for period in entry.periods
        if period.status is Status.CANCELLED and period.evidence is Evidence.PUBLISHED
    )
    assert all(published[number] <= total for number, total in TOTALS.items())


def test_statutes_belong_to_entries_and_give_article_and_date() -> None:
    catalogue = load_catalogue()
    keys = {entry.key for entry in catalogue.entries}
    rows = list(read_rows(DATA / "statutes.csv"))
    assert len(rows) > 50
    assert {row["key"] for row in rows if row["key"]} <= keys
    assert all(row["article"].startswith("第") for row in rows)
    assert [statute.citation for statute in catalogue.statutes("特种作业人员")] == [
        "《安全生产法》第三十条"
    ] * 2
    assert catalogue.statutes("物业管理师") == ()
