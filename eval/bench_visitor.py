"""Visits as the daemon makes them, without its start: one process with its workers, one visit after another.

``python -m eval.bench_visitor CONFIG SOURCE…`` prints a line of JSON for each visit: its pages, the seconds
that it took, the CPU seconds of the process and all below it, what the database was asked, and what the disk
holds then.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.processes import below

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from jobs.context import Context

_TICKS = os.sysconf("SC_CLK_TCK")


def main(config: str, *sources: str) -> int:
    # Each worker process imports this module anew, within the memory that a page may take: as with
    # ``python -m qualwatch``, that must not load the program.
    from jobs.runtime import open_daemon_runtime  # noqa: PLC0415
    from settings.load import load_settings  # noqa: PLC0415

    with open_daemon_runtime(load_settings(Path(config))) as runtime:
        count = _counting(runtime.context.engine)
        for source in sources:
            count.clear()
            said = _visit(runtime.context, source)
            print(
                json.dumps(said | {"statements": count["statements"], "commits": count["commits"]}),
                flush=True,
            )
    return 0


def _counting(engine: Engine) -> Counter[str]:
    """Counts what the database is asked: figures that no other program on the machine changes."""
    from sqlalchemy import event  # noqa: PLC0415 - as above

    count = Counter[str]()
    event.listen(engine, "before_cursor_execute", lambda *_: count.update(["statements"]))
    event.listen(engine, "commit", lambda _: count.update(["commits"]))
    return count


def _visit(context: Context, source: str) -> dict[str, Any]:
    from jobs.visits.watch import visit_source  # noqa: PLC0415
    from storage.retention.room import give_back  # noqa: PLC0415

    began, cpu = time.monotonic(), _cpu_seconds()
    summary = visit_source(context, source)
    taken = time.monotonic() - began, _cpu_seconds() - cpu
    give_back(context.engine)  # the log of SQLite holds some rows twice
    sizes = {file: file.stat().st_size for file in context.settings.storage.directory.rglob("*.*")}
    return {
        "source": source,
        "pages": summary.pages,
        "new": summary.new_documents,
        "seconds": taken[0],
        "cpu": taken[1],
        "rows": sum(size for file, size in sizes.items() if "sqlite3" in file.name),
        "evidence": sum(size for file, size in sizes.items() if file.name.endswith(".warc.gz")),
    }


def _cpu_seconds() -> float:
    """Of this process, of those below it, and of those that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_cpu_of, below(os.getpid())))


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # its own, and those of children that it has waited for


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
