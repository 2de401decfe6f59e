"""The codes of regions, and what a configuration may say of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from settings import SettingsError, load_settings
from vocabulary.regions import find_regions, full_name, known_regions, present_code, region_problem


def _load(folder: Path, region: str) -> tuple[str, ...]:
    path = folder / "qualwatch.toml"
    path.write_text(
        f'[[supervisors]]\nname = "王"\nemail = "wang@example.com"\nregions = ["{region}"]\n',
        encoding="utf-8",
    )
    return load_settings(path).supervisors[0].regions


def test_the_table_is_whole() -> None:
    in_force = [region for region in known_regions().values() if not region.listed_until]
    levels = Counter(
        "province" if each.code.endswith("0000") else "prefecture" if each.code.endswith("00") else "county"
        for each in in_force
    )
    assert levels == {"province": 34, "prefecture": 343, "county": 2853}
    for region in known_regions().values():
        assert region.code.isdigit(), region
        assert len(region.code) == 6, region
        assert region.name, region
        assert f"{region.code[:2]}0000" in known_regions(), region


def test_every_county_in_force_lies_in_a_prefecture_that_is_in_force() -> None:
    for code, region in known_regions().items():
        if not region.listed_until:
            assert not known_regions()[f"{code[:4]}00"].listed_until, region


def test_what_a_place_became_is_in_force() -> None:
    for region in known_regions().values():
        assert not region.now or region.listed_until, region
        assert not region.now or not known_regions()[region.now].listed_until, region
        assert present_code(present_code(region.code)) == present_code(region.code)


def test_no_two_places_in_force_share_their_full_name() -> None:
    names = Counter(full_name(region.code) for region in known_regions().values() if not region.listed_until)
    assert [name for name, times in names.items() if times > 1] == []


def test_places_are_found_by_their_names() -> None:
    assert [region.code for region in find_regions("福州市")][:2] == ["350100", "350102"]
    assert [region.code for region in find_regions("吉林省长春市九台")] == ["220113"]
    assert list(find_regions("亚特兰蒂斯")) == []


@pytest.mark.parametrize("code", ["220000", "220100", "220113", "419001", "110105", "659012", "500229"])
def test_regions_of_every_level_may_be_somebodys(tmp_path: Path, code: str) -> None:
    assert _load(tmp_path, code) == (code,)
    assert region_problem(code) == ""


def test_an_abolished_code_is_read_as_what_it_became(tmp_path: Path) -> None:
    assert _load(tmp_path, "220181") == ("220113",)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (
            "220199",
            "regions[0] ([[supervisors]] number 1 of the file, called '王') = '220199' is not usable: "
            "no place in 吉林省长春市 (220100) has this code",
        ),
        ("229999", "no place in 吉林省 (220000) has this code"),
        ("990000", "no place has this code: write a code of GB/T 2260, `qualwatch routing regions NAME`"),
        ("330103", "浙江省杭州市下城区 was divided after 2020-12: write the codes of the places"),
        ("２２００００", "six digits of the GB/T 2260 code"),
    ],
)
def test_a_code_of_no_place_is_refused_with_what_to_write(tmp_path: Path, code: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        _load(tmp_path, code)
    (said,) = raised.value.problems
    assert problem in said


def test_reports_from_nowhere_in_particular_need_no_region(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_text('[intake]\nregion = ""\n', encoding="utf-8")
    assert load_settings(path).intake.region == ""
    path.write_text('[intake]\nregion = "350182"\n', encoding="utf-8")
    assert load_settings(path).intake.region == "350112"
    path.write_text('[intake]\nregion = "3501"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match='or nothing: ""'):
        load_settings(path)


def test_a_program_that_names_no_region_does_not_read_the_table() -> None:
    program = (
        "from settings import load_settings; load_settings(); import sys; "
        "assert 'vocabulary.regions' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
