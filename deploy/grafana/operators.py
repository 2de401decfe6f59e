"""The dashboard of operators (in English): whether the program is well."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import (
    Query,
    big_number,
    blank,
    lines,
    named,
    quantiles,
    ranking,
    stacked,
)
from vocabulary.codes import KeptKind
from vocabulary.names import names_of

_LIST_ITEMS_MISSING = (
    "clamp_min(qualwatch_catalogue_items_expected - ignoring (evidence) "
    'qualwatch_catalogue_items{evidence="published"}, 0)'
)


def operators() -> dashboard.Dashboard:
    """Whether the program is well: sources, detection, delivery, the process."""
    board = blank("Qualwatch health", "qualwatch-health", "operations")
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
    ):
        board.with_panel(panel.span(3).height(4))
    _lacks(board)


def _lacks(board: dashboard.Dashboard) -> None:
    """What is missing, or will be."""
    for panel in (
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
            "What no visit can begin without: database, evidence, disk, descriptors, memory, names",
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
        lines("Time until accepted (all so far)", *quantiles("qualwatch_delivery_seconds"), unit="s")
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
