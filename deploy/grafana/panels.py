"""The few kinds of panels that the dashboards are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_CALM, _ALARM = "blue", "red"
_Named = TypeVar("_Named", bargauge.Panel, timeseries.Panel)
_Code = TypeVar("_Code", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and what its series are called."""

    expr: str
    legend: str


def big_number(
    title: str,
    expr: str,
    description: str,
    *,
    unit: str = "short",
    worst_above: float | None = None,
    worst_below: float | None = None,
) -> stat.Panel:
    """One figure; red above ``worst_above`` or below ``worst_below``."""
    steps = [Threshold(color=_CALM)]
    if worst_above is not None:
        steps = [Threshold(color="green"), Threshold(value=worst_above + 1, color=_ALARM)]
    if worst_below is not None:
        steps = [Threshold(color=_ALARM), Threshold(value=worst_below, color="green")]
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .with_target(prometheus.Dataquery().expr(expr).instant().ref_id("A").datasource(DATASOURCE))
        .unit(unit)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    )


def lines(title: str, *queries: Query, unit: str) -> timeseries.Panel:
    """Series over time, half as wide as the board."""
    panel = (
        timeseries.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .span(12)
        .height(8)
        .fill_opacity(10)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for letter, query in zip("ABCDEF", queries, strict=False):
        panel.with_target(
            prometheus.Dataquery()
            .expr(query.expr)
            .range()
            .legend_format(query.legend)
            .ref_id(letter)
            .datasource(DATASOURCE)
        )
    return panel


def bars(title: str, *queries: Query, interval: str) -> timeseries.Panel:
    """Whole counts, one bar for each ``interval``."""
    panel = lines(title, *queries, unit="short").draw_style(GraphDrawStyle.BARS)
    return panel.fill_opacity(70).decimals(0).interval(interval)


def stacked(title: str, *queries: Query, unit: str) -> timeseries.Panel:
    """Parts of a whole over time."""
    stacking = common.StackingConfig().mode(StackingMode.NORMAL).group("A")
    return lines(title, *queries, unit=unit).fill_opacity(40).stacking(stacking)


def ranking(title: str, query: Query) -> bargauge.Panel:
    """The present values, one bar each."""
    target = prometheus.Dataquery().expr(query.expr).instant().legend_format(query.legend).ref_id("A")
    return (
        bargauge.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .with_target(target.datasource(DATASOURCE))
        .span(12)
        .height(8)
        .unit("short")
        .decimals(0)
        .min(0)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(
            dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(color=_CALM)])
        )
    )


def named(panel: _Named, names: Mapping[_Code, str]) -> _Named:
    """``panel`` with its series, called by codes, shown under their ``names``."""
    for code, name in names.items():
        panel.override_by_name(code.value, [DynamicConfigValue("displayName", name)])
    return panel


def quantiles(series: str, labels: str = "") -> tuple[Query, ...]:
    """The half and nine tenths of a histogram."""
    buckets = f"sum by (le) ({series}_bucket{labels})"
    return (
        Query(f"histogram_quantile(0.5, {buckets})", "50%"),
        Query(f"histogram_quantile(0.9, {buckets})", "90%"),
    )


def blank(title: str, uid: str, tag: str) -> dashboard.Dashboard:
    """A dashboard without panels, its data source to be chosen."""
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags(["qualwatch", tag])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(source)
    )
