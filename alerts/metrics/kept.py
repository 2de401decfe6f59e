"""How much is kept, as series: what a job measured last, so that a scrape costs the same whatever is kept."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric
from sqlmodel import Session

from alerts.metrics.series import Values, gauge
from storage.retention.amounts import last_measured


def kept_families(session: Session) -> Iterator[Metric]:
    """Nothing but the families where nothing was measured yet."""
    amounts = last_measured(session)
    sizes: Values = {}
    room: Values = {}
    time_left: Values = {}
    if amounts is not None:
        sizes = {(each.kind.value,): float(each.size) for each in amounts.kinds}
        room = {(): float(amounts.room)}
        if amounts.days_left is not None:
            time_left = {(): amounts.days_left * 86400}
    yield gauge("qualwatch_kept_bytes", "What each kind of row and file takes.", ("kind",), sizes)
    yield gauge("qualwatch_room_bytes", "What may be written before visits stop.", (), room)
    yield gauge(
        "qualwatch_room_seconds",
        "Time until there is no room left, at the rate of the last month.",
        (),
        time_left,
    )
