"""Sources by the hundred: tables brought and taken away, and what is switched on, off, muted and removed."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner, Result

import cli.main
from cli.sources.columns import table_of, understand
from cli.sources.files import SUFFIXES, Row, TableError, read_rows, write_rows
from settings import load_settings
from settings.sources import Source
from storage.database import open_database
from storage.sources import claim_now
from tests.parts.house import listing, posting
from tests.parts.loopback import Site
from vocabulary.regions import region_code

PROVINCE, CITY = "吉林省长春市", "福州市"
TABLE = f"""各地来源汇总表,,,,
代号,网站名称,网址,类型,地区,间隔（分钟）,联系人
changchun,长春市人社局,https://rsj.changchun.example/tzgg/,通知公告,{PROVINCE},120,张三
,福州人社局招聘栏,rsj.fuzhou.example/zp/index.html,招聘,{CITY},,李四
old,已有的,http://old.example/list,,350100,,
,重复,http://RSJ.fuzhou.example/zp/,,,,
,没有网址,,,,,
,间隔写错,http://wrong.example/,,,很快,
,地区不明,http://nowhere.example/,,朝阳区,,
plain,没写地区,http://plain.example/,tenders,,,
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "qualwatch.toml"
    path.write_text(
        '# 勿删\n[[sources]]\nname = "before"\nurl = "http://old.example/list/"\n', encoding="utf-8"
    )
    return path


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


def source(*words: str) -> Result:
    return CliRunner().invoke(cli.main.assemble(), ["source", *words])


def test_a_table_is_understood_line_by_line_and_written(config: Path, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_bytes(TABLE.encode("gb18030"))
    result = source("import", "sites.csv", "--yes")
    assert result.exit_code == 1, result.output
    assert "8 行，新来源 3 个，已有 2 个，不能使用 3 行" in result.output
    assert "没有采用的列：联系人" in result.output
    assert "第 5 行 http://old.example/list 已是来源 before" in result.output
    assert "第 6 行 http://RSJ.fuzhou.example/zp/ 已是来源 " in result.output
    assert "✗ 第 7 行：没有网址" in result.output
    assert "✗ 第 8 行：every_minutes = '很快'" in result.output
    assert "✗ 第 9 行：叫“朝阳区”的地区有" in result.output
    assert "⚠ 1 个没有地区" in result.output
    before, changchun, fuzhou, plain = load_settings(config).sources
    assert (changchun.name, changchun.region, changchun.every_minutes) == ("changchun", "220100", 120)
    assert (str(fuzhou.url), fuzhou.kind, fuzhou.region) == (
        "http://rsj.fuzhou.example/zp/index.html",
        "jobs",
        "350100",
    )
    assert (before.name, plain.kind) == ("before", "tenders")
    assert config.read_text(encoding="utf-8").startswith("# 勿删\n")


@pytest.mark.parametrize("cell", ["待补充", "notanaddress", "见附件/二", "10.5"])
def test_what_stands_where_addresses_do_and_is_none_becomes_no_source(cell: str) -> None:
    understood = understand([Row(1, ("网址", "地区")), Row(2, (cell, "350100"))], ())
    assert (understood.new, understood.wrong) == ([], [(2, f"“{cell}”不是网址")])


def test_a_dry_run_and_a_no_write_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("http://a.example/\n")
    before = config.read_bytes()
    assert source("import", "sites.csv", "--dry-run").exit_code == 0
    result = CliRunner().invoke(cli.main.assemble(), ["source", "import", "sites.csv"], input="n\n")
    assert result.exit_code == 1
    assert config.read_bytes() == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_exported_is_imported_as_the_same(tmp_path: Path, suffix: str) -> None:
    sources = [
        Source.model_validate(
            {
                "name": f"city-{each}",
                "title": "=cmd|' /C calc'!A0" if each == 1 else f"第{each}个",
                "url": f"https://city-{each}.example/list?id={each}",
                "region": "350100",
                "listing": {"form": "feed" if each % 2 else "json", "page_step": each + 1},
                "selectors": {"items": "ul > li a"},
                "enabled": each != 3,
                "muted_until": date(2027, 1, 31) if each == 4 else None,
            }
        )
        for each in range(5)
    ]
    file = tmp_path / f"sources{suffix}"
    write_rows(file, *table_of(sources))
    understood = understand(read_rows(file), ())
    assert understood.wrong == []
    assert [each for _, each in understood.new] == sources
    if suffix == ".xlsx":
        with zipfile.ZipFile(file) as packed:
            assert not any(b"<f>" in packed.read(name) for name in packed.namelist())


def test_export_goes_to_the_screen_or_to_a_new_file(config: Path, tmp_path: Path) -> None:
    (row,) = csv.DictReader(StringIO(source("export").stdout))
    assert (row["name"], row["url"]) == ("before", "http://old.example/list/")
    assert source("export", "all.xlsx").exit_code == 0
    assert source("export", "all.xlsx").exit_code == 2
    assert source("export", "all.pdf").exit_code == 2


def test_names_that_link_their_addresses_are_understood(tmp_path: Path) -> None:
    book = Workbook()
    for line, title in enumerate(("序号", "长春市人社局", "福州市人社局"), 1):
        book.active.cell(line, 1, "网站" if line == 1 else title)
        if line > 1:
            book.active.cell(line, 1).hyperlink = f"https://city-{line}.example/"
    book.active.cell(1, 2, "网址")
    book.save(tmp_path / "links.xlsx")
    understood = understand(read_rows(tmp_path / "links.xlsx"), ())
    assert [(line, each.title, str(each.url)) for line, each in understood.new] == [
        (2, "长春市人社局", "https://city-2.example/"),
        (3, "福州市人社局", "https://city-3.example/"),
    ]


def test_subscriptions_of_a_feed_reader_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(
        '<opml version="1.0"><body><outline text="人社">\n'
        '<outline text="公告" type="rss" xmlUrl="http://a.example/rss"/>\n'
        '<outline text="主页" htmlUrl="http://b.example/"/></outline></body></opml>',
        encoding="utf-8",
    )
    understood = understand(read_rows(file), ())
    assert [(line, each.title, each.listing.form) for line, each in understood.new] == [
        (2, "公告", "feed"),
        (3, "主页", "auto"),
    ]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("no.xlsx", b"no workbook"),
        ("no.opml", b"<opml><body>"),
        (
            "bomb.opml",
            b'<!DOCTYPE o [<!ENTITY a "' + b"x" * 9999 + b'">]><opml>' + b"&a;" * 99999 + b"</opml>",
        ),
        ("no.docx", b"PK"),
        ("empty.csv", b"\n\n"),
        ("words.csv", "名称,备注\n长春,无\n".encode()),
    ],
)
def test_what_is_no_table_is_refused_with_one_sentence(
    config: Path, tmp_path: Path, name: str, body: bytes
) -> None:
    (tmp_path / name).write_bytes(body)
    before = config.read_bytes()
    result = source("import", name, "--yes")
    assert result.exit_code == 2, result.output
    assert len(result.output.strip().splitlines()) == 1
    assert config.read_bytes() == before


