"""How complete the official lists are, as a scrape sees it."""

from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerts.metrics.lists import ListsCollector
from catalogue.current import current_completeness

EDITION = {"document": "国家职业资格目录（2021年版）", "region": ""}


def _registry(directory: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ListsCollector(partial(current_completeness, directory)))
    return registry


def test_items_of_each_list_are_served_by_evidence(tmp_path: Path) -> None:
    registry = _registry(tmp_path)
    value = registry.get_sample_value
    assert value("qualwatch_catalogue_items_expected", EDITION) == 72
    assert value("qualwatch_catalogue_items", {**EDITION, "evidence": "published"}) == 72
    jilin = {"document": "吉政办发〔2017〕54号", "region": "220000"}
    assert value("qualwatch_catalogue_items_expected", jilin) == 71
    assert value("qualwatch_catalogue_items", {**jilin, "evidence": "published"}) == 0


def test_a_damaged_list_leaves_the_series_out(tmp_path: Path) -> None:
    (tmp_path / "国发〔2016〕68号.csv").write_text("document\n", encoding="utf-8")
    assert _registry(tmp_path).get_sample_value("qualwatch_catalogue_items_expected", EDITION) is None
