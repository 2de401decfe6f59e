"""``qualwatch source add``: looks at a real site, shows what it found, writes a file that stays readable."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assessment.site_names import region_named, region_of_most, site_name
from assessment.source_proposal import free_name
from cli.source import app as source_app
from settings import SettingsError, load_settings
from settings.editing import add_source
from settings.sources import Source
from tests.parts.house import listing
from tests.parts.loopback import Site, answer

PATHS = [f"/zp/202611/t202611{day:02d}_{100 + day}.html" for day in range(1, 13)]


@pytest.fixture
def config(tmp_path: Path, site: Site) -> Path:
    path = tmp_path / "qualwatch.toml"
    path.write_text(
        "# 本单位的配置，请勿删除注释\n\n[fetching]  # 慢一点\n"
        f'delay_seconds = 0\nallow_private_hosts = ["{site.host}"]  # 测试站点\n\n'
        "[detection]\nprocesses = 0\n",
        encoding="utf-8",
    )
    return path


def add(config: Path, url: str, *options: str, said: str = "") -> Result:
    return CliRunner().invoke(source_app, ["add", url, "--config", str(config), *options], input=said)


def test_a_list_is_proposed_shown_and_written(config: Path, site: Site) -> None:
    site["/zp/?page=2"] = listing("/zp/202610/t20261001_99.html", "/zp/202610/t20261002_98.html")
    site["/zp/"] = listing(*PATHS, below="<a href='?page=2'>下一页</a>")
    before = config.read_text(encoding="utf-8")
    result = add(config, f"{site.address}/zp/", "--name", "test-zp", said="y\n")
    assert result.exit_code == 0, result.output
    assert "自动识别，12 条，其中 12 条有日期" in result.output
    assert "?page=2，有 2 条新内容" in result.output
    assert sum("示例市某局公开招聘公告之" in line for line in result.output.splitlines()) == 10
    after = config.read_text(encoding="utf-8")
    assert after.startswith(before)
    (source,) = load_settings(config).sources
    assert (source.name, source.title, source.kind) == ("test-zp", "通知公告", "jobs")
    assert str(source.url) == f"{site.address}/zp/"
    assert set(tomllib.loads(after)["sources"][0]) == {"name", "url", "title", "kind"}


def test_nothing_is_written_where_somebody_says_no(config: Path, site: Site) -> None:
    site["/zp/"] = listing(*PATHS)
    before = config.read_bytes()
    assert add(config, f"{site.address}/zp/", said="n\n").exit_code == 1
    assert config.read_bytes() == before


def test_a_second_source_joins_the_first_with_a_name_of_its_own(config: Path, site: Site) -> None:
    site["/zp/"] = listing(*PATHS)
    site["/gg/"] = listing(*(path.replace("zp", "gg") for path in PATHS))
    for path in ("/zp/", "/gg/"):
        assert add(config, f"{site.address}{path}", "--yes").exit_code == 0
    names = [source.name for source in load_settings(config).sources]
    assert names == ["127-0-0-1", "127-0-0-1-2"]


def test_a_taken_name_leaves_the_file_as_it_was(config: Path, site: Site) -> None:
    site["/zp/"] = listing(*PATHS)
    add(config, f"{site.address}/zp/", "--yes", "--name", "mine")
    before = config.read_bytes()
    result = add(config, f"{site.address}/zp/", "--yes", "--name", "mine")
    assert result.exit_code == 2
    assert "'mine'" in result.output
    assert config.read_bytes() == before
    assert [path.name for path in config.parent.iterdir()] == [config.name]


def test_an_interface_is_written_with_its_form(config: Path, site: Site) -> None:
    rows = [
        {"title": f"招聘会计{n}名", "url": f"/d/{n}.html", "publishDate": "2026-11-05"} for n in range(1, 9)
    ]
    site["/api"] = answer(json.dumps({"data": {"list": rows}}), media_type="application/json")
    result = add(config, f"{site.address}/api?pageNo=1", "--yes", "--name", "api")
    assert "JSON 接口，8 条" in result.output
    assert "没有新内容" in result.output
    assert load_settings(config).sources[0].listing.form == "json"
    assert "[sources.listing]" in config.read_text(encoding="utf-8")


def test_the_feed_of_a_page_without_items_is_proposed(config: Path, site: Site) -> None:
    site["/"] = answer(
        "<html><head><title>示例局</title>"
        "<link rel='alternate' href='/rss.xml' type='application/rss+xml'></head>"
        "<body><p>欢迎访问</p></body></html>"
    )
    site["/rss.xml"] = answer(
        "<rss><channel><item><title>公开招聘公告</title><link>/a/1.html</link></item></channel></rss>",
        media_type="application/rss+xml",
    )
    result = add(config, site.address, "--yes")
    assert result.exit_code == 0, result.output
    assert str(load_settings(config).sources[0].url) == f"{site.address}/rss.xml"
    assert f"所给地址没有读到条目，以上是该站的 {site.address}/rss.xml" in result.output


def test_a_page_without_items_is_not_written(config: Path, site: Site) -> None:
    site["/"] = answer("<html><body><div id=app>正在加载</div></body></html>")
    before = config.read_bytes()
    result = add(config, site.address, "--yes")
    assert result.exit_code == 1
    assert "没有读到条目" in result.output
    assert config.read_bytes() == before


def test_a_site_that_forbids_robots_is_not_added(config: Path, site: Site) -> None:
    site["/robots.txt"] = answer("User-agent: *\nDisallow: /", media_type="text/plain")
    site["/zp/"] = listing(*PATHS)
    result = add(config, f"{site.address}/zp/", "--yes")
    assert result.exit_code == 1
    assert "robots.txt" in result.output
    assert site.paths() == []


@pytest.mark.parametrize("url", ["ftp://example.com/", "rsj.example.cn", "http://", "javascript:1"])
def test_no_address_is_refused_with_a_sentence(config: Path, url: str) -> None:
    result = add(config, url, "--yes")
    assert result.exit_code == 1
    assert "http://" in result.output


def test_a_title_cannot_steer_the_terminal(config: Path, site: Site) -> None:
    site["/zp/"] = answer(
        "<html><title>招\x1b[2J聘</title><ul>"
        + "".join(
            f"<li><a href='{path}'>公开招聘\x1b]0;x\x07公告第{path}号</a>2026-11-01</li>" for path in PATHS
        )
        + "</ul></html>"
    )
    result = add(config, f"{site.address}/zp/", said="n\n")
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


def test_a_file_that_is_not_there_is_begun_with_its_comments(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUALWATCH_FETCHING__ALLOW_PRIVATE_HOSTS", json.dumps([site.host]))
    site["/zp/"] = listing(*PATHS)
    result = CliRunner().invoke(source_app, ["add", f"{site.address}/zp/", "--yes", "--name", "zp"])
    assert result.exit_code == 0, result.output
    assert [source.name for source in load_settings().sources] == ["zp"]
    assert "#[[supervisors]]" in Path("qualwatch.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://rsj.fuzhou.gov.cn/a/", "fuzhou-rsj"),
        ("https://www.example.com.cn/", "example"),
        ("http://招聘.example.cn/", "example"),
        (f"http://{'a' * 60}.cn/", "a" * 34),
    ],
)
def test_names_come_from_addresses(url: str, name: str) -> None:
    assert free_name(url, ()) == name


# The file


SOURCE = Source.model_validate({"name": "new", "url": "http://a.example.cn/"})


def test_a_file_with_inline_sources_keeps_its_way(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text('sources = [\n  {name = "a", url = "http://a.cn/"},  # 第一个\n]\n', encoding="utf-8")
    add_source(path, SOURCE)
    assert [source.name for source in load_settings(path).sources] == ["a", "new"]
    assert "# 第一个" in path.read_text(encoding="utf-8")


def test_a_source_with_selectors_before_it_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text(
        '[[sources]]\nname = "a"  # 甲\nurl = "http://a.cn/"\n[sources.selectors]\nitems = "li a"\n\n'
        "[mail]\nchannel = 'maildir' # 邮件\n",
        encoding="utf-8",
    )
    add_source(path, SOURCE)
    first, second = load_settings(path).sources
    assert (first.selectors.items, second.selectors.items) == ("li a", "")
    assert "# 甲" in path.read_text(encoding="utf-8")
    assert "# 邮件" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["sources = 7\n", "broken = = 1\n", "unknown_key = 1\n"])
def test_a_broken_file_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        add_source(path, SOURCE)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_the_files_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text("", encoding="utf-8")
    path.chmod(0o640)
    add_source(path, SOURCE)
    assert path.stat().st_mode & 0o777 == 0o640


# What a site tells of itself


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<meta name='SiteName' content='示例市人民政府'>", "示例市人民政府"),
        ('<meta property="og:site_name" content="示例招聘网">', "示例招聘网"),
        ("<div>主办单位：示例市人民政府办公室 地址：示例路1号</div>", "示例市人民政府"),
        ("<p>版权所有 © 2026 示例职业技术学院 技术支持</p>", "示例职业技术学院"),
        ("<p>主办：本单位 地址：示例路1号</p>", ""),
    ],
)
def test_a_site_says_who_runs_it(markup: str, name: str) -> None:
    assert site_name(markup) == name


@pytest.mark.parametrize(
    ("words", "region"),
    [
        ("邯郸市人民政府", "130400"),
        ("福建省福州市鼓楼区人社局", "350102"),
        ("鼓楼区人社局", ""),
        ("天津市发展和改革委员会", "120000"),
        ("示例公司", ""),
    ],
)
def test_the_one_place_that_a_name_names_is_the_region(words: str, region: str) -> None:
    assert region_named(words) == region


def test_a_list_is_called_after_its_site_and_is_of_the_kind_of_most_items(config: Path, site: Site) -> None:
    titles = ["关于开展检查的通知", "关于节日值班的通知", "办公用品采购公告", "会议纪要公布稿"]
    rows = "".join(f"<li><a href='/a/{n}77.html'>{t}</a>2026-11-0{n}</li>" for n, t in enumerate(titles, 1))
    site["/tz/"] = answer(
        f"<html><head><title>通知公告</title></head><ul>{rows}</ul><p>主办单位：示例市人民政府</p></html>"
    )
    assert add(config, f"{site.address}/tz/", "--yes").exit_code == 0
    (source,) = load_settings(config).sources
    assert (source.title, source.kind) == ("示例市人民政府　通知公告", "notices")


@pytest.mark.parametrize(
    ("titles", "region"),
    [
        (["安顺市区材料价", "安顺市住建局台账", "安顺市公告", "关于予以警示的公示"], "520400"),
        (["大同市兴国寺街招标公告", "浑源县蔡村镇幼儿园公示", "阳高县污水处理厂招标公告"], "140200"),
        (["海淀区招聘公告", "昌平区招聘公告", "丰台区招聘公告"], "110000"),
        (["郑州市中标公告"] * 3 + ["某学校中标公告"] * 6, ""),
        (["安顺市招聘公告", "关于开展检查的通知"], ""),
        (["安顺市招聘公告", "贵阳市招聘公告", "遵义市招聘公告"], ""),
        (["贵州省2026年公务员招录公告", "贵州省考试公告"], ""),
    ],
)
def test_a_list_whose_titles_name_one_prefecture_is_proposed_for_it(titles: list[str], region: str) -> None:
    assert region_of_most(titles) == region
