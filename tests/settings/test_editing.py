"""Sources changed in the file as its owner would: what stands around them stays, byte for byte."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from settings import SettingsError, load_settings
from settings.editing import add_sources, change_source, remove_source, switch_on_preset
from settings.sources import Source

TEXT = """# 本单位的配置
[fetching]  # 慢一点
delay_seconds = 0

# 市局
[[sources]]
name = "one"  # 旧栏目
url = "http://one.example/"
[sources.listing]
form = "json"

# 区局
[[sources]]
name = "two"
url = "http://two.example/"

[mail]
channel = "maildir"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "qualwatch.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def names(file: Path) -> list[str]:
    return [source.name for source in load_settings(file).sources]


def test_a_source_is_removed_with_its_comment_and_its_tables_and_nothing_else(file: Path) -> None:
    remove_source(file, "one")
    begin, end = TEXT.index("# 市局"), TEXT.index("# 区局")
    assert file.read_text(encoding="utf-8") == TEXT[:begin] + TEXT[end:]
    remove_source(file, "two")
    assert names(file) == []
    assert "[mail]" in file.read_text(encoding="utf-8")


def test_keys_are_set_and_taken_out_where_the_source_stands(file: Path) -> None:
    change_source(file, "one", enabled=False, muted_until=date(2027, 1, 31))
    source = load_settings(file).sources[0]
    assert (source.enabled, source.muted_until, source.listing.form) == (False, date(2027, 1, 31), "json")
    assert "# 旧栏目" in file.read_text(encoding="utf-8")
    change_source(file, "one", enabled=None, muted_until=None)
    assert "".join(file.read_text(encoding="utf-8").split()) == "".join(TEXT.split())


def test_presets_are_switched_on_adapted_and_off(file: Path) -> None:
    switch_on_preset(file, "fuzhou-rsj")
    switch_on_preset(file, "jilin-hrss")
    switch_on_preset(file, "fuzhou-rsj")
    assert load_settings(file).presets == ("fuzhou-rsj", "jilin-hrss")
    change_source(file, "fuzhou-rsj", enabled=False)
    watched = {source.name for source in load_settings(file).watched()}
    assert "jilin-hrss" in watched
    assert "fuzhou-rsj" not in watched
    remove_source(file, "jilin-hrss")
    remove_source(file, "mohrss")
    watched = {source.name for source in load_settings(file).watched()}
    assert not watched & {"jilin-hrss", "fuzhou-rsj", "mohrss"}
    assert file.read_text(encoding="utf-8").startswith("# 本单位的配置\n")


def test_many_are_added_at_once_or_none(file: Path) -> None:
    many = [
        Source.model_validate({"name": f"city-{each}", "url": f"http://{each}.example/"})
        for each in range(200)
    ]
    add_sources(file, many)
    assert len(names(file)) == 202
    before = file.read_bytes()
    with pytest.raises(SettingsError, match="city-7"):
        add_sources(file, [many[0].model_copy(update={"name": "new"}), many[7]])
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_sources_written_as_a_list_are_changed_too(tmp_path: Path) -> None:
    file = tmp_path / "qualwatch.toml"
    file.write_text(
        'sources = [{name = "a", url = "http://a.example/"}, {name = "b", url = "http://b.example/"}]\n'
    )
    change_source(file, "b", enabled=False)
    remove_source(file, "a")
    (left,) = load_settings(file).sources
    assert (left.name, left.enabled) == ("b", False)


def test_an_unknown_name_is_refused(file: Path) -> None:
    with pytest.raises(SettingsError, match="not shipped"):
        change_source(file, "three", enabled=False)
    assert file.read_text(encoding="utf-8") == TEXT
