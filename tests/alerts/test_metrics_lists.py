"""How complete the official lists are, as a scrape sees it."""

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from alerts.metrics.lists import ListsCollector
from catalogue.completeness import Completeness
from catalogue.current import current_completeness
from catalogue.imported import NONE_IMPORTED

EDITION = {"document": "国家职业资格目录（2021年版）", "region": ""}


def _registry(measure: Callable[[], Sequence[Completeness]]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ListsCollector(measure))
    return registry


def test_items_of_each_list_are_served_by_evidence() -> None:
    registry = _registry(lambda: current_completeness(NONE_IMPORTED))
    value = registry.get_sample_value
    assert value("qualwatch_catalogue_items_expected", EDITION) == 72
    assert value("qualwatch_catalogue_items", {**EDITION, "evidence": "published"}) == 72
    jilin = {"document": "吉政办发〔2017〕54号", "region": "220000"}
    assert value("qualwatch_catalogue_items_expected", jilin) == 71
    assert value("qualwatch_catalogue_items", {**jilin, "evidence": "published"}) == 0


def test_a_damaged_list_leaves_the_series_out() -> None:
    def damaged() -> Sequence[Completeness]:
        raise ValueError("已导入的清单 国发〔2016〕68号 无法读取")

    assert _registry(damaged).get_sample_value("qualwatch_catalogue_items_expected", EDITION) is None
