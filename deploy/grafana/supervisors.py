"""The dashboard of supervisors (in Chinese): how many violations, and how fast they are dealt with."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort

from alerts.metrics.cases import DECISIONS
from cases.case_filter import OPEN
from deploy.grafana.panels import (
    DATASOURCE,
    Query,
    bars,
    big_number,
    blank,
    lines,
    named,
    quantiles,
    ranking,
    stacked,
)
from vocabulary.codes import CaseState, Severity, Status
from vocabulary.names import name_of, names_of

_IN = 'region=~"$region"'
_OPEN = f'{_IN}, state=~"{"|".join(OPEN)}"'
_OPEN_NOW = f"qualwatch_cases{{{_OPEN}}}"
_OVERDUE = f'qualwatch_cases{{{_IN}, state="overdue"}}'
_OPENED = f"qualwatch_cases_opened_total{{{_IN}}}"
_RECTIFIED = f'qualwatch_case_steps_total{{{_IN}, step="rectified"}}'
_NAMED = "* on (region) group_left (name) max by (region, name) (qualwatch_region_info)"


def _grown(series: str, span: str, by: str = "") -> str:
    """By how much a counter of the database grew; ``increase`` would miss what a new series begins with."""
    now = f"sum {by}({series})"
    return f"{now} - (sum {by}({series} offset {span}) or {now} * 0)"


def supervisors() -> dashboard.Dashboard:
    """How many violations, where, and how fast they are dealt with."""
    board = blank("职业资格违规监测", "qualwatch-violations", "监管").with_variable(_region())
    board.time("now-30d", "now").refresh("5m")
    _totals_row(board)
    _trend_row(board)
    _open_row(board)
    _telling_row(board)
    _speed_row(board)
    return board


def _totals_row(board: dashboard.Dashboard) -> None:
    done, due = "rectified|closed", "rectified|closed|published|rectification_asked|overdue"
    board.with_row(dashboard.Row("总体情况"))
    for panel in (
        big_number("在办", f"sum({_OPEN_NOW}) or vector(0)", "尚未整改、排除或结案的案件"),
        big_number("时段内新发现", _grown(_OPENED, "$__range"), "所选时间范围内新立的案件"),
        big_number(
            "时段内已整改", f"({_grown(_RECTIFIED, '$__range')}) or vector(0)", "所选时间范围内完成整改"
        ),
        big_number("逾期未改", f"sum({_OVERDUE}) or vector(0)", "已过整改期限仍未整改的案件", worst_above=0),
        big_number(
            "整改率",
            f'sum(qualwatch_cases{{{_IN}, state=~"{done}"}}) / sum(qualwatch_cases{{{_IN}, state=~"{due}"}})',
            "已整改和已结案的案件，占责令整改中、逾期、已整改、已曝光和已结案案件的比例",
            unit="percentunit",
        ),
        big_number(
            "紧急案件",
            f'sum(qualwatch_cases{{{_OPEN}, severity="critical"}}) or vector(0)',
            "在办案件中紧急的",
        ),
    ):
        board.with_panel(panel.span(4).height(4))


def _trend_row(board: dashboard.Dashboard) -> None:
    states = Query(f"sum by (state) (qualwatch_cases{{{_IN}}})", "{{state}}")
    board.with_row(dashboard.Row("趋势"))
    board.with_panel(
        bars(
            "每日新发现与整改",
            Query(_grown(_OPENED, "1d"), "新发现"),
            Query(_grown(_RECTIFIED, "1d"), "已整改"),
            interval="1d",
        )
    )
    board.with_panel(named(stacked("案件状态", states, unit="short"), names_of(CaseState)))


def _open_row(board: dashboard.Dashboard) -> None:
    def by(label: str) -> Query:
        return Query(f"sum by ({label}) ({_OPEN_NOW})", f"{{{{{label}}}}}")

    def by_region(cases: str) -> Query:
        return Query(f"topk(15, sum by (region) ({cases}) {_NAMED})", "{{name}}")

    board.with_row(dashboard.Row("在办案件分布"))
    board.with_panel(ranking("按地区", by_region(_OPEN_NOW)))
    board.with_panel(named(ranking("按证书状态", by("status")), names_of(Status)))
    board.with_panel(named(ranking("按风险等级", by("severity")), names_of(Severity)))
    board.with_panel(ranking("逾期未改，按地区", by_region(_OVERDUE)))


def _speed_row(board: dashboard.Dashboard) -> None:
    decided = "或".join(name_of(step).removeprefix("已") for step in DECISIONS)
    board.with_row(dashboard.Row("处理时效（全部地区，累计）"))
    for title, series in (
        ("从发布到发现", "qualwatch_publication_to_finding_seconds"),
        ("从发现到通知", "qualwatch_finding_to_mail_seconds"),
        (f"从通知到{decided}", "qualwatch_mail_to_decision_seconds"),
    ):
        board.with_panel(lines(title, *quantiles(series), unit="s").span(8))


def _telling_row(board: dashboard.Dashboard) -> None:
    ages = {
        "1d": "1天内",
        "3d": "2至3天",
        "7d": "4至7天",
        "14d": "8至14天",
        "30d": "15至30天",
        "older": "30天以上",
    }
    undecided = (
        Query(f'sum(qualwatch_undecided_cases{{{_IN}, age="{age}"}}) or vector(0)', name)
        for age, name in ages.items()
    )
    told = (
        Query(f'sum(qualwatch_case_tellings{{state="{state}"}})', name)
        for state, name in {"told": "已告知", "waiting": "待告知", "undelivered": "未送达"}.items()
    )
    board.with_row(dashboard.Row("待核查与告知"))
    board.with_panel(stacked("待核查案件，按立案时间", *undecided, unit="short").span(12))
    board.with_panel(lines("告知情况（全部地区）", *told, unit="short").span(12))


def _region() -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable("region")
        .label("地区")
        .datasource(DATASOURCE)
        .query("query_result(qualwatch_region_info)")
        .regex('/name="(?<text>[^"]+)".*region="(?<value>[^"]+)"/')
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(VariableSort.DISABLED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )
