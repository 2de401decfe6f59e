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

from deploy.grafana.operators import operators
from deploy.grafana.supervisors import supervisors

FOLDER = Path(__file__).parent
DASHBOARDS = {"supervisors.json": supervisors, "operators.json": operators}


def to_json(board: dashboard.Dashboard) -> str:
    """The text of the committed file."""
    encoded = json.dumps(board.build(), cls=JSONEncoder, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{encoded}\n"


if __name__ == "__main__":
    for name, make in DASHBOARDS.items():
        (FOLDER / name).write_text(to_json(make()), encoding="utf-8")
