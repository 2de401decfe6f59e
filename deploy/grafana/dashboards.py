"""The two dashboards as code: ``python -m deploy.grafana.dashboards`` writes their JSON beside this file.

``supervisors`` (in Chinese) asks how many violations there are and how fast they are dealt with,
``operators`` (in English) whether the program is well. Names of series are those of
``alerts.metrics.collected``; the tests ask the running program for every one of them.
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableRefresh,
    VariableSort,
)

from alerts.metrics.cases import DECISIONS
from cases.case_filter import OPEN
from deploy.grafana.panels import DATASOURCE, Query, bars, big_number, lines, named, ranking, stacked
from vocabulary.codes import CaseState, KeptKind, Severity, Status
from vocabulary.names import name_of, names_of

FOLDER = Path(__file__).parent
_IN = 'region=~"$region"'
_OPEN = f'{_IN}, state=~"{"|".join(OPEN)}"'
_OPEN_NOW = f"qualwatch_cases{{{_OPEN}}}"
_OVERDUE = f'qualwatch_cases{{{_IN}, state="overdue"}}'
_OPENED = f"qualwatch_cases_opened_total{{{_IN}}}"
_RECTIFIED = f'qualwatch_case_steps_total{{{_IN}, step="rectified"}}'
_LIST_ITEMS_MISSING = (
    "clamp_min(qualwatch_catalogue_items_expected - ignoring (evidence) "
    'qualwatch_catalogue_items{evidence="published"}, 0)'
)
_NAMED = "* on (region) group_left (name) max by (region, name) (qualwatch_region_info)"


def _grown(series: str, span: str, by: str = "") -> str:
    """By how much a counter of the database grew; ``increase`` would miss what a new series begins with."""
    now = f"sum {by}({series})"
    return f"{now} - (sum {by}({series} offset {span}) or {now} * 0)"


def _quantiles(series: str, labels: str = "") -> tuple[Query, ...]:
    buckets = f"sum by (le) ({series}_bucket{labels})"
    return (
        Query(f"histogram_quantile(0.5, {buckets})", "50%"),
        Query(f"histogram_quantile(0.9, {buckets})", "90%"),
    )


def supervisors() -> dashboard.Dashboard:
    """How many violations, where, and how fast they are dealt with."""
    board = _dashboard("职业资格违规监测", "qualwatch-violations", "监管").with_variable(_region())
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
        board.with_panel(lines(title, *_quantiles(series), unit="s").span(8))


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


def operators() -> dashboard.Dashboard:
    """Whether the program is well: sources, detection, delivery, the process."""
    board = _dashboard("Qualwatch health", "qualwatch-health", "operations")
    board.time("now-24h", "now").refresh("1m")
    _now_row(board)
    _source_rows(board)
    _delivery_row(board)
    _lists_row(board)
    _queue_row(board)
    _storage_row(board)
    _process_row(board)
    return board


def _now_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Now"))
    silent = "qualwatch_source_since_success_seconds > 3 * qualwatch_source_interval_seconds + 600"
    for panel in (
        big_number("Answering", 'sum(up{job="qualwatch"})', "Scrapes that work", worst_below=1),
        big_number("Database", "min(qualwatch_database_up)", "1: it answers", worst_below=1),
        big_number(
            "Silent sources", f"count({silent}) or vector(0)", "Three visits in a row failed", worst_above=0
        ),
        big_number(
            "Waiting",
            'sum(qualwatch_outbox_messages{state=~"waiting|leased"})',
            "Messages that are to be sent",
        ),
        big_number(
            "Dead letters",
            'sum(qualwatch_outbox_messages{state="dead"})',
            "Messages that were given up",
            worst_above=0,
        ),
        big_number("Documents", "sum(qualwatch_documents)", "Pages and attachments under watch"),
        big_number(
            "TLS not verified",
            "sum(qualwatch_source_tls_unverified)",
            "Sources with verify_tls = false",
            worst_above=0,
        ),
        big_number(
            "List items missing",
            f"sum({_LIST_ITEMS_MISSING})",
            "Items of official lists that rest on no published row: qualwatch catalogue status",
            worst_above=0,
        ),
        big_number(
            "Holidays known for",
            "qualwatch_holidays_known_until_timestamp_seconds - time()",
            "Time until a year whose holidays are not known: then working hours go by weekdays",
            unit="s",
            worst_below=14 * 86400,
        ),
        big_number(
            "Room lasts",
            "min(qualwatch_room_seconds)",
            "Until visits stop because the disk or the quota is full; nothing before a day has passed",
            unit="s",
            worst_below=14 * 86400,
        ),
        big_number(
            "Lacks",
            "sum(qualwatch_lacking)",
            "What no visit can begin without: database, evidence, room, descriptors",
            worst_above=0,
        ),
        big_number(
            "Visits wait for room",
            "max(qualwatch_visits_wait_for_room)",
            "1: the disk or the quota is full",
            worst_above=0,
        ),
    ):
        board.with_panel(panel.span(3).height(4))


def _source_rows(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Sources"))
    for title, query, unit in (
        ("Time since success", Query("qualwatch_source_since_success_seconds", "{{source}}"), "s"),
        ("Time since anything new", Query("qualwatch_source_since_new_document_seconds", "{{source}}"), "s"),
        ("Failures in a row", Query("qualwatch_source_failures_in_a_row", "{{source}}"), "short"),
        (
            "Visits per hour, by how they ended",
            Query("sum by (outcome) (rate(qualwatch_visits_total[1h])) * 3600", "{{outcome}}"),
            "short",
        ),
        (
            "Pages per hour",
            Query("sum by (source) (rate(qualwatch_pages_total[1h])) * 3600", "{{source}}"),
            "short",
        ),
        (
            "Pages per hour that could not be read",
            Query("sum by (source) (rate(qualwatch_page_errors_total[1h])) * 3600", "{{source}}"),
            "short",
        ),
        ("Read", Query("sum by (source) (rate(qualwatch_read_bytes_total[1h]))", "{{source}}"), "Bps"),
        (
            "Findings kept, by status",
            Query("sum by (status) (qualwatch_findings)", "{{status}}"),
            "short",
        ),
    ):
        board.with_panel(lines(title, query, unit=unit))


def _delivery_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Delivery"))
    board.with_panel(
        stacked(
            "Unsent messages",
            Query(
                'sum by (channel, state) (qualwatch_outbox_messages{state!="sent"})', "{{channel}} {{state}}"
            ),
            unit="short",
        )
    )
    board.with_panel(
        lines("Age of the longest waiting", Query("qualwatch_outbox_oldest_seconds", "{{channel}}"), unit="s")
    )
    board.with_panel(
        lines("Channel without an answer", Query("qualwatch_channel_down_seconds", "{{channel}}"), unit="s")
    )
    board.with_panel(
        lines("To be tried again", Query("qualwatch_outbox_retrying", "{{channel}}"), unit="short")
    )
    board.with_panel(
        lines("Cases that wait for a digest", Query("qualwatch_digest_items", "cases"), unit="short")
    )
    board.with_panel(
        lines("Longest wait for a digest", Query("qualwatch_digest_oldest_seconds", "age"), unit="s")
    )
    board.with_panel(
        lines("Held back by the hourly cap", Query("qualwatch_alerts_held", "cases"), unit="short")
    )
    board.with_panel(
        lines("Longest held back", Query("qualwatch_alerts_held_oldest_seconds", "age"), unit="s")
    )
    board.with_panel(
        lines("Time until accepted (all so far)", *_quantiles("qualwatch_delivery_seconds"), unit="s")
    )


def _lists_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Official lists"))
    share = (
        'qualwatch_catalogue_items{evidence="published"} '
        "/ ignoring (evidence) qualwatch_catalogue_items_expected"
    )
    board.with_panel(ranking("Share of published items, by document", Query(share, "{{document}}")))
    known = Query("sum by (evidence) (qualwatch_catalogue_items)", "{{evidence}}")
    board.with_panel(stacked("Known items, by evidence", known, unit="short"))


def _storage_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Storage"))
    kept = Query("sum by (kind) (qualwatch_kept_bytes)", "{{kind}}")
    board.with_panel(named(stacked("What is kept", kept, unit="bytes"), names_of(KeptKind, "en")))
    room = Query("qualwatch_room_bytes", "{{instance}}")
    board.with_panel(lines("Room before visits stop", room, unit="bytes"))


def _queue_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("What is due, and who does it"))
    for title, queries, unit in (
        ("Sources that are due", (Query("qualwatch_due_sources", "{{instance}}"),), "short"),
        ("Longest overdue", (Query("qualwatch_due_oldest_seconds", "{{instance}}"),), "s"),
        ("Workers", (Query("qualwatch_workers", "{{instance}}"),), "short"),
        ("Orders in the queue", (Query("qualwatch_queue_jobs", "{{state}}"),), "short"),
        ("Longest wait in the queue", (Query("qualwatch_queue_oldest_seconds", "{{instance}}"),), "s"),
        ("Tasks set aside", (Query("qualwatch_tasks_set_aside", "{{instance}}"),), "short"),
    ):
        board.with_panel(lines(title, *queries, unit=unit).span(8))


def _process_row(board: dashboard.Dashboard) -> None:
    board.with_row(dashboard.Row("Detection, console and process"))
    buckets = "sum by (le) (rate(qualwatch_detection_seconds_bucket[15m]))"
    for title, queries, unit in (
        (
            "Time to detect in one text",
            tuple(Query(f"histogram_quantile({q}, {buckets})", f"{q:.0%}") for q in (0.5, 0.9, 0.99)),
            "s",
        ),
        (
            "Texts per minute",
            (Query("sum(rate(qualwatch_detection_seconds_count[15m])) * 60", "texts"),),
            "short",
        ),
        (
            "Starts missed per hour",
            (Query("sum(increase(qualwatch_misfires_total[1h]))", "missed"),),
            "short",
        ),
        (
            "Console requests per minute",
            (
                Query(
                    "sum by (route, status) (rate(qualwatch_console_requests_total[5m])) * 60",
                    "{{route}} {{status}}",
                ),
            ),
            "short",
        ),
        ("Memory", (Query("qualwatch_process_resident_memory_bytes", "{{instance}}"),), "bytes"),
        ("CPU", (Query("rate(qualwatch_process_cpu_seconds_total[5m])", "{{instance}}"),), "percentunit"),
        ("Open files", (Query("qualwatch_process_open_fds", "{{instance}}"),), "short"),
    ):
        board.with_panel(lines(title, *queries, unit=unit).span(8))


def _dashboard(title: str, uid: str, tag: str) -> dashboard.Dashboard:
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


DASHBOARDS = {"supervisors.json": supervisors, "operators.json": operators}


def to_json(board: dashboard.Dashboard) -> str:
    """The text of the committed file."""
    encoded = json.dumps(board.build(), cls=JSONEncoder, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{encoded}\n"


if __name__ == "__main__":
    for name, make in DASHBOARDS.items():
        (FOLDER / name).write_text(to_json(make()), encoding="utf-8")