def test_many_rows_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "many.csv").write_text("http://a.example/\n" * 20_001)
    with pytest.raises(TableError, match="20000 行"):
        read_rows(tmp_path / "many.csv")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("220100", "220100"),
        ("长春市", "220100"),
        ("吉林省长春市", "220100"),
        ("福建", "350000"),
        ("福州", "350100"),
    ],
)
def test_places_are_known_by_code_and_name(text: str, code: str) -> None:
    assert region_code(text) == code


def test_sources_are_switched_off_on_muted_and_removed(config: Path) -> None:
    assert source("disable", "before").exit_code == 0
    assert load_settings(config).watched() == ()
    assert source("enable", "before", "fuzhou-rsj").exit_code == 0
    assert {"before", "fuzhou-rsj"} <= {each.name for each in load_settings(config).watched()}
    until = date.today() + timedelta(days=3)  # noqa: DTZ011
    assert source("mute", "before", "--until", until.isoformat()).exit_code == 0
    (muted,) = load_settings(config).sources
    assert muted.is_muted(until - timedelta(days=1))
    assert not muted.is_muted(until)
    assert source("mute", "before").exit_code == 0
    assert load_settings(config).sources[0].muted_until is None
    assert source("mute", "before", "--until", "2020-01-01").exit_code == 2
    assert source("remove", "before", "fuzhou-rsj", "--yes").exit_code == 0
    assert load_settings(config).presets == ()
    assert load_settings(config).sources == ()
    refused = source("disable", "bfore")
    assert refused.exit_code == 2
    assert "没有代号为“bfore”的来源" in refused.output


def test_a_source_is_visited_now_and_by_one_program_at_a_time(config: Path, site: Site) -> None:
    site["/zp/"] = listing(*(f"/zp/202611/t202611{day:02d}_{day}.html" for day in range(1, 4)))
    for day in range(1, 4):
        site[f"/zp/202611/t202611{day:02d}_{day}.html"] = posting()
    config.write_text(
        f'[fetching]\nallow_private_hosts = ["{site.host}"]\ndelay_seconds = 0\n[detection]\nprocesses = 0\n'
        f'ocr_processes = 0\n[[sources]]\nname = "zp"\nurl = "{site.address}/zp/"\n',
        encoding="utf-8",
    )
    for _ in range(2):  # the second is not due at all
        result = source("visit", "zp")
        assert result.exit_code == 0, result.output
    assert [path for path, _ in site.asked].count("/zp/") == 2
    engine = open_database(load_settings(config).storage.database_url)
    claim = claim_now(engine, "zp")
    assert claim is not None
    assert claim_now(engine, "zp") is None
    result = source("visit", "zp")
    engine.dispose()
    assert result.exit_code == 2
    assert "正在被访问" in result.output
    source("disable", "zp")
    assert "source enable" in source("visit", "zp").output
