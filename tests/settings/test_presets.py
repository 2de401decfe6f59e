"""Shipped sources: off by default, one line to switch on, honest about what was never tried."""

import pytest

from settings import SettingsError
from settings.model import Settings, Source
from settings.shipped import preset_sources, shipped_presets


def test_no_preset_is_watched_by_default() -> None:
    assert Settings().watched() == ()


def test_one_line_switches_a_preset_on() -> None:
    settings = Settings(presets=("jilin",))
    assert [source.name for source in settings.watched()] == ["jilin-hrss-recruitment", "jilin-government"]
    assert {source.region for source in settings.watched()} == {"220000"}
    assert not settings.serves_sample


def test_presets_can_all_be_on_together() -> None:
    names = [source.name for source in Settings(presets=tuple(shipped_presets())).watched()]
    assert len(names) == len(set(names)) >= len(shipped_presets())


def test_presets_admit_that_they_were_never_tried_and_visit_seldom() -> None:
    for source in preset_sources(shipped_presets()):
        assert not source.tried, source.name
        assert source.every_minutes >= 720, source.name
        assert source.item_limit <= 60, source.name


def test_a_preset_named_twice_is_watched_once() -> None:
    assert len(Settings(presets=("mohrss", "mohrss")).watched()) == 1


def test_an_own_source_of_the_same_name_adapts_a_preset() -> None:
    own = Source.model_validate(
        {"name": "jilin-government", "url": "https://www.example.com/", "every_minutes": 60}
    )
    watched = {source.name: source for source in Settings(presets=("jilin",), sources=(own,)).watched()}
    assert watched["jilin-government"] is own
    assert len(watched) == 2


def test_a_disabled_source_is_not_watched() -> None:
    own = Source.model_validate({"name": "paused", "url": "https://www.example.com/", "enabled": False})
    assert Settings(sources=(own,)).watched() == ()


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(SettingsError, match="'fuzhuo', which is not shipped: did you mean 'fuzhou'"):
        Settings(presets=("fuzhuo",)).watched()
