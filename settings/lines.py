"""Where a key stands in the configuration file, so that messages can name its line.

Only what tells where tables and keys begin is read; whether the file is TOML at all, ``tomllib`` has said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

Location = tuple[int | str, ...]

_HEADING = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_QUOTES = ('"""', "'''")


def find_lines(text: str) -> Mapping[Location, int]:
    """The line, counted from 1, of every heading and of every key that begins a line.

    ``("sources", 2, "url")`` is the key ``url`` of the third ``[[sources]]``, ``("sources", 2)`` its heading.
    """
    found: dict[Location, int] = {}
    met = Counter[Location]()
    table: Location = ()
    open_quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_quote:
            open_quote = "" if open_quote in line else open_quote
            continue
        if heading := _HEADING.match(line):
            table = _opened(heading[2], met, is_list=heading[1] == "[[")
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(table + _parts(key[1]), number)
            open_quote = next((quote for quote in _QUOTES if line.count(quote) == 1), "")
    return found


def line_of(location: Location, lines: Mapping[Location, int]) -> int | None:
    """The line of the key at ``location``, or of the table that lacks it; None where none is known."""
    for length in range(len(location), 0, -1):
        if (line := lines.get(location[:length])) is not None:
            return line
    return None


def _opened(name: str, met: Counter[Location], *, is_list: bool) -> Location:
    """The table whose heading this is: the last one of each list on the way, the next one of its own list."""
    parts = _parts(name)
    table: Location = ()
    for place, part in enumerate(parts):
        table += (part,)
        if is_list and place == len(parts) - 1:
            met[table] += 1
        if met[table]:
            table += (met[table] - 1,)
    return table


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"""[^."']+|"[^"]*"|'[^']*'""", name))
