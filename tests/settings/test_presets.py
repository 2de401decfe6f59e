"""Shipped sources: off by default, one line to switch on, honest about what was never tried."""

from pathlib import Path

import pytest

import settings as room
from settings import SettingsError
from settings.model import Settings
from settings.shipped import shipped_presets
from settings.sources import Source


def test_no_preset_is_watched_by_default() -> None:
    assert Settings().watched() == ()


def test_one_line_switches_a_preset_on() -> None:
    settings = Settings(presets=("jilin-hrss",))
    source, *announcing = settings.watched()
    assert (source.name, source.region) == ("jilin-hrss", "220000")
    assert [each.name for each in announcing] == ["govcn-policy", "mohrss"]
    assert not settings.serves_sample


def test_presets_can_all_be_on_together() -> None:
    assert len(Settings(presets=tuple(shipped_presets())).watched()) == len(shipped_presets()) == 10


def test_a_presets_file_is_called_like_its_source() -> None:
    assert room.__file__ is not None
    found = {path.stem for path in (Path(room.__file__).parent / "presets").iterdir()}
    assert found == set(shipped_presets())


def test_presets_admit_that_they_were_never_tried_and_visit_seldom() -> None:
    for source in shipped_presets().values():
        assert not source.tried, source.name
        assert source.enabled, source.name
        assert source.every_minutes >= 720, source.name
        assert source.item_limit <= 60, source.name


def test_a_preset_named_twice_is_watched_once() -> None:
    names = [source.name for source in Settings(presets=("mohrss", "mohrss")).watched()]
    assert names == ["mohrss", "govcn-policy"]


def test_pages_that_announce_changes_are_watched_with_the_first_real_source() -> None:
    def watched(host: str, **more: object) -> list[str]:
        own = {"name": "own", "url": f"https://{host}/list/"}
        settings = Settings.model_validate({"sources": [own], **more})
        return [source.name for source in settings.watched()]

    assert watched("rsj.jl.gov.cn") == ["own", "govcn-policy", "mohrss"]
    assert watched("rsj.jl.gov.cn", catalogue_presets=False) == ["own"]
    assert watched("rsj.example.org") == ["own"]
    assert watched("10.0.0.7", fetching={"allow_private_hosts": ["10.0.0.7"]}) == ["own"]
    assert all(shipped_presets()[name].catalogue for name in ("govcn-policy", "mohrss"))


def test_an_own_source_of_the_same_name_adapts_a_preset() -> None:
    own = Source.model_validate({"name": "ccgp", "url": "https://www.example.com/", "every_minutes": 60})
    assert Settings(presets=("ccgp",), sources=(own,)).watched() == (own,)


def test_a_disabled_source_is_not_watched() -> None:
    own = Source.model_validate({"name": "paused", "url": "https://www.example.com/", "enabled": False})
    assert Settings(sources=(own,)).watched() == ()


def test_disabling_an_own_source_of_a_presets_name_switches_the_preset_off() -> None:
    own = Source.model_validate({"name": "ccgp", "url": "https://www.example.com/", "enabled": False})
    assert Settings(presets=("ccgp",), sources=(own,)).watched() == ()


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(SettingsError, match="'fuzhuo-rsj', which is not shipped: did you mean 'fuzhou-rsj'"):
        Settings(presets=("fuzhuo-rsj",)).watched()
