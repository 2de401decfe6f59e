"""Tables that travel inside data as rows of cells without names: columns are told by what they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

from crawling.listing.dates import first_date
from crawling.listing.forms.fields import Record, is_address

_FEWEST = 3
_DEEPEST = 8
_MOST_LOOKED_AT = 20_000


def records_of_rows(rows: Sequence[Sequence[str]]) -> list[Record]:
    """Rows of equal length as records with ``url``, ``title`` and ``date``, by what their columns hold.

    Empty where no column is one of addresses, or nothing is left to be the title.
    """
    columns = list(zip(*rows, strict=True))
    links = [number for number, column in enumerate(columns) if all(map(is_address, column))]
    days = [number for number, column in enumerate(columns) if all(map(first_date, column))]
    others = [number for number in range(len(columns)) if number not in {*links, *days}]
    if not links or not others:
        return []
    title = max(others, key=lambda number: sum(map(len, columns[number])))
    return [{"url": row[links[0]], "title": row[title], "date": row[days[0]] if days else ""} for row in rows]


def longest_table(content: object) -> list[list[str]]:
    """The longest list of rows in ``content``: as tables are sent, lists of as many words each."""
    best: list[list[str]] = []
    waiting: deque[tuple[object, int]] = deque([(content, 0)])
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        value, depth = waiting.popleft()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        rows = [[str(cell) for cell in row] for row in inner if isinstance(row, list) and _is_flat(row)]
        if len(rows) > len(best) and len({len(row) for row in rows}) == 1:
            best = rows
        if depth < _DEEPEST:
            waiting.extend(
                (each, depth + 1) for each in islice(inner, _MOST_LOOKED_AT) if isinstance(each, dict | list)
            )
    return best if len(best) >= _FEWEST else []


def _is_flat(row: list[Any]) -> bool:
    return len(row) > 1 and all(isinstance(cell, str | int | float) or cell is None for cell in row)
